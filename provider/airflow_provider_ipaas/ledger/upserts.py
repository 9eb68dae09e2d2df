"""INSERT ... ON CONFLICT, spelled for the dialect at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from .bulk import execute_many

Insert = sqlite.Insert | postgresql.Insert


def insert_into(connection: Connection, table: Table) -> Insert:
    """Return the INSERT of the connection's dialect, which knows ON CONFLICT."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> Insert:
    """Return the INSERT of the dialect of this name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, keep: tuple[str, ...] = ()) -> None:
    """Insert rows; where the primary key is taken, write all columns but the key and *keep*.

    Rows go in the order of their keys, so that two writers of the same rows wait for each other instead of
    deadlocking; of rows with the same key the last one counts.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    distinct = {tuple(row[key] for key in keys): row for row in rows}
    statement = insert_into(connection, table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys and column.name not in keep
    }
    execute_many(
        connection,
        statement.on_conflict_do_update(index_elements=keys, set_=changed),
        [distinct[key] for key in sorted(distinct)],
    )
