"""`first_contact: link_only`: what matches is linked, nothing else is written, until somebody has read the match report."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from tests.behaviour import world
from tests.behaviour.test_brakes import state
from tests.support.rig import SYSTEM_ID, Result, Rig

AWAITING = "awaiting_first_contact"


@pytest.fixture
def linking(either: Rig) -> Rig:
    """A rig whose connection is set to link_only."""
    either.settings["first_contact"] = "link_only"
    return either


def carries(rig: Rig, company_id: str, account_id: str) -> None:
    """Let a Company carry the Salesforce id of an Account."""
    body = {"table": "company", "internal_id": int(company_id), "external_id": account_id, "system_id": int(SYSTEM_ID)}
    rig.control("PUT", "ipaas/external-ids", body)


def begun(rig: Rig) -> None:
    """Let the ledger know both collections, so that external ids of ours are matches and no lost ledger."""
    for collection in ("account", "contact"):
        rig.run(collection).ok  # noqa: B018


def counts(result: Result) -> dict[str, int]:
    report = result["match_report"]
    names = ("one_to_one", "one_to_many", "many_to_one", "none_in_ipaas", "none_in_salesforce")
    return {name: report[name]["count"] for name in names if report[name]["count"]}


def matched(rig: Rig, email: str = "ann@example.com") -> tuple[str, str]:
    """Make a Contact and a Customer of the same e-mail that say different things; return their ids."""
    parent = world.account(rig, f"Parent of {email}")
    contact = world.contact(rig, parent, email=email, FirstName="Ann", LastName="Lee", **world.prefixed("Mailing"))
    return contact, world.customer(rig, email=email, first_name="Anne", last_name="Lee", customer_number="")


def fields(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("external_ids", "updated")}


# What is written, and what waits


def test_a_match_is_linked_and_no_field_is_written(linking: Rig) -> None:
    contact, customer = matched(linking)
    before = world.raw_salesforce(linking, contact), fields(world.raw_customer(linking, customer))
    result = linking.run("contact", full=True).ok
    assert world.partner(linking, "contact", contact) == customer
    assert world.external_id(linking, "customer", customer) == contact
    assert (world.raw_salesforce(linking, contact), fields(world.raw_customer(linking, customer))) == before
    assert result["to_ipaas"]["parked_by_reason"] == {AWAITING: 1}
    assert result["to_ipaas"]["conflicts"] == {"resolved": 0, "parked": 0}
    assert world.companies(linking) == []


def test_nothing_is_created_on_either_side(linking: Rig) -> None:
    world.account(linking, "Here")
    world.company(linking, "There")
    before = state(linking)
    result = linking.run("account", full=True).ok
    assert state(linking) == before
    for direction in ("to_ipaas", "to_salesforce"):
        assert result[direction]["parked_by_reason"] == {AWAITING: 1}


def test_runs_before_the_go_write_nothing_more(linking: Rig) -> None:
    contact, customer = matched(linking)
    world.account(linking, "Here")
    linking.run("contact", full=True).ok  # noqa: B018
    before = state(linking)
    for params in ({}, {"full": True}, {"record_ids": [contact, customer]}, {"dry_run": True}):
        result = linking.run("contact", **params).ok
        assert result["to_ipaas"]["parked_by_reason"] == {AWAITING: 1}
    linking.run("account").ok  # noqa: B018
    assert state(linking) == before


def test_records_made_meanwhile_wait_as_well(linking: Rig) -> None:
    linking.run("account", full=True).ok  # noqa: B018
    world.later(linking, hours=1)
    world.account(linking, "New here")
    world.company(linking, "New there")
    before = state(linking)
    result = linking.run("account").ok
    assert state(linking) == before
    assert result["to_ipaas"]["parked_by_reason"] == result["to_salesforce"]["parked_by_reason"] == {AWAITING: 1}


def test_edits_of_a_linked_pair_wait_as_well(linking: Rig) -> None:
    contact, customer = matched(linking)
    linking.run("contact", full=True).ok  # noqa: B018
    world.edit_salesforce(linking, contact, LastName="Lee-Wood")
    before = state(linking)
    linking.run("contact").ok  # noqa: B018
    assert state(linking) == before
    linking.run("contact", confirm_first_contact=True).ok  # noqa: B018
    assert world.raw_customer(linking, customer)["last_name"] == "Lee-Wood"


def test_an_edit_meanwhile_of_what_agreed_is_an_edit_and_no_conflict(linking: Rig) -> None:
    """Both said Lee when they were linked; the default policy would let Salesforce win."""
    contact, customer = matched(linking)
    linking.run("contact", full=True).ok  # noqa: B018
    world.edit_customer(linking, customer, last_name="Lee-Wood")
    linking.run("contact", confirm_first_contact=True).ok  # noqa: B018
    assert world.raw_salesforce(linking, contact)["LastName"] == "Lee-Wood"


def test_a_pair_that_agrees_is_linked_and_in_step(linking: Rig) -> None:
    contact = world.contact(linking, world.account(linking, "P"), email="a@b.example", FirstName="Ann", LastName="Lee")
    world.customer(linking, email="a@b.example", first_name="Ann", last_name="Lee", company="P")
    result = linking.run("contact", full=True).ok
    assert result.counts("to_ipaas") == result.counts("to_salesforce") == {"unchanged": 1}
    assert world.link_of(linking, "contact", contact) is not None


def test_a_one_way_run_holds_its_own_direction(linking: Rig) -> None:
    contact, _ = matched(linking)
    result = linking.run("contact", full=True, direction="to_salesforce").ok
    assert world.link_of(linking, "contact", contact) is not None
    assert result["to_ipaas"]["seen"] == 0
    linking.run("contact", confirm_first_contact=True).ok  # noqa: B018
    assert world.is_quiet(linking.run("contact"))


# The match report


def test_the_report_counts_each_class_with_examples(linking: Rig) -> None:
    parent = world.account(linking, "Parent")
    contact, customer = matched(linking)
    one = world.contact(linking, parent, email="many@example.com")
    theirs = [world.customer(linking, email="many@example.com") for _ in range(2)]
    ours = [world.contact(linking, parent, email="same@example.com") for _ in range(2)]
    other = world.customer(linking, email="same@example.com")
    alone, stranger = world.contact(linking, parent), world.customer(linking)
    world.contact(linking, None)
    result = linking.run("contact", full=True).ok
    assert counts(result) == dict.fromkeys(
        ("one_to_one", "one_to_many", "many_to_one", "none_in_ipaas", "none_in_salesforce"), 1
    )
    report = result["match_report"]
    assert report["linked"] == 1
    assert report["covers_all"]
    assert report["one_to_one"]["examples"] == [{"salesforce": [contact], "ipaas": [customer]}]
    assert report["one_to_many"]["examples"] == [{"salesforce": [one], "ipaas": sorted(theirs)}]
    assert report["many_to_one"]["examples"] == [{"salesforce": sorted(ours), "ipaas": [other]}]
    assert report["none_in_ipaas"]["examples"] == [{"salesforce": [alone], "ipaas": []}]
    assert report["none_in_salesforce"]["examples"] == [{"salesforce": [], "ipaas": [stranger]}]
    assert result["to_ipaas"]["parked_by_reason"] == {AWAITING: 2, "ambiguous_match": 3}


def test_accounts_of_the_same_name_are_shown_and_not_linked(linking: Rig) -> None:
    account, company = world.account(linking, "Acme, Inc."), world.company(linking, "ACME inc")
    result = linking.run("account", full=True).ok
    report = result["match_report"]
    assert (report["one_to_one"]["count"], report["linked"]) == (1, 0)
    assert report["one_to_one"]["examples"] == [{"salesforce": [account], "ipaas": [company]}]
    assert result["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": 1}
    assert world.link_of(linking, "account", account) is None


def test_an_external_id_links_accounts(linking: Rig) -> None:
    begun(linking)
    account, company = world.account(linking, "Acme", Phone="1"), world.company(linking, "Other name")
    carries(linking, company, account)
    result = linking.run("account", full=True).ok
    assert world.partner(linking, "account", account) == company
    assert result["match_report"]["linked"] == 1
    assert counts(result) == {"one_to_one": 1}
    assert world.raw_company(linking, company)["name"] == "Other name"


def test_the_report_is_in_the_log_as_a_table_and_kept_in_the_ledger(
    linking: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    contact, customer = matched(linking)
    world.account(linking, "Secret name")
    with caplog.at_level(logging.INFO):
        result = linking.run("contact", full=True).ok
    (text,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("Match report")]
    assert f"{contact} = {customer}" in text
    assert "confirm_first_contact = true" in text
    assert [line.split("  ")[0] for line in text.splitlines()[2:7]] == [
        "one-to-one", "one-to-many", "many-to-one", "none, only in Salesforce", "none, only in iPaaS.com",
    ]  # fmt: skip
    stored = linking.ledger.fact(world.scope(linking), "match_report:contact")
    assert stored is not None
    assert stored[0] == result["match_report"]
    assert "ann@example.com" not in str(result.summary)


def test_ten_examples_and_five_ids_are_enough(rig: Rig) -> None:
    rig.settings["first_contact"] = "link_only"
    for number in range(12):
        world.account(rig, f"Only here {number}")
    world.account(rig, "Everywhere")
    for _ in range(7):
        world.company(rig, "Everywhere")
    report = rig.run("account", full=True).ok["match_report"]
    assert report["none_in_ipaas"]["count"] == 12
    assert len(report["none_in_ipaas"]["examples"]) == 10
    (example,) = report["one_to_many"]["examples"]
    assert len(example["ipaas"]) == 5


def test_a_run_of_the_window_says_that_it_covers_no_more(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.settings["first_contact"] = "link_only"
    world.account(rig, "Old")
    world.later(rig, days=30)
    world.account(rig, "New")
    report = rig.run("account").ok["match_report"]
    assert (report["covers_all"], report["none_in_ipaas"]["count"]) == (False, 1)
    assert "full = true" in caplog.text
    assert rig.run("account", full=True).ok["match_report"]["none_in_ipaas"]["count"] == 2
    assert rig.run("account").ok["match_report"]["covers_all"]


def test_a_dry_run_reports_what_it_would_link(linking: Rig) -> None:
    contact, customer = matched(linking)
    before = state(linking)
    result = linking.run("contact", full=True, dry_run=True).ok
    assert state(linking) == before
    assert world.link_of(linking, "contact", contact) is None
    assert result["match_report"]["linked"] == 1
    assert counts(result) == {"one_to_one": 1}
    assert result["match_report"]["one_to_one"]["examples"] == [{"salesforce": [contact], "ipaas": [customer]}]
    assert result["to_ipaas"]["parked_by_reason"] == {AWAITING: 1}
    with pytest.raises(AssertionError, match="no match report"):
        linking.run("contact", confirm_first_contact=True).ok  # noqa: B018


def test_a_connection_that_creates_has_no_report(rig: Rig) -> None:
    world.account(rig)
    assert "match_report" not in rig.run("account", full=True).ok.summary


# The go


def test_the_go_needs_a_report(linking: Rig) -> None:
    world.account(linking, "Here")
    before = state(linking)
    error = linking.run("account", full=True, confirm_first_contact=True).errors["extract_salesforce"]
    assert isinstance(error, ConfigurationError)
    assert "no match report of collection account" in error.message
    assert "without confirm_first_contact first" in error.next_step
    assert state(linking) == before


def test_the_go_releases_everything_that_waits_whatever_its_age(linking: Rig) -> None:
    contact, customer = matched(linking)
    linking.run("account", full=True).ok  # noqa: B018
    fresh = world.contact(linking, world.account(linking, "Other"))
    world.customer(linking, last_name="Stranger")
    linking.run("contact", full=True).ok  # noqa: B018
    world.later(linking, days=60)
    linking.run("account").ok  # noqa: B018
    linking.run("account", confirm_first_contact=True).ok  # noqa: B018
    result = linking.run("contact", confirm_first_contact=True).ok
    assert result.counts("to_ipaas") == {"updated": 1, "created": 1}
    assert result.counts("to_salesforce")["created"] == 1
    assert world.raw_customer(linking, customer)["first_name"] == "Ann"
    assert world.raw_customer(linking, customer)["customer_number"] == contact
    assert world.raw_customer(linking, customer)["addresses"][0]["city"] == "Austin"
    assert world.link_of(linking, "contact", fresh) is not None
    assert world.is_quiet(linking.run("contact"))
    assert "match_report" not in result.summary


def test_what_was_released_stays_released(linking: Rig) -> None:
    linking.run("account", full=True).ok  # noqa: B018
    linking.run("account", confirm_first_contact=True).ok  # noqa: B018
    world.account(linking, "Later")
    assert linking.run("account").ok["to_ipaas"]["created"] == 1
    world.account(linking, "Later still")
    assert linking.run("account", confirm_first_contact=True).ok["to_ipaas"]["created"] == 1


def test_each_collection_has_a_go_of_its_own(linking: Rig) -> None:
    contact = world.contact(linking, world.account(linking, "Parent"))
    linking.run("account", full=True).ok  # noqa: B018
    linking.run("contact", full=True).ok  # noqa: B018
    result = linking.run("contact", confirm_first_contact=True).ok
    assert world.companies(linking) == []
    assert result["to_ipaas"]["parked_by_reason"] == {"parent_not_synced": 1}
    assert [error["code"] for error in result["to_ipaas"]["errors"]] == [AWAITING]
    linking.run("account", confirm_first_contact=True).ok  # noqa: B018
    assert linking.run("contact").ok["to_ipaas"]["created"] == 1
    assert world.link_of(linking, "contact", contact) is not None


def test_single_records_can_be_tried_before_the_go(linking: Rig) -> None:
    ids = [world.account(linking, f"Here {number}") for number in range(3)]
    linking.run("account", full=True).ok  # noqa: B018
    trial = linking.run("account", record_ids=ids[:1], confirm_first_contact=True).ok
    assert trial.counts("to_ipaas") == {"created": 1}
    assert linking.run("account").ok["to_ipaas"]["parked_by_reason"] == {AWAITING: 2}
    assert len(world.companies(linking)) == 1


def test_a_dry_run_with_the_go_shows_what_follows_and_releases_nothing(linking: Rig) -> None:
    matched(linking)
    linking.run("contact", full=True).ok  # noqa: B018
    before = state(linking)
    result = linking.run("contact", confirm_first_contact=True, dry_run=True).ok
    assert result.counts("to_ipaas") == {"updated": 1}
    assert state(linking) == before
    assert linking.run("contact").ok["to_ipaas"]["parked_by_reason"] == {AWAITING: 1}


def test_the_other_brakes_hold_after_the_go(linking: Rig) -> None:
    for number in range(3):
        matched(linking, f"same{number}@example.com")
    linking.run("contact", full=True).ok  # noqa: B018
    linking.settings["limits"] = ChangeLimits(changed_records=1)
    before = state(linking)
    braked = linking.run("contact", confirm_first_contact=True)
    assert "mass_change" in str(braked.errors["plan"])
    assert state(linking) == before
    result = linking.run("contact", allow_mass_change=True).ok
    assert result.counts("to_ipaas") == {"updated": 3}


def test_setting_the_connection_back_to_create_is_a_go_too(linking: Rig) -> None:
    world.account(linking, "Here")
    linking.run("account", full=True).ok  # noqa: B018
    world.later(linking, days=60)
    linking.settings["first_contact"] = "create"
    assert linking.run("account").ok["to_ipaas"]["created"] == 1


def test_a_collection_in_step_before_has_no_first_contact_any_more(rig: Rig) -> None:
    world.account(rig, "Before")
    rig.run("account", full=True).ok  # noqa: B018
    rig.settings["first_contact"] = "link_only"
    world.account(rig, "After")
    result = rig.run("account").ok
    assert result["to_ipaas"]["created"] == 1
    assert "match_report" not in result.summary


# With relationships


def test_a_relationship_is_made_after_the_go(rig: Rig) -> None:
    rig.settings["first_contact"] = "link_only"
    rig.switch("ipaas", relationships="on")
    rig.profile_overrides["relationships"] = "on"
    parent = world.account(rig, "Parent")
    world.contact(rig, parent, email="a@b.example", FirstName="Ann", LastName="Lee")
    customer = world.customer(rig, email="a@b.example", first_name="Ann", last_name="Lee", company="Parent")
    rig.run("account", full=True).ok  # noqa: B018
    rig.run("account", confirm_first_contact=True).ok  # noqa: B018
    rig.run("contact", full=True).ok  # noqa: B018
    rig.run("contact").ok  # noqa: B018
    assert related(rig, customer) == []
    rig.run("contact", confirm_first_contact=True).ok  # noqa: B018
    assert related(rig, customer) == [world.partner(rig, "account", parent)]
    assert world.is_quiet(rig.run("contact"))


def related(rig: Rig, customer: str) -> list[str]:
    """Return the Companies that a Customer is related to."""
    return [str(entry.related_to_id) for entry in rig.sandbox.ipaas.relationships.get(int(customer), [])]
