"""Everything the emulated iPaaS.com account holds."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID, Access, HasNow
from airflow_provider_ipaas.sandbox.ipaas.errors import TooManyRequests
from airflow_provider_ipaas.sandbox.ipaas.links import Link, Links
from airflow_provider_ipaas.sandbox.ipaas.model import (
    COMPANY,
    CUSTOMER,
    Content,
    Kind,
    Record,
    blank_values,
    new_address,
)
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches
from airflow_provider_ipaas.sandbox.ipaas.table import FIRST_ID, RecordTable

SALESFORCE_SYSTEM_ID: Final = 5501
IPAAS_INTEGRATION, SALESFORCE_INTEGRATION = 1, 187
API_USER: Final = "api"
FieldType = Literal["string", "number", "bool", "guid", "encrypted", "password", "date", "datetime", "enum"]
Removal = Literal["deactivate", "purge"]


@dataclass(frozen=True, slots=True)
class CustomField:
    """The definition of a custom field, as a person makes it in the portal."""

    kind: str
    name: str
    type: FieldType = "string"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship; the related side is not enforced."""

    number: int
    customer: int
    related_to_id: str
    related_to_type: str


@dataclass(slots=True)
class Subscription:
    """One system that is connected to the account; its id is the system id of external ids."""

    number: int
    type: int
    name: str
    description: str
    settings: dict[str, str] = field(default_factory=dict)
    persistent_data: list[dict[str, Any]] = field(default_factory=list)


class IPaaSStore:
    """Companies, customers and what hangs on them, in memory.

    Each operation takes `lock`, so seeds and controls may run beside a serving thread. Nothing here validates what the
    API would refuse: `insert` and `edit` stand for other users, imports and the portal.
    """

    def __init__(self, clock: HasNow, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.switches = Switches()
        self.access = Access(clock, self.switches)
        self._monotonic = monotonic
        self._calls: deque[float] = deque()
        self._clear()

    def reset(self, *, switches: bool = True) -> None:
        """Return to an empty account with the default user, key and subscription, and the default switches."""
        with self.lock:
            if switches:
                self.switches.reset()
            self.access.reset()
            self._calls.clear()
            self._clear()

    def _clear(self) -> None:
        self.tables: dict[str, RecordTable] = {kind.name: RecordTable(kind) for kind in (COMPANY, CUSTOMER)}
        self.links = Links()
        self.custom_fields: dict[tuple[str, str], CustomField] = {}
        self.categories: dict[int, dict[str, str]] = {}
        self.relationships: dict[int, list[Relationship]] = {}
        own = Subscription(1, IPAAS_INTEGRATION, "iPaaS.com", "The platform itself.")
        salesforce = Subscription(SALESFORCE_SYSTEM_ID, SALESFORCE_INTEGRATION, "Salesforce", "Salesforce CRM.")
        self.subscriptions: dict[int, Subscription] = {own.number: own, salesforce.number: salesforce}
        self._others: dict[str, IPaaSStore] = {}
        self.address_owners: dict[int, tuple[str, int]] = {}
        self._next_address = FIRST_ID
        self._next_relationship = FIRST_ID

    def of_company(self, guid: str | None) -> IPaaSStore:
        """Return what a company holds: this account, or for every other company one that began empty, without Salesforce."""
        if guid in {None, COMPANY_GUID}:
            return self
        if guid not in self._others:
            other = copy.copy(self)
            other._clear()
            del other.subscriptions[SALESFORCE_SYSTEM_ID]
            self._others[str(guid)] = other
        return self._others[str(guid)]

    # Records

    def insert(
        self, kind: Kind | str, fields: Mapping[str, Any], *, at: datetime | None = None, by: str = "Portal User"
    ) -> int:
        """Store a record as another user would; returns its id. `fields` may hold addresses and custom_fields."""
        with self.lock:
            table = self._table(kind)
            content = self._content(Content(blank_values(table.kind)), table.kind, fields)
            return self.add(table.kind, content, at=at, by=by).number

    def edit(
        self,
        kind: Kind | str,
        number: int,
        fields: Mapping[str, Any],
        *,
        at: datetime | None = None,
        by: str = "Portal User",
    ) -> Record:
        """Change the named fields of a record as another user would; raises KeyError for an unknown id.

        `addresses` is the whole new list: items with an id keep it and the fields they don't name. `custom_fields`
        is a mapping; a value of None takes the field away.
        """
        with self.lock:
            record = self.record(kind, number)
            self.change(record, self._content(record.content(), record.kind, fields), at=at, by=by)
            return record

    def edit_address(
        self, kind: Kind | str, number: int, address_id: int, fields: Mapping[str, Any], *, at: datetime | None = None
    ) -> Record:
        """Change the named fields of one address as another user would; raises KeyError for unknown ids."""
        with self.lock:
            record = self.record(kind, number)
            if address_id not in {address["id"] for address in record.addresses}:
                raise KeyError(f"address {address_id} of the record")
            items = [
                {"id": address["id"], **(fields if address["id"] == address_id else {})} for address in record.addresses
            ]
            return self.edit(kind, number, {"addresses": items}, at=at)

    def add(self, kind: Kind, content: Content, *, at: datetime | None = None, by: str = API_USER) -> Record:
        """Store a new record with finished content; gives its new addresses their ids."""
        with self.lock:
            table = self.tables[kind.name]
            now = at or self.clock.now()
            record = Record(table.next_number(), kind, {}, now, by, by)
            record.values = content.values
            record.addresses = content.addresses
            record.custom_fields = content.custom_fields
            record.extension_fields = content.extension_fields
            self._number_addresses(record)
            table.add(record)
            return record

    def change(self, record: Record, content: Content, *, at: datetime | None = None, by: str = API_USER) -> None:
        """Give a record new content and move its stamp as the switches say."""
        with self.lock:
            differing = record.content().differing(content)
            for address in record.addresses:
                self.address_owners.pop(address["id"], None)
            self.tables[record.kind.name].change(record, content)
            self._number_addresses(record)
            record.updated_by = by
            if differing != {"addresses"} or self.switches.is_on("stamp_moves_on_address_edit", "true"):
                record.updated = at or self.clock.now()

    def record(self, kind: Kind | str, number: int) -> Record:
        """Return a record, active or not; raises KeyError."""
        record = self._table(kind).get(number)
        if record is None:
            raise KeyError(f"{self._table(kind).kind.name} {number}")
        return record

    def remove(self, kind: Kind | str, number: int, mode: Removal = "deactivate") -> None:
        """Delete a record as the portal does (deactivate), or for good (purge)."""
        with self.lock:
            record = self.record(kind, number)
            self._table(kind).set_active(record, False)
            if mode == "purge":
                for address in record.addresses:
                    self.address_owners.pop(address["id"], None)
                self._table(kind).remove(record)

    def reactivate(self, record: Record) -> None:
        """Make a deactivated record an ordinary one again."""
        with self.lock:
            self.tables[record.kind.name].set_active(record, True)

    def exists(self, table: str, internal: int) -> bool:
        """Tell whether an external id may point at `internal`: an active record, or an address."""
        if table == "address":
            return internal in self.address_owners
        record = self.tables[table].get(internal) if table in self.tables else None
        return record is not None and record.active

    # Links, definitions, relationships

    def link(self, table: str, internal: int, external_id: str, system_id: int = SALESFORCE_SYSTEM_ID) -> Link:
        """Store an external id; the caller has seen that it is free. Moves the record's stamp as the switches say."""
        with self.lock:
            link = self.links.put(table, system_id, internal, external_id)
            record = self.tables[table].get(internal) if table in self.tables else None
            if record is not None and self.switches.is_on("stamp_moves_on_link", "true"):
                record.updated = self.clock.now()
            return link

    def define_custom_field(
        self, kind: Kind | str, name: str, type_: FieldType = "string", options: Iterable[str] = ()
    ) -> CustomField:
        """Define a custom field; the API takes values of defined fields only."""
        with self.lock:
            kind_name = self._table(kind).kind.name
            definition = CustomField(kind_name, name, type_, tuple(options))
            self.custom_fields[kind_name, name] = definition
            return definition

    def relate(self, customer: int, related_to_id: str, related_to_type: str) -> Relationship:
        """Store a relationship."""
        with self.lock:
            relationship = Relationship(self._next_relationship, customer, related_to_id, related_to_type)
            self._next_relationship += 1
            self.relationships.setdefault(customer, []).append(relationship)
            return relationship

    def count_call(self) -> None:
        """Count one call against the rate limit; raises TooManyRequests."""
        limit = self.switches.number("rate_limit")
        if limit == 0:
            return
        with self.lock:
            now = self._monotonic()
            while self._calls and self._calls[0] <= now - 1:
                self._calls.popleft()
            if len(self._calls) >= limit:
                raise TooManyRequests
            self._calls.append(now)

    def _table(self, kind: Kind | str) -> RecordTable:
        return self.tables[kind if isinstance(kind, str) else kind.name]

    def _number_addresses(self, record: Record) -> None:
        for address in record.addresses:
            if address["id"] is None:
                address["id"] = self._next_address
                self._next_address += 1
            self.address_owners[address["id"]] = (record.kind.name, record.number)

    def _content(self, content: Content, kind: Kind, fields: Mapping[str, Any]) -> Content:
        nested = {"addresses", "custom_fields", "extension_fields"}
        if unknown := set(fields) - set(kind.scalars) - nested:
            raise ValueError(f"A {kind.name} has no field {', '.join(sorted(unknown))}.")
        content.values.update((name, value) for name, value in fields.items() if name not in nested)
        if "addresses" in fields:
            stored = {address["id"]: address for address in content.addresses}
            content.addresses = [
                new_address({**stored.get(item.get("id"), {}), **item}, item.get("id")) for item in fields["addresses"]
            ]
        for name, value in (fields.get("custom_fields") or {}).items():
            content.custom_fields.pop(name, None)
            if value is not None:
                content.custom_fields[name] = value
        if "extension_fields" in fields:
            content.extension_fields = list(fields["extension_fields"] or [])
        return content
