"""Between dataclasses and rows, and between long lists of ids and statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table

T = TypeVar("T")
# Below the number of variables that old builds of SQLite take in one statement (999), with room for the rest.
CHUNK = 900


class Shape(Generic[T]):
    """How a dataclass lies in a table: columns named as its fields, in their order."""

    def __init__(self, kind: Callable[..., T], table: Table) -> None:
        self.names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
        self.columns: tuple[ColumnElement[Any], ...] = tuple(table.c[name] for name in self.names)
        self._kind = kind
        self._values: Callable[[T], tuple[Any, ...]] = attrgetter(*self.names)

    def row(self, value: T, **more: Any) -> dict[str, Any]:
        """Return the parameters for one row."""
        return dict(zip(self.names, self._values(value), strict=True)) | more

    def value(self, row: Sequence[Any]) -> T:
        """Return the dataclass of one selected row."""
        return self._kind(*row)


def chunked(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut distinct values into lists of at most *size*, in order."""
    remaining = iter(dict.fromkeys(values))
    while chunk := list(islice(remaining, size)):
        yield chunk
