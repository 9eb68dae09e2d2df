"""The decision on one pair of records, or on one record alone. Pure: items and links in, items with their plan out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from airflow_provider_ipaas.mapping import CollectionMapping, Showing, unsendable

from .keys import content_hash
from .merge import FieldMerge, Sides, merge
from .model import Direction, Item, Link

FLIPS = 5  # values in turn, A B A B A, before a field counts as flipping


@dataclass(slots=True)
class Conflict:
    """A field that both sides changed, for the log and the review of a person. Holds values: never logged whole."""

    key: str
    winner: Direction | None
    salesforce: Any
    ipaas: Any
    salesforce_before: Any
    ipaas_before: Any


@dataclass(slots=True)
class PairPlan:
    """What a pair needs: changes per direction, what is settled without a write, what has to wait."""

    to_ipaas: dict[str, Any] = field(default_factory=dict)  # key -> value in Salesforce's form
    to_salesforce: dict[str, Any] = field(default_factory=dict)  # key -> value in iPaaS.com's form
    settled: list[str] = field(default_factory=list)
    pending: set[Direction] = field(default_factory=set)
    conflicts: list[Conflict] = field(default_factory=list)
    parked: str | None = None  # reason that holds the whole pair
    parked_fields: list[str] = field(default_factory=list)
    warnings: dict[Direction, list[str]] = field(default_factory=lambda: {"to_ipaas": [], "to_salesforce": []})
    unsendable: str | None = None  # "field: what is wrong with its text"
    # "field: why the mapping refuses its value", by the direction it would go in
    problems: dict[Direction, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  # fields with a change that Salesforce does not let us write
    decisions: list[FieldMerge] = field(default_factory=list)  # of every field; empty for a record alone

    def changes(self, direction: Direction) -> dict[str, Any]:
        """Return the changes that go in one direction."""
        return self.to_ipaas if direction == "to_ipaas" else self.to_salesforce


def plan_pair(
    mapping: CollectionMapping,
    link: Link | None,
    sides: Sides,
    writes: Callable[[Direction], bool],
    broken: Mapping[str, str] = MappingProxyType({}),
) -> PairPlan:
    """Merge what both sides show and sort the fields by what is to be done with them; *broken* as in `merge`."""
    plan = PairPlan(decisions=merge(mapping, link, sides, writes, broken))
    for decision in plan.decisions:
        _take(plan, mapping, decision, sides.salesforce, sides.ipaas, link)
    changes = {**plan.to_ipaas, **plan.to_salesforce}
    plan.parked_fields += [key for key, value in changes.items() if _flips(link, key, value)]
    if plan.parked_fields and plan.parked is None:
        plan.parked = "flip_flop"
    return plan


def _take(
    plan: PairPlan, mapping: CollectionMapping, decision: FieldMerge, here: Showing, there: Showing, link: Link | None
) -> None:
    key = decision.key
    if decision.conflict:
        winner = None if decision.fate == "park" else (decision.pending or decision.fate)
        before = (
            ((link.salesforce_showing or {}).get(key), (link.ipaas_showing or {}).get(key)) if link else (None, None)
        )
        if decision.fate != "pending":
            plan.conflicts.append(Conflict(key, winner, here.get(key), there.get(key), *before))  # type: ignore[arg-type]
    if decision.fate == "park":
        plan.parked = "conflict"
        plan.parked_fields.append(key)
    elif decision.why == "broken":
        plan.broken += [key] if decision.pending else []
    elif decision.fate == "pending" and decision.pending:
        plan.pending.add(decision.pending)
    elif decision.fate == "to_ipaas":
        _to_ipaas(plan, mapping, key, here.get(key))
    elif decision.fate == "to_salesforce":
        _to_salesforce(plan, mapping, key, there.get(key))
    else:
        plan.settled.append(key)


def _to_ipaas(plan: PairPlan, mapping: CollectionMapping, key: str, value: Any) -> None:
    translated = mapping.to_ipaas(key, value)
    plan.warnings["to_ipaas"].extend(translated.warnings)
    if translated.problem:
        plan.problems["to_ipaas"] = f"{key}: {translated.problem}"
        return  # it stays a change
    problem = unsendable(translated.value)
    if problem:
        plan.unsendable = f"{key}: {problem}"
    if translated.value is None and value is not None:
        plan.settled.append(key)  # cannot be sent as it is; an edit makes it a change again
    else:
        plan.to_ipaas[key] = value


def _to_salesforce(plan: PairPlan, mapping: CollectionMapping, key: str, value: Any) -> None:
    translated = mapping.to_salesforce(key, value)
    plan.warnings["to_salesforce"].extend(translated.warnings)
    if translated.problem:
        plan.problems["to_salesforce"] = f"{key}: {translated.problem}"
        return
    problem = unsendable(translated.value)
    if problem:
        plan.unsendable = f"{key}: {problem}"
    if translated.value is None and value is not None:
        plan.settled.append(key)
    else:
        plan.to_salesforce[key] = value


def plan_create(mapping: CollectionMapping, item: Item, broken: Collection[str] = ()) -> PairPlan:
    """Sort the fields of a record that has no counterpart: everything its direction maps and it has a value for.

    *broken*: the keys of fields that Salesforce does not let us use now.
    """
    plan = PairPlan()
    to_ipaas = item.side == "salesforce"
    showing = mapping.show_salesforce(item.record or {}) if to_ipaas else mapping.show_ipaas(item.record or {})
    for rule in mapping.fields:
        value = showing.get(rule.key)
        if value is None and rule.placeholder is None:
            continue
        if to_ipaas and rule.writes_ipaas:
            _to_ipaas(plan, mapping, rule.key, value)
        elif not to_ipaas and rule.writes_salesforce and value is not None and rule.key not in broken:
            _to_salesforce(plan, mapping, rule.key, value)
    return plan


def forget_waiting_phones(mapping: CollectionMapping, link: Link, before: Showing | None) -> None:
    """Take back that a phone is agreed on, once the address that it waits for is there and it was not sent along.

    *before*: what iPaaS.com showed until now. A phone lives on an address there; one that had none could not be sent,
    and counted as settled. Where the run that meets the new address does not write it, a later one has to.
    """
    shown = link.ipaas_showing or {}
    for rule in mapping.fields:
        if rule.kind != "phone_on_address" or shown.get(rule.key) is not None:
            continue
        address = next((r.key for r in mapping.fields if r.kind == "address" and r.ipaas == rule.ipaas), None)
        has_come = address is not None and shown.get(address) is not None and (before or {}).get(address) is None
        waits = (link.salesforce_showing or {}).get(rule.key) is not None
        if has_come and waits and (before or {}).get(rule.key) is None:
            for showing in (link.salesforce_showing, link.ipaas_showing):
                (showing or {}).pop(rule.key, None)


def flip_history(link: Link, key: str, value: Any) -> None:
    """Remember a value that a field was set to; only the last few, as hashes."""
    link.flips[key] = [*link.flips.get(key, []), content_hash(value)][-FLIPS:]


def _flips(link: Link | None, key: str, value: Any) -> bool:
    """Tell a field that would be set to A, B, A, B, A in turn: two automations that undo each other."""
    if link is None:
        return False
    turns = [*link.flips.get(key, []), content_hash(value)][-FLIPS:]
    return len(turns) == FLIPS and len(set(turns)) == 2 and all(a != b for a, b in itertools.pairwise(turns))
