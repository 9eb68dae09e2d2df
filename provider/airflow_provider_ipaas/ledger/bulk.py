"""Many rows through one statement, as fast as the database takes them.

SQLite takes them through the driver's own loop. PostgreSQL gets all of them as one JSON parameter, which it reads as a
table: one value to bind and one statement to parse, whatever the number of rows and columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Dialect,
    Executable,
    FromClause,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.types import TypeEngine

from .upserts import Insert, insert_for

Row = dict[str, Any]
Bind = Callable[[Any], Any]
# What one JSON parameter may hold, in characters, but for a single row: long texts must not fill the memory.
_MOST = 8_000_000


def insert_many(
    connection: Connection, table: Table, rows: Sequence[Row], conflict: Callable[[Insert], Executable] | None = None
) -> None:
    """Insert rows, which all have the same keys; *conflict*, a function of a module, says what to do with those taken."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        _run(connection, _Compiled.of(_insert, table, names, conflict), rows)
        return
    statement = _insert_select(table, names, conflict)
    for text in _as_json(connection.dialect, table, rows):
        connection.execute(statement, {"rows": text})


def insert_free(connection: Connection, table: Table, rows: Sequence[Row], key: str) -> set[str]:
    """Insert the rows that no unique key forbids, in their order; return the *key* of those."""
    if not rows:
        return set()
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        return set(connection.execute(_free(table, key), rows).scalars())
    made: set[str] = set()
    for text in _as_json(connection.dialect, table, rows):
        made.update(connection.execute(_free_select(table, names, key), {"rows": text}).scalars())
    return made


def update_many(connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Write all given columns of existing rows, found by the columns of *key*.

    In the order of their keys, so that two writers of the same rows wait for each other instead of deadlocking.
    """
    if not rows:
        return
    names = tuple(rows[0])
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    if connection.dialect.name == "sqlite":
        _run(connection, _Compiled.of(_update, table, names, key), ordered)
        return
    lock, statement = _update_select(table, names, key)
    for text in _as_json(connection.dialect, table, [{name: row[name] for name in key} for row in ordered]):
        connection.execute(lock, {"rows": text})
    for text in _as_json(connection.dialect, table, ordered):
        connection.execute(statement, {"rows": text})


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    keep: tuple[str, ...] = (),
    unless_none: tuple[str, ...] = (),
) -> None:
    """Insert rows; where the primary key is taken, write all columns but the key, *keep*, and *unless_none* without a value.

    Rows go in the order of their keys, as in `update_many`; of rows with the same key the last one counts.
    """
    keys = [each.name for each in table.primary_key.columns]
    distinct = {tuple(row[key] for key in keys): row for row in rows}
    insert_many(connection, table, [distinct[key] for key in sorted(distinct)], _overwriting(table, keep, unless_none))


@cache
def _overwriting(table: Table, keep: tuple[str, ...], unless_none: tuple[str, ...]) -> Callable[[Insert], Executable]:
    keys = [each.name for each in table.primary_key.columns]
    written = [each.name for each in table.columns if each.name not in keys and each.name not in keep]

    def conflict(statement: Insert) -> Executable:
        new = statement.excluded
        changed = {n: func.coalesce(new[n], table.c[n]) if n in unless_none else new[n] for n in written}
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)

    return conflict


# SQLite


def _insert(table: Table, names: tuple[str, ...], conflict: Callable[[Insert], Executable] | None) -> Executable:
    statement = insert_for("sqlite", table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
    return statement if conflict is None else conflict(statement)


def _update(table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> Executable:
    given = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    same = [table.c[name] == given[name] for name in key]
    return update(table).where(*same).values({name: value for name, value in given.items() if name not in key})


@cache
def _free(table: Table, key: str) -> Executable:
    return insert_for("sqlite", table).on_conflict_do_nothing().returning(table.c[key])


class _Compiled:
    """A statement of SQLite as text, and where the value of each placeholder comes from."""

    def __init__(self, statement: Executable) -> None:
        dialect: Dialect = sqlite.dialect()
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.text = str(compiled)
        self._sources: list[tuple[str | None, Bind | None, Any]] = []
        for name in compiled.positiontup:
            bind = _binder(compiled.binds[name].type, dialect)
            fixed = compiled.params[name]
            if fixed is None:
                self._sources.append((name.removeprefix("new_"), bind, None))
            else:
                self._sources.append((None, None, fixed if bind is None else bind(fixed)))

    @classmethod
    @cache
    def of(cls, make: Callable[..., Executable], *arguments: Any) -> _Compiled:
        return cls(make(*arguments))

    def values(self, row: Row) -> tuple[Any, ...]:
        """Return the values of one row, in the order of the placeholders."""
        return tuple(
            fixed if name is None else row[name] if bind is None else bind(row[name])
            for name, bind, fixed in self._sources
        )


def _run(connection: Connection, compiled: _Compiled, rows: Sequence[Row]) -> None:
    with _Unbindable():
        values = [compiled.values(row) for row in rows]
    connection.exec_driver_sql(compiled.text, values)


# PostgreSQL


@cache
def _given(table: Table, names: tuple[str, ...]) -> FromClause:
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    return rows.table_valued(*columns).render_derived(name="given", with_types=True)


@cache
def _insert_select(table: Table, names: tuple[str, ...], conflict: Callable[[Insert], Executable] | None) -> Executable:
    given = _given(table, names)
    statement = insert_for("postgresql", table).from_select(list(names), select(*given.c))
    return statement if conflict is None else conflict(statement)


@cache
def _free_select(table: Table, names: tuple[str, ...], key: str) -> Executable:
    given = _given(table, names)
    statement = insert_for("postgresql", table).from_select(list(names), select(*given.c))
    return statement.on_conflict_do_nothing().returning(table.c[key])


@cache
def _update_select(table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> tuple[Executable, Executable]:
    given, wanted = _given(table, names), _given(table, key)
    own = [table.c[name] for name in key]
    # A join may visit the rows in any order: they are locked in theirs first.
    lock = select(*own).where(tuple_(*own).in_(select(*wanted.c))).order_by(*own).with_for_update()
    same = [table.c[name] == given.c[name] for name in key]
    written = {name: given.c[name] for name in names if name not in key}
    return lock, update(table).where(*same).values(written)


def _as_json(dialect: Dialect, table: Table, rows: Sequence[Row]) -> Iterator[str]:
    """Write the rows as JSON lists of objects, each of no more than _MOST characters."""
    binds = [(name, _binder(table.c[name].type, dialect)) for name in rows[0]]
    part: list[str] = []
    length = 0
    for row in rows:
        with _Unbindable():
            text = _ENCODE({name: row[name] if bind is None else bind(row[name]) for name, bind in binds})
        if part and length + len(text) > _MOST:
            yield f"[{','.join(part)}]"
            part, length = [], 0
        part.append(text)
        length += len(text)
    yield f"[{','.join(part)}]"


_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> Bind | None:
    """Return what turns a value into the driver's; our own types say it without the detours that statements take."""
    own: Bind | None = getattr(kind, "to_database", None)
    return own or kind.dialect_impl(dialect).bind_processor(dialect)


class _Unbindable:
    """What SQLAlchemy raises for a value that its type can't take, raised here too."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if isinstance(error, TypeError | ValueError):
            raise StatementError(f"a value can't be bound: {type(error).__name__}", None, None, error) from None
