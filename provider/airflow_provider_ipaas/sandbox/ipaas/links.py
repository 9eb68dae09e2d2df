"""External ids: which record of which other system belongs to which record here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Link:
    """One external id; unique per system, table and record, and per system, table and external id."""

    number: int
    table: str
    system_id: int
    external_id: str
    internal: int


class Links:
    """All external ids, found from either end."""

    def __init__(self) -> None:
        self._by_internal: dict[tuple[str, int, int], Link] = {}
        self._by_external: dict[tuple[str, int, str], Link] = {}
        self._systems: dict[tuple[str, int], set[int]] = {}
        self._next = 1

    def by_internal(self, table: str, system_id: int, internal: int) -> Link | None:
        """Return the link of a record to a system."""
        return self._by_internal.get((table, system_id, internal))

    def by_external(self, table: str, system_id: int, external_id: str) -> Link | None:
        """Return the link that holds an external id."""
        return self._by_external.get((table, system_id, external_id))

    def of_record(self, table: str, internal: int) -> list[Link]:
        """Return a record's links, one per system."""
        systems = sorted(self._systems.get((table, internal), ()))
        return [self._by_internal[table, system_id, internal] for system_id in systems]

    def put(self, table: str, system_id: int, internal: int, external_id: str) -> Link:
        """Link a record, replacing its former link to that system; the caller has seen that the id is free."""
        link = self._by_internal.get((table, system_id, internal))
        if link is None:
            link = Link(self._next, table, system_id, external_id, internal)
            self._next += 1
            self._by_internal[table, system_id, internal] = link
            self._systems.setdefault((table, internal), set()).add(system_id)
        else:
            self._by_external.pop((table, system_id, link.external_id), None)
            link.external_id = external_id
        self._by_external[table, system_id, external_id] = link
        return link

    def drop(self, link: Link) -> None:
        """Forget a link."""
        del self._by_internal[link.table, link.system_id, link.internal]
        self._by_external.pop((link.table, link.system_id, link.external_id), None)
        self._systems[link.table, link.internal].discard(link.system_id)

    def __iter__(self) -> Iterator[Link]:
        return iter(sorted(self._by_internal.values(), key=lambda link: link.number))
