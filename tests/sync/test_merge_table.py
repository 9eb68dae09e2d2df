"""The truth table of the merge, cell by cell: every state of both sides under every rule that a field can have.

The tables below are the contract's words in rows. A verdict says who has news; policy, direction of the field and
direction of the run then make it what becomes of the field.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape, Value
from airflow_provider_ipaas.sync.merge import FieldMerge, Sides, merge
from airflow_provider_ipaas.sync.model import Direction, Link

EARLY, LATE = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=1)
FIELD = FieldRule("note", "text", "Note__c", "note")


class Form(NamedTuple):
    """How either service writes values: one that normalises never shows what the other one shows."""

    salesforce: str
    ipaas: str

    def here(self, value: Value) -> Value:
        return self.salesforce.format(value) if value is not None else None

    def there(self, value: Value) -> Value:
        return self.ipaas.format(value) if value is not None else None


PLAIN = Form("{}", "{}")
NORMALISED = {"salesforce": Form("({})", "{}"), "ipaas": Form("{}", "<{}>"), "both": Form("({})", "<{}>")}

# What a linked pair showed before (one value in either service's form) and shows now -> the verdict. Where a service
# keeps a value in its own form, two edits to one value look like two: that is the one row in which the forms differ.
#   before, here, there: keep, clear, clear_if_ours
KNOWN: dict[tuple[Value, Value, Value], tuple[str, str, str]] = {
    ("a", "a", "a"): ("keep", "keep", "keep"),
    ("a", "b", "a"): ("ours", "ours", "ours"),
    ("a", "a", "b"): ("theirs", "theirs", "theirs"),
    ("a", "b", "b"): ("agreed", "agreed", "agreed"),
    ("a", "b", "c"): ("conflict", "conflict", "conflict"),
    ("a", None, "a"): ("keep", "ours", "ours"),
    ("a", "a", None): ("keep", "theirs", "theirs"),
    ("a", None, None): ("keep", "agreed", "keep"),
    ("a", None, "b"): ("theirs", "conflict", "theirs"),
    ("a", "b", None): ("ours", "conflict", "ours"),
    (None, None, None): ("keep", "keep", "keep"),
    (None, "a", None): ("ours", "ours", "ours"),
    (None, None, "a"): ("theirs", "theirs", "theirs"),
    (None, "a", "a"): ("agreed", "agreed", "agreed"),
    (None, "a", "b"): ("conflict", "conflict", "conflict"),
}
# With `clear_if_ours` a blank clears what both said alike. Where a service keeps its own form, nobody can tell that they did.
UNCLEAR = {("a", None, "a"), ("a", "a", None)}
# With nothing agreed before, a value beats a blank, and no blank clears anything.
FIRST: dict[tuple[Value, Value], str] = {
    ("a", "a"): "agreed",
    ("a", "b"): "conflict",
    ("a", None): "ours",
    (None, "a"): "theirs",
    (None, None): "keep",
}
# Who wins a conflict, and with which stamps.
POLICIES: list[tuple[str, datetime | None, datetime | None, str]] = [
    ("salesforce_wins", None, None, "to_ipaas"),
    ("salesforce_wins", EARLY, LATE, "to_ipaas"),
    ("ipaas_wins", None, None, "to_salesforce"),
    ("ipaas_wins", LATE, EARLY, "to_salesforce"),
    ("newest_wins", EARLY, LATE, "to_salesforce"),
    ("newest_wins", LATE, EARLY, "to_ipaas"),
    ("newest_wins", EARLY, EARLY, "to_ipaas"),
    ("newest_wins", None, LATE, "to_ipaas"),
    ("newest_wins", EARLY, None, "to_ipaas"),
    ("park", EARLY, LATE, "park"),
]
WAYS = ("both", "to_ipaas", "to_salesforce")
BLANKS = ("keep", "clear", "clear_if_ours")


def expected(verdict: str, way: str, winner: str, writes: str) -> FieldMerge:
    """Turn a verdict into what becomes of the field."""
    if way == "to_ipaas":
        verdict = {"theirs": "keep", "conflict": "ours"}.get(verdict, verdict)
    elif way == "to_salesforce":
        verdict = {"ours": "keep", "conflict": "theirs"}.get(verdict, verdict)
    fate = {"ours": "to_ipaas", "theirs": "to_salesforce", "conflict": winner}.get(verdict, verdict)
    conflict = verdict == "conflict"
    if fate in ("to_ipaas", "to_salesforce") and writes not in ("both", fate):
        return FieldMerge("note", "pending", pending=fate)  # type: ignore[arg-type]
    return FieldMerge("note", fate, conflict)  # type: ignore[arg-type]


def decide(
    rule: FieldRule,
    before: tuple[Value, Value] | None,
    now: tuple[Value, Value],
    *,
    writes: str,
    stamps: tuple[datetime | None, datetime | None],
) -> FieldMerge:
    def written(direction: Direction) -> bool:
        return writes in ("both", direction)

    link = Link("scope", "account", "001", "1", {"note": before[0]}, {"note": before[1]}) if before else None
    mapping = CollectionMapping("account", (rule,), IPaaSShape())
    (merged,) = merge(mapping, link, Sides({"note": now[0]}, {"note": now[1]}, *stamps), written)
    return merged


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("form", [PLAIN, *NORMALISED.values()], ids=["plain", *NORMALISED])
def test_a_linked_pair(way: str, blank: str, form: Form) -> None:
    for (before, here, there), verdicts in KNOWN.items():
        verdict = verdicts[BLANKS.index(blank)]
        if form is not PLAIN and blank == "clear_if_ours" and (before, here, there) in UNCLEAR:
            verdict = "keep"
        if form is not PLAIN and here is not None and verdict == "agreed":
            verdict = "conflict"
        for (policy, ours, theirs, winner), writes in itertools.product(POLICIES, WAYS):
            rule = replace(FIELD, direction=way, blank=blank, conflict=policy)  # type: ignore[arg-type]
            merged = decide(
                rule,
                (form.here(before), form.there(before)),
                (form.here(here), form.there(there)),
                writes=writes,
                stamps=(ours, theirs),
            )
            assert merged == expected(verdict, way, winner, writes), (before, here, there, policy, writes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_first_contact(way: str, blank: str) -> None:
    for (here, there), verdict in FIRST.items():
        for (policy, ours, theirs, winner), writes in itertools.product(POLICIES, WAYS):
            rule = replace(FIELD, direction=way, blank=blank, conflict=policy)  # type: ignore[arg-type]
            merged = decide(rule, None, (here, there), writes=writes, stamps=(ours, theirs))
            assert merged == expected(verdict, way, winner, writes), (here, there, policy, writes)


@pytest.mark.parametrize("known", ["salesforce", "ipaas", "neither"])
def test_a_field_that_one_side_has_never_shown_is_a_first_contact(known: str) -> None:
    """A field that is new to the mapping: what one side alone is known to have shown settles nothing."""
    here = {"note": "a"} if known == "salesforce" else {}
    there = {"note": "a"} if known == "ipaas" else {}
    link = Link("scope", "account", "001", "1", here, there)
    for (now_here, now_there), verdict in FIRST.items():
        mapping = CollectionMapping("account", (FIELD,), IPaaSShape())
        (merged,) = merge(mapping, link, Sides({"note": now_here}, {"note": now_there}), lambda direction: True)
        assert merged == expected(verdict, "both", "to_ipaas", "both"), (now_here, now_there)


def test_every_cell_is_in_the_table() -> None:
    """One value before, or none; each side shows it, another one, a third one, or nothing: up to names of values."""
    cells = set()
    for before, here, there in itertools.product((None, "a"), (None, "a", "b"), (None, "a", "b", "c")):
        names = iter("ab" if before is None else "bc")
        renamed: dict[Value, Value] = {None: None} | ({"a": "a"} if before else {})
        for value in (here, there):
            if value not in renamed:
                renamed[value] = next(names)
        cells.add((before, renamed[here], renamed[there]))
    assert cells == set(KNOWN)


@pytest.mark.parametrize("policy", ["salesforce_wins", "ipaas_wins", "newest_wins", "park"])
@pytest.mark.parametrize("blank", BLANKS)
def test_a_field_given_on_create_only_never_overwrites(policy: str, blank: str) -> None:
    for way, here, there in itertools.product(WAYS, (None, "a", "b"), (None, "a", "b")):
        rule = replace(FIELD, direction=way, blank=blank, conflict=policy, on_create_only=True)  # type: ignore[arg-type]
        source, target = (here, there) if way == "to_ipaas" else (there, here)
        fills = way != "both" and source is not None and target is None
        for writes in WAYS:
            merged = decide(rule, None, (here, there), writes=writes, stamps=(None, None))
            verdict = ("ours" if way == "to_ipaas" else "theirs") if fills else "keep"
            assert merged == expected(verdict, "both", "to_ipaas", writes), (way, here, there, writes)
            linked = decide(rule, ("a", "a"), (here, there), writes=writes, stamps=(None, None))
            assert linked == FieldMerge("note", "keep"), (way, here, there, writes)
