"""The reasons of the plan in words, and what a blank is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_ipaas.mapping import FieldRule

from .merge import Why
from .model import Direction, Side

NAMES: dict[Side, str] = {"salesforce": "Salesforce", "ipaas": "iPaaS.com"}
DECISIONS = {
    "write_ipaas": "written to iPaaS.com",
    "write_salesforce": "written to Salesforce",
    "nothing": "nothing to do",
    "wait": "waits",
    "refuse": "refused",
    "not_sent": "not sent",
    "park": "parked",
}
_WHY: dict[Why, str] = {
    "unchanged": "neither side changed since both last agreed",
    "both_blank": "blank on both sides",
    "blank_kept": "it became blank, and a blank does not overwrite (blank: keep)",
    "same": "both sides say the same",
    "salesforce_changed": "only Salesforce changed",
    "ipaas_changed": "only iPaaS.com changed",
    "only_salesforce_has_it": "nothing agreed before, and only Salesforce has a value",
    "only_ipaas_has_it": "nothing agreed before, and only iPaaS.com has a value",
    "has_a_place_now": "its address is in iPaaS.com now, so it can go there",
    "on_create": "given on create only, and the target is blank",
    "on_create_only": "given on create only: an existing record keeps its own",
    "conflict_salesforce_wins": "both sides changed; Salesforce wins by conflict policy (salesforce_wins)",
    "conflict_ipaas_wins": "both sides changed; iPaaS.com wins by conflict policy (ipaas_wins)",
    "conflict_newest_wins": "both sides changed; the newer record wins by conflict policy (newest_wins)",
    "conflict_no_stamps": "both sides changed; newest_wins needs stamps on both sides, so Salesforce wins",
    "conflict_park": "both sides changed, and conflict policy is park: a person settles it",
    "broken": "Salesforce does not let the API user use it now (field_broken); a change waits until that is mended",
    "replaces_unsendable": "the other side holds a value that could not be carried over, and this edit replaces it",
}
_WARNINGS = {
    "address_incomplete": "the address lacks a part that iPaaS.com requires (address_incomplete)",
    "value_not_of_type": "the value is not of the field's type (value_not_of_type)",
    "value_not_translated": "the table has no translation of the value (value_not_translated)",
    "phone_not_sent": "iPaaS.com keeps it on the address, and there is none to carry it (phone_not_sent)",
    "value_truncated": "it is cut to max_length (value_truncated)",
    "mapping_error": "its expression or table failed, and on_error is skip_field (mapping_error)",
}


class Words:
    """The reasons of one field in words."""

    def __init__(self, rule: FieldRule) -> None:
        self.rule = rule

    def why(self, why: Why) -> str:
        """Say what led to a decision."""
        if why == "one_way":
            return f"one-way field ({self.rule.direction}): its source changed"
        if why == "one_way_keeps_edit":
            target = NAMES["ipaas" if self.rule.direction == "to_ipaas" else "salesforce"]
            return f"one-way field ({self.rule.direction}): the edit in {target} stays there"
        return _WHY[why]

    @staticmethod
    def other_way(rule: FieldRule) -> str:
        return f"one-way field ({rule.direction}): it does not go this way"

    @staticmethod
    def not_written(direction: Direction | None) -> str:
        target = NAMES["ipaas" if direction == "to_ipaas" else "salesforce"]
        return f"not written to {target} now (see the record's fate)"

    @staticmethod
    def warning(name: str) -> str:
        return _WARNINGS.get(name, name)

    @staticmethod
    def not_sent(warnings: tuple[str, ...]) -> str:
        return ", ".join(Words.warning(name) for name in warnings) or "nothing of it can be sent"


def absent(side: Side, rule: FieldRule, record: Mapping[str, Any] | None) -> str:
    """Say what kind of blank a record shows for a field: null, empty text, a placeholder, or nothing at all."""
    name = rule.salesforce if side == "salesforce" else rule.ipaas
    if record is None:
        return "not read"
    if name is None:
        return "no value"
    if rule.kind == "address":
        return "no address"
    if rule.kind == "phone_on_address" and side == "ipaas":
        return "no phone on the address"
    values: Any = record
    if side == "ipaas" and rule.ipaas_custom:
        values = {c.get("custom_field_name"): c.get("value") for c in _items(record) if isinstance(c, dict)}
        path = [name]
    else:
        path = name.split(".") if side == "salesforce" else [name]
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return "missing"
        values = values[part]
    if values is None:
        return "null"
    return f'placeholder "{rule.placeholder}"' if rule.placeholder and values == rule.placeholder else "empty text"


def _items(record: Mapping[str, Any]) -> list[Any]:
    items = record.get("custom_fields")
    return items if isinstance(items, list) else []
