"""The first run of a pair: what is matched, what fills what, what only counts as having been there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    edit_company,
    external_id,
    is_quiet,
    item,
    later,
    link_of,
    partner,
    prefixed,
    raw_company,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
)
from tests.support.rig import SYSTEM_ID, Rig


def names(rig: Rig) -> set[str]:
    return {row["Name"] for row in salesforce_rows(rig, "Account")}


# The baseline: Companies have no stamp


def test_companies_that_were_there_before_are_not_created_in_salesforce(either: Rig) -> None:
    either.switch("ipaas", company_stamps="absent")
    company(either, "Was there")
    result = either.run("account").ok
    assert result["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 1}
    assert names(either) == set()
    assert is_quiet(either.run("account"))


def test_a_new_company_after_the_first_contact_is_created(rig: Rig) -> None:
    company(rig, "Was there")
    rig.run("account").ok  # noqa: B018
    company(rig, "Is new")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 1
    assert names(rig) == {"Is new"}


def test_a_baseline_company_is_treated_like_a_new_one_once_it_changes(rig: Rig) -> None:
    company_id = company(rig, "Was there")
    rig.run("account").ok  # noqa: B018
    edit_company(rig, company_id, fax_number="5")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 1
    assert names(rig) == {"Was there"}


def test_full_creates_the_baseline_too(rig: Rig) -> None:
    company(rig, "Was there")
    rig.run("account").ok  # noqa: B018
    result = rig.run("account", full=True).ok
    assert result["to_salesforce"]["created"] == 1
    assert names(rig) == {"Was there"}


def test_full_as_the_first_run_creates_everything_on_both_sides(rig: Rig) -> None:
    company(rig, "There")
    account(rig, "Here")
    result = rig.run("account", full=True).ok
    assert result["to_salesforce"]["created"] == result["to_ipaas"]["created"] == 1
    assert names(rig) == {"There", "Here"} == {record["name"] for record in companies(rig)}


def test_record_ids_create_one_of_the_baseline(rig: Rig) -> None:
    company_id = company(rig, "Was there")
    company(rig, "Was there too")
    rig.run("account").ok  # noqa: B018
    result = rig.run("account", record_ids=[company_id]).ok
    assert result["to_salesforce"]["created"] == 1
    assert names(rig) == {"Was there"}


@pytest.mark.parametrize("direction", ["both", "to_ipaas", "to_salesforce"])
def test_the_first_run_takes_the_baseline_whatever_its_direction(rig: Rig, direction: str) -> None:
    company(rig, "Was there")
    rig.run("account", direction=direction).ok  # noqa: B018
    company(rig, "Is new")
    result = rig.run("account").ok
    assert names(rig) == {"Is new"}
    assert result["to_salesforce"]["created"] == 1


@pytest.mark.parametrize("direction", ["both", "to_ipaas", "to_salesforce"])
def test_a_baseline_company_that_changes_before_a_later_run_is_created(rig: Rig, direction: str) -> None:
    company_id = company(rig, "Was there")
    rig.run("account", direction=direction).ok  # noqa: B018
    edit_company(rig, company_id, fax_number="5")
    later(rig, days=40)
    rig.run("account", direction="to_ipaas").ok  # noqa: B018
    rig.run("account").ok  # noqa: B018
    assert names(rig) == {"Was there"}


@pytest.mark.parametrize("first", ["dry_run", "record_ids"])
def test_a_dry_run_or_manual_sync_does_not_take_the_baseline(rig: Rig, first: str) -> None:
    account_id = account(rig, "Manual")
    company(rig, "Was there")
    params: dict[str, Any] = {"dry_run": True} if first == "dry_run" else {"record_ids": [account_id]}
    rig.run("account", **params).ok  # noqa: B018
    company(rig, "Came between")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 0
    assert result["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 2}


def test_a_dry_first_run_counts_the_baseline_as_skipped(rig: Rig) -> None:
    company(rig, "Was there")
    result = rig.run("account", dry_run=True).ok
    assert result["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 1}


def test_a_baseline_company_is_still_matched_by_a_new_account(rig: Rig) -> None:
    company_id = company(rig, "Acme")
    rig.run("account").ok  # noqa: B018
    later(rig, days=60)
    account_id = account(rig, "Acme")
    result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": 1}
    assert link_of(rig, "account", account_id) is None
    assert external_id(rig, "company", company_id) is None


def test_a_first_run_that_fails_leaves_the_baseline_for_the_next(rig: Rig) -> None:
    company(rig, "Was there")
    with rig.fault(service="salesforce", path="query", action={"type": "status", "status": 503}):
        assert rig.run("account").errors
    company(rig, "Came between")
    result = rig.run("account").ok
    assert result["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 2}
    assert names(rig) == set()


def test_customers_of_the_window_are_created_at_first_contact(either: Rig) -> None:
    customer(either, last_name="Newcomer")
    result = either.run("contact").ok
    assert result["to_salesforce"]["created"] == 1


def test_customers_older_than_the_window_are_left_until_they_change(either: Rig) -> None:
    customer_id = customer(either, last_name="Oldtimer")
    later(either, days=30)
    result = either.run("contact").ok
    assert result["to_salesforce"]["seen"] == 0
    assert is_quiet(either.run("contact"))
    either.sandbox.ipaas.edit("customer", int(customer_id), {"last_name": "Oldie"})
    assert either.run("contact").ok["to_salesforce"]["created"] == 1


# The merge of a first contact


def matched(rig: Rig, here: dict[str, Any], there: dict[str, Any]) -> tuple[str, str]:
    contact_id = contact(rig, account(rig, "Parent"), email="ann@example.com", **here)
    return contact_id, customer(rig, email="ann@example.com", **there)


def test_a_value_beats_a_blank_on_either_side(either: Rig) -> None:
    contact_id, customer_id = matched(
        either,
        {"FirstName": "", "LastName": "Lee", **prefixed("Mailing")},
        {"first_name": "Ann", "last_name": "Lee"},
    )
    result = either.run("contact").ok
    assert raw_salesforce(either, contact_id)["FirstName"] == "Ann"
    (address,) = raw_customer(either, customer_id)["addresses"]
    assert (address["address_1"], address["is_primary_shipping"]) == ("1 Main St", True)
    assert result["to_ipaas"]["conflicts"]["resolved"] == result["to_salesforce"]["conflicts"]["resolved"] == 0
    assert is_quiet(either.run("contact"))


def test_an_address_of_the_customer_fills_a_blank_one_of_the_contact(either: Rig) -> None:
    contact_id, _ = matched(
        either, {"LastName": "Lee"}, {"last_name": "Lee", "first_name": "Ann", "addresses": [item(shipping=True)]}
    )
    result = either.run("contact").ok
    assert raw_salesforce(either, contact_id)["MailingCity"] == "Austin"
    assert result["to_ipaas"]["conflicts"]["resolved"] == 0
    assert is_quiet(either.run("contact"))


def test_two_different_values_follow_the_policy_and_are_counted_and_logged(
    either: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    contact_id, customer_id = matched(either, {"LastName": "Lee"}, {"first_name": "Ann", "last_name": "Loe"})
    result = either.run("contact").ok
    assert raw_customer(either, customer_id)["last_name"] == raw_salesforce(either, contact_id)["LastName"] == "Lee"
    assert result["to_ipaas"]["conflicts"] == {"resolved": 1, "parked": 0}
    assert len([r for r in caplog.records if "Conflict on last_name" in r.getMessage()]) == 1


def test_an_existing_customer_number_is_kept(either: Rig) -> None:
    contact_id, customer_id = matched(either, {}, {"customer_number": "SHOP-7"})
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["customer_number"] == "SHOP-7"
    assert partner(either, "contact", contact_id) == customer_id
    assert is_quiet(either.run("contact"))


def test_a_blank_customer_number_becomes_the_salesforce_id(either: Rig) -> None:
    contact_id, customer_id = matched(either, {}, {"customer_number": ""})
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["customer_number"] == contact_id


def test_a_blank_customer_number_waits_for_a_run_to_ipaas(either: Rig) -> None:
    contact_id, customer_id = matched(either, {}, {"customer_number": ""})
    either.run("contact", direction="to_salesforce").ok  # noqa: B018
    assert raw_customer(either, customer_id)["customer_number"] == ""
    later(either, days=60)
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["customer_number"] == contact_id
    assert is_quiet(either.run("contact"))


def test_a_match_that_agrees_is_linked_and_counts_as_unchanged(either: Rig) -> None:
    contact_id, customer_id = matched(
        either,
        {"FirstName": "Ann", "LastName": "Lee"},
        {"first_name": "Ann", "last_name": "Lee", "company": "Parent"},
    )
    before = raw_customer(either, customer_id)
    result = either.run("contact").ok
    assert result.counts("to_ipaas") == {"unchanged": 1}
    assert result.counts("to_salesforce") == {"unchanged": 1}
    assert external_id(either, "customer", customer_id) == contact_id
    after = raw_customer(either, customer_id)
    assert {**after, "external_ids": [], "updated": None} == {**before, "external_ids": [], "updated": None}


def test_unmapped_values_and_other_addresses_survive_the_first_write(either: Rig) -> None:
    other = item(address_1="9 Side St")
    _, customer_id = matched(
        either, {"LastName": "Lee"}, {"last_name": "Loe", "comment": "Pays late", "addresses": [other]}
    )
    either.run("contact").ok  # noqa: B018
    after = raw_customer(either, customer_id)
    assert after["comment"] == "Pays late"
    assert [address["address_1"] for address in after["addresses"]] == ["9 Side St"]


@pytest.mark.parametrize("direction", ["to_ipaas", "to_salesforce"])
def test_a_first_contact_in_one_direction_keeps_the_rest_for_the_other(either: Rig, direction: str) -> None:
    contact_id, customer_id = matched(
        either, {"FirstName": "", "LastName": "Lee", **prefixed("Mailing")}, {"first_name": "Ann", "last_name": "Lee"}
    )
    either.run("contact", direction=direction).ok  # noqa: B018
    later(either, days=60)
    either.run("contact").ok  # noqa: B018
    assert partner(either, "contact", contact_id) == customer_id
    assert raw_salesforce(either, contact_id)["FirstName"] == "Ann"
    assert raw_customer(either, customer_id)["addresses"][0]["city"] == "Austin"
    assert is_quiet(either.run("contact"))


def test_external_ids_are_written_in_a_run_to_salesforce_too(either: Rig) -> None:
    contact_id, customer_id = matched(either, {"LastName": "Lee"}, {"first_name": "Ann", "last_name": "Lee"})
    either.run("contact", direction="to_salesforce").ok  # noqa: B018
    assert external_id(either, "customer", customer_id) == contact_id


def test_the_external_id_field_of_salesforce_is_not_written_by_itself(either: Rig) -> None:
    contact_id, _ = matched(either, {"LastName": "Lee"}, {"first_name": "Ann", "last_name": "Lee"})
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id).get("iPaaS_Id__c") is None


def test_the_external_id_field_is_set_in_creates(either: Rig) -> None:
    customer_id = customer(either)
    either.run("contact").ok  # noqa: B018
    (row,) = salesforce_rows(either, "Contact")
    assert row["iPaaS_Id__c"] == customer_id
    assert external_id(either, "customer", customer_id) == row["Id"]


def test_a_dry_run_links_and_writes_nothing(either: Rig) -> None:
    contact_id, customer_id = matched(either, {"LastName": "Lee"}, {"last_name": "Loe"})
    before = raw_customer(either, customer_id)
    result = either.run("contact", dry_run=True).ok
    assert result["to_ipaas"]["updated"] == 1
    assert link_of(either, "contact", contact_id) is None
    assert raw_customer(either, customer_id) == before
    real = either.run("contact").ok
    assert real.counts("to_ipaas") == result.counts("to_ipaas")
    assert real.counts("to_salesforce") == result.counts("to_salesforce")


def test_a_company_matched_by_its_external_id_after_the_baseline_is_merged(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    account_id = account(rig, "Acme", Phone="1")
    company_id = company(rig, "Acme Inc", fax_number="2")
    body = {"table": "company", "internal_id": int(company_id), "external_id": account_id, "system_id": int(SYSTEM_ID)}
    rig.control("PUT", "ipaas/external-ids", body)
    rig.run("account").ok  # noqa: B018
    assert raw_company(rig, company_id)["name"] == "Acme"
    assert raw_company(rig, company_id)["phone_number"] == "1"
    assert raw_salesforce(rig, account_id)["Fax"] == "2"
