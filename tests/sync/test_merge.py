"""The three-way merge, cell by cell: what each side showed before, shows now, and what becomes of the field."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape, Value
from airflow_provider_ipaas.sync.merge import FieldMerge, Sides, merge
from airflow_provider_ipaas.sync.model import Direction, Link
from airflow_provider_ipaas.sync.pairs import FLIPS, flip_history, plan_create, plan_pair

RULE = FieldRule("phone", "text", "Phone", "phone_number")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MISSING = object()


def mapping(**changes: Any) -> CollectionMapping:
    return CollectionMapping("account", (replace(RULE, **changes),), IPaaSShape())


def linked(before: Any) -> Link | None:
    """A link that agreed on (Salesforce's, iPaaS.com's) showing; None: no link; MISSING: a field new to it."""
    if before is None:
        return None
    here, there = ({}, {}) if before is MISSING else ({"phone": before[0]}, {"phone": before[1]})
    return Link("scope", "account", "001", "1", here, there)


def decide(
    before: Any,
    here: Value,
    there: Value,
    *,
    writes: str = "both",
    stamps: tuple[datetime | None, datetime | None] = (None, None),
    **rule: Any,
) -> FieldMerge:
    def written(direction: Direction) -> bool:
        return writes in ("both", direction)

    (merged,) = merge(mapping(**rule), linked(before), Sides({"phone": here}, {"phone": there}, *stamps), written)
    return merged


AGREED = ("1", "1")


@pytest.mark.parametrize(
    ("before", "here", "there", "fate", "conflict"),
    [
        # linked, both had "1"
        (AGREED, "1", "1", "keep", False),
        (AGREED, "2", "1", "to_ipaas", False),
        (AGREED, "1", "2", "to_salesforce", False),
        (AGREED, "2", "2", "agreed", False),
        (AGREED, "2", "3", "to_ipaas", True),
        (AGREED, None, "1", "keep", False),
        (AGREED, "1", None, "keep", False),
        (AGREED, None, None, "keep", False),
        (AGREED, None, "2", "to_salesforce", False),
        (AGREED, "2", None, "to_ipaas", False),
        # linked, each keeps its own form: neither has changed
        (("(1)", "1"), "(1)", "1", "keep", False),
        (("(1)", "1"), "(2)", "1", "to_ipaas", False),
        (("(1)", "1"), "(1)", "2", "to_salesforce", False),
        # linked, one or both were blank
        ((None, None), "1", None, "to_ipaas", False),
        ((None, None), None, "1", "to_salesforce", False),
        ((None, None), "1", "1", "agreed", False),
        ((None, None), "1", "2", "to_ipaas", True),
        ((None, None), None, None, "keep", False),
        (("1", None), "1", None, "keep", False),
        (("1", None), "1", "1", "agreed", False),
        (("1", None), "1", "2", "to_salesforce", False),
        ((None, "1"), None, "1", "keep", False),
        ((None, "1"), "2", "1", "to_ipaas", False),
        # first contact, and a field that is new to the link
        (None, "1", "1", "agreed", False),
        (None, "1", None, "to_ipaas", False),
        (None, None, "1", "to_salesforce", False),
        (None, None, None, "keep", False),
        (None, "1", "2", "to_ipaas", True),
        (MISSING, "1", "2", "to_ipaas", True),
        (MISSING, None, "2", "to_salesforce", False),
        (MISSING, "1", None, "to_ipaas", False),
    ],
)
def test_a_blank_is_kept(before: Any, here: Value, there: Value, fate: str, conflict: bool) -> None:
    assert decide(before, here, there) == FieldMerge("phone", fate, conflict)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "here", "there", "fate", "conflict"),
    [
        (AGREED, None, "1", "to_ipaas", False),
        (AGREED, "1", None, "to_salesforce", False),
        (AGREED, None, None, "agreed", False),
        (AGREED, None, "2", "to_ipaas", True),
        (AGREED, "2", None, "to_ipaas", True),
        # never at first contact: nothing was there to be cleared
        (None, None, "1", "to_salesforce", False),
        (None, "1", None, "to_ipaas", False),
    ],
)
def test_a_blank_that_clears(before: Any, here: Value, there: Value, fate: str, conflict: bool) -> None:
    assert decide(before, here, there, blank="clear") == FieldMerge("phone", fate, conflict)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [AGREED, None])
@pytest.mark.parametrize(
    ("policy", "stamps", "fate"),
    [
        ("salesforce_wins", (None, None), "to_ipaas"),
        ("ipaas_wins", (None, None), "to_salesforce"),
        ("park", (None, None), "park"),
        ("newest_wins", (NOON, NOON + timedelta(seconds=1)), "to_salesforce"),
        ("newest_wins", (NOON + timedelta(seconds=1), NOON), "to_ipaas"),
        ("newest_wins", (NOON, NOON), "to_ipaas"),
        ("newest_wins", (NOON, None), "to_ipaas"),
        ("newest_wins", (None, NOON), "to_ipaas"),
    ],
)
def test_policies(before: Any, policy: str, stamps: tuple[datetime | None, datetime | None], fate: str) -> None:
    assert decide(before, "2", "3", conflict=policy, stamps=stamps) == FieldMerge("phone", fate, True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("here", "there", "writes", "expected"),
    [
        ("2", "1", "to_salesforce", FieldMerge("phone", "pending", pending="to_ipaas")),
        ("1", "2", "to_ipaas", FieldMerge("phone", "pending", pending="to_salesforce")),
        ("2", "1", "to_ipaas", FieldMerge("phone", "to_ipaas")),
        ("2", "2", "to_ipaas", FieldMerge("phone", "agreed")),
        ("2", "3", "to_ipaas", FieldMerge("phone", "to_ipaas", True)),
        ("2", "3", "to_salesforce", FieldMerge("phone", "pending", pending="to_ipaas")),
    ],
)
def test_what_a_run_does_not_write_is_pending(here: str, there: str, writes: str, expected: FieldMerge) -> None:
    merged = decide(AGREED, here, there, writes=writes)
    assert (merged.fate, merged.pending) == (expected.fate, expected.pending)


@pytest.mark.parametrize(
    ("way", "here", "there", "fate"),
    [
        ("to_ipaas", "2", "1", "to_ipaas"),
        ("to_ipaas", "1", "2", "keep"),
        ("to_ipaas", "2", "3", "to_ipaas"),
        ("to_ipaas", "2", "2", "agreed"),
        ("to_salesforce", "2", "1", "keep"),
        ("to_salesforce", "1", "2", "to_salesforce"),
        ("to_salesforce", "2", "3", "to_salesforce"),
    ],
)
def test_one_way_fields(way: str, here: str, there: str, fate: str) -> None:
    assert decide(AGREED, here, there, direction=way) == FieldMerge("phone", fate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "here", "there", "fate"),
    [
        (None, "2", None, "to_ipaas"),
        (None, "2", "1", "keep"),
        (None, None, None, "keep"),
        (AGREED, "2", "1", "keep"),
        (AGREED, "2", None, "keep"),
    ],
)
def test_a_field_on_create_only_fills_a_blank_at_first_contact(
    before: Any, here: Value, there: Value, fate: str
) -> None:
    assert decide(before, here, there, direction="to_ipaas", on_create_only=True).fate == fate


VALUES: tuple[Value, ...] = (None, "1", "2", "3")


@pytest.mark.parametrize("blank", ["keep", "clear"])
@pytest.mark.parametrize("policy", ["salesforce_wins", "ipaas_wins", "newest_wins", "park"])
def test_no_edit_is_ever_lost_in_any_cell(blank: str, policy: str) -> None:
    """Whatever both sides show: a write goes to the side that did not change, or is counted as a conflict."""
    befores = [None, *itertools.product(VALUES, VALUES)]
    for before, here, there in itertools.product(befores, VALUES, VALUES):
        merged = decide(before, here, there, blank=blank, conflict=policy)
        old = before or (None, None)
        edited_here = here != old[0] and (here is not None or blank == "clear")
        edited_there = there != old[1] and (there is not None or blank == "clear")
        if merged.fate == "to_ipaas" and edited_there and there is not None:
            assert merged.conflict, (before, here, there)
        if merged.fate == "to_salesforce" and edited_here and here is not None:
            assert merged.conflict, (before, here, there)
        if edited_here and not edited_there:
            assert merged.fate in ("to_ipaas", "agreed"), (before, here, there)
        if edited_there and not edited_here:
            assert merged.fate in ("to_salesforce", "agreed"), (before, here, there)
        if not edited_here and not edited_there:
            assert merged.fate == "keep", (before, here, there)


@pytest.mark.parametrize("policy", ["salesforce_wins", "ipaas_wins"])
def test_carrying_out_a_decision_leaves_nothing_to_do(policy: str) -> None:
    """After the write both sides show the same, so the next merge of every cell keeps."""
    befores = [None, *itertools.product(VALUES, VALUES)]
    for before, here, there in itertools.product(befores, VALUES, VALUES):
        merged = decide(before, here, there, conflict=policy)
        after = (here, here) if merged.fate == "to_ipaas" else (there, there)
        after = after if merged.fate in ("to_ipaas", "to_salesforce") else (here, there)
        known = after if merged.fate != "keep" or before is None else before
        assert decide(known, *after, conflict=policy).fate == "keep", (before, here, there)


WHOLE = {"address_1": "1 Main St", "city": "Austin", "region": "TX", "postal_code": "73301", "country": "US"}
PARTIAL = {"Street": "9 Side St", "State": "TX"}
CONTACT = CollectionMapping(
    "contact",
    (
        FieldRule("address", "address", "Mailing", "primary_shipping"),
        FieldRule("phone", "phone_on_address", "Phone", "primary_shipping"),
    ),
    IPaaSShape(),
)


def of_contact(before: tuple[Any, Any], now: tuple[Any, Any], **policies: Any) -> dict[str, FieldMerge]:
    """Merge address and phone; what each side showed before and shows now, as (Salesforce, iPaaS.com)."""
    rules = tuple(replace(rule, conflict=policies.get(rule.key, rule.conflict)) for rule in CONTACT.fields)
    link = Link("scope", "contact", "003", "1", *before)
    merged = merge(replace(CONTACT, fields=rules), link, Sides(*now), both)
    return {one.key: one for one in merged}


@pytest.mark.parametrize(("policy", "fate"), [("salesforce_wins", "to_salesforce"), ("park", "park")])
def test_an_edit_over_a_value_that_could_not_be_sent_is_a_conflict(policy: str, fate: str) -> None:
    """The address without a city never reached iPaaS.com: its own edit there replaces it, and that is counted."""
    before = ({"address": PARTIAL, "phone": None}, {"address": None, "phone": None})
    merged = of_contact(before, (before[0], {"address": WHOLE, "phone": None}), address=policy)
    assert merged["address"] == FieldMerge("address", fate, True)  # type: ignore[arg-type]


def test_an_edit_over_a_value_that_salesforce_could_not_take_is_a_conflict() -> None:
    assert decide(("1", "one"), "2", "one", value_type="number") == FieldMerge("phone", "to_ipaas", True)
    assert decide(("1", "1"), "2", "1", value_type="number") == FieldMerge("phone", "to_ipaas", False)


@pytest.mark.parametrize(
    ("there", "fate", "conflict"), [(None, "to_ipaas", False), ("1", "agreed", False), ("2", "to_ipaas", True)]
)
def test_a_phone_without_an_address_follows_when_one_is_added(there: Value, fate: str, conflict: bool) -> None:
    before = ({"address": None, "phone": "1"}, {"address": None, "phone": None})
    merged = of_contact(before, (before[0], {"address": WHOLE, "phone": there}))
    assert merged["phone"] == FieldMerge("phone", fate, conflict)  # type: ignore[arg-type]


def test_a_phone_that_was_emptied_on_an_address_that_was_there_stays_empty() -> None:
    before = ({"address": None, "phone": "1"}, {"address": WHOLE, "phone": None})
    assert of_contact(before, before)["phone"].fate == "keep"


# The plan of a pair


def both(_direction: Direction) -> bool:
    return True


def test_a_conflict_holds_the_values_of_both_sides_and_before() -> None:
    plan = plan_pair(mapping(), linked(AGREED), Sides({"phone": "2"}, {"phone": "3"}), both)
    (conflict,) = plan.conflicts
    assert (conflict.winner, conflict.salesforce, conflict.ipaas) == ("to_ipaas", "2", "3")
    assert (conflict.salesforce_before, conflict.ipaas_before) == AGREED
    assert plan.to_ipaas == {"phone": "2"}


def test_a_parked_field_holds_the_whole_pair() -> None:
    plan = plan_pair(mapping(conflict="park"), linked(AGREED), Sides({"phone": "2"}, {"phone": "3"}), both)
    assert (plan.parked, plan.parked_fields, plan.to_ipaas) == ("conflict", ["phone"], {})


def test_a_field_that_flips_between_two_values_is_parked() -> None:
    link = linked(AGREED)
    assert link is not None
    for turn in range(FLIPS - 1):
        value = "ab"[turn % 2]
        assert plan_pair(mapping(), link, Sides({"phone": value}, {"phone": "1"}), both).parked is None
        flip_history(link, "phone", value)
    plan = plan_pair(mapping(), link, Sides({"phone": "a"}, {"phone": "1"}), both)
    assert (plan.parked, plan.parked_fields) == ("flip_flop", ["phone"])
    assert plan_pair(mapping(), link, Sides({"phone": "c"}, {"phone": "1"}), both).parked is None


def test_five_different_values_are_no_flipping() -> None:
    link = linked(AGREED)
    assert link is not None
    for value in "abcd":
        flip_history(link, "phone", value)
    assert plan_pair(mapping(), link, Sides({"phone": "e"}, {"phone": "1"}), both).parked is None


@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800b"])
def test_text_that_no_service_accepts_is_named(bad: str) -> None:
    plan = plan_pair(mapping(), linked(AGREED), Sides({"phone": bad}, {"phone": "1"}), both)
    assert plan.unsendable is not None
    assert plan.unsendable.startswith("phone: ")


@pytest.mark.parametrize("side", ["salesforce", "ipaas"])
def test_a_create_holds_every_value_that_its_direction_maps(side: Any) -> None:
    from airflow_provider_ipaas.sync.model import Item

    fields = (
        RULE,
        FieldRule("fax", "text", "Fax", "fax_number"),
        FieldRule("out", "text", "Site", "url", direction="to_ipaas"),
        FieldRule("back", "text", "Sic", "department", direction="to_salesforce"),
    )
    whole = CollectionMapping("account", fields, IPaaSShape())
    here = {"Id": "001", "Phone": "1", "Fax": None, "Site": "s", "Sic": "b"}
    there = {"id": 1, "phone_number": "1", "fax_number": "", "url": "s", "department": "b"}
    plan = plan_create(whole, Item("account", side, "x", record=here if side == "salesforce" else there))
    if side == "salesforce":
        assert (plan.to_ipaas, plan.to_salesforce) == ({"phone": "1", "out": "s"}, {})
    else:
        assert (plan.to_ipaas, plan.to_salesforce) == ({}, {"phone": "1", "back": "b"})
