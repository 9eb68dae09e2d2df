"""The org's duplicate rules: Accounts by name, Contacts by e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.render import attributes
from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore

_MESSAGE = "Use one of these records?"
_RULES = {
    "Account": ("duplicate_rule_account", "Name", "Standard_Account_Duplicate_Rule", "Standard_Account_Match_Rule"),
    "Contact": ("duplicate_rule_contact", "Email", "Standard_Contact_Duplicate_Rule", "Standard_Contact_Match_Rule"),
}


def check_duplicate_rule(
    store: SalesforceStore,
    definition: ObjectDef,
    values: Mapping[str, Any],
    record_id: str | None,
    *,
    allow_save: bool,
    version: str,
) -> None:
    """Raise DUPLICATES_DETECTED when the rule is on and another live record has the same key."""
    if definition.name not in _RULES:
        return
    switch, field, rule, matching = _RULES[definition.name]
    mode = store.switches[switch]
    value = values.get(field)
    if mode == "off" or not value or (mode == "alert" and allow_save):
        return
    table = store.tables[definition.name]
    found = [i for i in sorted(table.find(field, value)) if i != record_id and not table.rows[i]["IsDeleted"]]
    if not found:
        return
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": attributes(definition.name, match, version), "Id": match},
        }
        for match in found
    ]
    result = {
        "allowSave": mode == "alert",
        "duplicateRule": rule,
        "duplicateRuleEntityType": definition.name,
        "errorMessage": _MESSAGE,
        "matchResults": [
            {
                "entityType": definition.name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": records,
                "rule": matching,
                "size": len(records),
                "success": True,
            }
        ],
    }
    raise SalesforceError("DUPLICATES_DETECTED", _MESSAGE, extra={"duplicateResut": result})
