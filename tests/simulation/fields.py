"""The mapped fields as the checks see them: a value of either service in one form, found without the mapping's help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Record = dict[str, Any]
Cell = str | tuple[str, ...] | None
Cells = dict[str, Cell]
SOBJECT = {"account": "Account", "contact": "Contact"}
KIND = {"account": "company", "contact": "customer"}
COLLECTION = {"Account": "account", "Contact": "contact", "company": "account", "customer": "contact"}
_PARTS = ("City", "State", "PostalCode", "Country")
_ITEM_PARTS = ("city", "region", "postal_code", "country")
_BETWEEN = re.compile(r"[\s,]+")


class Field(NamedTuple):
    """One field that is kept in step: its key in the mapping, and what it is called on either side."""

    key: str
    salesforce: str
    ipaas: str
    kind: str  # text, phone, email, address, custom, address_phone


MAPPED: dict[str, tuple[Field, ...]] = {
    "account": (
        Field("name", "Name", "name", "text"),
        Field("account_number", "AccountNumber", "account_number", "text"),
        Field("phone", "Phone", "phone_number", "phone"),
        Field("fax", "Fax", "fax_number", "phone"),
        Field("website", "Website", "url", "text"),
        Field("description", "Description", "description", "text"),
        Field("industry", "Industry", "Industry", "custom"),
        Field("billing_address", "Billing", "is_primary_billing", "address"),
        Field("shipping_address", "Shipping", "is_primary_shipping", "address"),
    ),
    "contact": (
        Field("first_name", "FirstName", "first_name", "text"),
        Field("last_name", "LastName", "last_name", "text"),
        Field("email", "Email", "email_address", "email"),
        Field("mailing_address", "Mailing", "is_primary_shipping", "address"),
        Field("phone", "Phone", "is_primary_shipping", "address_phone"),
    ),
}
# What nobody maps: our writes must leave it alone.
UNMAPPED = {
    "salesforce": {"account": ("Rating",), "contact": ("Title", "AccountId")},
    "ipaas": {"account": ("terms",), "contact": ("comment",)},
}


def _text(value: Any) -> Cell:
    return " ".join(value.split()) or None if value else None


def _phone(value: Any) -> Cell:
    return re.sub(r"\D", "", value) or None if value else None


def _email(value: Any) -> Cell:
    return value.strip().casefold() or None if value else None


_FORM: dict[str, Callable[[Any], Cell]] = {
    "text": _text,
    "custom": _text,
    "phone": _phone,
    "address_phone": _phone,
    "email": _email,
}


def salesforce_cells(collection: str, row: Record) -> Cells:
    """Return what a row says of every mapped field."""
    cells: Cells = {}
    for field in MAPPED[collection]:
        if field.kind == "address":
            cells[field.key] = _address(row[f"{field.salesforce}Street"], (row[field.salesforce + p] for p in _PARTS))
        else:
            cells[field.key] = _FORM[field.kind](row[field.salesforce])
    return _without_placeholder(cells)


def ipaas_cells(collection: str, record: Record) -> Cells:
    """Return what a record says of every mapped field."""
    cells: Cells = {}
    for field in MAPPED[collection]:
        if field.kind == "custom":
            named = (i["value"] for i in record["custom_fields"] if i["custom_field_name"] == field.ipaas)
            cells[field.key] = _text(next(named, None))
        elif field.kind in ("address", "address_phone"):
            item = primary(record, field.ipaas)
            cells[field.key] = None if item is None else _item(field, item)
        else:
            cells[field.key] = _FORM[field.kind](record[field.ipaas])
    return _without_placeholder(cells)


def _without_placeholder(cells: Cells) -> Cells:
    if cells.get("first_name") == "-":
        cells["first_name"] = None
    return cells


def primary(record: Record, flag: str) -> Record | None:
    """Return the address that counts for a purpose."""
    return next((item for item in record["addresses"] if item[flag]), None)


def _item(field: Field, item: Record) -> Cell:
    if field.kind == "address_phone":
        return _phone(item["phone_number"])
    street = " ".join(item[f"address_{n}"] or "" for n in (1, 2, 3))
    return _address(street, (item[name] for name in _ITEM_PARTS))


def _address(street: str | None, parts: Any) -> Cell:
    """Return an address whatever the lines of its street; None for one without any part."""
    words = " ".join(word for word in _BETWEEN.split(street or "") if word)
    whole = (words, *((part or "").strip() for part in parts))
    return whole if any(whole) else None


def is_complete(address: Cell) -> bool:
    """Tell an address that iPaaS.com accepts."""
    return isinstance(address, tuple) and all(address)
