"""Every reason that the plan can have for a field, in words; and how values are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape
from airflow_provider_ipaas.sync.explain import Cell, Explainer, Explanation, FieldLine
from airflow_provider_ipaas.sync.explain_table import cut, shown, table
from airflow_provider_ipaas.sync.merge import Sides
from airflow_provider_ipaas.sync.model import Direction, Item, Link
from airflow_provider_ipaas.sync.pairs import flip_history, plan_create, plan_pair

RULE = FieldRule("phone", "text", "Phone", "phone_number")
A = "001000000000001AAA"
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
LATE = EARLY + timedelta(minutes=1)


def mapping(**changes: Any) -> CollectionMapping:
    return CollectionMapping("account", (replace(RULE, **changes),), IPaaSShape())


def pair(
    before: Any,
    here: dict[str, Any],
    there: dict[str, Any],
    *,
    writes: str = "both",
    stamps: tuple[datetime | None, datetime | None] = (None, None),
    flips: tuple[str, ...] = (),
    rule: CollectionMapping | None = None,
    **changes: Any,
) -> FieldLine:
    """Explain the field of a pair of records; *before*: what both sides showed when they agreed, None for no link."""

    def written(direction: Direction) -> bool:
        return writes in ("both", direction)

    used = rule or mapping(**changes)
    link = None if before is None else Link("s", "account", A, "1", {"phone": before[0]}, {"phone": before[1]})
    for value in flips:
        assert link is not None
        flip_history(link, "phone", value)
    items = Item("account", "salesforce", A, record=here), Item("account", "ipaas", "1", record=there)
    sides = Sides(used.show_salesforce(here), used.show_ipaas(there), *stamps)
    explainer = Explainer(used)
    explainer.pair(*items, link, sides, plan_pair(used, link, sides, written))
    found = explainer.of(items[0])
    assert found is explainer.of(items[1])
    return found.fields[0]


def sf(value: Any) -> dict[str, Any]:
    return {"Id": A, "Phone": value}


def ip(value: Any) -> dict[str, Any]:
    return {"id": "1", "phone_number": value}


AGREED = ("1", "1")
REASONS: list[tuple[str, Any, Any, Any, dict[str, Any], str, str]] = [
    ("unchanged", AGREED, "1", "1", {}, "nothing", "neither side changed since both last agreed"),
    ("own form", ("(1)", "1"), "(1)", "1", {}, "nothing", "they differ in the same way as then"),
    ("both blank", (None, None), None, None, {}, "nothing", "blank on both sides"),
    ("blank kept", AGREED, None, "1", {}, "nothing", "it became blank, and a blank does not overwrite"),
    ("blank kept there", AGREED, "1", None, {}, "nothing", "it became blank, and a blank does not overwrite"),
    ("blank clears", AGREED, None, "1", {"blank": "clear"}, "write_ipaas", "only Salesforce changed"),
    ("same", AGREED, "2", "2", {}, "nothing", "both sides say the same"),
    ("ours", AGREED, "2", "1", {}, "write_ipaas", "only Salesforce changed"),
    ("theirs", AGREED, "1", "2", {}, "write_salesforce", "only iPaaS.com changed"),
    ("first, ours", None, "1", None, {}, "write_ipaas", "nothing agreed before, and only Salesforce has a value"),
    ("first, theirs", None, None, "1", {}, "write_salesforce", "nothing agreed before, and only iPaaS.com has a value"),
    ("one-way", AGREED, "2", "1", {"direction": "to_ipaas"}, "write_ipaas", "one-way field (to_ipaas): its source"),
    ("edit stays", AGREED, "1", "2", {"direction": "to_ipaas"}, "nothing", "the edit in iPaaS.com stays there"),
    (
        "edit stays here",
        AGREED,
        "2",
        "1",
        {"direction": "to_salesforce"},
        "nothing",
        "the edit in Salesforce stays there",
    ),
    ("on create", None, "1", None, {"on_create_only": True, "direction": "to_ipaas"}, "write_ipaas", "given on create"),
    ("kept own", AGREED, "2", "1", {"on_create_only": True, "direction": "to_ipaas"}, "nothing", "keeps its own"),
    ("salesforce wins", AGREED, "2", "3", {}, "write_ipaas", "Salesforce wins by conflict policy"),
    (
        "ipaas wins",
        AGREED,
        "2",
        "3",
        {"conflict": "ipaas_wins"},
        "write_salesforce",
        "iPaaS.com wins by conflict policy",
    ),
    ("no stamps", AGREED, "2", "3", {"conflict": "newest_wins"}, "write_ipaas", "needs stamps on both sides"),
    (
        "newest",
        AGREED,
        "2",
        "3",
        {"conflict": "newest_wins", "stamps": (EARLY, LATE)},
        "write_salesforce",
        "the newer record wins",
    ),
    ("park", AGREED, "2", "3", {"conflict": "park"}, "park", "a person settles it"),
    ("direction off", AGREED, "2", "1", {"writes": "to_salesforce"}, "wait", "not written to iPaaS.com now"),
    ("direction off there", AGREED, "1", "2", {"writes": "to_ipaas"}, "wait", "not written to Salesforce now"),
    ("flips", AGREED, "a", "1", {"flips": ("a", "b", "a", "b")}, "park", "two automations undo each other"),
    ("too long", AGREED, "123456", "1", {"max_length": 5}, "refuse", "longer than max_length allows"),
    ("cut", AGREED, "123456", "1", {"max_length": 5, "too_long": "truncate"}, "write_ipaas", "it is cut to max_length"),
    ("failed", AGREED, "x", "1", {"to_ipaas": "number(value)"}, "refuse", "only Salesforce changed; "),
    (
        "skipped field",
        AGREED,
        "x",
        "1",
        {"to_ipaas": "number(value)", "on_error": "skip_field"},
        "not_sent",
        "on_error is skip_field",
    ),
    ("not a number", AGREED, "1", "x", {"value_type": "number"}, "not_sent", "not of the field's type"),
]


@pytest.mark.parametrize(
    ("before", "here", "there", "more", "decision", "reason"), [r[1:] for r in REASONS], ids=[r[0] for r in REASONS]
)
def test_a_field_has_its_decision_and_its_reason(
    before: Any, here: Any, there: Any, more: dict[str, Any], decision: str, reason: str
) -> None:
    line = pair(before, sf(here), ip(there), **more)
    assert line.decision == decision, line
    assert reason in line.reason, line


def test_a_field_that_is_refused_or_parked_holds_the_others() -> None:
    name = FieldRule("name", "text", "Name", "name")

    def two(**changes: Any) -> dict[str, FieldLine]:
        used = CollectionMapping("account", (replace(RULE, **changes), name), IPaaSShape())
        link = Link("s", "account", A, "1", {"phone": "1", "name": "a"}, {"phone": "1", "name": "a"})
        here, there = {"Id": A, "Phone": "23456", "Name": "b"}, {"id": "1", "phone_number": "3", "name": "a"}
        items = Item("account", "salesforce", A, record=here), Item("account", "ipaas", "1", record=there)
        sides = Sides(used.show_salesforce(here), used.show_ipaas(there))
        explainer = Explainer(used)
        explainer.pair(*items, link, sides, plan_pair(used, link, sides, lambda _: True))
        return {line.key: line for line in explainer.of(items[0]).fields}

    parked = two(conflict="park")
    assert (parked["phone"].decision, parked["name"].decision) == ("park", "wait")
    assert "the pair is parked (conflict: phone)" in parked["name"].reason
    refused = two(max_length=2)
    assert (refused["phone"].decision, refused["name"].decision) == ("refuse", "wait")
    assert "the record is refused for phone: " in refused["name"].reason


@pytest.mark.parametrize(
    ("record", "blank"),
    [({"id": "1"}, "missing"), (ip(None), "null"), (ip(""), "empty text"), (ip("-"), 'placeholder "-"')],
)
def test_blanks_are_told_apart(record: dict[str, Any], blank: str) -> None:
    line = pair((None, None), sf(None), record, placeholder="-")
    assert line.ipaas == Cell(None, blank)
    assert line.salesforce == Cell(None, "null")
    assert line.salesforce_before == Cell(None, "blank")


def test_a_custom_field_that_is_not_there_is_no_null() -> None:
    custom = FieldRule("phone", "custom", "Phone", "Tel", ipaas_custom=True)
    rule = CollectionMapping("account", (custom,), IPaaSShape())
    without = pair((None, None), sf(None), {"id": "1", "custom_fields": []}, rule=rule)
    empty = {"id": "1", "custom_fields": [{"custom_field_name": "Tel", "value": None}]}
    assert without.ipaas.blank == "missing"
    assert pair((None, None), sf(None), empty, rule=rule).ipaas.blank == "null"
    assert without.ipaas_field == "custom field Tel"


def test_a_new_record_says_what_it_gets_and_what_not() -> None:
    rules = (
        RULE,
        FieldRule("fax", "text", "Fax", "fax_number"),
        FieldRule("name", "text", "Name", "name", "to_salesforce"),
    )
    used = CollectionMapping("account", rules, IPaaSShape())
    item = Item("account", "salesforce", A, record={"Id": A, "Phone": "1", "Fax": None, "Name": "x"})
    explainer = Explainer(used)
    explainer.create(item, plan_create(used, item))
    lines = {line.key: line for line in explainer.of(item).fields}
    assert (lines["phone"].decision, lines["fax"].decision, lines["name"].decision) == (
        "write_ipaas",
        "nothing",
        "nothing",
    )
    assert "no value" in lines["fax"].reason
    assert "does not go this way" in lines["name"].reason
    assert lines["phone"].ipaas == Cell(None, "no record")


def test_it_survives_the_ledger_and_leaves_values_behind_on_its_way_out() -> None:
    explainer = Explainer(mapping())
    items = Item("account", "salesforce", A, record=sf("secret")), Item("account", "ipaas", "1", record=ip("1"))
    link = Link("s", "account", A, "1", {"phone": "1"}, {"phone": "1"})
    sides = Sides({"phone": "secret"}, {"phone": "1"})
    explainer.pair(*items, link, sides, plan_pair(mapping(), link, sides, lambda _: True))
    found = explainer.of(items[0])
    assert Explanation.from_dict(found.as_dict()) == found
    assert "secret" in str(found.as_dict())
    assert "secret" not in str(found.without_values())
    assert "secret" not in repr(found)
    assert '"secret"' in table(found)


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ('a "b"', '"a \\"b\\""'),
        ("one\ntwo\r\nthree", '"one / two / three"'),
        ("Blümchen 株式会社", '"Blümchen 株式会社"'),
        ("\x1b[31mred\u202e", '"\ufffd[31mred\ufffd"'),
        ("x" * 50, '"' + "x" * 40 + '… (50 characters)"'),
    ],
)
def test_a_value_is_one_line_of_printable_text(text: str, shown_as: str) -> None:
    assert shown(Cell(text), 40) == shown_as


def test_a_value_is_not_cut_between_a_letter_and_its_accent() -> None:
    assert cut("abcde\u0301fgh", 5).startswith("abcd…")
    assert cut("abc", 3) == "abc"
