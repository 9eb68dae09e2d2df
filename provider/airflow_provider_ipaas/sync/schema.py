"""What has changed in the Salesforce fields that a mapping uses: describe, held against what it said last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from airflow_provider_ipaas.mapping import CollectionMapping

from .broken import REQUIRED, find_broken
from .ports import FieldFacts, ObjectFacts

Severity = Literal["error", "warning", "info"]
Snapshot = dict[str, dict[str, Any]]  # by field: what of it the sync depends on
_TEXT = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"})
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a field that the mapping uses. *what* is one of those that `docs/schema-drift.md` lists."""

    severity: Severity
    field: str
    what: str
    text: str
    next_step: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def snapshot(mapping: CollectionMapping, facts: ObjectFacts) -> Snapshot:
    """Return what describe says of the fields that the mapping uses, and of those that every create needs."""
    used = {name for name in mapping.salesforce_fields if "." not in name}
    required = {name for name, each in facts.fields.items() if _is_required(each)}
    return {name: _of(facts.fields[name]) for name in sorted(used | required) if name in facts.fields}


def _of(field: FieldFacts) -> dict[str, Any]:
    return {
        "type": field.type,
        "length": field.length,
        "createable": field.createable,
        "updateable": field.updateable,
        "calculated": field.calculated,
        "required": _is_required(field),
        "values": list(field.values),
    }


def _is_required(field: FieldFacts) -> bool:
    return field.createable and not field.nillable and not field.defaulted_on_create and field.type != "boolean"


def changes(mapping: CollectionMapping, before: Snapshot, now: Snapshot) -> list[Change]:
    """Return what has changed between two snapshots, the gravest first."""
    used = {name for name in mapping.salesforce_fields if "." not in name}
    found: list[Change] = []
    for name in sorted({*before, *now}):
        if name in used:
            found += _changes_of(mapping, name, before.get(name), now.get(name))
        elif now.get(name, {}).get("required") and not before.get(name, {}).get("required"):
            found.append(_newly_required(name))
    return sorted(found, key=lambda each: ("error", "warning", "info").index(each.severity))


def _newly_required(name: str) -> Change:
    return Change(
        "error",
        name,
        "required",
        f"{name} is required now, and the mapping gives it no value: creates in Salesforce will be refused.",
        "Map the field (a constant will do), give it a default value in Salesforce, or make it optional again.",
    )


def _changes_of(
    mapping: CollectionMapping, name: str, before: dict[str, Any] | None, now: dict[str, Any] | None
) -> Iterator[Change]:
    keys = ", ".join(rule.key for rule in mapping.fields if name in mapping.names_of(rule)) or "a filter or expression"
    if before is None or now is None:
        if now is None:
            left_out = f"{keys} is left out of every run until then, or the run stops where it can't do without."
            yield Change(
                "error", name, "missing", f"{name} is not there for the API user any more: {left_out}", REQUIRED
            )
        else:
            yield Change("info", name, "visible", f"{name} is there for the API user.", "Nothing to do.")
        return
    writes = any(rule.writes_salesforce for rule in mapping.fields if name in mapping.names_of(rule))
    if before["updateable"] != now["updateable"]:
        if now["updateable"]:
            yield Change("info", name, "editable", f"The API user may edit {name} again.", "Nothing to do.")
        elif writes:
            text = f"The API user may not edit {name} any more: what changes in iPaaS.com waits ({keys})."
            yield Change("error", name, "read_only", text, REQUIRED)
    if now["calculated"] and not before["calculated"]:
        yield Change(
            "warning",
            name,
            "formula",
            f"{name} is a formula now: what it shows changes without moving the record's stamp.",
            "Map it one way, `direction: to_ipaas`, and let `salesforce_ipaas_reconcile` find what runs can't see.",
        )
    if before["type"] != now["type"]:
        yield Change(
            "warning",
            name,
            "retyped",
            f"{name} was {before['type']} and is {now['type']} now.",
            "Check that the values of iPaaS.com fit; `airflow-ipaas mapping check --connections` says what does not.",
        )
    elif now["type"] in _TEXT and now["length"] and before["length"] > now["length"]:
        yield Change(
            "warning",
            name,
            "shortened",
            f"{name} took {before['length']} characters and takes {now['length']} now.",
            f"Set `max_length: {now['length']}` with `too_long: truncate` in the mapping, or have the field widened.",
        )
    elif now["length"] > before["length"]:
        yield Change("info", name, "lengthened", f"{name} takes {now['length']} characters now.", "Nothing to do.")
    yield from _value_changes(mapping, name, before["values"], now["values"])


def _value_changes(mapping: CollectionMapping, name: str, before: list[str], now: list[str]) -> Iterator[Change]:
    gone = [value for value in before if value not in now]
    new = [value for value in now if value not in before]
    translated = any(rule.table is not None for rule in mapping.fields if name in mapping.names_of(rule))
    if gone and before:
        yield Change(
            "warning",
            name,
            "values_gone",
            f"{name} lost values of its picklist: {_listed(gone)}.",
            "Take them out of the translation table, and correct the records that hold them.",
        )
    if new and before:
        yield Change(
            "warning" if translated else "info",
            name,
            "values_new",
            f"{name} got new values in its picklist: {_listed(new)}.",
            "Add them to the translation table." if translated else "Nothing to do: the mapping has no table for it.",
        )


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(repr(value) for value in values[:_SHOWN]) + more


def first_look(mapping: CollectionMapping, facts: ObjectFacts) -> list[Change]:
    """Return what is wrong at the first look, when there is nothing to compare with."""
    fixed = {name for name, each in facts.fields.items() if not each.updateable}
    found = []
    for key, why in find_broken(mapping, set(facts.fields), fixed).items():
        names = ", ".join(mapping.names_of(mapping.rule(key)))
        text = {"missing": "is not there for the API user", "read_only": "may not be edited by the API user"}[why]
        found.append(Change("error", names, why, f"{names} ({key}) {text}.", REQUIRED))
    return found
