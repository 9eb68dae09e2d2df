"""Tables of the address rules: both forms, agreement, and the place of addresses in a record."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.mapping import addresses
from airflow_provider_ipaas.mapping.addresses import BILLING, SHIPPING, Address, AddressPlan
from airflow_provider_ipaas.mapping.rules import Purpose

BOTH = frozenset({BILLING, SHIPPING})
A: Address = {"address_1": "1 A St", "city": "Aville", "region": "AA", "postal_code": "1", "country": "US"}
B: Address = {"address_1": "2 B St", "address_2": "Floor 2", "city": "Bville", "country": "US"}
C: Address = {"address_1": "3 C St", "city": "Cville"}
NAMES = {"first_name": "Acme", "last_name": "-"}


@pytest.mark.parametrize(
    ("salesforce", "ipaas"),
    [
        ({"Street": "1 Main"}, {"address_1": "1 Main"}),
        ({"Street": "1 Main\r\nFloor 2"}, {"address_1": "1 Main", "address_2": "Floor 2"}),
        ({"Street": "1 Main\nFloor 2\nDoor 3\n"}, {"address_1": "1 Main", "address_2": "Floor 2, Door 3"}),
        ({"Street": "1 Main\n\n Floor 2 "}, {"address_1": "1 Main", "address_2": "Floor 2"}),
        (
            {"City": "Bern", "State": "BE", "PostalCode": "3000"},
            {"city": "Bern", "region": "BE", "postal_code": "3000"},
        ),
        ({"Country": " Switzerland "}, {"country": "Switzerland"}),
        ({"Street": " ", "City": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_salesforce_to_ipaas(salesforce: dict[str, Any] | None, ipaas: Address | None) -> None:
    assert addresses.salesforce_to_ipaas(salesforce) == ipaas


@pytest.mark.parametrize(
    ("ipaas", "salesforce"),
    [
        ({"address_1": "a", "address_2": "b", "address_3": "c"}, {"Street": "a\nb\nc"}),
        ({"address_1": "a", "address_2": "", "address_3": "c"}, {"Street": "a\nc"}),
        ({"address_2": "b, c"}, {"Street": "b, c"}),
        (
            {"city": "Bern", "region": "BE", "postal_code": 3000, "country": "CH"},
            {"City": "Bern", "State": "BE", "PostalCode": "3000", "Country": "CH"},
        ),
        ({"id": "7", "phone_number": "1", "first_name": "x"}, None),
        (None, None),
    ],
)
def test_ipaas_to_salesforce(ipaas: dict[str, Any] | None, salesforce: Address | None) -> None:
    assert addresses.ipaas_to_salesforce(ipaas) == salesforce


def test_a_blank_country_takes_the_default_but_a_blank_address_stays_blank() -> None:
    assert addresses.salesforce_to_ipaas({"City": "Bern"}, "CH") == {"city": "Bern", "country": "CH"}
    assert addresses.salesforce_to_ipaas({"City": "Bern", "Country": "DE"}, "CH") == {"city": "Bern", "country": "DE"}
    assert addresses.salesforce_to_ipaas({}, "CH") is None


@pytest.mark.parametrize(
    ("salesforce", "ipaas", "default_country", "expected"),
    [
        (None, None, None, True),
        ({"City": "x"}, None, None, False),
        (None, {"city": "x"}, None, False),
        ({"City": " "}, {"city": ""}, None, True),
        ({"Street": "a\nb\nc"}, {"address_1": "a", "address_2": "b, c"}, None, True),
        ({"Street": "a\nb\nc"}, {"address_1": "a", "address_2": "b", "address_3": "c"}, None, True),
        ({"Street": "a\nb"}, {"address_1": "a", "address_3": "b"}, None, True),
        ({"Street": "a, b"}, {"address_1": "a", "address_2": "b"}, None, False),
        ({"City": "x"}, {"city": "x", "country": "US"}, "US", True),
        ({"City": "x"}, {"city": "x", "country": "US"}, None, False),
        ({"City": "x"}, {"city": "x", "country": "CA"}, "US", False),
        ({"City": "x"}, {"city": "X"}, None, False),
    ],
)
def test_agree(salesforce: Address | None, ipaas: Address | None, default_country: str | None, expected: bool) -> None:
    assert addresses.agree(salesforce, ipaas, default_country) is expected


def test_missing_parts_are_named_in_order() -> None:
    required = ("address_1", "city", "region", "country", "postal_code")
    assert addresses.missing_parts(C, required) == ("region", "country", "postal_code")
    assert addresses.missing_parts(A, required) == ()


def item(item_id: str, address: Address, *purposes: Purpose, **more: Any) -> dict[str, Any]:
    flags = {addresses.flag_of(purpose): purpose in purposes for purpose in addresses.PURPOSES}
    return {"id": item_id, **address, **flags, **more}


def new(address: Address, *purposes: Purpose, **more: Any) -> dict[str, Any]:
    made = item("", address, *purposes, **NAMES, **more)
    del made["id"]
    return made


def plan(wanted: Mapping[Purpose, Address | None], mapped: frozenset[Purpose] = BOTH) -> AddressPlan:
    return AddressPlan(wanted, mapped, NAMES)


BILLING_A, SHIPPING_B = item("1", A, BILLING), item("2", B, SHIPPING)
SHARED_A, OTHER_C = item("1", A, BILLING, SHIPPING, phone_number="555", type="home"), item("9", C)
FREED_A = {**SHARED_A, "is_primary_shipping": False}
CARRIED = {"phone_number": "555", "type": "home"}

CASES: list[tuple[str, list[Any], dict[Purpose, Address | None], list[Any]]] = [
    ("first address", [], {BILLING: A}, [new(A, BILLING)]),
    ("first shipping address", [OTHER_C], {SHIPPING: A}, [OTHER_C, new(A, SHIPPING)]),
    ("two different first ones", [], {BILLING: A, SHIPPING: B}, [new(A, BILLING), new(B, SHIPPING)]),
    ("two equal first ones are one item", [], {BILLING: A, SHIPPING: A}, [new(A, BILLING, SHIPPING)]),
    ("in place", [OTHER_C, BILLING_A], {BILLING: C}, [
        OTHER_C,
        {**BILLING_A, **C, "region": "", "postal_code": "", "country": ""},
    ]),
    ("both in place", [BILLING_A, SHIPPING_B], {BILLING: B, SHIPPING: A}, [
        {**BILLING_A, **B, "region": "", "postal_code": ""},
        {**SHIPPING_B, **A, "address_2": ""},
    ]),
    ("nothing to do", [BILLING_A, SHIPPING_B], {BILLING: A, SHIPPING: B}, [BILLING_A, SHIPPING_B]),
    ("shipping parts", [SHARED_A], {SHIPPING: B}, [FREED_A, {**new(B, SHIPPING), **CARRIED}]),
    ("billing parts and keeps the item", [SHARED_A], {BILLING: B}, [
        {**FREED_A, **B, "region": "", "postal_code": ""},
        {**new(A, SHIPPING), **CARRIED},
    ]),
    ("both part to different ones", [SHARED_A], {BILLING: B, SHIPPING: C}, [
        {**FREED_A, **B, "region": "", "postal_code": ""},
        {**new(C, SHIPPING), **CARRIED},
    ]),
    ("both move together", [SHARED_A], {BILLING: B, SHIPPING: B}, [{**SHARED_A, **B, "region": "", "postal_code": ""}]),
    ("shipping becomes billing's", [BILLING_A, SHIPPING_B], {SHIPPING: A}, [
        {**BILLING_A, "is_primary_shipping": True},
        {**SHIPPING_B, "is_primary_shipping": False},
    ]),
    ("billing becomes shipping's: billing's item stays", [SHIPPING_B, BILLING_A], {BILLING: B}, [
        {**SHIPPING_B, "is_primary_shipping": False},
        {**BILLING_A, **B, "region": "", "postal_code": "", "is_primary_shipping": True},
    ]),
    ("billing joins the only item", [SHIPPING_B], {BILLING: B}, [{**SHIPPING_B, "is_primary_billing": True}]),
    ("shipping joins the only item", [BILLING_A], {SHIPPING: A}, [{**BILLING_A, "is_primary_shipping": True}]),
    ("cleared: the item stays, unflagged", [BILLING_A], {BILLING: None}, [{**BILLING_A, "is_primary_billing": False}]),
    ("cleared on a shared item", [SHARED_A], {SHIPPING: None}, [FREED_A]),
    ("one cleared, the other moves in place", [SHARED_A], {BILLING: None, SHIPPING: C}, [
        {**SHARED_A, **C, "region": "", "postal_code": "", "country": "", "is_primary_billing": False},
    ]),
    ("the first flagged item counts", [BILLING_A, item("2", B, BILLING)], {BILLING: {**A, "city": "New"}}, [
        {**BILLING_A, "city": "New"},
        item("2", B, BILLING),
    ]),
    ("parting leaves one shipping item", [SHARED_A, SHIPPING_B], {SHIPPING: C}, [
        FREED_A,
        {**SHIPPING_B, "is_primary_shipping": False},
        {**new(C, SHIPPING), **CARRIED},
    ]),
    ("joining leaves no shipping item before billing's", [SHIPPING_B, item("3", C, SHIPPING), BILLING_A], {SHIPPING: A}, [
        {**SHIPPING_B, "is_primary_shipping": False},
        {**item("3", C)},
        {**BILLING_A, "is_primary_shipping": True},
    ]),
    ("entries that are no records are kept", ["odd", None, BILLING_A], {BILLING: A}, ["odd", None, BILLING_A]),
]  # fmt: skip


@pytest.mark.parametrize(("items", "wanted", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_merge(items: list[Any], wanted: dict[Purpose, Address | None], expected: list[Any]) -> None:
    before = copy.deepcopy(items)
    merged = addresses.merge(items, plan(wanted))
    assert merged == expected
    assert items == before, "the items given must not be changed"
    assert addresses.merge(merged, plan(wanted)) == merged, "doing it twice must change nothing more"


def test_flags_in_words_count() -> None:
    items = [{**A, "is_primary_billing": "True"}]
    assert addresses.primary_index(items, BILLING) == 0
    assert addresses.primary_index([{**A, "is_primary_billing": "maybe"}], BILLING) is None


def test_spaces_alone_are_no_reason_to_write() -> None:
    shown = {**BILLING_A, "city": " Aville ", "address_2": None}
    assert addresses.merge([shown], plan({BILLING: A})) == [shown]


def test_only_mapped_purposes_are_joined() -> None:
    shipping_only = frozenset({SHIPPING})
    merged = addresses.merge([BILLING_A, SHIPPING_B], plan({SHIPPING: A}, shipping_only))
    assert merged == [BILLING_A, {**SHIPPING_B, **A, "address_2": ""}]
    assert addresses.merge([BILLING_A], plan({SHIPPING: A}, shipping_only)) == [BILLING_A, new(A, SHIPPING)]


def test_a_shared_item_parts_although_billing_is_not_mapped() -> None:
    merged = addresses.merge([SHARED_A], plan({SHIPPING: B}, frozenset({SHIPPING})))
    assert merged == [FREED_A, {**new(B, SHIPPING), **CARRIED}]


some_address = st.sampled_from([A, B, C, {**A, "address_3": "z"}])
some_item = st.builds(
    lambda number, address, billing, shipping, extra: {
        **{"id": str(number), **address, "is_primary_billing": billing, "is_primary_shipping": shipping},
        "note": extra,
    },
    st.integers(1, 99),
    some_address,
    st.booleans(),
    st.booleans(),
    st.text(max_size=3),
)
some_plan = st.builds(
    lambda wanted, mapped: plan({p: a for p, a in wanted.items() if p in mapped}, mapped),
    st.dictionaries(st.sampled_from([BILLING, SHIPPING]), st.none() | some_address),
    st.sampled_from([BOTH, frozenset({SHIPPING}), frozenset({BILLING})]),
)


@given(st.lists(some_item, max_size=5), some_plan)
def test_merge_shows_what_was_wanted_and_is_idempotent(items: list[Any], wanted: AddressPlan) -> None:
    merged = addresses.merge(items, wanted)
    for purpose, address in wanted.wanted.items():
        assert addresses.normal_ipaas(addresses.primary_item(merged, purpose)) == address
    for purpose in {BILLING, SHIPPING} - set(wanted.wanted):
        before, after = (addresses.normal_ipaas(addresses.primary_item(one, purpose)) for one in (items, merged))
        assert after == before, "a purpose the plan does not speak of must show the same"
    assert addresses.merge(merged, wanted) == merged


@given(st.lists(some_item, max_size=5), some_plan)
def test_merge_keeps_every_item_and_touches_only_primary_ones(items: list[Any], wanted: AddressPlan) -> None:
    merged = addresses.merge(items, wanted)
    assert [one.get("id") for one in merged[: len(items)]] == [one["id"] for one in items]
    assert all("id" not in one for one in merged[len(items) :])
    for before, after in zip(items, merged, strict=False):
        assert after["note"] == before["note"]
        if not any(addresses.is_primary(before, purpose) for purpose in (BILLING, SHIPPING)):
            assert after == before


words = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=8)


@given(
    st.lists(words.filter(lambda word: "," not in word), min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["City", "State", "PostalCode", "Country"]), words),
)
def test_two_street_lines_go_there_and_back(lines: list[str], rest: dict[str, str]) -> None:
    address = {"Street": "\n".join(lines), **rest}
    there = addresses.salesforce_to_ipaas(address)
    assert addresses.ipaas_to_salesforce(there) == address
    assert addresses.agree(address, there)


@given(st.dictionaries(st.sampled_from(addresses.SALESFORCE_PARTS), st.text(max_size=20)), st.none() | words)
def test_a_translated_address_always_agrees(address: dict[str, str], default_country: str | None) -> None:
    there = addresses.salesforce_to_ipaas(address, default_country)
    assert addresses.agree(address, there, default_country)


@given(st.dictionaries(st.sampled_from(addresses.IPAAS_PARTS), st.text(max_size=20)))
def test_an_address_brought_to_salesforce_agrees(address: dict[str, str]) -> None:
    assert addresses.agree(addresses.ipaas_to_salesforce(address), addresses.normal_ipaas(address))
