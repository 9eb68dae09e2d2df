"""Which Contacts become Customers, and what their Accounts have to do with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.report import report
from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    customers,
    edit_customer,
    edit_salesforce,
    is_quiet,
    later,
    link_of,
    map_fields,
    partner,
    prefixed,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
    synced,
)
from tests.support.rig import Rig

# Skips


@pytest.mark.parametrize("days", [0, 3])
def test_a_contact_without_an_account_is_skipped_and_counted_by_every_run_of_the_window(rig: Rig, days: int) -> None:
    contact(rig, None)
    for _ in range(2):
        result = rig.run("contact").ok
        assert result["to_ipaas"]["skipped_by_reason"] == {"contact_without_account": 1}
        later(rig, days=days)
    assert customers(rig) == []


def test_a_contact_without_an_e_mail_is_skipped(rig: Rig) -> None:
    contact(rig, account(rig), email=None)
    result = rig.run("contact").ok
    assert result["to_ipaas"]["skipped_by_reason"] == {"contact_without_email": 1}
    assert customers(rig) == companies(rig) == []


def test_person_accounts_are_skipped_in_both_collections(rig: Rig) -> None:
    rig.switch("salesforce", person_accounts=True)
    account(rig, "Pat Person", IsPersonAccount=True, PersonEmail="pat@example.com")
    assert rig.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"person_account": 1}
    assert rig.run("contact").ok["to_ipaas"]["skipped_by_reason"] == {"person_account": 1}
    assert customers(rig) == companies(rig) == []


def test_a_skipped_contact_is_taken_up_once_it_has_an_account(rig: Rig) -> None:
    contact_id = contact(rig, None)
    rig.run("contact").ok  # noqa: B018
    later(rig, minutes=1)
    edit_salesforce(rig, contact_id, AccountId=account(rig))
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id)


def test_a_skipped_contact_is_taken_up_once_it_has_an_e_mail(rig: Rig) -> None:
    contact_id = contact(rig, account(rig), email=None)
    rig.run("contact").ok  # noqa: B018
    later(rig, minutes=1)
    edit_salesforce(rig, contact_id, Email="now@example.com")
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id)


def test_a_linked_contact_keeps_syncing_without_an_account(either: Rig) -> None:
    contact_id = contact(either, account(either))
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, AccountId=None, LastName="Alone")
    result = either.run("contact").ok
    assert result["to_ipaas"]["updated"] == 1
    assert raw_customer(either, customer_id)["last_name"] == "Alone"
    later(either, minutes=1)
    edit_customer(either, customer_id, last_name="Back")
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["LastName"] == "Back"


def test_a_linked_contact_that_loses_its_e_mail_keeps_syncing(either: Rig) -> None:
    contact_id = contact(either, account(either), email="ann@example.com")
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, Email=None, LastName="Mute")
    either.run("contact").ok  # noqa: B018
    after = raw_customer(either, customer_id)
    assert (after["last_name"], after["email_address"]) == ("Mute", "ann@example.com")


# Values of a new Customer


def test_a_new_customer_gets_the_salesforce_id_the_company_name_and_the_mailing_address(either: Rig) -> None:
    contact_id = contact(
        either, account(either, "Acme"), FirstName="Ann", LastName="Lee", Phone="5", **prefixed("Mailing")
    )
    customer_id = synced(either, "contact", contact_id)
    after = raw_customer(either, customer_id)
    assert (after["customer_number"], after["company"]) == (contact_id, "Acme")
    (address,) = after["addresses"]
    assert address["is_primary_shipping"]
    assert not address["is_primary_billing"]
    assert (address["first_name"], address["last_name"], address["phone_number"]) == ("Ann", "Lee", "5")
    assert after["external_ids"] == [{"system_id": 5501, "external_id": contact_id}]


def test_the_customer_number_and_the_company_of_a_customer_never_go_back(either: Rig) -> None:
    contact_id = contact(either, account(either, "Acme"))
    customer_id = synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_customer(either, customer_id, customer_number="SHOP-1", company="Other")
    assert is_quiet(either.run("contact"))
    after = raw_customer(either, customer_id)
    assert (after["customer_number"], after["company"]) == ("SHOP-1", "Other")


def test_sales_notes_stay_in_salesforce_unless_the_mapping_turns_them_on(either: Rig, tmp_path: Path) -> None:
    contact_id = contact(either, account(either), Description="Pays late")
    customer_id = synced(either, "contact", contact_id)
    assert not raw_customer(either, customer_id)["comment"]
    map_fields(either, tmp_path / "maps", "contact", "comment: {enabled: true}")
    later(either, minutes=1)
    edit_salesforce(either, contact_id, Description="Pays late!")
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["comment"] == "Pays late!"
    assert is_quiet(either.run("contact"))


def test_custom_fields_are_mapped_by_name_and_others_are_kept(either: Rig, tmp_path: Path) -> None:
    for name in ("Tier", "Other"):
        either.control("POST", "ipaas/custom-fields", {"kind": "customer", "name": name})
    map_fields(either, tmp_path / "maps", "contact", "tier: {salesforce: Title, ipaas: {custom_field: Tier}}")
    contact_id = contact(either, account(either), Title="Gold")
    customer_id = synced(either, "contact", contact_id)
    assert raw_customer(either, customer_id)["custom_fields"] == {"Tier": "Gold"}
    later(either, minutes=1)
    edit_customer(either, customer_id, custom_fields={"Other": "kept", "Tier": "Silver"})
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["Title"] == "Silver"
    later(either, minutes=1)
    edit_salesforce(either, contact_id, Title="Bronze")
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["custom_fields"] == {"Tier": "Bronze", "Other": "kept"}
    assert is_quiet(either.run("contact"))


def test_newest_wins_goes_by_the_stamps_of_both_services(either: Rig, tmp_path: Path) -> None:
    map_fields(either, tmp_path / "maps", "contact", "last_name: {conflict: newest_wins}")
    contact_id = contact(either, account(either))
    customer_id = synced(either, "contact", contact_id)
    for newest in ("ipaas", "salesforce"):
        later(either, minutes=5)
        edits: list[Any] = [
            lambda n=newest: edit_salesforce(either, contact_id, LastName=f"Salesforce, {n} newest"),
            lambda n=newest: edit_customer(either, customer_id, last_name=f"iPaaS, {n} newest"),
        ]
        for edit in edits if newest == "ipaas" else reversed(edits):
            edit()
            later(either, minutes=5)
        result = either.run("contact").ok
        expected = "iPaaS, ipaas newest" if newest == "ipaas" else "Salesforce, salesforce newest"
        assert raw_customer(either, customer_id)["last_name"] == expected
        assert raw_salesforce(either, contact_id)["LastName"] == expected
        written = "to_salesforce" if newest == "ipaas" else "to_ipaas"
        assert result[written]["conflicts"]["resolved"] == 1
        assert is_quiet(either.run("contact"))


# Accounts first


def test_the_account_of_a_new_customer_is_synced_first_and_counted_apart(either: Rig) -> None:
    account_id = account(either, "Acme")
    for _ in range(2):
        contact(either, account_id)
    later(either, days=60)
    contact(either, account_id)
    result = either.run("contact").ok
    assert result.counts("to_ipaas") == {"created": 1}
    assert result["to_ipaas"]["parents"] == {"created": 1, "updated": 0, "linked": 0, "failed": 0}
    assert partner(either, "account", account_id)
    assert len(companies(either)) == 1


def test_an_account_whose_company_carries_its_id_is_linked_as_a_parent(either: Rig) -> None:
    either.run("account").ok  # noqa: B018
    company_id = company(either, "Same")
    account_id = account(either, "Same too", iPaaS_Id__c=company_id)
    contact(either, account_id)
    result = either.run("contact").ok
    assert partner(either, "account", account_id) == company_id
    parents = result["to_ipaas"]["parents"]
    assert parents["created"] == parents["failed"] == 0
    assert parents["updated"] + parents["linked"] == 1
    assert result.counts("to_ipaas") == {"created": 1}


def test_a_linked_account_is_not_read_again_for_its_contacts(either: Rig) -> None:
    account_id = account(either, "Acme")
    synced(either, "account", account_id)
    contact(either, account_id)
    result = either.run("contact").ok
    assert result["to_ipaas"]["parents"] == {"created": 0, "updated": 0, "linked": 0, "failed": 0}


def test_a_contact_whose_account_cannot_be_synced_is_parked_and_released(either: Rig) -> None:
    either.run("account").ok  # noqa: B018
    company(either, "Acme")
    account_id = account(either, "Acme")
    contact_id = contact(either, account_id)
    result = either.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"parent_not_synced": 1}
    assert result["to_ipaas"]["parents"]["failed"] == 1
    assert [error["source_id"] for error in result["to_ipaas"]["errors"]] == [account_id]
    assert link_of(either, "contact", contact_id) is None
    later(either, days=30)
    edit_salesforce(either, account_id, Name="Acme South")
    result = either.run("contact").ok
    assert result["to_ipaas"]["parked"] == 0
    assert partner(either, "contact", contact_id)


def test_a_contact_is_released_by_the_account_dag_as_well(either: Rig) -> None:
    either.run("account").ok  # noqa: B018
    company_id = company(either, "Acme")
    account_id = account(either, "Acme")
    contact_id = contact(either, account_id)
    either.run("contact").ok  # noqa: B018
    either.control("DELETE", f"ipaas/records/companies/{company_id}?mode=purge")
    later(either, hours=1)
    either.run("account").ok  # noqa: B018
    either.run("contact").ok  # noqa: B018
    assert partner(either, "contact", contact_id)


def test_an_account_refused_as_a_parent_is_listed_and_does_not_colour_the_run(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"max_text_length": 30})
    account_id = account(rig, "A" * 40)
    contact(rig, account_id, email="a@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["failed"] == 0
    assert result["to_ipaas"]["parked_by_reason"] == {"parent_not_synced": 1}
    assert result["to_ipaas"]["parents"]["failed"] == 1
    (error,) = result["to_ipaas"]["errors"]
    assert (error["source_id"], error["code"]) == (account_id, "VALD-1020")


def test_an_account_refused_as_a_parent_is_tried_again_on_schedule(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"max_text_length": 30})
    contact(rig, account(rig, "A" * 40), email="a@example.com")
    rig.run("contact").ok  # noqa: B018

    def refused() -> int:
        rig.control("POST", "calls/reset")
        rig.run("contact").ok  # noqa: B018
        endpoints = rig.calls()["ipaas"]["endpoints"]
        return sum(count for name, count in endpoints.items() if name.startswith("POST") and "Company" in name)

    rig.offset += timedelta(minutes=5)
    assert refused() == 0
    rig.offset += timedelta(minutes=20)
    assert refused() == 1


def test_a_dry_run_says_what_would_happen_to_parents_and_contacts(either: Rig) -> None:
    contact(either, account(either, "Acme"))
    result = either.run("contact", dry_run=True).ok
    assert result.counts("to_ipaas") == {"created": 1}
    assert result["to_ipaas"]["parents"]["created"] == 1
    assert companies(either) == customers(either) == []
    assert either.run("contact").ok.counts("to_ipaas") == {"created": 1}


def test_a_run_to_salesforce_makes_no_companies(either: Rig) -> None:
    contact(either, account(either, "Acme"))
    result = either.run("contact", direction="to_salesforce").ok
    assert result["to_ipaas"]["seen"] == 0
    assert companies(either) == customers(either) == []


def test_contacts_that_are_skipped_or_ambiguous_pull_no_account_in(rig: Rig) -> None:
    contact(rig, account(rig), email=None)
    parent = account(rig)
    for _ in range(2):
        contact(rig, parent, email="same@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["parents"]["created"] == 0
    assert companies(rig) == []


def test_only_the_parents_themselves_may_be_salesforce_records_out_of_the_window(rig: Rig) -> None:
    account(rig, "Childless and old")
    parent = account(rig, "Old parent")
    later(rig, days=300)
    contact(rig, parent)
    rig.run("contact").ok  # noqa: B018
    assert [record["name"] for record in companies(rig)] == ["Old parent"]


# Contacts created from Customers


def test_a_contact_created_from_a_customer_has_no_account_and_says_so(either: Rig) -> None:
    customer(either, last_name="Shopper")
    result = either.run("contact").ok
    assert result["to_salesforce"]["created"] == 1
    assert result["to_salesforce"]["warnings"] == {"contact_created_without_account": 1}
    (row,) = salesforce_rows(either, "Contact")
    assert row.get("AccountId") is None
    assert is_quiet(either.run("contact"))


def test_a_dry_run_warns_of_a_contact_without_account(either: Rig) -> None:
    customer(either, last_name="Shopper")
    result = either.run("contact", dry_run=True).ok
    assert result["to_salesforce"]["warnings"] == {"contact_created_without_account": 1}


def test_a_contact_created_from_a_customer_keeps_syncing(either: Rig) -> None:
    customer_id = customer(either, last_name="Shopper")
    either.run("contact").ok  # noqa: B018
    (row,) = salesforce_rows(either, "Contact")
    later(either, minutes=1)
    edit_salesforce(either, row["Id"], LastName="Buyer")
    result = either.run("contact").ok
    assert result["to_ipaas"]["updated"] == 1
    assert raw_customer(either, customer_id)["last_name"] == "Buyer"


def test_a_default_account_is_given_by_the_mapping(either: Rig, tmp_path: Path) -> None:
    account_id = account(either, "Web shop")
    rule = (
        f'default: {{salesforce: AccountId, constant: "{account_id}", direction: to_salesforce, on_create_only: true}}'
    )
    map_fields(either, tmp_path / "maps", "contact", rule)
    customer(either, last_name="Shopper")
    result = either.run("contact").ok
    assert result["to_salesforce"]["warnings"] == {}
    (row,) = salesforce_rows(either, "Contact")
    assert row["AccountId"] == account_id


# Relationships


def relationships(rig: Rig) -> list[tuple[str, str]]:
    rows = rig.control("GET", "ipaas/relationships")
    return [(str(row["customer_id"]), str(row["related_to_id"])) for row in rows]


def turn_on(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"relationships": "on"})
    rig.profile_overrides = {"relationships": "on"}


def test_without_relationships_a_new_customer_warns_that_they_are_off(either: Rig) -> None:
    contact(either, account(either))
    result = either.run("contact").ok
    assert result["to_ipaas"]["warnings"] == {"relationship_off": 1}


def test_a_new_customer_is_related_to_its_company(either: Rig) -> None:
    turn_on(either)
    account_id = account(either)
    contact_id = contact(either, account_id)
    customer_id = synced(either, "contact", contact_id)
    assert relationships(either) == [(customer_id, partner(either, "account", account_id))]
    assert is_quiet(either.run("contact"))


def test_a_matched_customer_is_related_to_its_company_once(either: Rig) -> None:
    turn_on(either)
    account_id = account(either)
    contact_id = contact(either, account_id, email="ann@example.com")
    customer_id = customer(either, email="ann@example.com")
    synced(either, "contact", contact_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, LastName="Again")
    either.run("contact").ok  # noqa: B018
    assert relationships(either) == [(customer_id, partner(either, "account", account_id))]


def test_a_contact_created_from_a_related_customer_gets_the_linked_account(either: Rig) -> None:
    turn_on(either)
    account_id = account(either)
    company_id = synced(either, "account", account_id)
    customer_id = customer(either, last_name="Related")
    either.sandbox.ipaas.relate(int(customer_id), company_id, "Customer Company")
    result = either.run("contact").ok
    (row,) = salesforce_rows(either, "Contact")
    assert row["AccountId"] == account_id
    assert result["to_salesforce"]["warnings"] == {}
    either.run("contact").ok  # noqa: B018
    assert raw_customer(either, customer_id)["company"] == raw_salesforce(either, account_id)["Name"]
    assert is_quiet(either.run("contact"))


def test_a_customer_related_to_an_unlinked_company_gets_no_account(either: Rig) -> None:
    turn_on(either)
    company_id = company(either, "Unlinked")
    customer_id = customer(either, last_name="Related")
    either.sandbox.ipaas.relate(int(customer_id), company_id, "Customer Company")
    result = either.run("contact").ok
    assert result["to_salesforce"]["warnings"] == {"contact_created_without_account": 1}


def test_relationships_never_change_a_contacts_account(either: Rig) -> None:
    turn_on(either)
    account_id, other_id = account(either), account(either)
    contact_id = contact(either, account_id)
    other_company = synced(either, "account", other_id)
    customer_id = synced(either, "contact", contact_id)
    either.sandbox.ipaas.relate(int(customer_id), other_company, "Customer Company")
    later(either, minutes=1)
    edit_customer(either, customer_id, last_name="Moved")
    either.run("contact").ok  # noqa: B018
    assert raw_salesforce(either, contact_id)["AccountId"] == account_id


def test_a_contact_that_moves_to_another_account_is_related_to_its_company_too(either: Rig) -> None:
    turn_on(either)
    contact_id = contact(either, account(either))
    customer_id = synced(either, "contact", contact_id)
    other_id = account(either)
    other_company = synced(either, "account", other_id)
    later(either, minutes=1)
    edit_salesforce(either, contact_id, AccountId=other_id)
    either.run("contact").ok  # noqa: B018
    assert (customer_id, other_company) in relationships(either)


def test_a_customer_found_after_its_create_lost_its_answer_is_related_also_when_edited_since(either: Rig) -> None:
    turn_on(either)
    account_id = account(either)
    synced(either, "contact", contact(either, account_id))
    contact_id = contact(either, account_id)
    lost = {"type": "drop", "when": "after"}
    with either.fault(service="ipaas", method="POST", path="v2/Customer$", action=lost):
        either.run("contact")
    edit_salesforce(either, contact_id, FirstName="Edited")
    later(either, minutes=40)
    for _ in range(2):
        result = either.run("contact").ok
    customer_id = partner(either, "contact", contact_id)
    assert (customer_id, partner(either, "account", account_id)) in relationships(either)
    assert raw_customer(either, customer_id)["first_name"] == "Edited"
    assert is_quiet(either.run("contact")), result


def test_parents_that_were_planned_when_their_task_ended_are_written_by_its_retry(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = contact(rig, account(rig))
    steps = ["extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas", "upsert_salesforce"]
    with monkeypatch.context() as patched:
        patched.setattr(IPaaSApplier, "run", lambda _: 1 / 0)
        for step in steps[:2]:
            rig.step(step, rig.sync("contact", "run", {}))
        with pytest.raises(ZeroDivisionError):
            rig.step("prerequisites", rig.sync("contact", "run", {}))
    for step in steps[2:]:
        rig.step(step, rig.sync("contact", "run", {}))
    summary = report(rig.sync("contact", "run", {}))
    assert summary["to_ipaas"]["parents"]["created"] == summary["to_ipaas"]["created"] == 1
    assert link_of(rig, "contact", contact_id) is not None
