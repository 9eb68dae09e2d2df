"""Changes into what is sent: the fields of a Salesforce update, the records of iPaaS.com."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_ipaas.mapping import addresses, reading, translating
from airflow_provider_ipaas.mapping.rules import PLACEHOLDER, Body, FieldRule, Purpose, Record, Showing, Value
from airflow_provider_ipaas.mapping.text import canonical

if TYPE_CHECKING:
    from airflow_provider_ipaas.mapping.collection import CollectionMapping

PHONE_NOT_SENT = "phone_not_sent"


def salesforce_body(mapping: CollectionMapping, changes: Showing) -> dict[str, object]:
    """Build the fields to send; an address goes as a whole, its blank parts as null."""
    body: dict[str, object] = {}
    for key, value in changes.items():
        rule = mapping.rule(key)
        if not rule.writes_salesforce or rule.salesforce is None:
            continue
        translated = translating.to_salesforce(rule, value)
        if translated.value is None and (rule.blank == "keep" or value not in (None, rule.placeholder)):
            continue
        if rule.kind == "address":
            parts = translated.value if isinstance(translated.value, dict) else {}
            body |= {rule.salesforce + part: parts.get(part) for part in addresses.SALESFORCE_PARTS}
        else:
            text = translated.value
            body[rule.salesforce] = translating.typed(rule, text) if isinstance(text, str) else None
    return body


def create_body(mapping: CollectionMapping, changes: Showing, context: Record) -> Body:
    """Build a new record: blanks are left out, a blank field with a placeholder gets it."""
    draft = _Draft(mapping, {}, is_new=True)
    draft.apply(changes, context)
    for rule in mapping.fields:
        if rule.placeholder and rule.ipaas and rule.writes_ipaas and not canonical(draft.record.get(rule.ipaas)):
            draft.record[rule.ipaas] = rule.placeholder
    return draft.body()


def update_body(mapping: CollectionMapping, current: Record, changes: Showing, source: Showing) -> Body:
    """Build the whole record to PUT: everything *current* shows but the server's own fields, changes merged in."""
    kept = {name: value for name, value in current.items() if name not in mapping.shape.server_fields}
    draft = _Draft(mapping, copy.deepcopy(kept), is_new=False)
    draft.apply(_with_waiting_phone(mapping, current, changes, source), {})
    return draft.body()


def _with_waiting_phone(mapping: CollectionMapping, current: Record, changes: Showing, source: Showing) -> Showing:
    """Add the phone that had no address to live on, once that address is sent."""
    added: Showing = {}
    for rule in mapping.fields:
        if rule.kind != "phone_on_address" or rule.key in changes or not rule.writes_ipaas:
            continue
        sends_address = any(
            mapping.rule(key).kind == "address" and mapping.rule(key).ipaas == rule.ipaas for key in changes
        )
        is_new = addresses.primary_item(reading.items_of(current, "addresses"), cast(Purpose, rule.ipaas)) is None
        if sends_address and is_new and source.get(rule.key) is not None:
            added[rule.key] = source[rule.key]
    return {**changes, **added}


@dataclass(slots=True)
class _Draft:
    """A record of iPaaS.com in the making."""

    mapping: CollectionMapping
    record: Record
    is_new: bool
    warnings: list[str] = field(default_factory=list)
    sent: Showing = field(default_factory=dict)

    def body(self) -> Body:
        return Body(self.record, tuple(dict.fromkeys(self.warnings)), self.sent)

    def apply(self, changes: Showing, context: Record) -> None:
        """Write plain fields first: new addresses take their names from the record being written."""
        writable = [rule for rule in self.mapping.fields if rule.key in changes and rule.writes_ipaas and rule.ipaas]
        for rule in writable:
            if rule.kind not in ("address", "phone_on_address"):
                self._field(rule, changes[rule.key])
        self._addresses([rule for rule in writable if rule.kind == "address"], changes, context)
        for rule in writable:
            if rule.kind == "phone_on_address":
                self._phone(rule, changes[rule.key])

    def _field(self, rule: FieldRule, value: Value) -> None:
        text = cast("str | None", translating.to_ipaas(rule, self.mapping.shape, value).value)
        name = rule.ipaas or ""
        if text is None and (value is not None or self.is_new or rule.blank == "keep" or rule.ipaas_custom):
            return
        if rule.on_create_only and reading.ipaas_value(rule, self.record) is not None:
            return
        if rule.ipaas_custom and text is not None:
            self._custom_field(name, text)
        else:
            self.record[name] = text if text is not None else rule.placeholder or ""
        self.sent[rule.key] = text

    def _custom_field(self, name: str, text: str) -> None:
        items = list(reading.items_of(self.record, "custom_fields"))
        item = reading.custom_item(items, name)
        if item is None:
            items.append({"custom_field_name": name, "value": text})
        else:
            item["value"] = text
        self.record["custom_fields"] = items

    def _addresses(self, rules: list[FieldRule], changes: Showing, context: Record) -> None:
        wanted: dict[Purpose, addresses.Address | None] = {}
        for rule in rules:
            translated = translating.to_ipaas(rule, self.mapping.shape, changes[rule.key])
            self.warnings += translated.warnings
            if translated.value is None and (self.is_new or rule.blank == "keep" or translated.warnings):
                continue
            if rule.on_create_only and reading.ipaas_value(rule, self.record) is not None:
                continue
            address = cast("addresses.Address | None", translated.value)
            wanted[cast(Purpose, rule.ipaas)] = address
            self.sent[rule.key] = address
        if wanted:
            mapped = frozenset(
                cast(Purpose, rule.ipaas)
                for rule in self.mapping.fields
                if rule.kind == "address" and rule.writes_ipaas
            )
            plan = addresses.AddressPlan(wanted, mapped, self._names(context))
            phones = self._phones()
            self.record["addresses"] = addresses.merge(reading.items_of(self.record, "addresses"), plan)
            self._keep_phones(phones)

    def _phones(self) -> list[tuple[FieldRule, str]]:
        """Show the phones on the addresses, those that are mapped."""
        rules = [rule for rule in self.mapping.fields if rule.kind == "phone_on_address"]
        shown = [(rule, cast("str | None", reading.ipaas_value(rule, self.record))) for rule in rules]
        return [(rule, phone) for rule, phone in shown if phone is not None]

    def _keep_phones(self, before: list[tuple[FieldRule, str]]) -> None:
        """Let a mapped phone follow its purpose to another item: an address that moves is no edit of the phone.

        One whose address is cleared goes with it: that we know of, and it is no edit either.
        """
        for rule, phone in before:
            item = addresses.primary_item(reading.items_of(self.record, "addresses"), cast(Purpose, rule.ipaas))
            if item is None:
                self.sent[rule.key] = None
                self.warnings.append(PHONE_NOT_SENT)
            elif canonical(item.get("phone_number")) != phone:
                item["phone_number"] = phone

    def _names(self, context: Record) -> dict[str, Any]:
        """Say who a new address is for: the portal requires a first and a last name on each."""

        def named(name: str) -> str | None:
            return canonical(self.record.get(name)) or canonical(context.get(name))

        shape = self.mapping.shape
        if self.mapping.kind == "company":
            first = shape.company_address_first_name or named("name")
            return {"first_name": first or PLACEHOLDER, "last_name": shape.company_address_last_name or PLACEHOLDER}
        placeholders = [rule.placeholder for rule in self.mapping.fields if rule.ipaas == "first_name"]
        first = named("first_name") or next(iter(placeholders), None)
        return {"first_name": first or PLACEHOLDER, "last_name": named("last_name") or PLACEHOLDER}

    def _phone(self, rule: FieldRule, value: Value) -> None:
        text = translating.to_ipaas(rule, self.mapping.shape, value).value
        if text is None and (self.is_new or rule.blank == "keep"):
            return
        item = addresses.primary_item(reading.items_of(self.record, "addresses"), cast(Purpose, rule.ipaas))
        if item is not None:
            if not (rule.on_create_only and canonical(item.get("phone_number"))):
                item["phone_number"] = text or ""
                self.sent[rule.key] = text
        elif text is not None:
            self.warnings.append(PHONE_NOT_SENT)
