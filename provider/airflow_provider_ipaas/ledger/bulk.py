"""Many rows through one statement, as fast as the driver takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import StatementError
from sqlalchemy.sql.compiler import SQLCompiler

# From here on compiling the statement afresh costs less than SQLAlchemy's handling of every row.
_MANY = 100


def execute_many(connection: Connection, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    """Run *statement* once for each of *rows*, which all have the same keys."""
    if connection.dialect.name != "sqlite" or len(rows) < _MANY:
        connection.execute(statement, rows)
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))  # type: ignore[attr-defined]
    sources = _sources(compiled, connection.dialect, rows[0])
    try:
        values = [
            tuple(
                fixed if key is None else row[key] if bind is None else bind(row[key]) for key, bind, fixed in sources
            )
            for row in rows
        ]
    except (TypeError, ValueError) as error:
        # What SQLAlchemy raises for a value that its type can't take.
        raise StatementError(f"a value can't be bound: {type(error).__name__}", None, None, error) from None
    connection.exec_driver_sql(str(compiled), values)


def _sources(
    compiled: SQLCompiler, dialect: Dialect, row: dict[str, Any]
) -> list[tuple[str | None, Callable[[Any], Any] | None, Any]]:
    """Say for each placeholder where its value comes from: key of the row and its conversion, or a fixed value."""
    fixed = compiled.params
    sources: list[tuple[str | None, Callable[[Any], Any] | None, Any]] = []
    for name in compiled.positiontup or ():
        bind = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if name in row:
            sources.append((name, bind, None))
        else:
            sources.append((None, None, fixed[name] if bind is None else bind(fixed[name])))
    return sources
