"""One value from one side's form into the other's, and when two values say the same."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping import addresses
from airflow_provider_ipaas.mapping.rules import FieldRule, IPaaSShape, Translated, Value
from airflow_provider_ipaas.mapping.text import as_boolean, as_number, canonical

ADDRESS_INCOMPLETE = "address_incomplete"
VALUE_NOT_OF_TYPE = "value_not_of_type"


def normal(value: Value) -> Value:
    """Trim text, normalise its line ends; drop the blank parts of an address."""
    if not isinstance(value, dict):
        return canonical(value)
    parts = {name: text for name, part in value.items() if (text := canonical(part)) is not None}
    if "Street" in parts:
        parts["Street"] = "\n".join(addresses.street_lines(parts["Street"]))
    return parts or None


def same(rule: FieldRule, a: Value, b: Value) -> bool:
    one, other = normal(a), normal(b)
    if one == other or rule.value_type not in ("number", "boolean"):
        return one == other
    return isinstance(one, str) and isinstance(other, str) and _comparable(rule, one) == _comparable(rule, other)


def agree(rule: FieldRule, shape: IPaaSShape, salesforce: Value, ipaas: Value) -> bool:
    if rule.kind == "address":
        return addresses.agree(_address(salesforce), _address(ipaas), shape.default_country)
    here, there = _text(salesforce), _without_placeholder(rule, ipaas)
    if here is None or there is None:
        return here is there
    return here == there or _comparable(rule, here) == _comparable(rule, there)


def to_ipaas(rule: FieldRule, shape: IPaaSShape, value: Value) -> Translated:
    """Say a Salesforce value in iPaaS.com's form; an address that lacks a required part cannot be sent."""
    if rule.kind != "address":
        return Translated(_text(value))
    address = addresses.salesforce_to_ipaas(_address(value), shape.default_country)
    if address is not None and addresses.missing_parts(address, shape.address_required):
        return Translated(None, (ADDRESS_INCOMPLETE,))
    return Translated(address)


def to_salesforce(rule: FieldRule, value: Value) -> Translated:
    """Say a value of iPaaS.com in Salesforce's form; a placeholder never gets there."""
    if rule.kind == "address":
        return Translated(addresses.ipaas_to_salesforce(_address(value)))
    text = _without_placeholder(rule, value)
    stored = None if text is None else typed(rule, text)
    if text is not None and stored is None:
        return Translated(None, (VALUE_NOT_OF_TYPE,))
    # As Salesforce will show it: a "No" is false there, 007 is 7.
    return Translated(canonical(stored))


def typed(rule: FieldRule, text: str) -> str | int | float | bool | None:
    """Return *text* as the JSON value Salesforce wants for the rule's type; None when it is no such value."""
    if rule.value_type == "boolean":
        return as_boolean(text)
    if rule.value_type == "number":
        number = as_number(text)
        if number is None:
            return None
        return int(number) if number == number.to_integral_value() else float(number)
    return text


def _comparable(rule: FieldRule, text: str) -> Any:
    if rule.value_type == "email":
        return text.casefold()
    if rule.value_type == "number":
        return as_number(text) if as_number(text) is not None else text
    if rule.value_type == "boolean":
        return as_boolean(text) if as_boolean(text) is not None else text
    return text


def _text(value: Value) -> str | None:
    return None if isinstance(value, dict) else canonical(value)


def _address(value: Value) -> addresses.Address | None:
    return value if isinstance(value, dict) else None


def _without_placeholder(rule: FieldRule, value: Value) -> str | None:
    text = _text(value)
    return None if text == rule.placeholder else text
