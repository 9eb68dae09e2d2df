"""A model of one company of iPaaS.com: companies without stamps, customers with, nested parts, external ids apart.

Every open question on the real service is a field of `Reading`. Written without a look at the sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_ipaas.errors import ServiceError

from .clock import Clock

Record = dict[str, Any]
SYSTEM_ID = "77"
FIELDS = {
    "company": ("name", "account_number", "phone_number", "fax_number", "url", "description", "terms"),
    "customer": ("first_name", "last_name", "email_address", "customer_number", "company", "comment"),
}
STAMPS = ("created_datetime", "updated_datetime")
FLAGS = ("is_primary_billing", "is_primary_shipping")
POSTAL = ("address_1", "address_2", "address_3", "city", "region", "postal_code", "country")
ADDRESS = ("first_name", "last_name", "company", "phone_number", *POSTAL)
_REQUIRED = ("first_name", "last_name", "address_1", "city", "region", "country", "postal_code")
_PHONES = frozenset({"phone_number", "fax_number"})

Watch = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the parts of the API behave that no public source settles."""

    put_replaces: bool = True
    put_answers: bool = True  # with the record; else with nothing
    short_rows: bool = True  # lists lack addresses, custom_fields and external_ids
    shows_external_ids: bool = True  # whole records carry them
    stores_nested_ids: bool = False  # external_ids in the body of a write are kept
    address_ids_matched: bool = False  # an address sent without id keeps the one with the same flags
    company_stamps: bool = False
    stamp_on_address: bool = False
    stamp_on_link: bool = True
    updated_on_create: bool = False
    trims: bool = False
    trims_phones: bool = False
    find_is_exact: bool = True
    relationships: bool = False


@dataclass
class Company:
    """The account as its users and the API see it. *watch* hears of every change of a record."""

    clock: Clock
    watch: Watch
    reading: Reading = field(default_factory=Reading)
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {"company": {}, "customer": {}})
    inactive: set[tuple[str, str]] = field(default_factory=set)
    external: dict[tuple[str, str], str] = field(default_factory=dict)  # (kind, id) -> Salesforce id
    related: list[tuple[str, str]] = field(default_factory=list)
    linked: int = 0  # external ids that the API has changed
    _serial: int = 0

    # What users do

    def insert(self, kind: str, fields: Record, *, actor: str = "user") -> str:
        record_id = self._number()
        record: Record = dict.fromkeys(FIELDS[kind])
        record |= {"id": record_id, "addresses": [], "custom_fields": [], **self._stored(fields)}
        record["addresses"] = [self._address(item, {}) for item in record["addresses"]]
        now = self.clock.ipaas().isoformat()
        record |= {"created_datetime": now, "updated_datetime": now if self.reading.updated_on_create else None}
        self.records[kind][record_id] = record
        self.watch("ipaas", kind, record_id, None, record, actor)
        return record_id

    def edit(self, kind: str, record_id: str, fields: Record, *, actor: str = "user") -> None:
        """Change the named fields; `addresses` is the whole new list."""
        before = self.records[kind][record_id]
        record = {**before, **self._stored(fields)}
        stored = {item["id"]: item for item in before["addresses"]}
        if "addresses" in fields:
            record["addresses"] = [self._address(item, stored) for item in record["addresses"]]
        if self.reading.stamp_on_address or any(record[name] != before[name] for name in FIELDS[kind]):
            record["updated_datetime"] = self.clock.ipaas().isoformat()
        self.records[kind][record_id] = record
        self.watch("ipaas", kind, record_id, before, record, actor)

    def deactivate(self, kind: str, record_id: str) -> None:
        self.inactive.add((kind, record_id))

    def reactivate(self, kind: str, record_id: str) -> None:
        self.inactive.discard((kind, record_id))

    def alive(self, kind: str) -> list[str]:
        return [record_id for record_id in self.records[kind] if (kind, record_id) not in self.inactive]

    def by_email(self, value: str) -> str | None:
        """Return who has this e-mail, active or not: one record at most may."""
        wanted = value.strip().casefold()
        rows = self.records["customer"].items()
        return next((i for i, r in rows if (r["email_address"] or "").strip().casefold() == wanted), None)

    # What the API does

    def shown(self, kind: str, record_id: str, *, in_list: bool = False) -> Record | None:
        """Return a record the way the API shows it; None for one that is not there any more."""
        record = self.records[kind].get(record_id)
        if record is None or (kind, record_id) in self.inactive:
            return None
        shown = {**record, "addresses": [dict(item) for item in record["addresses"]]}
        shown["custom_fields"] = [dict(item) for item in record["custom_fields"]]
        if kind == "company" and not self.reading.company_stamps:
            del shown["created_datetime"], shown["updated_datetime"]
        if in_list and self.reading.short_rows:
            del shown["addresses"], shown["custom_fields"]
        elif self.reading.shows_external_ids:
            found = self.external.get((kind, record_id))
            shown["external_ids"] = [{"system_id": int(SYSTEM_ID), "external_id": found}] if found else []
        return shown

    def api_find(self, kind: str, value: str) -> list[Record]:
        """Filter as `action=equals` does, asked as typed and in lower case, which is what the client does."""
        name = "email_address" if kind == "customer" else "name"
        typed = value.strip()
        wanted = {typed, typed.lower()} if kind == "customer" else {typed}
        found = []
        for record_id in self.alive(kind):
            text = self.records[kind][record_id][name] or ""
            exact = text in wanted or not self.reading.find_is_exact
            if exact and text.strip().casefold() == typed.casefold():
                found.append(self.shown(kind, record_id, in_list=True))
        return [row for row in found if row is not None]

    def api_create(self, kind: str, body: Record) -> Record:
        self._check(kind, None, body)
        fields = {name: value for name, value in body.items() if name != "external_ids"}
        record_id = self.insert(kind, fields, actor="api")
        self._take_nested_ids(kind, record_id, body)
        shown = self.shown(kind, record_id)
        assert shown is not None
        return shown

    def api_update(self, kind: str, record_id: str, body: Record) -> Record | None:
        if record_id not in self.records[kind] or (kind, record_id) in self.inactive:
            raise ServiceError(f"There is no {kind} {record_id}.", service="ipaas", status=404, code="NFND-1005")
        self._check(kind, record_id, body)
        sent = {name: value for name, value in body.items() if name not in ("id", "external_ids", *STAMPS)}
        if self.reading.put_replaces:
            blank = dict.fromkeys(FIELDS[kind]) | {"addresses": [], "custom_fields": []}
            sent = blank | sent
        elif "addresses" in sent:
            named = {item.get("id") for item in sent["addresses"]}
            kept = [item for item in self.records[kind][record_id]["addresses"] if item["id"] not in named]
            sent["addresses"] = [*kept, *sent["addresses"]]
        self.edit(kind, record_id, sent, actor="api")
        self._take_nested_ids(kind, record_id, body)
        return self.shown(kind, record_id) if self.reading.put_answers else None

    def api_link(self, kind: str, record_id: str, external_id: str) -> None:
        """Store an external id; one that another record of the table holds is refused."""
        if record_id not in self.records[kind]:
            raise ServiceError(f"There is no {kind} {record_id}.", service="ipaas", status=404, code="NFND-1005")
        holder = self.holder(kind, external_id)
        if holder is not None and holder != record_id:
            raise ServiceError("The external id is a duplicate.", service="ipaas", status=409, code="BIZL-1005")
        self.linked += self.external.get((kind, record_id)) != external_id
        self.external[kind, record_id] = external_id
        if self.reading.stamp_on_link:
            record = self.records[kind][record_id]
            self.records[kind][record_id] = {**record, "updated_datetime": self.clock.ipaas().isoformat()}

    def holder(self, kind: str, external_id: str) -> str | None:
        found = (i for (of, i), value in self.external.items() if of == kind and value == external_id)
        return next(found, None)

    def live_holder(self, kind: str, external_id: str) -> str | None:
        """Return who holds an external id; the link of an inactive record reads DELETED: and counts as none."""
        holder = self.holder(kind, external_id)
        return None if holder is None or (kind, holder) in self.inactive else holder

    def _take_nested_ids(self, kind: str, record_id: str, body: Record) -> None:
        for item in body.get("external_ids") or [] if self.reading.stores_nested_ids else []:
            if str(item["system_id"]) == SYSTEM_ID:
                self.api_link(kind, record_id, item["external_id"])

    def _check(self, kind: str, record_id: str | None, body: Record) -> None:
        known = {*FIELDS[kind], "addresses", "custom_fields", "external_ids"}
        assert set(body) - {"id", *STAMPS} <= known, (
            f"the sync writes fields that the service has not: {set(body) - known}"
        )
        _refuse(any("poison" in str(value) for value in body.values()), "VALD-1025", "a field rule says no")
        if kind == "company":
            _refuse(not (body.get("name") or "").strip(), "VALD-1002", "name is required")
        else:
            email = (body.get("email_address") or "").strip()
            _refuse(not email, "VALD-1021", "email_address must not be null")
            _refuse(not body.get("first_name") or not body.get("last_name"), "VALD-1002", "both names are required")
            holder = self.by_email(email)
            _refuse(holder not in (None, record_id), "BIZL-1004", f"the record {holder} has this e-mail")
        for item in body.get("addresses") or []:
            _refuse(any(not item.get(name) for name in _REQUIRED), "VALD-1002", "an address lacks a part")
        for flag in FLAGS:
            twice = sum(bool(item.get(flag)) for item in body.get("addresses") or []) > 1
            _refuse(twice, "BIZL-1002", f"more than one address has {flag}")
        if self.reading.stores_nested_ids:
            for item in body.get("external_ids") or []:
                holder = self.holder(kind, item["external_id"])
                _refuse(holder not in (None, record_id), "BIZL-1005", "the external id is a duplicate")

    def _address(self, item: Record, stored: dict[str, Record]) -> Record:
        address_id = item.get("id")
        if address_id is None and self.reading.address_ids_matched:
            flags = [bool(item.get(flag)) for flag in FLAGS]
            same = (i for i, old in stored.items() if any(flags) and [old[flag] for flag in FLAGS] == flags)
            address_id = next(same, None)
        base = {} if self.reading.put_replaces else stored.get(address_id or "", {})
        address = dict.fromkeys(ADDRESS) | dict.fromkeys(FLAGS, False) | base | self._stored(item)
        address |= {flag: bool(address[flag]) for flag in FLAGS}
        return address | {"id": address_id or self._number()}

    def _number(self) -> str:
        self._serial += 1
        return str(self._serial * 70_001 % 100_003)

    def _stored(self, fields: Record) -> Record:
        """Keep values in the service's own form; blanks as null."""
        return {name: self._form(name, value) for name, value in fields.items()}

    def _form(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if self.reading.trims or self.reading.trims_phones:
            value = value.strip()
        if self.reading.trims_phones and name in _PHONES:
            value = re.sub(r"[^\d+]", "", value)
        return value if value.strip() else None


def _refuse(wrong: bool, code: str, text: str) -> None:
    if wrong:
        status = 409 if code.startswith("BIZL") else 400
        raise ServiceError(text, service="ipaas", status=status, code=code)
