"""How fast a mapping is checked, and how fast records are planned by it: pure Python, one core, no services.

PYTHONPATH=. .venv/bin/python benchmarks/mapping.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.checking import check
from airflow_provider_ipaas.sync.merge import Sides
from airflow_provider_ipaas.sync.model import Link
from airflow_provider_ipaas.sync.pairs import plan_pair

RECORDS = 20_000
_EXPRESSIONS = (
    ("upper(value)", "lower(value)"),
    ("phone_e164(value, 'US')", "phone_national(value, 'US')"),
    ("picklist(value) | join(', ')", "split(value, ',') | to_picklist"),
    ("replace(trim(value), '-', ' ')", "value"),
)


def write(folder: Path, fields: int, expressions: int) -> None:
    """Write a mapping of custom fields both ways, the first of them with expressions."""
    lines = ["version: 1", "fields:", "  name: {salesforce: Name, ipaas: name}"]
    for number in range(fields - 1):
        there, back = _EXPRESSIONS[number % len(_EXPRESSIONS)]
        more = f', to_ipaas: "{there}", to_salesforce: "{back}"' if number < expressions else ""
        lines.append(f"  f{number}: {{salesforce: F{number}__c, ipaas: {{custom_field: F{number}}}{more}}}")
    (folder / "account.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def record(mapping: CollectionMapping, number: int) -> dict[str, Any]:
    """Make a Salesforce record with a value of its own in every field."""
    phone = f"512 555 {number % 10_000:04}"
    values = {rule.salesforce or "": f"value {number}" for rule in mapping.fields}
    return values | {f"F{field}__c": phone for field in range(1, len(mapping.fields), len(_EXPRESSIONS))}


def planned(mapping: CollectionMapping, *, changed: bool) -> float:
    """Plan records of a linked pair; return records for each CPU second. *changed*: every field has an edit."""
    before = mapping.show_salesforce(record(mapping, 0))
    there = {rule.key: mapping.to_ipaas(rule.key, before[rule.key]).value for rule in mapping.fields}
    ipaas = {
        "name": there["name"],
        "custom_fields": [
            {"custom_field_name": rule.ipaas, "value": there[rule.key]} for rule in mapping.fields if rule.ipaas_custom
        ],
    }
    link = Link("scope", "account", "001", "1", before, mapping.show_ipaas(ipaas))
    count = RECORDS // 10 if changed else RECORDS
    records = [record(mapping, number if changed else 0) for number in range(1, count + 1)]
    began = time.process_time()
    for each in records:
        plan_pair(mapping, link, Sides(mapping.show_salesforce(each), mapping.show_ipaas(ipaas)), lambda _: True)
    return count / (time.process_time() - began)


_ACCOUNT = {
    "Id": "001", "Name": "Load Account", "AccountNumber": "LA-1", "Phone": "+1 217 0000001", "Website": "https://a.example.com",
    "BillingStreet": "1 Load Street", "BillingCity": "Springfield", "BillingState": "Illinois",
    "BillingPostalCode": "00001", "BillingCountry": "United States",
}  # fmt: skip


def planned_by_default(*, changed: bool) -> float:
    """Plan linked Accounts under the default mapping; return records for each CPU second. *changed*: a phone each."""
    mapping = load_mapping("account", placement=IPaaSShape())
    here = mapping.show_salesforce(_ACCOUNT)
    there = {key: mapping.to_ipaas(key, value).value for key, value in here.items()}
    link = Link("scope", "account", "001", "1", here, there)
    began = time.process_time()
    for number in range(RECORDS):
        record = {**_ACCOUNT, "Phone": f"+1 217 {number:07}"} if changed else _ACCOUNT
        plan_pair(mapping, link, Sides(mapping.show_salesforce(record), there), lambda _: True)
    return RECORDS / (time.process_time() - began)


def main() -> None:
    """Print the numbers."""
    for changed in (False, True):
        what = "one field changed" if changed else "nothing changed"
        print(f"plan, default mapping, {what}: {planned_by_default(changed=changed):,.0f} records/CPU s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, 200, 60)
        began = time.process_time()
        remarks = list(check("account", folder, default_mappings=False, placement=IPaaSShape()))
        print(f"check of 200 fields: {time.process_time() - began:.2f} CPU s, {len(remarks)} remarks")
        write(folder, 60, 20)
        mapping = load_mapping("account", folder, default_mappings=False, placement=IPaaSShape())
        print(f"plan, 60 fields, 20 expressions, nothing changed: {planned(mapping, changed=False):,.0f} records/CPU s")
        print(
            f"plan, 60 fields, 20 expressions, every field changed: {planned(mapping, changed=True):,.0f} records/CPU s"
        )


if __name__ == "__main__":
    main()
