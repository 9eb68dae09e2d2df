"""The ledger behind `LedgerPort`: every method is one transaction, or part of the thread's open one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL

from airflow_provider_ipaas.sync.ledger_port import MatchKey
from airflow_provider_ipaas.sync.model import (
    Claim,
    Collection,
    Direction,
    Item,
    JournalEntry,
    Link,
    Matches,
    Outcome,
    Role,
    Run,
    Seen,
    Side,
    State,
    Tally,
    Unresolved,
)
from airflow_provider_ipaas.sync.parked import Selection

from . import claims as claim_rows
from . import counts, matching, parked, pruning, runs, waiting
from . import items as item_rows
from . import links as link_rows
from . import seen as seen_rows
from .engine import make_engine, parse_url, place_of
from .migrate import prepare
from .session import Sessions


def utcnow() -> datetime:
    """Return the worker's clock."""
    return datetime.now(UTC)


class SqlLedger:
    """A ledger on SQLite or PostgreSQL; safe for many threads and processes. Errors are `LedgerError`."""

    def __init__(self, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    @classmethod
    def open(cls, url: str | URL, *, clock: Callable[[], datetime] = utcnow) -> SqlLedger:
        """Open the ledger at an SQLAlchemy URL.

        Creates the tables where there are none. Tables of an older version are upgraded on SQLite; on PostgreSQL that
        is a step of its own, and the `LedgerError` names it.
        """
        parsed = parse_url(url)
        engine = make_engine(parsed)
        try:
            prepare(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(Sessions(engine, place_of(parsed)), clock)

    def __repr__(self) -> str:
        return f"SqlLedger({self._sessions.place!r})"

    @property
    def place(self) -> str:
        """The path of the file, or host and database; for messages."""
        return self._sessions.place

    def close(self) -> None:
        """Close idle connections; the ledger can still be used."""
        self._sessions.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything that this thread does inside one transaction; nests."""
        with self._sessions.transaction():
            yield

    # Runs and facts
    def start_run(self, run: Run) -> Run:
        return self._sessions.write(lambda c: runs.start(c, run, self._clock()))

    def run(self, run_key: str) -> Run | None:
        return self._sessions.read(lambda c: runs.find(c, run_key))

    def update_run(
        self,
        run_key: str,
        *,
        scope: str | None = None,
        phase: str | None = None,
        facts: dict[str, Any] | None = None,
        summary: dict[str, Any] | None = None,
        mapping_fingerprint: str | None = None,
    ) -> Run:
        given = {
            "scope": scope,
            "phase": phase,
            "facts": facts,
            "summary": summary,
            "mapping_fingerprint": mapping_fingerprint,
        }
        return self._sessions.write(lambda c: runs.change(c, run_key, self._clock(), given))

    def restart_run(self, run_key: str) -> Run:
        return self._sessions.write(lambda c: runs.restart(c, run_key))

    def pin(self, connection_id: str, identity: str) -> str:
        return self._sessions.write(lambda c: runs.pin_identity(c, connection_id, identity, self._clock()))

    def pinned(self, connection_id: str) -> str | None:
        return self._sessions.read(lambda c: runs.pinned(c, connection_id))

    def watermark(self, scope: str, collection: Collection, side: Side) -> datetime | None:
        return self._sessions.read(lambda c: runs.find_watermark(c, scope, collection, side))

    def set_watermark(self, scope: str, collection: Collection, side: Side, value: datetime, run_key: str) -> None:
        self._sessions.write(lambda c: runs.set_watermark(c, scope, collection, side, value, run_key, self._clock()))

    def fact(self, scope: str, key: str) -> tuple[Any, datetime] | None:
        return self._sessions.read(lambda c: runs.find_fact(c, scope, key))

    def set_fact(self, scope: str, key: str, value: Any) -> None:
        self._sessions.write(lambda c: runs.set_fact(c, scope, key, value, self._clock()))

    def drop_fact(self, scope: str, key: str) -> None:
        self._sessions.write(lambda c: runs.drop_fact(c, scope, key))

    # Links
    def links(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Link]:
        wanted = list(ids)
        return self._sessions.read(lambda c: link_rows.find(c, scope, collection, side, wanted))

    def count_links(self, scope: str, collection: Collection, *, active: bool = False) -> int:
        return self._sessions.read(lambda c: link_rows.count(c, scope, collection, active=active))

    def walk_links(self, scope: str, collection: Collection, batch: int = 500) -> Iterator[list[Link]]:
        """Stream every link in batches, each a short read of its own, so the caller may write in between."""
        after = ""
        while found := self._sessions.read(
            lambda c, place=after: link_rows.page(c, scope, collection, after=place, size=batch)  # type: ignore[misc]
        ):
            after = found[-1].salesforce_id
            yield found

    def add_link(self, link: Link) -> Link | None:
        return self._sessions.write(lambda c: link_rows.add(c, link))

    def save_link(self, link: Link) -> bool:
        """Write the link where id and version still fit. The object keeps its version: the caller raises it."""
        return self._sessions.write(lambda c: link_rows.save(c, link))

    def put_links(self, links: Sequence[Link]) -> set[str]:
        return self._sessions.write(lambda c: link_rows.put(c, links))

    # Last seen
    def seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Seen]:
        wanted = list(ids)
        return self._sessions.read(lambda c: seen_rows.find(c, scope, collection, side, wanted))

    def seen_by(
        self, scope: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
    ) -> dict[str, list[Seen]]:
        wanted = list(values)
        return self._sessions.read(lambda c: seen_rows.find_by(c, scope, collection, side, key, wanted))

    def save_seen(self, scope: str, collection: Collection, side: Side, rows: Sequence[Seen]) -> None:
        self._sessions.write(lambda c: seen_rows.save(c, scope, collection, side, rows))

    def forget_seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> None:
        wanted = list(ids)
        self._sessions.write(lambda c: seen_rows.forget(c, scope, collection, side, wanted))

    def any_external_id(self, scope: str, collection: Collection, side: Side) -> bool:
        return self._sessions.read(lambda c: seen_rows.any_external_id(c, scope, collection, side))

    # Items of a run
    def add_items(self, run_key: str, items: Sequence[Item]) -> None:
        self._sessions.write(lambda c: item_rows.add(c, run_key, items))

    def items(
        self,
        run_key: str,
        *,
        collection: Collection,
        side: Side,
        roles: Sequence[Role] | None = None,
        state: State | None = None,
        linking: bool = False,
        outcomes: Sequence[Outcome] | None = None,
        batch: int = 500,
    ) -> Iterator[list[Item]]:
        """Stream in batches, each a short read of its own, so the caller may write in between."""
        wanted = item_rows.Wanted(roles, state, linking, outcomes)
        run_no = self._sessions.read(lambda c: runs.number(c, run_key))
        after: item_rows.Place | None = None
        while run_no is not None:
            found = self._sessions.read(
                lambda c, no=run_no, place=after: item_rows.page(  # type: ignore[misc]
                    c, no, collection, side, wanted, after=place, size=batch
                )
            )
            if not found:
                return
            # Noted before the caller gets hold of the row and may change it.
            after = (found[-1].stamp, found[-1].record_id)
            yield found

    def items_by_id(self, run_key: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Item]:
        wanted = list(ids)
        return self._sessions.read(lambda c: item_rows.find(c, run_key, collection, side, wanted))

    def items_by_key(
        self, run_key: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
    ) -> dict[str, list[Item]]:
        wanted = list(values)
        return self._sessions.read(lambda c: item_rows.find_by(c, run_key, collection, side, key, wanted))

    def save_items(self, run_key: str, items: Sequence[Item]) -> None:
        self._sessions.write(lambda c: item_rows.save(c, run_key, items))

    def count_items(
        self,
        run_key: str,
        *,
        collection: Collection,
        side: Side,
        op: str | None = None,
        state: State | None = None,
        roles: Sequence[Role] | None = None,
    ) -> int:
        return self._sessions.read(
            lambda c: counts.count(c, run_key, collection, side, op=op, state=state, roles=roles)
        )

    def matches(self, scope: str, collection: Collection, run_key: str | None, *, examples: int = 10) -> Matches:
        return self._sessions.read(lambda c: matching.matches(c, scope, collection, run_key, examples=examples))

    def tally(self, run_key: str, collection: Collection, side: Side, role: Role) -> Tally:
        return self._sessions.read(lambda c: counts.tally(c, run_key, collection, side, role))

    def drop_items(self, run_key: str) -> None:
        run_no = self._sessions.read(lambda c: runs.number(c, run_key))
        while run_no is not None and self._sessions.write(lambda c: item_rows.drop_some(c, run_no)):
            pass

    # Waiting records
    def unresolved(
        self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
    ) -> dict[str, Unresolved]:
        wanted = list(ids)
        return self._sessions.read(lambda c: waiting.find(c, scope, collection, direction, wanted))

    def due(
        self,
        scope: str,
        collection: Collection,
        direction: Direction,
        now: datetime,
        batch: int = 500,
        *,
        mapping_fingerprint: str | None = None,
        reasons: Sequence[str] = (),
    ) -> Iterator[list[Unresolved]]:
        """Stream what is due, those that wait longest first; each batch is a short read of its own."""
        after: waiting.Place | None = None
        while True:
            found = self._sessions.read(
                lambda c, place=after: waiting.due_page(  # type: ignore[misc]
                    c, scope, collection, direction, now, place, batch, mapping_fingerprint, reasons
                )
            )
            if not found:
                return
            last = found[-1]
            after = (last.first_at or now, last.source_id)
            yield found

    def save_unresolved(self, rows: Sequence[Unresolved]) -> None:
        self._sessions.write(lambda c: waiting.save(c, rows, self._clock()))

    def clear_unresolved(self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> None:
        wanted = list(ids)
        self._sessions.write(lambda c: waiting.clear(c, scope, collection, direction, wanted))

    def oldest_unresolved(self, scope: str, collection: Collection, direction: Direction) -> datetime | None:
        return self._sessions.read(lambda c: waiting.oldest(c, scope, collection, direction))

    def replay(
        self, selection: Selection, *, actor: str, run_key: str = "", limit: int | None = None
    ) -> parked.Replayed:
        """Make records that wait due at once, at most *limit*, those that wait longest first; journalled under *actor*."""
        return self._sessions.write(
            lambda c: parked.replay(c, selection, self._clock(), actor=actor, run_key=run_key, limit=limit)
        )

    def drop(self, selection: Selection, *, actor: str, run_key: str = "", limit: int | None = None) -> parked.Dropped:
        """Forget records that wait, as `replay` chooses them; runs count them as skipped until they change."""
        return self._sessions.write(
            lambda c: parked.drop(c, selection, self._clock(), actor=actor, run_key=run_key, limit=limit)
        )

    # Claims and journal
    def claim(self, claims: Sequence[Claim]) -> set[str]:
        return self._sessions.write(lambda c: claim_rows.make(c, claims))

    def claims(self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> dict[str, Claim]:
        wanted = list(ids)
        return self._sessions.read(lambda c: claim_rows.find(c, scope, collection, direction, wanted))

    def open_claims(self, scope: str, collection: Collection, direction: Direction) -> list[Claim]:
        """Return the claims that are not done: creates under way or of unknown outcome."""
        return self._sessions.read(lambda c: claim_rows.find_open(c, scope, collection, direction))

    def take_claim(self, claim: Claim, run_key: str, now: datetime) -> bool:
        return self._sessions.write(lambda c: claim_rows.take(c, claim, run_key, now))

    def save_claims(self, claims: Sequence[Claim]) -> None:
        self._sessions.write(lambda c: claim_rows.save(c, claims))

    def drop_claims(self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> None:
        wanted = list(ids)
        self._sessions.write(lambda c: claim_rows.drop(c, scope, collection, direction, wanted))

    def journal(self, entries: Sequence[JournalEntry]) -> None:
        self._sessions.write(lambda c: claim_rows.write_journal(c, entries, self._clock()))

    def prune(self, now: datetime) -> dict[str, int]:
        """Drop what is old, in short transactions; return how many rows of `journal`, `items` and `runs` went."""
        steps = {"journal": pruning.drop_journal, "items": pruning.drop_items, "runs": pruning.drop_runs}
        dropped = dict.fromkeys(steps, 0)
        for name, step in steps.items():
            while count := self._sessions.write(lambda c, step=step: step(c, now)):  # type: ignore[misc]
                dropped[name] += count
        return dropped
