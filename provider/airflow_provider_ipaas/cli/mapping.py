"""`airflow-ipaas mapping show`: the effective rules of a collection as a table."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from airflow_provider_ipaas.mapping import FieldRule, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.rules import Collection

_WAYS = {"both": "both", "to_ipaas": "to iPaaS.com", "to_salesforce": "to Salesforce"}
_SERVICES = {"account": ("Account", "Company"), "contact": ("Contact", "Customer")}


def show(collection: Collection, mapping_dir: Path | None, *, default_mappings: bool) -> None:
    """Print the rules in the order of the files; lines are not wrapped when the output is piped."""
    mapping = load_mapping(collection, mapping_dir, default_mappings=default_mappings, placement=IPaaSShape())
    salesforce, ipaas = _SERVICES[collection]
    table = Table(title=f"{salesforce} and {ipaas}", title_justify="left")
    for heading in (salesforce, ipaas, "Way", "Conflict", "Blank", "Notes", "From"):
        table.add_column(heading, overflow="fold")
    for rule in mapping.fields:
        table.add_row(
            rule.salesforce or _constant(rule),
            _ipaas_name(rule) or _constant(rule),
            _WAYS[rule.direction],
            rule.conflict if rule.direction == "both" else "",
            rule.blank,
            ", ".join(_notes(rule)),
            f"{rule.file}:{rule.line}" if rule.line else rule.file,
        )
    console = Console(markup=False)
    if not console.is_terminal:
        console = Console(markup=False, width=240)
    console.print(table)
    console.print(f"Fingerprint {mapping.fingerprint[:12]}")


def _ipaas_name(rule: FieldRule) -> str | None:
    if rule.ipaas is None:
        return None
    if rule.kind == "address":
        return f"address with is_{rule.ipaas}"
    if rule.kind == "phone_on_address":
        return f"phone of the address with is_{rule.ipaas}"
    return f"custom field {rule.ipaas}" if rule.ipaas_custom else rule.ipaas


def _constant(rule: FieldRule) -> str:
    return f"constant {rule.constant!r}" if rule.constant is not None else ""


def _notes(rule: FieldRule) -> list[str]:
    notes: list[str] = []
    if rule.value_type != "text":
        notes.append(rule.value_type)
    if rule.on_create_only:
        notes.append("on create only")
    if rule.placeholder is not None:
        notes.append(f"sends {rule.placeholder!r} when blank")
    return notes
