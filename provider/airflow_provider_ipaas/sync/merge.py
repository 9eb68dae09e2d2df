"""The three-way merge of one linked pair, field by field: what each side shows now against what it showed before.

Pure: the same input gives the same answer, without network, clock or database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, Showing, Value

from .model import Direction, Link

# keep: nothing to write and nothing new; agreed: both sides say the same, remember it; pending: a change that this
# run does not write (its direction is off); park: a conflict that a person has to settle.
Fate = Literal["keep", "agreed", "to_ipaas", "to_salesforce", "pending", "park"]
# What led to it, for people who ask: `explain` says it in words. Nothing is decided by it.
Why = Literal[
    "unchanged",
    "both_blank",
    "blank_kept",
    "same",
    "salesforce_changed",
    "ipaas_changed",
    "only_salesforce_has_it",
    "only_ipaas_has_it",
    "has_a_place_now",
    "one_way",
    "one_way_keeps_edit",
    "on_create",
    "on_create_only",
    "conflict_salesforce_wins",
    "conflict_ipaas_wins",
    "conflict_newest_wins",
    "conflict_no_stamps",
    "conflict_park",
    "replaces_unsendable",
    "broken",
]


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """What becomes of one field."""

    key: str
    fate: Fate
    conflict: bool = False
    pending: Direction | None = None
    why: Why = field(default="unchanged", compare=False)


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides show of a pair now, and their change stamps where they have one."""

    salesforce: Showing
    ipaas: Showing
    salesforce_stamp: datetime | None = None
    ipaas_stamp: datetime | None = None


def merge(
    mapping: CollectionMapping,
    link: Link | None,
    sides: Sides,
    writes: Callable[[Direction], bool],
    broken: Mapping[str, str] = MappingProxyType({}),
) -> list[FieldMerge]:
    """Decide every mapped field of a pair; *link* None or without showings is a first contact.

    *broken*: fields that Salesforce does not let us use, `missing` or `read_only`, by key; see `broken.py`.
    """
    if not broken:
        return [_merge_field(mapping, rule, link, sides, writes) for rule in mapping.fields]
    return [
        _merge_broken(mapping, rule, link, sides, writes, broken[rule.key])
        if rule.key in broken
        else _merge_field(mapping, rule, link, sides, writes)
        for rule in mapping.fields
    ]


def _merge_broken(
    mapping: CollectionMapping,
    rule: FieldRule,
    link: Link | None,
    sides: Sides,
    writes: Callable[[Direction], bool],
    why: str,
) -> FieldMerge:
    """Leave a broken field as it is: nothing is settled, so an edit of either side is one still when it is mended."""
    if why == "read_only":
        merged = _merge_field(mapping, rule, link, sides, lambda way: way != "to_salesforce" and writes(way))
        return replace(merged, why="broken") if merged.pending == "to_salesforce" else merged
    before, there = ((link.ipaas_showing if link else None) or {}).get(rule.key), sides.ipaas.get(rule.key)
    waits = rule.writes_salesforce and _changed(mapping, rule, before, there)
    return FieldMerge(rule.key, "pending", pending="to_salesforce" if waits else None, why="broken")


def _merge_field(
    mapping: CollectionMapping, rule: FieldRule, link: Link | None, sides: Sides, writes: Callable[[Direction], bool]
) -> FieldMerge:
    key = rule.key
    here, there = sides.salesforce.get(key), sides.ipaas.get(key)
    known = link is not None and key in (link.salesforce_showing or {}) and key in (link.ipaas_showing or {})
    placed = False
    if known and link is not None:
        ours = _changed(mapping, rule, (link.salesforce_showing or {}).get(key), here)
        placed = not ours and _has_a_place_now(mapping, rule, link, sides)
        ours = ours or placed
        theirs = _changed(mapping, rule, (link.ipaas_showing or {}).get(key), there)
    else:
        ours, theirs = here is not None, there is not None
    if rule.blank == "clear_if_ours" and not (ours != theirs and _agreed(mapping, key, link)):
        # A blank clears only what still stands there as agreed: it never beats an edit.
        ours, theirs = ours and here is not None, theirs and there is not None
    if rule.on_create_only:
        return _fill(rule, here, there, known, writes)
    if not ours and not theirs:
        both = here is not None and there is not None
        return _decided(key, "keep", "unchanged" if both else _why_blank(key, link, here, there))
    if mapping.agree(key, here, there):
        return _decided(key, "agreed", "same")
    if rule.direction != "both":
        # One-way: the source's edits go over, the target's own edits stay where they are.
        moved = ours if rule.direction == "to_ipaas" else theirs
        return _write(key, rule.direction, writes, "one_way") if moved else _decided(key, "keep", "one_way_keeps_edit")
    if ours and theirs:
        return _conflict(rule, sides, writes)
    winner: Direction = "to_ipaas" if ours else "to_salesforce"
    if _was_never_sent(mapping, key, winner, there if ours else here):
        # What it replaces could not be carried over: both sides hold an edit, and only this one can be written.
        if rule.conflict == "park":
            return _decided(key, "park", "conflict_park", True)
        return _write(key, winner, writes, "replaces_unsendable", conflict=True)
    return _write(key, winner, writes, "has_a_place_now" if placed else _who(winner, known))


@lru_cache(maxsize=8192)
def _decided(key: str, fate: Fate, why: Why, conflict: bool = False, pending: Direction | None = None) -> FieldMerge:
    """Return a decision; it holds no value, so each is made once, for the plan's speed."""
    return FieldMerge(key, fate, conflict, pending, why)


def _why_blank(key: str, link: Link | None, here: Value, there: Value) -> Why:
    """Tell a field that was blanked and stays so from one that shows what it showed before."""
    before = ((link.salesforce_showing or {}).get(key), (link.ipaas_showing or {}).get(key)) if link else (None, None)
    if (here is None and before[0] is not None) or (there is None and before[1] is not None):
        return "blank_kept"
    return "both_blank" if here is None and there is None else "unchanged"


def _who(winner: Direction, known: bool) -> Why:
    if known:
        return "salesforce_changed" if winner == "to_ipaas" else "ipaas_changed"
    return "only_salesforce_has_it" if winner == "to_ipaas" else "only_ipaas_has_it"


def _agreed(mapping: CollectionMapping, key: str, link: Link | None) -> bool:
    """Tell whether both sides last said the same, as far as the link knows."""
    here, there = ((link.salesforce_showing or {}), (link.ipaas_showing or {})) if link else ({}, {})
    return key in here and key in there and mapping.agree(key, here[key], there[key])


def _changed(mapping: CollectionMapping, rule: FieldRule, before: Value, now: Value) -> bool:
    """Tell an edit: a field that became blank is none, unless the mapping says that blanks clear."""
    if mapping.same(rule.key, before, now):
        return False
    return now is not None or rule.blank != "keep"


def _has_a_place_now(mapping: CollectionMapping, rule: FieldRule, link: Link, sides: Sides) -> bool:
    """Tell a phone that had no address in iPaaS.com to live on, and has one now that somebody added."""
    if rule.kind != "phone_on_address" or sides.salesforce.get(rule.key) is None:
        return False
    before = link.ipaas_showing or {}
    address = next((r.key for r in mapping.fields if r.kind == "address" and r.ipaas == rule.ipaas), None)
    if address is None or sides.ipaas.get(address) is None:
        return False
    return before.get(address) is None and before.get(rule.key) is None


def _was_never_sent(mapping: CollectionMapping, key: str, winner: Direction, replaced: Value) -> bool:
    """Tell a value of the losing side that the other service can't take (an address without a city, say)."""
    if replaced is None:
        return False
    translate = mapping.to_ipaas if winner == "to_salesforce" else mapping.to_salesforce
    return translate(key, replaced).value is None


def _fill(
    rule: FieldRule,
    here: Value,
    there: Value,
    known: bool,
    writes: Callable[[Direction], bool],
) -> FieldMerge:
    """A field given on create only: at first contact it fills a blank target and never overwrites."""
    source, target = (here, there) if rule.direction == "to_ipaas" else (there, here)
    if known or source is None or target is not None or rule.direction == "both":
        return _decided(rule.key, "keep", "on_create_only")
    return _write(rule.key, rule.direction, writes, "on_create")


def _write(
    key: str, direction: Direction, writes: Callable[[Direction], bool], why: Why, *, conflict: bool = False
) -> FieldMerge:
    if writes(direction):
        return _decided(key, direction, why, conflict)
    return _decided(key, "pending", why, False, direction)


def _conflict(rule: FieldRule, sides: Sides, writes: Callable[[Direction], bool]) -> FieldMerge:
    """Both sides say something else than before, and not the same: the field's policy decides."""
    if rule.conflict == "park":
        return _decided(rule.key, "park", "conflict_park", True)
    winner: Direction = "to_ipaas"
    why: Why = "conflict_salesforce_wins"
    if rule.conflict == "ipaas_wins":
        winner, why = "to_salesforce", "conflict_ipaas_wins"
    elif rule.conflict == "newest_wins":
        why = "conflict_no_stamps"
        if sides.salesforce_stamp and sides.ipaas_stamp:
            # Salesforce stamps whole seconds: a tie goes to Salesforce, the default winner.
            winner = "to_salesforce" if sides.ipaas_stamp > sides.salesforce_stamp else "to_ipaas"
            why = "conflict_newest_wins"
    return _write(rule.key, winner, writes, why, conflict=True)
