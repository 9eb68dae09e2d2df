"""Links between records of the two services."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from airflow_provider_ipaas.sync.model import Collection, Link, Side

from .rows import Shape, chunked
from .tables import link
from .upserts import insert_into

_LINK = Shape(Link, link)
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


def count(connection: Connection, scope: str, collection: Collection) -> int:
    return connection.execute(
        select(func.count()).select_from(link).where(link.c.scope == scope, link.c.collection == collection)
    ).scalar_one()


def add(connection: Connection, new: Link) -> Link | None:
    """Insert; None when either id is linked already."""
    row = _LINK.row(new)
    del row["id"]
    made = connection.execute(
        insert_into(connection, link).values(**row).on_conflict_do_nothing().returning(*_LINK.columns)
    ).first()
    return None if made is None else _LINK.value(made)


def save(connection: Connection, changed: Link) -> bool:
    """Write all columns where id and version still fit; False when they don't, or when a new id is linked already."""
    row = _LINK.row(changed)
    del row["id"]
    row["version"] = changed.version + 1
    fits = update(link).where(link.c.id == changed.id, link.c.version == changed.version).values(**row)
    same_ids = fits.where(link.c.salesforce_id == changed.salesforce_id, link.c.ipaas_id == changed.ipaas_id)
    if connection.execute(same_ids).rowcount == 1:
        return True
    # The link follows a merge. On PostgreSQL a broken unique key would undo the whole transaction: guard it.
    try:
        with connection.begin_nested():
            return connection.execute(fits).rowcount == 1
    except IntegrityError:
        return False
