"""Links between records of the two services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Connection, Executable, Update, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from airflow_provider_ipaas.sync.model import Collection, Link, Side

from .bulk import insert_free, update_many
from .rows import Shape, chunked
from .tables import link
from .upserts import insert_for

_LINK = Shape(Link, link)
_WRITTEN = tuple(name for name in _LINK.names if name != "id")
_ID_OF = {"salesforce": link.c.salesforce_id, "ipaas": link.c.ipaas_id}


def find(connection: Connection, scope: str, collection: Collection, side: Side, ids: Iterable[str]) -> dict[str, Link]:
    """Return links by the id of *side*."""
    own = _ID_OF[side]
    found: dict[str, Link] = {}
    for chunk in chunked(ids):
        rows = connection.execute(
            select(*_LINK.columns).where(link.c.scope == scope, link.c.collection == collection, own.in_(chunk))
        )
        for row in rows:
            value = _LINK.value(row)
            found[value.salesforce_id if side == "salesforce" else value.ipaas_id] = value
    return found


def count(connection: Connection, scope: str, collection: Collection, *, active: bool) -> int:
    statement = select(func.count()).select_from(link).where(link.c.scope == scope, link.c.collection == collection)
    if active:
        statement = statement.where(link.c.state == "active")
    return connection.execute(statement).scalar_one()


def page(connection: Connection, scope: str, collection: Collection, *, after: str, size: int) -> list[Link]:
    """Return the next links in the order of their Salesforce ids, which an index has; empty at the end."""
    rows = connection.execute(
        select(*_LINK.columns)
        .where(link.c.scope == scope, link.c.collection == collection, link.c.salesforce_id > after)
        .order_by(link.c.salesforce_id)
        .limit(size)
    )
    return [_LINK.value(row) for row in rows]


def add(connection: Connection, new: Link) -> Link | None:
    """Insert; None when either id is linked already."""
    row = _LINK.row(new)
    made = connection.execute(_adding(connection.dialect.name), {name: row[name] for name in _WRITTEN}).first()
    return None if made is None else _LINK.value(made)


# Links are written one by one: building such a statement anew costs several times what running it does.
@cache
def _adding(dialect: str) -> Executable:
    return insert_for(dialect, link).on_conflict_do_nothing().returning(*_LINK.columns)


def save(connection: Connection, changed: Link) -> bool:
    """Write all columns where id and version still fit; False when they don't, or when a new id is linked already."""
    row = {f"new_{name}": value for name, value in _LINK.row(changed).items() if name != "id"}
    row |= {"own_id": changed.id, "own_version": changed.version, "new_version": changed.version + 1}
    if connection.execute(_saving(same_ids=True), row).rowcount == 1:
        return True
    # The link follows a merge. On PostgreSQL a broken unique key would undo the whole transaction: guard it.
    try:
        with connection.begin_nested():
            return connection.execute(_saving(same_ids=False), row).rowcount == 1
    except IntegrityError:
        return False


def put(connection: Connection, links: Sequence[Link]) -> set[str]:
    """Insert links without an id, write the others where id, version and pair still fit; say which, by Salesforce id."""
    # In one order for everybody, so that two writers of the same links wait instead of deadlocking.
    ordered = sorted(links, key=lambda each: each.salesforce_id)
    rows = [_LINK.row(each) for each in ordered if each.id is None]
    done = insert_free(connection, link, [{name: row[name] for name in _WRITTEN} for row in rows], "salesforce_id")
    known = {each.id: each for each in ordered if each.id is not None}
    fitting: list[Link] = []
    for chunk in chunked(known):
        now = connection.execute(
            select(link.c.id, link.c.version, link.c.salesforce_id, link.c.ipaas_id)
            .where(link.c.id.in_(chunk))
            .order_by(link.c.id)
            .with_for_update()
        )
        for row in now:
            mine = known[row.id]
            if (row.version, row.salesforce_id, row.ipaas_id) == (mine.version, mine.salesforce_id, mine.ipaas_id):
                fitting.append(mine)
    update_many(connection, link, ("id",), [_LINK.row(each) | {"version": each.version + 1} for each in fitting])
    return done | {each.salesforce_id for each in fitting}


@cache
def _saving(*, same_ids: bool) -> Update:
    new = {name: bindparam(f"new_{name}", type_=link.c[name].type) for name in _WRITTEN}
    fits = update(link).where(link.c.id == bindparam("own_id"), link.c.version == bindparam("own_version")).values(new)
    if not same_ids:
        return fits
    return fits.where(link.c.salesforce_id == new["salesforce_id"], link.c.ipaas_id == new["ipaas_id"])
