"""Addresses and phones: equal, parting, joining, incomplete; what a Customer's address may reach."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.world import (
    ADDRESS,
    account,
    company,
    contact,
    customer,
    customers,
    edit_company,
    edit_customer,
    edit_salesforce,
    is_quiet,
    item,
    later,
    prefixed,
    primary,
    raw_company,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
    synced,
)
from tests.support.rig import Rig


def with_addresses(rig: Rig, **shipping: str) -> tuple[str, str]:
    """An Account with a billing address, and a shipping one that differs in *shipping*; and its Company."""
    account_id = account(rig, "Acme", **prefixed("Billing"), **prefixed("Shipping", **shipping))
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    return account_id, company_id


def parts(address: dict[str, Any]) -> dict[str, Any]:
    names = ("address_1", "address_2", "city", "region", "postal_code", "country")
    return {name: address[name] for name in names if address[name]}


# From Salesforce


def test_equal_billing_and_shipping_are_one_address_with_both_flags(either: Rig) -> None:
    _, company_id = with_addresses(either)
    (address,) = raw_company(either, company_id)["addresses"]
    assert address["is_primary_billing"] is address["is_primary_shipping"] is True
    assert is_quiet(either.run("account"))


def test_when_they_part_billing_keeps_the_record_and_shipping_gets_a_new_one(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    (before,) = raw_company(either, company_id)["addresses"]
    edit_salesforce(either, account_id, ShippingCity="Dallas")
    either.run("account").ok  # noqa: B018
    after = raw_company(either, company_id)
    billing, shipping = primary(after, "billing"), primary(after, "shipping")
    assert (billing["id"], billing["city"]) == (before["id"], "Austin")
    assert shipping["id"] != before["id"]
    assert shipping["city"] == "Dallas"
    assert len(after["addresses"]) == 2
    assert is_quiet(either.run("account"))


def test_billing_keeps_the_record_when_it_is_billing_that_changed(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    (before,) = raw_company(either, company_id)["addresses"]
    edit_salesforce(either, account_id, BillingCity="Dallas")
    either.run("account").ok  # noqa: B018
    after = raw_company(either, company_id)
    billing, shipping = primary(after, "billing"), primary(after, "shipping")
    assert (billing["id"], billing["city"], shipping["city"]) == (before["id"], "Dallas", "Austin")
    assert is_quiet(either.run("account"))


def test_when_they_become_equal_billing_gets_both_flags_and_the_other_stays(either: Rig) -> None:
    account_id, company_id = with_addresses(either, City="Dallas")
    billing = primary(raw_company(either, company_id), "billing")
    edit_salesforce(either, account_id, ShippingCity="Austin")
    either.run("account").ok  # noqa: B018
    after = raw_company(either, company_id)
    assert primary(after, "billing")["id"] == primary(after, "shipping")["id"] == billing["id"]
    (other,) = [address for address in after["addresses"] if address["id"] != billing["id"]]
    assert other["city"] == "Dallas"
    assert not other["is_primary_billing"]
    assert not other["is_primary_shipping"]
    assert is_quiet(either.run("account"))


def test_parting_and_joining_again_leaves_nothing_lost(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    for city in ("Dallas", "Austin", "Houston"):
        later(either, minutes=1)
        edit_salesforce(either, account_id, ShippingCity=city)
        either.run("account").ok  # noqa: B018
        after = raw_company(either, company_id)
        assert primary(after, "billing")["city"] == "Austin"
        assert primary(after, "shipping")["city"] == city
        assert is_quiet(either.run("account"))


def test_other_addresses_in_ipaas_are_kept(either: Rig) -> None:
    account_id, company_id = with_addresses(either, City="Dallas")
    known = raw_company(either, company_id)["addresses"]
    edit_company(either, company_id, addresses=[*known, item(address_1="9 Side St")])
    either.run("account").ok  # noqa: B018
    later(either, minutes=1)
    edit_salesforce(either, account_id, ShippingCity="Houston")
    either.run("account").ok  # noqa: B018
    lines = [address["address_1"] for address in raw_company(either, company_id)["addresses"]]
    assert sorted(lines) == ["1 Main St", "1 Main St", "9 Side St"]


def test_a_street_of_many_lines_goes_to_two(either: Rig) -> None:
    account_id = account(either, "Acme", **prefixed("Billing", Street="1 Main St\nFloor 2\nRoom 3"))
    company_id = synced(either, "account", account_id)
    address = primary(raw_company(either, company_id), "billing")
    assert (address["address_1"], address["address_2"]) == ("1 Main St", "Floor 2, Room 3")
    assert is_quiet(either.run("account"))
    assert raw_salesforce(either, account_id)["BillingStreet"] == "1 Main St\nFloor 2\nRoom 3"


def test_a_blank_country_takes_the_default_country(either: Rig) -> None:
    either.default_country = "US"
    account_id = account(either, "Acme", **prefixed("Billing", Country=""))
    company_id = synced(either, "account", account_id)
    assert primary(raw_company(either, company_id), "billing")["country"] == "US"
    assert is_quiet(either.run("account"))
    assert not raw_salesforce(either, account_id).get("BillingCountry")


def test_the_names_on_a_companys_address_are_its_name_and_a_dash(either: Rig) -> None:
    _, company_id = with_addresses(either)
    (address,) = raw_company(either, company_id)["addresses"]
    assert (address["first_name"], address["last_name"]) == ("Acme", "-")


# Incomplete


@pytest.mark.parametrize("missing", ["Street", "City", "State", "PostalCode", "Country"])
def test_an_incomplete_address_is_left_out_and_the_record_goes_without_it(either: Rig, missing: str) -> None:
    account_id = account(either, "Acme", Phone="1", **prefixed("Billing", **{missing: ""}))
    result = either.run("account").ok
    assert result["to_ipaas"]["created"] == 1
    assert result["to_ipaas"]["warnings"]["address_incomplete"] == 1
    company_id = synced(either, "account", account_id)
    assert raw_company(either, company_id)["addresses"] == []
    assert raw_company(either, company_id)["phone_number"] == "1"


def test_an_incomplete_address_is_no_news_for_the_next_run(either: Rig) -> None:
    account_id = account(either, "Acme", **prefixed("Billing", City=""))
    synced(either, "account", account_id)
    assert is_quiet(either.run("account"))
    assert raw_salesforce(either, account_id)["BillingStreet"] == "1 Main St"


def test_an_address_there_is_not_removed_for_an_incomplete_one(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    edit_salesforce(either, account_id, BillingCity=None, Phone="5")
    result = either.run("account").ok
    assert result["to_ipaas"]["warnings"]["address_incomplete"] == 1
    after = raw_company(either, company_id)
    assert primary(after, "billing")["city"] == "Austin"
    assert after["phone_number"] == "5"
    assert is_quiet(either.run("account"))
    assert raw_salesforce(either, account_id).get("BillingCity") is None


def test_a_completed_address_is_sent(either: Rig) -> None:
    account_id = account(either, "Acme", **prefixed("Billing", City=""))
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    edit_salesforce(either, account_id, BillingCity="Austin")
    either.run("account").ok  # noqa: B018
    assert primary(raw_company(either, company_id), "billing")["city"] == "Austin"
    assert is_quiet(either.run("account"))


def test_the_phone_of_a_contact_without_a_complete_address_is_not_sent(either: Rig) -> None:
    contact_id = contact(either, account(either), Phone="555-0101", **prefixed("Mailing", City=""))
    result = either.run("contact").ok
    assert result["to_ipaas"]["warnings"]["address_incomplete"] == 1
    assert result["to_ipaas"]["warnings"]["phone_not_sent"] == 1
    customer_id = synced(either, "contact", contact_id)
    assert raw_customer(either, customer_id)["addresses"] == []


def test_the_phone_that_had_no_address_goes_with_it_later(either: Rig) -> None:
    contact_id = contact(either, account(either), Phone="555-0101")
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, **prefixed("Mailing"))
    either.run("contact").ok  # noqa: B018
    address = primary(raw_customer(either, customer_id), "shipping")
    assert (address["phone_number"], address["city"]) == ("555-0101", "Austin")
    assert is_quiet(either.run("contact"))


def test_the_phone_that_had_no_address_goes_with_one_that_is_added_in_ipaas(either: Rig) -> None:
    contact_id = contact(either, account(either), Phone="555-0101")
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_customer(either, customer_id, addresses=[item(shipping=True)])
    either.run("contact").ok  # noqa: B018
    assert primary(raw_customer(either, customer_id), "shipping")["phone_number"] == "555-0101"
    assert raw_salesforce(either, contact_id)["MailingCity"] == "Austin"
    either.run("contact").ok  # noqa: B018
    assert is_quiet(either.run("contact"))


def test_an_address_of_ipaas_that_replaces_one_that_could_not_be_sent_is_a_conflict(either: Rig) -> None:
    account_id = account(either, "Acme", **prefixed("Billing", City=""))
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    edit_company(either, company_id, addresses=[item(billing=True)])
    result = either.run("account").ok
    assert result["to_salesforce"]["conflicts"]["resolved"] == 1
    assert raw_salesforce(either, account_id)["BillingCity"] == "Austin"
    assert is_quiet(either.run("account"))


def test_an_address_refused_in_its_country_is_refused_with_the_record(either: Rig) -> None:
    either.control("PATCH", "ipaas/switches", {"country_form": "iso2"})
    account(either, "Good", **prefixed("Billing"))
    account(either, "Bad", **prefixed("Billing", Country="Atlantis"))
    result = either.run("account").ok
    assert result.counts("to_ipaas") == {"created": 1, "failed": 1}
    (error,) = result["to_ipaas"]["errors"]
    assert error["code"] == "VALD-1046"
    assert "Atlantis" not in error["message"]


# The phone of a Contact


def linked_contact(rig: Rig, **fields: Any) -> tuple[str, str]:
    contact_id = contact(rig, account(rig), Phone="1", **prefixed("Mailing"), **fields)
    customer_id = synced(rig, "contact", contact_id)
    later(rig, minutes=1)
    return contact_id, customer_id


def test_the_phone_and_the_address_of_a_contact_are_fields_of_their_own(either: Rig) -> None:
    contact_id, customer_id = linked_contact(either)
    edit_salesforce(either, contact_id, Phone="2")
    found = primary(raw_customer(either, customer_id), "shipping")
    edit_customer(either, customer_id, addresses=[{**found, "city": "Dallas"}])
    result = either.run("contact").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 0
    after = primary(raw_customer(either, customer_id), "shipping")
    assert (after["phone_number"], after["city"]) == ("2", "Dallas")
    row = raw_salesforce(either, contact_id)
    assert (row["Phone"], row["MailingCity"]) == ("2", "Dallas")
    assert is_quiet(either.run("contact"))


def test_a_phone_edited_in_ipaas_reaches_the_contact(either: Rig) -> None:
    contact_id, customer_id = linked_contact(either)
    found = primary(raw_customer(either, customer_id), "shipping")
    edit_customer(either, customer_id, addresses=[{**found, "phone_number": "3"}])
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["Phone"] == "3"


# From iPaaS.com


def test_only_the_primary_shipping_address_of_a_customer_goes_to_the_mailing_fields(either: Rig) -> None:
    addresses = [
        item(address_1="1 Other St"),
        item(address_1="2 Billing St", billing=True),
        item(address_1="3 Shipping St", shipping=True),
    ]
    customer(either, addresses=addresses)
    either.run("contact").ok  # noqa: B018
    (row,) = salesforce_rows(either, "Contact")
    assert row["MailingStreet"] == "3 Shipping St"


def test_a_customer_without_a_primary_shipping_address_keeps_salesforces(either: Rig) -> None:
    contact_id, customer_id = linked_contact(either)
    edit_customer(either, customer_id, addresses=[item(address_1="2 Billing St", billing=True)])
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["MailingStreet"] == "1 Main St"
    assert is_quiet(either.run("contact"))


def test_edits_of_another_address_are_no_news(either: Rig) -> None:
    contact_id, customer_id = linked_contact(either)
    found = raw_customer(either, customer_id)["addresses"]
    edit_customer(either, customer_id, addresses=[*found, item(address_1="9 Side St")])
    assert is_quiet(either.run("contact"))
    assert raw_salesforce(either, contact_id)["MailingStreet"] == "1 Main St"


def test_address_lines_of_a_company_become_lines_of_the_street(either: Rig) -> None:
    either.run("account").ok  # noqa: B018
    company(either, "Acme", addresses=[item(billing=True, address_2="Floor 2", address_3="Room 3")])
    either.run("account").ok  # noqa: B018
    (row,) = salesforce_rows(either, "Account")
    assert row["BillingStreet"] == "1 Main St\nFloor 2\nRoom 3"
    assert {name: row[f"Billing{name}"] for name in ("City", "State", "PostalCode", "Country")} == {
        name: ADDRESS[name] for name in ("City", "State", "PostalCode", "Country")
    }
    assert is_quiet(either.run("account"))


def test_an_edit_of_a_shared_address_in_ipaas_changes_both_in_salesforce(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    (found,) = raw_company(either, company_id)["addresses"]
    edit_company(either, company_id, addresses=[{**found, "city": "Dallas"}])
    either.run("account").ok  # noqa: B018
    row = raw_salesforce(either, account_id)
    assert (row["BillingCity"], row["ShippingCity"]) == ("Dallas", "Dallas")
    assert is_quiet(either.run("account"))


def test_both_sides_edit_one_of_two_joined_addresses(either: Rig) -> None:
    account_id, company_id = with_addresses(either)
    (found,) = raw_company(either, company_id)["addresses"]
    edit_company(either, company_id, addresses=[{**found, "city": "Dallas"}])
    edit_salesforce(either, account_id, ShippingCity="Houston")
    result = either.run("account").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 1
    for _ in range(3):
        row, after = raw_salesforce(either, account_id), raw_company(either, company_id)
        assert (row["BillingCity"], row["ShippingCity"]) == ("Dallas", "Houston")
        assert (primary(after, "billing")["city"], primary(after, "shipping")["city"]) == ("Dallas", "Houston")
        assert is_quiet(either.run("account"))


def test_where_addresses_are_off_nothing_of_them_is_touched(either: Rig) -> None:
    either.profile_overrides = {"addresses": "off"}
    account_id = account(either, "Acme", Phone="1", **prefixed("Billing"))
    company_id = synced(either, "account", account_id)
    assert raw_company(either, company_id)["addresses"] == []
    contact(either, account_id, Phone="1", **prefixed("Mailing"))
    result = either.run("contact").ok
    assert result["to_ipaas"]["created"] == 1
    assert "address_incomplete" not in result["to_ipaas"]["warnings"]
    assert customers(either)[0]["addresses"] == []


def test_parts_compares_only_what_is_postal(rig: Rig) -> None:
    _, company_id = with_addresses(rig, City="Dallas")
    shipping = primary(raw_company(rig, company_id), "shipping")
    assert parts(shipping) == {
        "address_1": "1 Main St",
        "city": "Dallas",
        "region": "TX",
        "postal_code": "73301",
        "country": "US",
    }
