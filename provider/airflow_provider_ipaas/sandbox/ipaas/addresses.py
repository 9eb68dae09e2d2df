"""The addresses in the body of a write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from airflow_provider_ipaas.sandbox.ipaas import fields
from airflow_provider_ipaas.sandbox.ipaas.countries import CountryForm, is_country
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.forms import parse_id
from airflow_provider_ipaas.sandbox.ipaas.model import (
    ADDRESS_FLAGS,
    ADDRESS_REQUIRED,
    ADDRESS_TEXTS,
    Address,
    is_blank,
    new_address,
)
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

_KNOWN = frozenset((*ADDRESS_TEXTS, *ADDRESS_FLAGS, "id"))


class AddressWriter:
    """Turns the addresses of one request into the addresses the record will have."""

    def __init__(self, stored: Sequence[Address], switches: Switches, *, creating: bool) -> None:
        self._stored = {address["id"]: address for address in stored}
        self._switches = switches
        self._creating = creating
        self._merging = not creating and switches.is_on("put", "merges")
        self._taken: set[int] = set()

    def write(self, items: Sequence[Mapping[str, Any]]) -> list[Address]:
        """Return the record's addresses after the write; new ones have no id yet."""
        sent_ids = [self._sent_id(item, index) for index, item in enumerate(items)]
        self._taken = {address_id for address_id in sent_ids if address_id is not None}
        sent = [self._one(item, sent_ids[index], f"addresses[{index}].") for index, item in enumerate(items)]
        kept = [address for key, address in self._stored.items() if key not in self._taken] if self._merging else []
        return self._settle_primaries([*kept, *sent])

    def _sent_id(self, item: Mapping[str, Any], index: int) -> int | None:
        value = item.get("id")
        if value is None:
            return None
        where = f"addresses[{index}].id"
        if self._creating:
            if self._switches.is_on("server_fields", "refused"):
                raise ApiError("VALD-1037", f"The field {where} is set by the service and can't be written.")
            return None
        address_id = parse_id(value, self._switches, where)
        if address_id not in self._stored:
            raise ApiError("VALD-1006", f"The address {value} ({where}) does not belong to this record.")
        if address_id in self._taken:
            raise ApiError("BIZL-1001", f"The address {value} ({where}) is twice in the request.")
        self._taken.add(address_id)
        return address_id

    def _one(self, item: Mapping[str, Any], address_id: int | None, where: str) -> Address:
        fields.check_names(item, _KNOWN, (), where, self._switches)
        sent: dict[str, Any] = {
            name: fields.text(item[name], name, where, self._switches) for name in ADDRESS_TEXTS if name in item
        }
        sent.update(
            (name, fields.flag(item[name], name, where, self._switches)) for name in ADDRESS_FLAGS if name in item
        )
        if address_id is None and self._switches.is_on("address_ids", "matched"):
            address_id = self._match(sent)
        base = self._stored.get(address_id) if self._merging and address_id is not None else None
        if base and self._switches.is_on("null_in_put", "ignored"):
            sent = {name: value for name, value in sent.items() if value is not None}
        address = new_address({**(base or {}), **sent}, address_id)
        self._check(address, where)
        return address

    def _match(self, sent: Mapping[str, Any]) -> int | None:
        free = [address for key, address in self._stored.items() if key not in self._taken]
        flags = [bool(sent.get(name)) for name in ADDRESS_FLAGS]
        lines = [sent.get(name) for name in ("address_1", "city", "postal_code")]
        for address in free:
            same_flags = any(flags) and flags == [address[name] for name in ADDRESS_FLAGS]
            if same_flags or lines == [address[name] for name in ("address_1", "city", "postal_code")]:
                self._taken.add(address["id"])
                return cast(int, address["id"])
        return None

    def _check(self, address: Address, where: str) -> None:
        if self._switches.is_on("address_rules", "strict"):
            for name in ADDRESS_REQUIRED:
                if is_blank(address[name]):
                    raise ApiError("VALD-1002", f"The field {where}{name} is required.")
        country = address["country"]
        form = cast(CountryForm, self._switches.text("country_form"))
        if not is_blank(country) and not is_country(country, form):
            raise ApiError("VALD-1046", f"The country {country!r} ({where}country) is not known.")

    def _settle_primaries(self, addresses: list[Address]) -> list[Address]:
        mode = self._switches.text("primary_flags")
        for name in ADDRESS_FLAGS:
            flagged = [address for address in addresses if address[name]]
            if len(flagged) < 2 or mode == "many":
                continue
            if mode == "refused":
                raise ApiError("BIZL-1002", f"More than one address has {name}.")
            fresh = [address for address in flagged if not self._stored.get(address["id"], {}).get(name)]
            keep = (fresh or flagged)[-1]
            addresses = [{**item, name: item[name] and item is keep} for item in addresses]
        return addresses
