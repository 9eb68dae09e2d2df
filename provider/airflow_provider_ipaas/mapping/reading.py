"""What one field of a record shows, in the canonical form that is compared and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from airflow_provider_ipaas.mapping import addresses
from airflow_provider_ipaas.mapping.expressions import ExpressionFailed, compile_expression
from airflow_provider_ipaas.mapping.rules import FieldRule, Purpose, Record, Side, Value
from airflow_provider_ipaas.mapping.text import canonical


def salesforce_value(rule: FieldRule, record: Mapping[str, Any]) -> Value:
    """Show one field of a Salesforce record; a constant shows itself on the side it comes from."""
    if rule.salesforce is None:
        return _absent_end(rule, "salesforce", record)
    if rule.kind == "address":
        parts = {part: record.get(rule.salesforce + part) for part in addresses.SALESFORCE_PARTS}
        return addresses.normal_salesforce(parts)
    return canonical(_at(record, rule.salesforce.split(".")))


def _at(record: Any, path: Sequence[str]) -> Any:
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _absent_end(rule: FieldRule, side: Side, record: Mapping[str, Any]) -> Value:
    """Show what stands in for a field: a constant, or an expression; one that fails shows nothing."""
    if rule.expression is None:
        return rule.constant
    try:
        return computed_text(rule.expression, side, record)
    except ExpressionFailed:
        return None


def computed(source: str, side: Side, record: Mapping[str, Any]) -> Any:
    """Work an expression out over a record. Raises ExpressionFailed."""
    read = _salesforce_path if side == "salesforce" else _ipaas_path
    return compile_expression(source).evaluate(lambda path: read(record, path))


def computed_text(source: str, side: Side, record: Mapping[str, Any]) -> str | None:
    """Work an expression out as the text of a field. Raises ExpressionFailed."""
    return as_field(computed(source, side, record))


def as_field(result: Any) -> str | None:
    """Show the result of an expression as a field does."""
    if isinstance(result, list):
        raise ExpressionFailed("it gives a list; to_picklist or join makes a text of it")
    return canonical(result)


def _salesforce_path(record: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    return _at(record, path)


def _ipaas_path(record: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    if path[0] == "custom":
        return (custom_item(items_of(record, "custom_fields"), path[1]) or {}).get("value")
    if len(path) == 2:
        return (addresses.primary_item(items_of(record, "addresses"), cast(Purpose, path[0])) or {}).get(path[1])
    return record.get(path[0])


def ipaas_value(rule: FieldRule, record: Mapping[str, Any]) -> Value:
    """Show one field of a record of iPaaS.com; the placeholder of a field shows as blank."""
    if rule.ipaas is None:
        return _absent_end(rule, "ipaas", record)
    if rule.kind in ("address", "phone_on_address"):
        item = addresses.primary_item(items_of(record, "addresses"), cast(Purpose, rule.ipaas))
        return addresses.normal_ipaas(item) if rule.kind == "address" else canonical((item or {}).get("phone_number"))
    if rule.ipaas_custom:
        return canonical((custom_item(items_of(record, "custom_fields"), rule.ipaas) or {}).get("value"))
    text = canonical(record.get(rule.ipaas))
    return None if text == rule.placeholder else text


def items_of(record: Mapping[str, Any], name: str) -> list[Any]:
    """Return a nested array; a record without it has none."""
    items = record.get(name)
    return items if isinstance(items, list) else []


def custom_item(items: Sequence[Any], name: str) -> Record | None:
    """Find the first custom field called *name*."""
    named = (item for item in items if isinstance(item, dict) and canonical(item.get("custom_field_name")) == name)
    return next(named, None)
