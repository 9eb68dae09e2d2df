"""What the sync core asks of the ledger. Every method is one transaction, or part of the one that `transaction` opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from .model import (
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

MatchKey = Literal["email_key", "name_key", "number_key", "external_id"]


class LedgerPort(Protocol):
    """The ledger of one deployment. Thread-safe. Errors are `LedgerError`."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything that this thread does inside one transaction; nests."""

    # Runs and facts
    def start_run(self, run: Run) -> Run:
        """Insert the run, or return the stored one (a retried or parallel task)."""

    def run(self, run_key: str) -> Run | None: ...

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
        """Change what is given; *facts* are merged key by key into the stored ones, atomically."""

    def restart_run(self, run_key: str) -> Run:
        """Set a reported run back to phase `started`, its facts and summary empty; a no-op for one that is not."""

    def pin(self, connection_id: str, identity: str) -> str:
        """Pin what a connection answered for at first contact; return the identity pinned before, or now."""

    def pinned(self, connection_id: str) -> str | None: ...

    def watermark(self, scope: str, collection: Collection, side: Side) -> datetime | None: ...

    def set_watermark(self, scope: str, collection: Collection, side: Side, value: datetime, run_key: str) -> None:
        """Move the watermark to *value*; never back."""

    def fact(self, scope: str, key: str) -> tuple[Any, datetime] | None:
        """Return a remembered JSON value and when it was stored."""

    def set_fact(self, scope: str, key: str, value: Any) -> None: ...

    def drop_fact(self, scope: str, key: str) -> None: ...

    # Links
    def links(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Link]:
        """Return links by the id of *side*."""

    def count_links(self, scope: str, collection: Collection, *, active: bool = False) -> int:
        """Count links; *active*: only those whose two records live."""

    def walk_links(self, scope: str, collection: Collection, batch: int = 500) -> Iterator[list[Link]]:
        """Stream every link in batches, in the order of Salesforce ids; the caller may write in between."""

    def add_link(self, link: Link) -> Link | None:
        """Insert; None when either id is linked already (the unique keys decide)."""

    def save_link(self, link: Link) -> bool:
        """Write all columns of the link where id and version still fit, raise the version; False when they don't."""

    def put_links(self, links: Sequence[Link]) -> set[str]:
        """Insert links without an id, write the others where id, version and pair still fit; each Salesforce id once.

        Returns the Salesforce ids of those that were written; the others are somebody else's meanwhile."""

    # Last seen
    def seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Seen]: ...

    def seen_by(
        self, scope: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
    ) -> dict[str, list[Seen]]: ...

    def save_seen(self, scope: str, collection: Collection, side: Side, rows: Sequence[Seen]) -> None:
        """Upsert by record id."""

    def forget_seen(self, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> None: ...

    def any_external_id(self, scope: str, collection: Collection, side: Side) -> bool: ...

    # Items of a run
    def add_items(self, run_key: str, items: Sequence[Item]) -> None:
        """Upsert by (collection, side, record_id) while the stored one is not planned or done: content and stamp of
        the new one win, a stored role `seen` or `parent` is never lowered."""

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
        """Stream in batches by (stamp, record_id) keyset order; safe while the caller changes the rows it was given.
        *linking*: only rows with `link_to`."""

    def items_by_id(self, run_key: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Item]: ...

    def items_by_key(
        self, run_key: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
    ) -> dict[str, list[Item]]: ...

    def save_items(self, run_key: str, items: Sequence[Item]) -> None:
        """Write all columns of existing rows."""

    def count_items(
        self,
        run_key: str,
        *,
        collection: Collection,
        side: Side,
        op: str | None = None,
        state: State | None = None,
        roles: Sequence[Role] | None = None,
    ) -> int: ...

    def matches(self, scope: str, collection: Collection, run_key: str | None, *, examples: int = 10) -> Matches:
        """Count how the records of both services belong together, by all that was last seen of them.

        *run_key*: take what this run captured for the Salesforce side, and the links that it plans as made (a dry run).
        """

    def tally(self, run_key: str, collection: Collection, side: Side, role: Role) -> Tally: ...

    def drop_items(self, run_key: str) -> None: ...

    # Waiting records
    def unresolved(
        self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
    ) -> dict[str, Unresolved]: ...

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
        """Stream what is due, oldest first; what waits since another mapping is due as well, and what waits for one of
        *reasons*."""

    def save_unresolved(self, rows: Sequence[Unresolved]) -> None:
        """Upsert by (scope, collection, direction, source_id); `first_at` of a stored row is kept."""

    def clear_unresolved(
        self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
    ) -> None: ...

    def oldest_unresolved(self, scope: str, collection: Collection, direction: Direction) -> datetime | None: ...

    # Claims and journal
    def claim(self, claims: Sequence[Claim]) -> set[str]:
        """Insert claims; return the source ids that were free (the others are somebody's already)."""

    def claims(
        self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
    ) -> dict[str, Claim]: ...

    def open_claims(self, scope: str, collection: Collection, direction: Direction) -> list[Claim]:
        """Return the claims that are not done: creates under way or of unknown outcome."""

    def take_claim(self, claim: Claim, run_key: str, now: datetime) -> bool:
        """Make another run's claim ours if it is still as *claim* says (run_key and state); False otherwise."""

    def save_claims(self, claims: Sequence[Claim]) -> None: ...

    def drop_claims(self, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> None: ...

    def journal(self, entries: Sequence[JournalEntry]) -> None: ...

    def prune(self, now: datetime) -> dict[str, int]:
        """Drop journal rows over 90 days, runs over 400 days, items of runs reported more than 7 days ago."""
