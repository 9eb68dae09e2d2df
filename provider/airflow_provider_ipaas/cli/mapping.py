"""`airflow-ipaas mapping`: the effective rules of a collection as a table, and what a check finds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from airflow_provider_ipaas.mapping import FieldRule, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.checking import Remark, check_collections, has_errors
from airflow_provider_ipaas.mapping.naming import ipaas_name, salesforce_name
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
            salesforce_name(rule),
            ipaas_name(rule),
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


def _notes(rule: FieldRule) -> list[str]:
    notes: list[str] = []
    if rule.table is not None:
        notes.append(f"translated by {len(rule.table.pairs)} pairs")
    notes += [f"{name}: {source}" for name in ("to_ipaas", "to_salesforce") if (source := getattr(rule, name))]
    if rule.max_length is not None:
        notes.append(f"at most {rule.max_length} characters, else {rule.too_long}")
    if rule.value_type != "text":
        notes.append(rule.value_type)
    if rule.on_create_only:
        notes.append("on create only")
    if rule.placeholder is not None:
        notes.append(f"sends {rule.placeholder!r} when blank")
    return notes


def check(
    collection: Collection | None,
    mapping_dir: Path | None,
    *,
    default_mappings: bool,
    connections: tuple[str, str] | None,
    as_json: bool,
) -> int:
    """Print what a check of the files finds, and of the services where connections are named; return the exit code."""
    remarks = check_collections(collection, mapping_dir, default_mappings=default_mappings, placement=IPaaSShape())
    if connections and not has_errors(remarks):
        remarks += _services(mapping_dir, default_mappings, *connections)
    code = 1 if has_errors(remarks) else 0
    if as_json:
        found = {"format": 1, "exit_code": code, "findings": [asdict(remark) for remark in remarks]}
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return code
    for remark in remarks:
        print(f"{remark.status:8}{remark.subject}: {remark.message}")
        if remark.next_step:
            print(f"        Next step: {remark.next_step}")
    return code


def _services(mapping_dir: Path | None, default_mappings: bool, salesforce: str, ipaas: str) -> list[Remark]:
    from airflow_provider_ipaas.cli._airflow import ELSEWHERE, see_connections

    see_connections()
    from airflow_provider_ipaas.hooks.doctor import mapping_remarks

    return mapping_remarks(
        salesforce, ipaas, str(mapping_dir) if mapping_dir else None, default_mappings, elsewhere=ELSEWHERE
    )
