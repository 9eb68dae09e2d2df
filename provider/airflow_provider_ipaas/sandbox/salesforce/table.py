"""The rows of one sObject with the indexes that keep 100,000 of them fast."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef

Row = dict[str, Any]
StampKey = tuple[str, str]


class Table:
    """Rows by Id, in `SystemModstamp` order, and by the lower-cased values of indexed fields.

    A row is never changed in place: a change puts a new dict, so whoever holds the old one (a query locator) keeps a
    consistent snapshot.
    """

    def __init__(self, definition: ObjectDef) -> None:
        self.prefix = definition.prefix
        self.rows: dict[str, Row] = {}
        self.by_stamp: list[StampKey] = []
        self.deleted_on: dict[str, str] = {}
        self.sequence = 0
        self._undo: list[tuple[str, Row | None]] | None = None
        self._deleted_before: dict[str, str] = {}
        self._indexes: dict[str, dict[str, set[str]]] = {f.name: {} for f in definition.fields.values() if f.indexed}

    def put(self, row: Row) -> None:
        """Insert a row or replace the one with the same Id."""
        record_id = row["Id"]
        old = self.rows.get(record_id)
        if self._undo is not None:
            self._undo.append((record_id, old))
        self.rows[record_id] = row
        if old is None or old["SystemModstamp"] != row["SystemModstamp"]:
            if old is not None:
                self._drop_stamp(old)
            key = (row["SystemModstamp"], record_id)
            if not self.by_stamp or key > self.by_stamp[-1]:
                self.by_stamp.append(key)
            else:
                insort(self.by_stamp, key)
        for name, index in self._indexes.items():
            before, after = _key(old, name), _key(row, name)
            if before != after:
                self._unindex(index, before, record_id)
                if after is not None:
                    index.setdefault(after, set()).add(record_id)

    def remove(self, record_id: str) -> None:
        """Forget a row for good."""
        old = self.rows.pop(record_id)
        self._drop_stamp(old)
        for name, index in self._indexes.items():
            self._unindex(index, _key(old, name), record_id)

    def begin_undo(self) -> None:
        """Begin to remember the rows that are replaced."""
        self._undo = []
        self._deleted_before = dict(self.deleted_on)

    def end_undo(self, *, rollback: bool) -> None:
        """Stop remembering; with `rollback` put the rows back, newest change first."""
        changes, self._undo = self._undo or [], None
        if not rollback:
            return
        self.deleted_on = self._deleted_before
        for record_id, old in reversed(changes):
            if old is None:
                self.remove(record_id)
            else:
                self.put(old)

    def has_index(self, field: str) -> bool:
        """Say whether `find` works on the field."""
        return field in self._indexes

    def find(self, field: str, value: str) -> set[str]:
        """Return the ids of the rows (deleted ones too) whose indexed field equals `value`, case aside."""
        return self._indexes[field].get(value.lower(), set())

    def since(self, low: str | None, high: str | None) -> Iterator[Row]:
        """Yield rows ordered by (SystemModstamp, Id) with `low` <= stamp <= `high`."""
        start = bisect_left(self.by_stamp, (low, "")) if low is not None else 0
        for index in range(start, len(self.by_stamp)):
            at, record_id = self.by_stamp[index]
            if high is not None and at > high:
                return
            yield self.rows[record_id]

    def _drop_stamp(self, row: Row) -> None:
        position = bisect_left(self.by_stamp, (row["SystemModstamp"], row["Id"]))
        del self.by_stamp[position]

    @staticmethod
    def _unindex(index: dict[str, set[str]], key: str | None, record_id: str) -> None:
        if key is None:
            return
        ids = index[key]
        ids.discard(record_id)
        if not ids:
            del index[key]


def _key(row: Row | None, field: str) -> str | None:
    value = row.get(field) if row is not None else None
    return value.lower() if isinstance(value, str) else None
