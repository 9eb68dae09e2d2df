"""The counting behind the brakes: what is a change, what is a blank, and where the limits are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.sync.mass_change import ChangeLimits, Changes, excesses, summed
from airflow_provider_ipaas.sync.model import Collection, Direction, Item

LIMITS = ChangeLimits()


def changes(*planned: tuple[dict[str, Any], dict[str, Any]], direction: Direction = "to_ipaas") -> Changes:
    """Count updates given as (changes, base)."""
    counted = Changes("account", direction)
    for number, (new, base) in enumerate(planned):
        side = "salesforce" if direction == "to_ipaas" else "ipaas"
        counted.add(
            Item("account", side, f"own{number}", target_id=f"other{number}", payload={"changes": new, "base": base})
        )
    return counted


def many(records: int = 0, blanks: int = 0) -> Changes:
    return changes(*[({"fax": None}, {"fax": "1"})] * blanks, *[({"phone": "2"}, {"phone": "1"})] * (records - blanks))


def reasons(counted: Changes, linked: int, limits: ChangeLimits = LIMITS) -> list[str]:
    return [excess.reason for excess in excesses(counted, linked, limits)]


@pytest.mark.parametrize(
    ("records", "linked", "stops"),
    [
        (200, 200, False),  # not more than 200
        (201, 402, False),  # exactly half
        (201, 401, True),
        (201, 201, True),
        (500, 1000, False),
        (501, 1000, True),
    ],
)
def test_more_than_half_and_more_than_two_hundred(records: int, linked: int, stops: bool) -> None:
    assert reasons(many(records), linked) == ["mass_change"] * stops


@pytest.mark.parametrize(
    ("blanks", "linked", "stops"),
    [(1, 3, False), (4, 4, False), (5, 5, True), (5, 49, True), (5, 50, False), (10, 100, False), (11, 100, True)],
)
def test_more_than_a_tenth_blanked_and_not_just_a_handful(blanks: int, linked: int, stops: bool) -> None:
    assert reasons(many(blanks, blanks), linked) == ["mass_blank"] * stops


def test_a_blank_takes_a_value_away() -> None:
    counted = changes(
        ({"fax": None}, {"fax": "1"}),
        ({"fax": None}, {"fax": None}),
        ({"fax": None}, {}),
        ({"fax": "1"}, {"fax": None}),
        ({"flag": False, "text": "", "number": 0}, {"flag": True, "text": "a", "number": 1}),
    )
    assert dict(counted.blanks) == {"fax": 1}
    assert counted.records == 5
    assert counted.fields["fax"] == 4


def test_every_blanked_field_is_told_and_blanks_come_first() -> None:
    counted = changes(*[({"fax": None, "phone": None}, {"fax": "1", "phone": "1"})] * 201)
    assert reasons(counted, 201) == ["mass_blank", "mass_blank", "mass_change"]


def test_examples_are_five_and_name_salesforce_first() -> None:
    counted = changes(*[({"name": "b"}, {"name": "a"})] * 7, direction="to_salesforce")
    assert counted.examples == [(f"other{n}", f"own{n}") for n in range(5)]
    (excess,) = excesses(counted, 7, ChangeLimits(changed_records=0))
    assert "other0 = own0, " in excess.text
    assert "own5" not in excess.text


def test_words_hold_counts_and_names_and_no_values() -> None:
    counted = changes(*[({f"field_{n}": "secret" for n in range(8)}, dict.fromkeys("ab", "secret"))] * 201)
    (excess,) = excesses(counted, 300, LIMITS)
    assert "201 of 300 linked Companies in iPaaS.com (67 %" in excess.text
    assert "field_4 (201) and 3 more fields" in excess.text
    assert "secret" not in excess.text
    assert summed([counted]) == "201 updates of Companies in iPaaS.com"


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 100), st.integers(0, 20), st.integers(0, 100))
def test_what_needs_no_look_passes_no_limit(
    records: int, blanks: int, percent: int, floor: int, blank_percent: int
) -> None:
    limits = ChangeLimits(percent, floor, blank_percent)
    counted = many(records, min(blanks, records))
    if not counted.need_a_look(limits):
        assert excesses(counted, records, limits) == []


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_hundred_percent_never_stops(records: int, blanks: int) -> None:
    counted = many(records, min(blanks, records))
    assert excesses(counted, max(records, 1), ChangeLimits(100, 0, 100)) == []


@pytest.mark.parametrize("collection", ["account", "contact"])
def test_nothing_linked_and_nothing_changed_is_fine(collection: Collection) -> None:
    assert excesses(Changes(collection, "to_ipaas"), 0, ChangeLimits(0, 0, 0)) == []
