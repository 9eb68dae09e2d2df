"""Claims, which keep two runs from creating the same record, and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, literal_column, select, update

from airflow_provider_ipaas.sync.model import Claim, Collection, Direction, JournalEntry

from .bulk import insert_free, insert_many, upsert
from .rows import Shape, chunked
from .tables import claim, journal

_CLAIM = Shape(Claim, claim)
_ENTRY = Shape(JournalEntry, journal)


def _of(scope: str, collection: Collection, direction: Direction) -> tuple[ColumnElement[bool], ...]:
    return claim.c.scope == scope, claim.c.collection == collection, claim.c.direction == direction


def make(connection: Connection, wanted: Sequence[Claim]) -> set[str]:
    """Insert what is free; return the source ids of that."""
    # In one order for everybody, so that two claimers of the same rows wait instead of deadlocking.
    ordered = sorted(wanted, key=lambda each: (each.scope, each.collection, each.direction, each.source_id))
    return insert_free(connection, claim, [_CLAIM.row(each) for each in ordered], "source_id")


def find(
    connection: Connection, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for chunk in chunked(ids):
        rows = connection.execute(
            select(*_CLAIM.columns).where(*_of(scope, collection, direction), claim.c.source_id.in_(chunk))
        )
        for row in rows:
            value = _CLAIM.value(row)
            found[value.source_id] = value
    return found


def find_open(connection: Connection, scope: str, collection: Collection, direction: Direction) -> list[Claim]:
    """Return the claims that are not done."""
    # Spelled as in the partial index: SQLite can't match that with a parameter.
    not_done = claim.c.state != literal_column("'done'")
    wanted = select(*_CLAIM.columns).where(*_of(scope, collection, direction), not_done).order_by(claim.c.source_id)
    return [_CLAIM.value(row) for row in connection.execute(wanted)]


def take(connection: Connection, known: Claim, run_key: str, now: datetime) -> bool:
    """Make a claim ours if nobody has touched it; what was sent when stays, to find it by."""
    taken = connection.execute(
        update(claim)
        .where(
            *_of(known.scope, known.collection, known.direction),
            claim.c.source_id == known.source_id,
            claim.c.run_key == known.run_key,
            claim.c.state == known.state,
        )
        .values(run_key=run_key, claimed_at=now)
    )
    return taken.rowcount == 1


def save(connection: Connection, changed: Sequence[Claim]) -> None:
    upsert(connection, claim, [_CLAIM.row(each) for each in changed])


def drop(connection: Connection, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> None:
    for chunk in chunked(ids):
        connection.execute(delete(claim).where(*_of(scope, collection, direction), claim.c.source_id.in_(chunk)))


def write_journal(connection: Connection, entries: Sequence[JournalEntry], now: datetime) -> None:
    insert_many(connection, journal, [_ENTRY.row(entry, at=now) for entry in entries])
