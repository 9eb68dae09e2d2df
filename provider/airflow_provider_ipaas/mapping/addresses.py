"""Postal addresses: one value on each side, the way between the two forms, and their place in a record of iPaaS.com."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from airflow_provider_ipaas.mapping.rules import Purpose, Record
from airflow_provider_ipaas.mapping.text import as_boolean, canonical

Address = dict[str, str]

SALESFORCE_PARTS = ("Street", "City", "State", "PostalCode", "Country")
IPAAS_PARTS = ("address_1", "address_2", "address_3", "city", "region", "postal_code", "country")
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
BILLING: Purpose = "primary_billing"
SHIPPING: Purpose = "primary_shipping"
_SAME_NAME = {"City": "city", "State": "region", "PostalCode": "postal_code", "Country": "country"}


def flag_of(purpose: Purpose) -> str:
    return f"is_{purpose}"


def _without_blanks(parts: Mapping[str, Any], names: Sequence[str]) -> Address | None:
    shown = {name: text for name in names if (text := canonical(parts.get(name))) is not None}
    return shown or None


def street_lines(street: str | None) -> list[str]:
    """Split a street into its trimmed lines; blank ones do not count."""
    return [line.strip() for line in (canonical(street) or "").split("\n") if line.strip()]


def normal_salesforce(address: Mapping[str, Any] | None) -> Address | None:
    """Drop blank parts and trim every line of the street."""
    shown = _without_blanks(address or {}, SALESFORCE_PARTS)
    if shown and "Street" in shown:
        shown["Street"] = "\n".join(street_lines(shown["Street"]))
    return shown


def normal_ipaas(address: Mapping[str, Any] | None) -> Address | None:
    """Drop blank parts and everything that is no part of the postal address (ids, names, flags, phone)."""
    return _without_blanks(address or {}, IPAAS_PARTS)


def salesforce_to_ipaas(address: Mapping[str, Any] | None, default_country: str | None = None) -> Address | None:
    """Say a Salesforce address in the form of iPaaS.com; a blank address stays blank."""
    source = normal_salesforce(address)
    if source is None:
        return None
    lines = street_lines(source.get("Street"))
    parts = {
        "address_1": lines[0] if lines else None,
        "address_2": ", ".join(lines[1:]),
        **{there: source.get(here) for here, there in _SAME_NAME.items()},
    }
    parts["country"] = parts["country"] or default_country
    return _without_blanks(parts, IPAAS_PARTS)


def ipaas_to_salesforce(address: Mapping[str, Any] | None) -> Address | None:
    """Say an address of iPaaS.com in the form of Salesforce: each of its address lines on a line of the street."""
    source = normal_ipaas(address)
    if source is None:
        return None
    lines = (source.get(name) for name in ("address_1", "address_2", "address_3"))
    parts = {
        "Street": "\n".join(line for line in lines if line),
        **{here: source.get(there) for here, there in _SAME_NAME.items()},
    }
    return normal_salesforce(parts)


def agree(salesforce: Address | None, ipaas: Address | None, default_country: str | None = None) -> bool:
    """Tell whether both say the same address, read in either direction; a blank one agrees only with a blank one."""
    here, there = normal_salesforce(salesforce), normal_ipaas(ipaas)
    if here is None or there is None:
        return here is there
    return salesforce_to_ipaas(here, default_country) == there or ipaas_to_salesforce(there) == here


def missing_parts(address: Address, required: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for part in required if not address.get(part))


def is_primary(item: Any, purpose: Purpose) -> bool:
    """Tell whether an item carries the flag of *purpose*, as JSON true or in words."""
    return isinstance(item, dict) and as_boolean(canonical(item.get(flag_of(purpose))) or "") is True


def primary_index(items: Sequence[Any], purpose: Purpose) -> int | None:
    """Find the first item, in list order, that is primary for *purpose*."""
    return next((index for index, item in enumerate(items) if is_primary(item, purpose)), None)


def primary_item(items: Sequence[Any], purpose: Purpose) -> Record | None:
    index = primary_index(items, purpose)
    return None if index is None else items[index]


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """What to do with the addresses of a record.

    *wanted*: new address by purpose, None to take the purpose away from its item. *mapped*: purposes the mapping
    speaks for; only those are ever joined into one item. *template*: further fields of a new item (names).
    """

    wanted: Mapping[Purpose, Address | None]
    mapped: frozenset[Purpose]
    template: Mapping[str, Any]


def merge(items: Sequence[Any], plan: AddressPlan) -> list[Any]:
    """Return the items with the plan carried out; everything the plan does not speak of stays as it is.

    Equal billing and shipping addresses are one item with both flags. When they part, billing keeps the item and
    shipping gets a new one; when they become equal, billing's item gets both flags and the other stays without.
    Doing the same plan twice changes nothing more.
    """
    return _Merge(items, plan).run()


class _Merge:
    """The working copy of one merge."""

    def __init__(self, items: Sequence[Any], plan: AddressPlan) -> None:
        self.items = [dict(item) if isinstance(item, dict) else item for item in items]
        self.plan = plan

    def run(self) -> list[Any]:
        for purpose, address in self.plan.wanted.items():
            if address is None:
                self._unflag(purpose, range(len(self.items)))
        wanted = {purpose: address for purpose, address in self.plan.wanted.items() if address is not None}
        if not wanted:
            return self.items
        billing, shipping = (wanted.get(purpose) or self._shown(purpose) for purpose in (BILLING, SHIPPING))
        if billing is not None and billing == shipping and self.plan.mapped >= {BILLING, SHIPPING}:
            self._join(billing)
            return self.items
        if self._is_shared() and shipping is not None and billing != shipping:
            self._part(shipping)
        for purpose, address in wanted.items():
            self._put(purpose, address)
        return self.items

    def _slot(self, purpose: Purpose) -> int | None:
        return primary_index(self.items, purpose)

    def _shown(self, purpose: Purpose) -> Address | None:
        return normal_ipaas(primary_item(self.items, purpose))

    def _is_shared(self) -> bool:
        slot = self._slot(BILLING)
        return slot is not None and slot == self._slot(SHIPPING)

    def _join(self, address: Address) -> None:
        slot, other = self._slot(BILLING), self._slot(SHIPPING)
        if slot is None:
            slot = other
        if slot is None:
            self.items.append(self._new_item(address, BILLING, SHIPPING))
            return
        _write(self.items[slot], address)
        if other is not None and other != slot:
            self._unflag(SHIPPING, [other])
        # A further shipping item before billing's would go on counting as the primary one.
        self._unflag(SHIPPING, range(slot))
        for purpose in (BILLING, SHIPPING):
            if not is_primary(self.items[slot], purpose):
                self.items[slot][flag_of(purpose)] = True

    def _part(self, shipping: Address) -> None:
        """Give shipping an item of its own; it takes along what is no address (names, phone), not the id."""
        slot = self._slot(SHIPPING)
        shared = self.items[slot] if slot is not None else {}
        carried = {name: value for name, value in shared.items() if name not in ("id", *IPAAS_PARTS)}
        self._unflag(SHIPPING, range(len(self.items)))
        self.items.append({**self._new_item(shipping, SHIPPING), **carried, **_flags(SHIPPING)})

    def _put(self, purpose: Purpose, address: Address) -> None:
        slot = self._slot(purpose)
        if slot is None:
            self.items.append(self._new_item(address, purpose))
        else:
            _write(self.items[slot], address)

    def _unflag(self, purpose: Purpose, indexes: Sequence[int]) -> None:
        for index in indexes:
            if is_primary(self.items[index], purpose):
                self.items[index][flag_of(purpose)] = False

    def _new_item(self, address: Address, *purposes: Purpose) -> Record:
        return {**self.plan.template, **address, **_flags(*purposes)}


def _flags(*purposes: Purpose) -> dict[str, bool]:
    return {flag_of(purpose): purpose in purposes for purpose in PURPOSES}


def _write(item: Record, address: Address) -> None:
    """Put *address* on an item, touching only the parts that say something else."""
    for part in IPAAS_PARTS:
        if canonical(item.get(part)) != address.get(part):
            item[part] = address.get(part, "")
