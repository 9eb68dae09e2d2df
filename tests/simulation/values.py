"""What users type: values that nobody has used before, and the odd ones."""

from __future__ import annotations

from typing import Any

from .fields import MAPPED, Field
from .ipaas import FLAGS, POSTAL

Record = dict[str, Any]
# By number, so that a drawn variant is one: most are plain.
PLAIN, PADDED, COPIED, POISONED, MANGLED, POOLED = range(6)
POOL = 2


def text_of(field: Field, number: int, variant: int) -> str:
    """Return a value for a field that is no address."""
    if field.kind in ("phone", "address_phone"):
        return f"555{number:07d}"
    if field.kind == "email":
        name = f"pool{number % POOL}" if variant == POOLED else f"w{number}"
        return f"{name.upper() if number % 3 == 0 else name}@example.com"
    word = f"Pool {number % POOL}" if variant == POOLED and field.key == "name" else f"w{number}"
    return {PADDED: f"  {word} ", POISONED: f"poison {word}", MANGLED: f"mangle {word}"}.get(variant, word)


def street_of(number: int, variant: int) -> tuple[str, ...]:
    """Return street lines, city, state, postal code and country; an odd one lacks its city."""
    city = "" if variant == POISONED else "Austin"
    street = f"{number} Main St\nFloor 2" if variant == PADDED else f"{number} Main St"
    return street, city, "TX", "73301", "US"


def salesforce_values(field: Field, number: int, variant: int) -> Record:
    """Return what a user of Salesforce sets for one mapped field."""
    if field.kind != "address":
        return {field.salesforce: text_of(field, number, variant)}
    names = ("Street", "City", "State", "PostalCode", "Country")
    return {field.salesforce + n: v for n, v in zip(names, street_of(number, variant), strict=True)}


def salesforce_blank(field: Field) -> Record:
    if field.kind != "address":
        return {field.salesforce: None}
    return {field.salesforce + name: None for name in ("Street", "City", "State", "PostalCode", "Country")}


def address_item(number: int, variant: int, flag: str) -> Record:
    """Return a new address as the portal makes it: it wants every part."""
    street, _, region, postal_code, country = street_of(number, PLAIN)
    item: Record = {"first_name": "A", "last_name": "B", "address_1": street, "city": "Austin", "region": region}
    item |= {"postal_code": postal_code, "country": country, flag: True}
    return item | ({"address_2": "Floor 2", "address_3": "Door 1"} if variant == PADDED else {})


def ipaas_values(collection: str, field: Field, number: int, variant: int, record: Record) -> Record | None:
    """Return what a user of iPaaS.com sets for one mapped field; None where the portal offers no such thing."""
    if field.kind == "custom":
        others = [item for item in record["custom_fields"] if item["custom_field_name"] != field.ipaas]
        value = text_of(field, number, variant)
        return {"custom_fields": [*others, {"custom_field_name": field.ipaas, "value": value}]}
    if field.kind == "text" or field.kind in ("phone", "email"):
        return {field.ipaas: text_of(field, number, variant)}
    items = [dict(item) for item in record["addresses"]]
    at = next((at for at, item in enumerate(items) if item[field.ipaas]), None)
    if field.kind == "address_phone":
        if at is None:
            return None
        items[at]["phone_number"] = text_of(field, number, variant)
    elif at is None or variant in (COPIED, POOLED):
        return {"addresses": with_new_address(items, number, variant, field.ipaas)}
    else:
        items[at] |= dict.fromkeys(POSTAL) | {k: v for k, v in address_item(number, variant, "").items() if k in POSTAL}
    return {"addresses": items}


def with_new_address(items: list[Record], number: int, variant: int, flag: str) -> list[Record]:
    """Add an address that takes the flag over from whichever had it; sometimes both flags."""
    flags = FLAGS if variant == POOLED else (flag,)
    kept = [{**item, **dict.fromkeys(flags, False)} for item in items]
    return [*kept, address_item(number, variant, flag) | dict.fromkeys(flags, True)]


def ipaas_blank(field: Field, record: Record) -> Record | None:
    if field.kind == "custom":
        return {"custom_fields": [i for i in record["custom_fields"] if i["custom_field_name"] != field.ipaas]}
    if field.kind in ("text", "phone", "email"):
        return {field.ipaas: None}
    items = [dict(item) for item in record["addresses"]]
    for item in items:
        if item[field.ipaas] and field.kind == "address_phone":
            item["phone_number"] = None
    if field.kind == "address":
        items = [item for item in items if not item[field.ipaas]]
    return {"addresses": items}


def field_at(collection: str, index: int) -> Field:
    return MAPPED[collection][index % len(MAPPED[collection])]
