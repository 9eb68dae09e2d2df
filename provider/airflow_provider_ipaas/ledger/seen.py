"""What was last seen of each record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, delete, select

from airflow_provider_ipaas.sync.ledger_port import MatchKey
from airflow_provider_ipaas.sync.model import Collection, Seen, Side

from .bulk import upsert
from .rows import Shape, chunked
from .tables import seen

_SEEN = Shape(Seen, seen)


def _of(scope: str, collection: Collection, side: Side) -> tuple[ColumnElement[bool], ...]:
    return seen.c.scope == scope, seen.c.collection == collection, seen.c.side == side


def find(connection: Connection, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for chunk in chunked(ids):
        rows = connection.execute(
            select(*_SEEN.columns).where(*_of(scope, collection, side), seen.c.record_id.in_(chunk))
        )
        for row in rows:
            value = _SEEN.value(row)
            found[value.record_id] = value
    return found


def find_by(
    connection: Connection, scope: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
) -> dict[str, list[Seen]]:
    """Return rows by the value of *key*, each list in the order of record ids."""
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for chunk in chunked(values):
        rows = connection.execute(
            select(*_SEEN.columns)
            .where(*_of(scope, collection, side), seen.c[key].in_(chunk))
            .order_by(seen.c.record_id)
        )
        for row in rows:
            value = _SEEN.value(row)
            found[getattr(value, key)].append(value)
    return dict(found)


def save(connection: Connection, scope: str, collection: Collection, side: Side, rows: Sequence[Seen]) -> None:
    """Upsert by record id; a stored `row_hash` and `read_at` stay where a row has none."""
    prepared = [_SEEN.row(row, scope=scope, collection=collection, side=side) for row in rows]
    upsert(connection, seen, prepared, unless_none=("row_hash", "read_at"))


def forget(connection: Connection, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> None:
    for chunk in chunked(ids):
        connection.execute(delete(seen).where(*_of(scope, collection, side), seen.c.record_id.in_(chunk)))


def any_external_id(connection: Connection, scope: str, collection: Collection, side: Side) -> bool:
    found = select(seen.c.record_id).where(*_of(scope, collection, side), seen.c.external_id.is_not(None)).limit(1)
    return connection.execute(found).first() is not None
