"""A ledger for looking on: it knows what another one knows, and whatever it is told stays in memory and is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import URL, StaticPool, create_engine

from airflow_provider_ipaas.sync.ledger_port import LedgerPort, MatchKey
from airflow_provider_ipaas.sync.model import Claim, Collection, Direction, Link, Run, Seen, Side, Unresolved

from .engine import parse_url, place_of
from .ledger import SqlLedger, utcnow
from .monitoring import read_only_engine
from .session import Sessions
from .tables import metadata


class PreviewLedger(SqlLedger):
    """Knowledge of records is read from *known*; the run, its items and its notes are this ledger's own.

    A dry run makes no link and settles nothing, so those questions go to *known* alone.
    """

    def __init__(self, known: LedgerPort, place: str = "memory") -> None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(engine)
        super().__init__(Sessions(engine, place), utcnow)
        self._known = known
        self._dropped: set[tuple[str, str]] = set()
        self._forgotten: set[tuple[str, str, str, str]] = set()

    @classmethod
    def over(cls, url: str | URL) -> PreviewLedger:
        """Look on at the ledger at *url*, over connections that can't write. It has to be there."""
        parsed = parse_url(url)
        place = place_of(parsed)
        return cls(SqlLedger(Sessions(read_only_engine(parsed), place), utcnow), place)

    def close(self) -> None:
        """Close both."""
        if isinstance(self._known, SqlLedger):
            self._known.close()
        super().close()

    def run(self, run_key: str) -> Run | None:
        return super().run(run_key) or self._known.run(run_key)

    def pin(self, connection_id: str, identity: str) -> str:
        return self._known.pinned(connection_id) or identity

    def pinned(self, connection_id: str) -> str | None:
        return self._known.pinned(connection_id)

    def watermark(self, scope: str, collection: Collection, side: Side) -> datetime | None:
        return self._known.watermark(scope, collection, side)

    def fact(self, scope: str, key: str) -> tuple[Any, datetime] | None:
        own = super().fact(scope, key)
        return own if own is not None or (scope, key) in self._dropped else self._known.fact(scope, key)

    def drop_fact(self, scope: str, key: str) -> None:
        self._dropped.add((scope, key))
        super().drop_fact(scope, key)

    def links(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Link]:
        return self._known.links(scope, collection, side, ids)

    def count_links(self, scope: str, collection: Collection, *, active: bool = False) -> int:
        return self._known.count_links(scope, collection, active=active)

    def walk_links(self, scope: str, collection: Collection, batch: int = 500) -> Iterator[list[Link]]:
        return self._known.walk_links(scope, collection, batch)

    def seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Seen]:
        known = self._known.seen(scope, collection, side, ids)
        return {i: row for i, row in known.items() if (scope, collection, side, i) not in self._forgotten}

    def seen_by(
        self, scope: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
    ) -> dict[str, list[Seen]]:
        known = self._known.seen_by(scope, collection, side, key, values)
        return {
            value: kept
            for value, rows in known.items()
            if (kept := [row for row in rows if (scope, collection, side, row.record_id) not in self._forgotten])
        }

    def save_seen(self, scope: str, collection: Collection, side: Side, rows: Sequence[Seen]) -> None:
        raise NotImplementedError("who looks on has not decided on anything")

    def forget_seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> None:
        self._forgotten |= {(scope, collection, side, record_id) for record_id in ids}

    def any_external_id(self, scope: str, collection: Collection, side: Side) -> bool:
        return self._known.any_external_id(scope, collection, side)

    def unresolved(
        self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
    ) -> dict[str, Unresolved]:
        return self._known.unresolved(scope, collection, direction, ids)

    def claims(self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> dict[str, Claim]:
        return self._known.claims(scope, collection, direction, ids)

    def open_claims(self, scope: str, collection: Collection, direction: Direction) -> list[Claim]:
        return self._known.open_claims(scope, collection, direction)
