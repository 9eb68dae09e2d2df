"""Row locks of the writes that are under way: each holds its rows, a Contact's its Account, a new child's its parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.ids import to_18


class Locks:
    """Which records calls that take their time hold. A real org lets others wait ten seconds before it refuses them."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    @contextmanager
    def hold(self, wanted: Iterable[str]) -> Iterator[frozenset[str]]:
        """Hold what is free meanwhile; yields all that other calls hold."""
        others = frozenset(self.held)
        own = frozenset(wanted) - others
        self.held |= own
        try:
            yield others
        finally:
            self.held -= own


def locks_of(row: Mapping[str, Any], values: Mapping[str, Any]) -> Set[str]:
    """Return the ids of what a write to a row locks, the row itself where there is one."""
    names = {str(row["Id"])} if row.get("Id") else set()
    parents = (row.get("AccountId"), values.get("AccountId"), values.get("ParentId"))
    return names | {to_18(str(parent)) or str(parent) for parent in parents if parent}
