"""The items of a run: writing them, and reading them in order, by id and by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, case, delete, select, tuple_

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.sync.ledger_port import MatchKey
from airflow_provider_ipaas.sync.model import Collection, Item, Outcome, Role, Side, State

from . import runs
from .bulk import insert_many, update_many
from .rows import CHUNK, Shape, chunked
from .tables import item
from .upserts import Insert

_ITEM = Shape(Item, item)
_KEY = ("run_no", "collection", "side", "record_id")
# What a record was read for, the most binding first: read again for less, it keeps its role.
_RANK: dict[Role, int] = {"seen": 0, "parent": 1, "counterpart": 2, "candidate": 3}
# Where the walk over items stands: stamp and record id of the last one given.
Place = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items of a side a walk gives; None: whatever it is."""

    roles: Sequence[Role] | None = None
    state: State | None = None
    linking: bool = False
    outcomes: Sequence[Outcome] | None = None


def of_side(run_no: int, collection: Collection, side: Side) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that pick one side of one run."""
    return item.c.run_no == run_no, item.c.collection == collection, item.c.side == side


def add(connection: Connection, run_key: str, new: Sequence[Item]) -> None:
    """Upsert what was read, while the stored one is not planned or done; never lower a role."""
    if not new:
        return
    run_no = _number(connection, run_key)
    distinct: dict[tuple[str, str, str], Item] = {}
    for value in new:
        key = (value.collection, value.side, value.record_id)
        before = distinct.get(key)
        if before is not None and _RANK[before.role] < _RANK[value.role]:
            value = replace(value, role=before.role)
        distinct[key] = value
    rows = [_ITEM.row(distinct[key], run_no=run_no) for key in sorted(distinct)]
    insert_many(connection, item, rows, _unless_planned)


def _unless_planned(statement: Insert) -> Executable:
    new = statement.excluded
    changed: dict[str, ColumnElement[Any]] = {name: new[name] for name in _ITEM.names if name not in _KEY}
    changed["role"] = case((_rank(item.c.role) < _rank(new.role), item.c.role), else_=new.role)
    return statement.on_conflict_do_update(index_elements=_KEY, set_=changed, where=item.c.state == "captured")


def _rank(role: ColumnElement[str]) -> ColumnElement[int]:
    return case(_RANK, value=role, else_=len(_RANK))


def save(connection: Connection, run_key: str, changed: Sequence[Item]) -> None:
    """Write all columns of existing rows."""
    if not changed:
        return
    run_no = _number(connection, run_key)
    update_many(connection, item, _KEY, [_ITEM.row(each, run_no=run_no) for each in changed])


def page(
    connection: Connection,
    run_no: int,
    collection: Collection,
    side: Side,
    wanted: Wanted,
    *,
    after: Place | None,
    size: int,
) -> list[Item]:
    """Return the next rows after a place in the order (no stamp first, stamp, record id); empty at the end."""
    statement = select(*_ITEM.columns).where(*of_side(run_no, collection, side)).limit(size)
    if wanted.roles is not None:
        statement = statement.where(item.c.role.in_(list(wanted.roles)))
    if wanted.state is not None:
        statement = statement.where(item.c.state == wanted.state)
    if wanted.linking:
        statement = statement.where(item.c.link_to.is_not(None))
    if wanted.outcomes is not None:
        statement = statement.where(item.c.outcome.in_(list(wanted.outcomes)))
    # Rows without a stamp are a stretch of their own: no database has to agree with us where NULL sorts.
    if after is None or after[0] is None:
        unstamped = statement.where(item.c.stamp.is_(None)).order_by(item.c.record_id)
        if after is not None:
            unstamped = unstamped.where(item.c.record_id > after[1])
        found = [_ITEM.value(row) for row in connection.execute(unstamped)]
        if found:
            return found
    stamped = statement.where(item.c.stamp.is_not(None)).order_by(item.c.stamp, item.c.record_id)
    if after is not None and after[0] is not None:
        place = tuple_(*after, types=[item.c.stamp.type, item.c.record_id.type])
        stamped = stamped.where(tuple_(item.c.stamp, item.c.record_id) > place)
    return [_ITEM.value(row) for row in connection.execute(stamped)]


def find(
    connection: Connection, run_key: str, collection: Collection, side: Side, ids: Iterable[str]
) -> dict[str, Item]:
    run_no = runs.number(connection, run_key)
    found: dict[str, Item] = {}
    if run_no is None:
        return found
    for chunk in chunked(ids):
        rows = connection.execute(
            select(*_ITEM.columns).where(*of_side(run_no, collection, side), item.c.record_id.in_(chunk))
        )
        for row in rows:
            value = _ITEM.value(row)
            found[value.record_id] = value
    return found


def find_by(
    connection: Connection, run_key: str, collection: Collection, side: Side, key: MatchKey, values: Iterable[str]
) -> dict[str, list[Item]]:
    """Return rows by the value of *key*, each list in the order of record ids."""
    run_no = runs.number(connection, run_key)
    found: defaultdict[str, list[Item]] = defaultdict(list)
    if run_no is None:
        return {}
    for chunk in chunked(values):
        rows = connection.execute(
            select(*_ITEM.columns)
            .where(*of_side(run_no, collection, side), item.c[key].in_(chunk))
            .order_by(item.c.record_id)
        )
        for row in rows:
            value = _ITEM.value(row)
            found[getattr(value, key)].append(value)
    return dict(found)


def drop_some(connection: Connection, run_no: int) -> int:
    """Drop one chunk of a run's items; return how many."""
    first = connection.execute(select(item.c.collection, item.c.side).where(item.c.run_no == run_no).limit(1)).first()
    if first is None:
        return 0
    chosen = of_side(run_no, first.collection, first.side)
    ids = connection.execute(select(item.c.record_id).where(*chosen).limit(CHUNK)).scalars().all()
    return connection.execute(delete(item).where(*chosen, item.c.record_id.in_(ids))).rowcount


def _number(connection: Connection, run_key: str) -> int:
    run_no = runs.number(connection, run_key)
    if run_no is None:
        raise LedgerError(f"The ledger knows no run {run_key}.", next_step="start the DAG run again.")
    return run_no
