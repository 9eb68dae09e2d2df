"""What is said of every kind of change between two looks at the fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape
from airflow_provider_ipaas.mapping.tables import Table
from airflow_provider_ipaas.sync.ports import FieldFacts, ObjectFacts
from airflow_provider_ipaas.sync.schema import changes, first_look, snapshot

PHONE = FieldFacts("Phone", "Phone", "phone", 40, True, True, False, False)
STAGE = replace(PHONE, name="Stage__c", type="picklist", length=255, values=("Open", "Won"))
NAME = replace(PHONE, name="Name", type="string", length=255, nillable=False)


def mapping(**rule: Any) -> CollectionMapping:
    rules = (
        FieldRule("name", "text", "Name", "name"),
        replace(FieldRule("phone", "text", "Phone", "phone_number"), **rule),
        FieldRule("stage", "text", "Stage__c", "stage", ipaas_custom=True),
    )
    return CollectionMapping("account", rules, IPaaSShape())


def facts(*fields: FieldFacts) -> ObjectFacts:
    return ObjectFacts("Account", {each.name: each for each in fields})


def between(before: ObjectFacts, now: ObjectFacts, **rule: Any) -> list[tuple[str, str, str]]:
    told = changes(mapping(**rule), snapshot(mapping(**rule), before), snapshot(mapping(**rule), now))
    assert all(change.text and change.next_step for change in told)
    return [(change.severity, change.field, change.what) for change in told]


BEFORE = facts(NAME, PHONE, STAGE)


def test_nothing_changed() -> None:
    assert between(BEFORE, BEFORE) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": "string"}, ("warning", "Phone", "retyped")),
        ({"length": 20}, ("warning", "Phone", "shortened")),
        ({"length": 80}, ("info", "Phone", "lengthened")),
        ({"updateable": False}, ("error", "Phone", "read_only")),
        ({"calculated": True}, ("warning", "Phone", "formula")),
        ({"label": "Telephone"}, None),
    ],
)
def test_a_field_that_changed(changed: dict[str, Any], said: tuple[str, str, str] | None) -> None:
    assert between(BEFORE, facts(NAME, replace(PHONE, **changed), STAGE)) == ([said] if said else [])


def test_a_field_that_went_and_came_back() -> None:
    without = facts(NAME, STAGE)
    assert between(BEFORE, without) == [("error", "Phone", "missing")]
    assert between(without, BEFORE) == [("info", "Phone", "visible")]


def test_what_is_never_written_may_be_read_only() -> None:
    fixed = facts(NAME, replace(PHONE, updateable=False), STAGE)
    assert between(BEFORE, fixed, direction="to_ipaas") == []
    assert between(fixed, BEFORE, direction="to_ipaas") == [("info", "Phone", "editable")]


def test_values_of_a_picklist() -> None:
    now = facts(NAME, PHONE, replace(STAGE, values=("Open", "Lost")))
    assert between(BEFORE, now) == [("warning", "Stage__c", "values_gone"), ("info", "Stage__c", "values_new")]


def test_a_new_value_that_the_translation_table_does_not_know_is_a_warning() -> None:
    table = Table((("Open", "1"), ("Won", "2")))
    rules = tuple(replace(rule, table=table) if rule.key == "stage" else rule for rule in mapping().fields)
    translated = CollectionMapping("account", rules, IPaaSShape())
    now = facts(NAME, PHONE, replace(STAGE, values=("Open", "Won", "Lost")))
    (told,) = changes(translated, snapshot(translated, BEFORE), snapshot(translated, now))
    assert (told.severity, told.what) == ("warning", "values_new")
    assert "'Lost'" in told.text


def test_a_field_that_is_required_now_and_not_mapped() -> None:
    new = replace(PHONE, name="Region__c", nillable=False)
    assert between(BEFORE, facts(NAME, PHONE, STAGE, new)) == [("error", "Region__c", "required")]
    given = replace(new, defaulted_on_create=True)
    assert between(BEFORE, facts(NAME, PHONE, STAGE, given)) == []


def test_the_gravest_comes_first() -> None:
    now = facts(NAME, replace(PHONE, length=80), replace(STAGE, updateable=False))
    assert [each[0] for each in between(BEFORE, now)] == ["error", "info"]


def test_a_first_look_tells_what_is_broken() -> None:
    told = first_look(mapping(), facts(NAME, replace(STAGE, updateable=False)))
    assert [(each.severity, each.field, each.what) for each in told] == [
        ("error", "Phone", "missing"),
        ("error", "Stage__c", "read_only"),
    ]
    assert first_look(mapping(), BEFORE) == []
