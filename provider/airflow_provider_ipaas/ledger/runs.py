"""Runs, pinned identities, watermarks and remembered facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.sync.model import Collection, Run, Side

from .bulk import upsert
from .rows import Shape
from .tables import fact, pin, run, watermark
from .upserts import insert_into

_RUN = Shape(Run, run)


def start(connection: Connection, new: Run, now: datetime) -> Run:
    """Insert the run, or return the stored one."""
    row = _RUN.row(new, reported_at=now if new.phase == "reported" else None)
    row["started_at"] = new.started_at or now
    connection.execute(insert_into(connection, run).on_conflict_do_nothing(index_elements=["run_key"]), row)
    stored = find(connection, new.run_key)
    if stored is None:
        raise LedgerError(f"The run {new.run_key} vanished while it started.", next_step="start it again.")
    return stored


def find(connection: Connection, run_key: str) -> Run | None:
    row = connection.execute(select(*_RUN.columns).where(run.c.run_key == run_key)).first()
    return None if row is None else _RUN.value(row)


def number(connection: Connection, run_key: str) -> int | None:
    """Return the short number of a run, by which its items refer to it."""
    return connection.execute(select(run.c.no).where(run.c.run_key == run_key)).scalar()


def change(connection: Connection, run_key: str, now: datetime, given: dict[str, Any]) -> Run:
    """Write the *given* columns of a run (None: leave), merging `facts` under a lock of the row."""
    # NO KEY UPDATE: rows that refer to the run can still be inserted meanwhile. SQLite holds its write lock already.
    locked = select(*_RUN.columns).where(run.c.run_key == run_key).with_for_update(key_share=True)
    row = connection.execute(locked).first()
    if row is None:
        raise LedgerError(f"The ledger knows no run {run_key}.", next_step="start the DAG run again.")
    stored = _RUN.value(row)
    values = {name: value for name, value in given.items() if value is not None}
    if "facts" in values:
        values["facts"] = {**stored.facts, **values["facts"]}
    for name, value in values.items():
        setattr(stored, name, value)
    if values.get("phase") == "reported":
        values["reported_at"] = now
    if values:
        connection.execute(update(run).where(run.c.run_key == run_key).values(**values))
    return stored


def restart(connection: Connection, run_key: str) -> Run:
    """Set a reported run back to its start; leave any other as it is."""
    connection.execute(
        update(run)
        .where(run.c.run_key == run_key, run.c.phase == "reported")
        .values(phase="started", facts={}, summary=None, reported_at=None)
    )
    stored = find(connection, run_key)
    if stored is None:
        raise LedgerError(f"The ledger knows no run {run_key}.", next_step="start the DAG run again.")
    return stored


def pin_identity(connection: Connection, connection_id: str, identity: str, now: datetime) -> str:
    """Pin at first contact; return what is pinned."""
    connection.execute(
        insert_into(connection, pin).on_conflict_do_nothing(index_elements=["connection_id"]),
        {"connection_id": connection_id, "identity": identity, "pinned_at": now},
    )
    return pinned(connection, connection_id) or identity


def pinned(connection: Connection, connection_id: str) -> str | None:
    return connection.execute(select(pin.c.identity).where(pin.c.connection_id == connection_id)).scalar()


def find_watermark(connection: Connection, scope: str, collection: Collection, side: Side) -> datetime | None:
    return connection.execute(
        select(watermark.c.value).where(
            watermark.c.scope == scope, watermark.c.collection == collection, watermark.c.side == side
        )
    ).scalar()


def set_watermark(
    connection: Connection,
    scope: str,
    collection: Collection,
    side: Side,
    value: datetime,
    run_key: str,
    now: datetime,
) -> None:
    """Move the watermark; never back, whichever of two runs at once comes last."""
    row = {
        "scope": scope,
        "collection": collection,
        "side": side,
        "value": value,
        "run_key": run_key,
        "set_at": now,
    }
    statement = insert_into(connection, watermark)
    moved = {name: statement.excluded[name] for name in ("value", "run_key", "set_at")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["scope", "collection", "side"],
            set_=moved,
            where=watermark.c.value < statement.excluded.value,
        ),
        row,
    )


def find_fact(connection: Connection, scope: str, key: str) -> tuple[Any, datetime] | None:
    row = connection.execute(
        select(fact.c.value, fact.c.stored_at).where(fact.c.scope == scope, fact.c.key == key)
    ).first()
    return None if row is None else (row[0], row[1])


def set_fact(connection: Connection, scope: str, key: str, value: Any, now: datetime) -> None:
    upsert(connection, fact, [{"scope": scope, "key": key, "value": value, "stored_at": now}])


def drop_fact(connection: Connection, scope: str, key: str) -> None:
    connection.execute(fact.delete().where(fact.c.scope == scope, fact.c.key == key))
