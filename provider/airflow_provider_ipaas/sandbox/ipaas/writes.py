"""What a POST or PUT of a company or customer makes of its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from airflow_provider_ipaas.sandbox.ipaas import fields
from airflow_provider_ipaas.sandbox.ipaas.addresses import AddressWriter
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.forms import id_text, parse_id
from airflow_provider_ipaas.sandbox.ipaas.model import (
    COMPANY,
    STAMPS,
    Content,
    Kind,
    Record,
    blank_values,
    fold,
    is_blank,
)
from airflow_provider_ipaas.sandbox.ipaas.store import CustomField, IPaaSStore

_SERVER_SET: Final = ("id", *STAMPS)
_ALWAYS: Final = ("custom_fields", "external_ids", "extension_fields", "tracking_guid")


@dataclass(frozen=True, slots=True)
class NestedLink:
    """One item of `external_ids` in a body."""

    system_id: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """The checked outcome of a body. `links` is None where external ids stay as they are."""

    content: Content
    links: tuple[NestedLink, ...] | None


class Writer:
    """Checks one body against one kind of record; `record` is None for a create."""

    def __init__(self, store: IPaaSStore, kind: Kind, record: Record | None) -> None:
        self._store = store
        self._switches = store.switches
        self._kind = kind
        self._record = record
        self._merging = record is not None and self._switches.is_on("put", "merges")

    def write(self, body: Mapping[str, Any]) -> Write:
        """Return what the record will hold; raises the service's errors and changes nothing."""
        addresses = self._switches.text("addresses_name")
        fields.check_names(body, (*self._kind.scalars, addresses, *_ALWAYS), _SERVER_SET, "", self._switches)
        if self._merging and self._switches.is_on("null_in_put", "ignored"):
            body = {name: value for name, value in body.items() if value is not None}
        base = self._record.content() if self._record is not None and self._merging else None
        content = base or Content(blank_values(self._kind))
        self._scalars(body, content)
        if addresses in body:
            stored = self._record.addresses if self._record is not None else []
            writer = AddressWriter(stored, self._switches, creating=self._record is None)
            content.addresses = writer.write(fields.list_of(body[addresses], addresses))
        if "custom_fields" in body:
            content.custom_fields = self._custom_fields(body["custom_fields"], content.custom_fields)
        if "extension_fields" in body:
            content.extension_fields = list(fields.list_of(body["extension_fields"], "extension_fields"))
        self._check_record(content.values)
        return Write(content, self._links(body))

    def _scalars(self, body: Mapping[str, Any], content: Content) -> None:
        for name in self._kind.texts:
            if name == "parent_company_id":
                continue
            if name in body:
                content.values[name] = fields.text(body[name], name, "", self._switches)
        for name in self._kind.integers:
            if name in body:
                content.values[name] = fields.integer(body[name], name, self._switches)
        if self._kind is COMPANY and "parent_company_id" in body:
            content.values["parent_company_id"] = self._parent(body["parent_company_id"])

    def _parent(self, value: object) -> str | None:
        if is_blank(value):
            return None
        number = parse_id(value, self._switches, "parent_company_id")
        if not self._store.exists(COMPANY.name, number):
            raise ApiError("VALD-1038", f"The company {value} (parent_company_id) does not exist. Create it first.")
        return str(number)

    def _custom_fields(self, value: object, stored: Mapping[str, str]) -> dict[str, str]:
        sent: dict[str, str] = {}
        for index, item in enumerate(fields.list_of(value, "custom_fields")):
            where = f"custom_fields[{index}]."
            fields.check_names(item, ("id", "type", "custom_field_name", "value"), (), where, self._switches)
            name, text = item.get("custom_field_name"), item.get("value")
            if is_blank(name):
                raise ApiError("VALD-1015", f"The field {where}custom_field_name must not be null.")
            definition = self._store.custom_fields.get((self._kind.name, str(name)))
            if definition is None:
                raise ApiError("VALD-1011", f"There is no custom field {name!r} for {self._kind.label}.")
            if is_blank(text):
                raise ApiError("VALD-1002", f"The field {where}value ({name}) must not be null or empty.")
            if not isinstance(text, str) or not fits(text, definition):
                raise ApiError("VALD-1036", f"The value of {name} is not a {definition.type} in a text.")
            if name in sent:
                raise ApiError("BIZL-1001", f"The custom field {name} is twice in the request.")
            sent[str(name)] = text
        return {**stored, **sent} if self._merging and sent else sent

    def _links(self, body: Mapping[str, Any]) -> tuple[NestedLink, ...] | None:
        if self._switches.is_on("nested_external_ids_on_write", "ignored"):
            return None
        if "external_ids" not in body:
            return None if self._merging else ()
        links = []
        for item in fields.list_of(body["external_ids"], "external_ids"):
            link = NestedLink(self._system_id(item.get("system_id")), str(item.get("external_id") or ""))
            if not link.external_id:
                raise ApiError("VALD-1002", "The field external_id of external_ids is required.")
            holder = self._store.links.by_external(self._kind.name, link.system_id, link.external_id)
            if holder is not None and (self._record is None or holder.internal != self._record.number):
                raise ApiError("BIZL-1005", f"The external id {link.external_id} is a duplicate in this table.")
            links.append(link)
        return tuple(links)

    def _system_id(self, value: object) -> int:
        return check_system_id(value, self._store)

    def _check_record(self, values: Mapping[str, Any]) -> None:
        if self._kind is COMPANY:
            self._check_company(values)
        else:
            self._check_customer(values)

    def _check_company(self, values: Mapping[str, Any]) -> None:
        if is_blank(values["name"]):
            raise ApiError("VALD-1002", "The field name is required.")
        if not is_blank(values["email_address"]):
            fields.check_email(values["email_address"], "email_address", self._switches)
        if self._switches.is_on("unique_company_name", "on"):
            self._check_unique("name", values, "BIZL-1004")

    def _check_customer(self, values: Mapping[str, Any]) -> None:
        if is_blank(values["email_address"]):
            raise ApiError("VALD-1021", "The field email_address must not be null.")
        fields.check_email(values["email_address"], "email_address", self._switches)
        missing = [name for name in ("first_name", "last_name") if is_blank(values[name])]
        if len(missing) == 2:
            raise ApiError("VALD-1049", "First name and last name are both empty.")
        if missing and self._switches.is_on("person_names", "both"):
            raise ApiError("VALD-1002", f"The field {missing[0]} is required.")
        strict_number = self._switches.is_on("customer_number_rules", "strict")
        if strict_number and is_blank(values["customer_number"]):
            raise ApiError("VALD-1002", "The field customer_number is required.")
        category = values["category_id"]
        if category is not None and category not in self._store.categories:
            raise ApiError("VALD-1038", f"The category {category} (category_id) does not exist. Create it first.")
        self._check_unique("email_address", values, "BIZL-1004")
        if strict_number:
            self._check_unique("customer_number", values, "BIZL-1006")

    def _check_unique(self, name: str, values: Mapping[str, Any], code: str) -> None:
        if self._record is not None and fold(self._record.values[name]) == fold(values[name]):
            return
        for other in self._store.tables[self._kind.name].having(name, values[name]):
            if other is self._record:
                continue
            number = id_text(other.number, self._switches)
            if not other.active:
                raise ApiError("BIZL-1009", f"The record {number} with this {name} is inactive. PUT reactivates it.")
            raise ApiError(code, f"The field {name} must be unique; the record {number} has this value.")


def check_system_id(value: object, store: IPaaSStore) -> int:
    """Return a system id that is a subscription of the account; raises VALD-1017 and VALD-1023."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not text.isdecimal() or int(text) <= 0:
        raise ApiError("VALD-1017", f"The system id {value!r} is not an integer greater than 0.")
    if int(text) not in store.subscriptions:
        raise ApiError("VALD-1023", f"The system id {text} is not a subscription of this company.")
    return int(text)


def fits(text: str, definition: CustomField) -> bool:
    """Tell whether a value, always a text, fits the type of its custom field."""
    if definition.type == "enum":
        return text in definition.options
    check = _PARSERS.get(definition.type)
    if check is None:
        return True
    try:
        check(text)
    except ValueError:
        return False
    return True


def _bool(text: str) -> None:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)


_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "number": float,
    "bool": _bool,
    "guid": UUID,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}
