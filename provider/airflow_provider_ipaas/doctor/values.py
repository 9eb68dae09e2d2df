"""What a mapping does with values, held against the org's fields: tables, lengths, formulas."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_ipaas.doctor.description import Description, Field
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.uses import Use, uses
from airflow_provider_ipaas.mapping import CollectionMapping
from airflow_provider_ipaas.mapping.tables import Table

_SHOWN = 12


def table(note: Notes, use: Use, pairs: Table, field: Field) -> Iterator[Finding]:
    """Hold a translation table against the values of a picklist, both ways."""
    listed = {here for here, _ in pairs.pairs} | ({pairs.default_salesforce} if pairs.default_salesforce else set())
    unknown = sorted(listed - set(field.values))
    lacking = [value for value in field.values if value not in listed]
    if unknown and field.restricted:
        yield note.error(
            use.subject,
            f"The translation table names values that the picklist does not have ({use.mapped_as}): {_some(unknown)}.",
            "Correct them in the table, or add them to the picklist in Setup.",
        )
    if lacking and pairs.unmapped == "refuse":
        yield note.warning(
            use.subject,
            f"Values of the picklist have no translation and refuse their records ({use.mapped_as}): {_some(lacking)}.",
            "Add them to the table, or choose another `unmapped` than refuse.",
        )
    if not unknown and not lacking:
        yield note.ok(use.subject, f"Every value of the picklist has a translation ({use.mapped_as}).")


def formulas(note: Notes, mapping: CollectionMapping, found: Description) -> Iterator[Finding]:
    """Name formula fields that are read: a new result of one moves no stamp, so no run notices it."""
    for use in uses(mapping):
        field = found.field(use.name)
        if field is not None and field.calculated:
            yield note.warning(
                use.subject,
                f"It is a formula ({use.mapped_as}): when its result changes by itself or by another record, the record's "
                "time stamp does not move, and a run notices it only with the next edit.",
                "Map the fields that it is made from (an expression can work the result out), or run with `full` now and then.",
            )


def lengths(note: Notes, mapping: CollectionMapping, found: Description) -> Iterator[Finding]:
    """Name fields whose max_length allows more than the field holds."""
    for use in uses(mapping):
        field = found.field(use.name)
        longest = use.rule.max_length if use.rule and use.creates else None
        if field is not None and longest is not None and 0 < field.length < longest:
            yield note.warning(
                use.subject,
                f"It holds {field.length} characters, and max_length lets {longest} through ({use.mapped_as}).",
                f"Write `max_length: {field.length}`.",
            )


# Types of Salesforce that refuse other text, and how a mapping says that it knows.
_STRICT = {
    **dict.fromkeys(("int", "double", "currency", "percent"), ("a number", "number")),
    "boolean": ("a checkbox", "boolean"),
    "date": ("a date", ""),
    "datetime": ("a date and time", ""),
    "reference": ("a reference: it takes ids of Salesforce", ""),
}


def types(note: Notes, mapping: CollectionMapping, found: Description) -> Iterator[Finding]:
    """Name fields of a strict type that are written with text as it stands in iPaaS.com."""
    for use in uses(mapping):
        field = found.field(use.name)
        if field is None or use.rule is None or not use.creates or field.type not in _STRICT:
            continue
        what, known_as = _STRICT[field.type]
        if use.rule.value_type == known_as or use.rule.to_salesforce or use.rule.table or use.rule.constant is not None:
            continue
        mend = f"Write `type: {known_as}` for the field" if known_as else "Give it a `to_salesforce` expression"
        yield note.warning(
            use.subject,
            f"It is {what}, and the mapping writes text as iPaaS.com holds it ({use.mapped_as}): other values refuse their records.",
            f"{mend}, or let it go one way (`direction: to_ipaas`).",
        )


def _some(values: list[str]) -> str:
    return ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
