"""Records that wait: parked, or refused and to be tried again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, tuple_

from airflow_provider_ipaas.sync.model import Collection, Direction, Unresolved

from .bulk import upsert
from .rows import Shape, chunked
from .tables import unresolved

_WAITING = Shape(Unresolved, unresolved)
# Where the walk over what is due stands.
Place = tuple[datetime, str]


def _of(scope: str, collection: Collection, direction: Direction) -> tuple[ColumnElement[bool], ...]:
    return unresolved.c.scope == scope, unresolved.c.collection == collection, unresolved.c.direction == direction


def find(
    connection: Connection, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]
) -> dict[str, Unresolved]:
    found: dict[str, Unresolved] = {}
    for chunk in chunked(ids):
        rows = connection.execute(
            select(*_WAITING.columns).where(*_of(scope, collection, direction), unresolved.c.source_id.in_(chunk))
        )
        for row in rows:
            value = _WAITING.value(row)
            found[value.source_id] = value
    return found


def due_page(
    connection: Connection,
    scope: str,
    collection: Collection,
    direction: Direction,
    now: datetime,
    after: Place | None,
    size: int,
    mapping_fingerprint: str | None = None,
    reasons: Sequence[str] = (),
) -> list[Unresolved]:
    """Return the next rows that are due, those that wait longest first.

    One without a due time is always due, and so is one that was decided on under another mapping than the one given, or
    that waits for one of *reasons*.
    """
    due = [unresolved.c.next_at.is_(None), unresolved.c.next_at <= now]
    if mapping_fingerprint is not None:
        due.append(unresolved.c.mapping_fingerprint != mapping_fingerprint)
    if reasons:
        due.append(unresolved.c.reason.in_(list(reasons)))
    statement = (
        select(*_WAITING.columns)
        .where(*_of(scope, collection, direction))
        .where(or_(*due))
        .order_by(unresolved.c.first_at, unresolved.c.source_id)
        .limit(size)
    )
    if after is not None:
        place = tuple_(*after, types=[unresolved.c.first_at.type, unresolved.c.source_id.type])
        statement = statement.where(tuple_(unresolved.c.first_at, unresolved.c.source_id) > place)
    return [_WAITING.value(row) for row in connection.execute(statement)]


def save(connection: Connection, rows: Sequence[Unresolved], now: datetime) -> None:
    """Upsert; the first time of a stored row is kept."""
    prepared = [_WAITING.row(row) for row in rows]
    for row in prepared:
        row["first_at"] = row["first_at"] or row["last_at"] or now
    upsert(connection, unresolved, prepared, keep=("first_at",))


def clear(connection: Connection, scope: str, collection: Collection, direction: Direction, ids: Iterable[str]) -> None:
    for chunk in chunked(ids):
        connection.execute(
            delete(unresolved).where(*_of(scope, collection, direction), unresolved.c.source_id.in_(chunk))
        )


def oldest(connection: Connection, scope: str, collection: Collection, direction: Direction) -> datetime | None:
    return connection.execute(
        select(func.min(unresolved.c.first_at)).where(*_of(scope, collection, direction))
    ).scalar()
