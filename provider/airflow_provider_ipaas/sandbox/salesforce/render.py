"""Turn stored rows into the JSON of the REST API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.soql.fields import Lookup, Resolved
from airflow_provider_ipaas.sandbox.salesforce.table import Row

_PARTS = (
    "city",
    "country",
    "countryCode",
    "geocodeAccuracy",
    "latitude",
    "longitude",
    "postalCode",
    "state",
    "stateCode",
    "street",
)


def attributes(sobject: str, record_id: str, version: str) -> dict[str, str]:
    """Return the `attributes` of a record."""
    return {"type": sobject, "url": f"/services/data/v{version}/sobjects/{sobject}/{record_id}"}


def field_value(row: Row, field: FieldDef, definition: ObjectDef) -> Any:
    """Return a field's value as JSON shows it."""
    if field.type == "address":
        return _address(row, field.name.removesuffix("Address"), definition)
    return row.get(field.name)


def _address(row: Row, prefix: str, definition: ObjectDef) -> dict[str, Any] | None:
    with_codes = f"{prefix}CountryCode" in definition.fields
    parts = {}
    for part in _PARTS:
        if part.endswith("Code") and part != "postalCode" and not with_codes:
            continue
        parts[part] = row.get(prefix + part[0].upper() + part[1:])
    return parts if any(value is not None for value in parts.values()) else None


def whole_record(row: Row, definition: ObjectDef, fields: Iterable[FieldDef], version: str) -> dict[str, Any]:
    """Return a record with the given fields."""
    record: dict[str, Any] = {"attributes": attributes(definition.name, row["Id"], version)}
    for field in fields:
        record[field.name] = field_value(row, field, definition)
    return record


def make_renderer(
    selection: Sequence[Resolved], definition: ObjectDef, lookup: Lookup, version: str
) -> Callable[[Row], dict[str, Any]]:
    """Return a function that renders rows with a SELECT list, parents nested, in the order of the list."""
    plain: list[FieldDef] = []
    order: dict[str, list[Resolved]] = {}
    for resolved in selection:
        if resolved.steps:
            step, _ = resolved.steps[0]
            order.setdefault(step.relationship or "", []).append(Resolved(resolved.steps[1:], resolved.field))
        else:
            plain.append(resolved.field)
            order[resolved.field.name] = []
    parents: dict[str, tuple[str, Callable[[Row], dict[str, Any]]]] = {}
    for resolved in selection:
        if resolved.steps:
            step, target = resolved.steps[0]
            name = step.relationship or ""
            if name not in parents:
                parents[name] = (step.name, make_renderer(order[name], target, lookup, version))
    simple = {field.name: field for field in plain}

    def render(row: Row) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": attributes(definition.name, row["Id"], version)}
        for name in order:
            if name in parents:
                reference, nested = parents[name]
                target = row.get(reference)
                parent = lookup(target) if target else None
                record[name] = nested(parent) if parent is not None else None
            else:
                record[name] = field_value(row, simple[name], definition)
        return record

    return render
