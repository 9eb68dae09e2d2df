"""What one field of a record shows, in the canonical form that is compared and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from airflow_provider_ipaas.mapping import addresses
from airflow_provider_ipaas.mapping.rules import FieldRule, Purpose, Record, Value
from airflow_provider_ipaas.mapping.text import canonical


def salesforce_value(rule: FieldRule, record: Mapping[str, Any]) -> Value:
    """Show one field of a Salesforce record; a constant shows itself on the side it comes from."""
    if rule.salesforce is None:
        return rule.constant
    if rule.kind == "address":
        parts = {part: record.get(rule.salesforce + part) for part in addresses.SALESFORCE_PARTS}
        return addresses.normal_salesforce(parts)
    value: Any = record
    for name in rule.salesforce.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return canonical(value)


def ipaas_value(rule: FieldRule, record: Mapping[str, Any]) -> Value:
    """Show one field of a record of iPaaS.com; the placeholder of a field shows as blank."""
    if rule.ipaas is None:
        return rule.constant
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
