"""Transactions of other users that take their time: stamped when they start, visible only when they commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ipaas.sandbox.salesforce.ids import make_id, to_18

if TYPE_CHECKING:
    from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore

_OPERATIONS = frozenset({"insert", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One pending change; `record_id` is allotted at once, also for an insert."""

    kind: str
    sobject: str
    record_id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Changes stamped `started` that nobody sees before `commit_at` (None: until the commit control)."""

    number: int
    started: datetime
    commit_at: datetime | None
    by: str | None
    operations: tuple[Operation, ...]


class Transactions:
    """The open transactions of the org."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self._open: dict[int, Transaction] = {}
        self._count = 0

    def begin(
        self,
        operations: Sequence[Mapping[str, Any]],
        *,
        started: datetime | None = None,
        commit_at: datetime | None = None,
        by: str | None = None,
    ) -> Transaction:
        """Open a transaction; KeyError or ValueError when an operation makes no sense."""
        self._count += 1
        prepared = tuple(self._prepare(operation) for operation in operations)
        opened = Transaction(self._count, started or self._store.clock.now(), commit_at, by, prepared)
        self._open[opened.number] = opened
        return opened

    def commit(self, number: int | None = None) -> int:
        """Commit one transaction, or all of them; return how many. KeyError for an unknown number."""
        chosen = [self._open[number]] if number is not None else list(self._open.values())
        for opened in chosen:
            del self._open[opened.number]
            for operation in opened.operations:
                self._apply(opened, operation)
        return len(chosen)

    def settle(self, now: datetime) -> None:
        """Commit what is due."""
        for opened in list(self._open.values()):
            if opened.commit_at is not None and opened.commit_at <= now:
                self.commit(opened.number)

    def earliest_start(self) -> datetime | None:
        """Return when the oldest open transaction started, or None."""
        return min((opened.started for opened in self._open.values()), default=None)

    def locked(self, record_id: str) -> bool:
        """Say whether an open transaction holds the row's lock."""
        return any(o.record_id == record_id and o.kind != "insert" for t in self._open.values() for o in t.operations)

    def _prepare(self, body: Mapping[str, Any]) -> Operation:
        kind = str(body.get("op", "insert" if "sobject" in body else "update"))
        if kind not in _OPERATIONS:
            raise ValueError(f"A transaction knows insert, update and delete, not {kind!r}.")
        fields = dict(body.get("fields", {}))
        if kind == "insert":
            definition = self._store.everything[str(body["sobject"]).lower()]
            table = self._store.tables[definition.name]
            table.sequence += 1
            return Operation(kind, definition.name, make_id(table.prefix, table.sequence), fields)
        record_id = to_18(str(body["id"])) or str(body["id"])
        return Operation(kind, self._store.sobject_of(record_id), record_id, fields)

    def _apply(self, opened: Transaction, operation: Operation) -> None:
        at, by = opened.started, opened.by
        if operation.kind == "insert":
            self._store.insert(operation.sobject, {**operation.fields, "Id": operation.record_id}, at=at, by=by)
        elif operation.kind == "update":
            self._store.update(operation.record_id, operation.fields, at=at, by=by)
        else:
            self._store.delete(operation.record_id, at=at, by=by)
