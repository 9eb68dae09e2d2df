"""One value from one side's form into the other's, and when two values say the same."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping import addresses, reading
from airflow_provider_ipaas.mapping.expressions import ExpressionFailed, compile_expression
from airflow_provider_ipaas.mapping.rules import FieldRule, IPaaSShape, Translated, Value
from airflow_provider_ipaas.mapping.tables import NotTranslated
from airflow_provider_ipaas.mapping.text import as_boolean, as_number, canonical

ADDRESS_INCOMPLETE = "address_incomplete"
VALUE_NOT_OF_TYPE = "value_not_of_type"
VALUE_NOT_TRANSLATED = "value_not_translated"
VALUE_TRUNCATED = "value_truncated"
MAPPING_ERROR = "mapping_error"


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
    if not rule.converts:
        return here == there or _comparable(rule, here) == _comparable(rule, there)
    if rule.writes_ipaas and _alike(rule, there, to_ipaas(rule, shape, here).value):
        return True
    return rule.writes_salesforce and _alike(rule, here, to_salesforce(rule, there).value)


def _alike(rule: FieldRule, shown: str, converted: Value) -> bool:
    return isinstance(converted, str) and _comparable(rule, shown) == _comparable(rule, converted)


def to_ipaas(rule: FieldRule, shape: IPaaSShape, value: Value) -> Translated:
    """Say a Salesforce value in iPaaS.com's form; an address that lacks a required part cannot be sent."""
    if rule.kind != "address":
        text = _text(value)
        return _converted(rule, text, to_ipaas=True) if text is not None and rule.converts else Translated(text)
    address = addresses.salesforce_to_ipaas(_address(value), shape.default_country)
    if address is not None and addresses.missing_parts(address, shape.address_required):
        return Translated(None, (ADDRESS_INCOMPLETE,))
    return Translated(address)


def to_salesforce(rule: FieldRule, value: Value) -> Translated:
    """Say a value of iPaaS.com in Salesforce's form; a placeholder never gets there."""
    if rule.kind == "address":
        return Translated(addresses.ipaas_to_salesforce(_address(value)))
    text = _without_placeholder(rule, value)
    warnings: tuple[str, ...] = ()
    if text is not None and rule.converts:
        converted = _converted(rule, text, to_ipaas=False)
        text, warnings = _text(converted.value), converted.warnings
        if text is None:
            return converted
    stored = None if text is None else typed(rule, text)
    if text is not None and stored is None:
        return Translated(None, (*warnings, VALUE_NOT_OF_TYPE))
    # As Salesforce will show it: a "No" is false there, 007 is 7.
    return Translated(canonical(stored), warnings)


def _converted(rule: FieldRule, text: str, *, to_ipaas: bool) -> Translated:
    """Take a value through the field's table or expression, and hold the result against its length."""
    source = rule.to_ipaas if to_ipaas else rule.to_salesforce
    said: str | None = text
    try:
        if rule.table is not None:
            said = rule.table.to_ipaas(text) if to_ipaas else rule.table.to_salesforce(text)
            if said is None:
                return Translated(None, (VALUE_NOT_TRANSLATED,))
        elif source is not None:
            said = reading.as_field(compile_expression(source).evaluate(lambda _: text))
    except (ExpressionFailed, NotTranslated) as error:
        return _failed(rule, str(error))
    if said is None or rule.max_length is None or len(said) <= rule.max_length:
        return Translated(said)
    if rule.too_long == "truncate":
        return Translated(canonical(said[: rule.max_length]), (VALUE_TRUNCATED,))
    return _failed(rule, f"the text is longer than max_length allows ({rule.max_length} characters)")


def _failed(rule: FieldRule, problem: str) -> Translated:
    if rule.on_error == "skip_field":
        return Translated(None, (MAPPING_ERROR,))
    return Translated(None, problem=problem)


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
