"""The shapes of the emulated records: kinds, fields, addresses."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

Address = dict[str, Any]

ADDRESS_TEXTS: Final = (
    "first_name", "last_name", "company", "phone_number", "address_1", "address_2", "address_3",
    "city", "region", "country", "postal_code",
)  # fmt: skip
ADDRESS_FLAGS: Final = ("is_primary_billing", "is_primary_shipping")
ADDRESS_REQUIRED: Final = ("first_name", "last_name", "address_1", "city", "region", "country", "postal_code")
PHONE_FIELDS: Final = frozenset({"phone_number", "fax_number"})
STAMPS: Final = ("created_datetime", "updated_datetime")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and what tells it from the other."""

    name: str
    label: str
    type_number: int
    texts: tuple[str, ...]
    integers: tuple[str, ...] = ()

    @property
    def scalars(self) -> tuple[str, ...]:
        """Return the fields that hold one value."""
        return self.texts + self.integers


COMPANY: Final = Kind(
    "company",
    "Customer Company",
    49,
    (
        "name", "department", "description", "email_address", "phone_number", "fax_number", "url",
        "account_number", "tax_id_number", "parent_company_id",
    ),
)  # fmt: skip
CUSTOMER: Final = Kind(
    "customer",
    "customer",
    8,
    ("customer_number", "first_name", "last_name", "email_address", "company", "comment"),
    ("category_id",),
)
KINDS: Final[Mapping[str, Kind]] = {"company": COMPANY, "customer": CUSTOMER}


@dataclass(slots=True)
class Record:
    """One stored company or customer; `number` is its id, rendered as the switches want it."""

    number: int
    kind: Kind
    values: dict[str, Any]
    created: datetime
    created_by: str
    updated_by: str
    updated: datetime | None = None
    addresses: list[Address] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)
    extension_fields: list[Any] = field(default_factory=list)
    active: bool = True

    def content(self) -> Content:
        """Return a copy of what a client may write."""
        return Content(
            dict(self.values),
            copy.deepcopy(self.addresses),
            dict(self.custom_fields),
            copy.deepcopy(self.extension_fields),
        )


@dataclass(slots=True)
class Content:
    """The writable part of a record."""

    values: dict[str, Any]
    addresses: list[Address] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)
    extension_fields: list[Any] = field(default_factory=list)

    def differing(self, other: Content) -> frozenset[str]:
        """Return the names of the parts in which the two differ."""
        parts = ("values", "addresses", "custom_fields", "extension_fields")
        return frozenset(part for part in parts if getattr(self, part) != getattr(other, part))


def blank_values(kind: Kind) -> dict[str, Any]:
    """Return every single-value field of a kind, empty."""
    return dict.fromkeys(kind.scalars)


def new_address(values: Mapping[str, Any], address_id: int | None = None) -> Address:
    """Return an address with all its fields; what `values` lacks is empty."""
    address: Address = {"id": address_id}
    address.update((name, values.get(name)) for name in ADDRESS_TEXTS)
    address.update((name, bool(values.get(name))) for name in ADDRESS_FLAGS)
    return address


def is_blank(value: object) -> bool:
    """Tell whether a value counts as missing."""
    return value is None or (isinstance(value, str) and not value.strip())


def fold(text: object) -> str:
    """Return the form in which e-mails and names are compared."""
    return str(text or "").strip().casefold()


def has_primaries(addresses: Iterable[Address], flag: str) -> int:
    """Count the addresses that carry a primary flag."""
    return sum(1 for address in addresses if address.get(flag))
