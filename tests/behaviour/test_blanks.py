"""Blank values: they never overwrite, unless the mapping says that they clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.behaviour.world import (
    account,
    contact,
    edit_company,
    edit_customer,
    edit_salesforce,
    is_quiet,
    item,
    later,
    map_fields,
    prefixed,
    primary,
    raw_company,
    raw_customer,
    raw_salesforce,
    synced,
)
from tests.support.rig import Rig

Pair = tuple[str, str]


@pytest.fixture
def pair(either: Rig) -> Pair:
    """An Account and its Company, in step."""
    account_id = account(either, "Acme", Phone="1", Fax="2", **prefixed("Billing"))
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    return account_id, company_id


def test_a_field_that_became_blank_in_salesforce_stays_in_ipaas(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone=None)
    assert is_quiet(either.run("account"))
    assert raw_company(either, company_id)["phone_number"] == "1"
    assert raw_salesforce(either, account_id).get("Phone") is None
    assert is_quiet(either.run("account"))


@pytest.mark.parametrize("blank", ["", None, "   "])
def test_a_field_that_became_blank_in_ipaas_stays_in_salesforce(either: Rig, pair: Pair, blank: str | None) -> None:
    account_id, company_id = pair
    edit_company(either, company_id, phone_number=blank)
    assert is_quiet(either.run("account"))
    assert raw_salesforce(either, account_id)["Phone"] == "1"
    assert is_quiet(either.run("account"))


def test_the_other_sides_edit_wins_over_a_blank_without_a_conflict(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone=None)
    edit_company(either, company_id, phone_number="11")
    result = either.run("account").ok
    assert raw_salesforce(either, account_id)["Phone"] == "11"
    assert result["to_ipaas"]["conflicts"]["resolved"] == result["to_salesforce"]["conflicts"]["resolved"] == 0


def test_a_later_edit_after_a_blank_arrives(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone=None)
    either.run("account").ok  # noqa: B018
    later(either, minutes=1)
    edit_salesforce(either, account_id, Phone="12")
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["phone_number"] == "12"


def test_restoring_the_old_value_after_a_blank_writes_nothing(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone=None)
    either.run("account").ok  # noqa: B018
    later(either, minutes=1)
    edit_salesforce(either, account_id, Phone="1")
    assert is_quiet(either.run("account"))
    assert raw_company(either, company_id)["phone_number"] == "1"


def test_a_blank_clears_ipaas_where_the_mapping_says_so(either: Rig, pair: Pair, tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {blank: clear}")
    edit_salesforce(either, account_id, Phone=None)
    result = either.run("account").ok
    assert result["to_ipaas"]["updated"] == 1
    assert not raw_company(either, company_id)["phone_number"]
    assert raw_company(either, company_id)["fax_number"] == "2"
    assert is_quiet(either.run("account"))


def test_a_blank_clears_salesforce_where_the_mapping_says_so(either: Rig, pair: Pair, tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {blank: clear}")
    edit_company(either, company_id, phone_number="")
    result = either.run("account").ok
    assert result["to_salesforce"]["updated"] == 1
    assert raw_salesforce(either, account_id).get("Phone") is None
    assert raw_salesforce(either, account_id)["Fax"] == "2"
    assert is_quiet(either.run("account"))


def test_a_cleared_field_against_an_edit_is_a_conflict_where_blanks_clear(
    either: Rig, pair: Pair, tmp_path: Path
) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {blank: clear}")
    edit_salesforce(either, account_id, Phone=None)
    edit_company(either, company_id, phone_number="11")
    result = either.run("account").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 1
    assert not raw_company(either, company_id)["phone_number"]
    assert is_quiet(either.run("account"))


def test_a_blank_address_does_not_overwrite_one(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, **dict.fromkeys(prefixed("Billing")))
    assert is_quiet(either.run("account"))
    assert primary(raw_company(either, company_id), "billing")["address_1"] == "1 Main St"


def test_an_address_taken_away_in_ipaas_stays_in_salesforce(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    edit_company(either, company_id, addresses=[])
    assert is_quiet(either.run("account"))
    assert raw_salesforce(either, account_id)["BillingStreet"] == "1 Main St"


def test_an_address_clears_where_the_mapping_says_so(either: Rig, pair: Pair, tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "billing_address: {blank: clear}")
    edit_company(either, company_id, addresses=[item(address_1="9 Side St")])
    either.run("account").ok  # noqa: B018
    assert raw_salesforce(either, account_id).get("BillingStreet") is None
    assert is_quiet(either.run("account"))


def test_parts_of_an_address_that_became_blank_go_with_the_address(either: Rig, pair: Pair) -> None:
    account_id, company_id = pair
    found = primary(raw_company(either, company_id), "billing")
    edit_company(either, company_id, addresses=[{**found, "region": "", "city": "Dallas"}])
    either.run("account").ok  # noqa: B018
    after = raw_salesforce(either, account_id)
    assert after["BillingCity"] == "Dallas"
    assert after.get("BillingState") is None


# The placeholder of a missing first name


def test_a_missing_first_name_is_sent_as_a_dash_and_never_comes_back(either: Rig) -> None:
    contact_id = contact(either, account(either), FirstName=None)
    customer_id = synced(either, "contact", contact_id)
    assert raw_customer(either, customer_id)["first_name"] == "-"
    later(either, minutes=1)
    edit_customer(either, customer_id, last_name="Changed")
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["LastName"] == "Changed"
    assert raw_salesforce(either, contact_id).get("FirstName") is None


def test_a_dash_typed_in_ipaas_does_not_reach_salesforce(either: Rig) -> None:
    contact_id = contact(either, account(either), FirstName="Ann")
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_customer(either, customer_id, first_name="-")
    assert is_quiet(either.run("contact"))
    assert raw_salesforce(either, contact_id)["FirstName"] == "Ann"


def test_another_placeholder_can_be_chosen(either: Rig, tmp_path: Path) -> None:
    map_fields(either, tmp_path / "maps", "contact", 'first_name: {placeholder: "N/A"}')
    contact_id = contact(either, account(either), FirstName=None)
    customer_id = synced(either, "contact", contact_id)
    assert raw_customer(either, customer_id)["first_name"] == "N/A"
    assert is_quiet(either.run("contact"))
    assert raw_salesforce(either, contact_id).get("FirstName") is None


def test_a_first_name_given_later_replaces_the_placeholder(either: Rig) -> None:
    contact_id = contact(either, account(either), FirstName=None)
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, FirstName="Ann")
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["first_name"] == "Ann"
