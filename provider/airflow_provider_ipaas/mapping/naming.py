"""What a mapped field is called on either side, for people."""

from __future__ import annotations

from airflow_provider_ipaas.mapping.rules import FieldRule


def salesforce_name(rule: FieldRule) -> str:
    """Return the API name of a field in Salesforce; of an address its prefix; what stands for a field where there is none."""
    if rule.salesforce is None:
        return _given(rule)
    return f"{rule.salesforce} address" if rule.kind == "address" else rule.salesforce


def ipaas_name(rule: FieldRule) -> str:
    """Return the name of a field in iPaaS.com, custom ones and parts of addresses marked as such."""
    if rule.ipaas is None:
        return _given(rule)
    if rule.kind == "address":
        return f"address with is_{rule.ipaas}"
    if rule.kind == "phone_on_address":
        return f"phone of the address with is_{rule.ipaas}"
    return f"custom field {rule.ipaas}" if rule.ipaas_custom else rule.ipaas


def _given(rule: FieldRule) -> str:
    if rule.expression is not None:
        return f"expression {rule.expression}"
    return f"constant {rule.constant!r}" if rule.constant is not None else ""
