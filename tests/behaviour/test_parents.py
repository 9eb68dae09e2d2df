"""Contacts whose Account or Company goes, comes back or changes its name: a change that moves no stamp of the Contact."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour import world
from tests.support.rig import Rig


def family(rig: Rig) -> tuple[str, str]:
    """Return an Account and its Company, in step."""
    account = world.account(rig, "Acme")
    return account, world.synced(rig, "account", account)


@pytest.mark.parametrize("mode", ["deactivate", "purge"])
def test_a_contact_of_an_account_whose_company_was_deleted_makes_no_other_company(rig: Rig, mode: str) -> None:
    account, company = family(rig)
    rig.control("DELETE", f"ipaas/records/companies/{company}?mode={mode}")
    contact = world.contact(rig, account)
    result = rig.run("contact").ok
    assert result.counts("to_ipaas") == {"created": 1}
    assert result["to_ipaas"]["parents"]["created"] == 0
    assert world.raw_customer(rig, world.partner(rig, "contact", contact))["company"] == "Acme"
    assert world.companies(rig) == []
    assert world.is_quiet(rig.run("contact"))


def test_contacts_that_are_deleted_with_their_account_stay_customers_and_come_back_with_it(rig: Rig) -> None:
    account, _ = family(rig)
    contact = world.contact(rig, account)
    customer = world.synced(rig, "contact", contact)
    rig.sandbox.salesforce.delete(account)
    world.later(rig, minutes=15)
    assert world.is_quiet(rig.run("contact"))
    assert [record["id"] for record in world.customers(rig)] == [int(customer)]

    rig.sandbox.salesforce.undelete(account)
    world.edit_salesforce(rig, contact, LastName="Back")
    assert rig.run("contact").ok.counts("to_ipaas") == {"updated": 1}
    assert world.raw_customer(rig, customer)["last_name"] == "Back"
    assert world.partner(rig, "contact", contact) == customer


@pytest.mark.parametrize("asked", ["edit", "record_ids", "full"])
def test_a_new_name_of_the_account_waits_until_its_contact_is_read_whole(rig: Rig, asked: str) -> None:
    """The Contact's own stamp stays, so a poll sees nothing new: as with fields that a formula computes."""
    account, _ = family(rig)
    contact = world.contact(rig, account)
    customer = world.synced(rig, "contact", contact)
    world.later(rig, hours=3)
    rig.run("contact").ok  # noqa: B018
    world.later(rig, hours=3)
    world.edit_salesforce(rig, account, Name="Acme Ltd")
    assert world.is_quiet(rig.run("contact"))
    assert world.raw_customer(rig, customer)["company"] == "Acme"

    params: dict[str, Any] = {"edit": {}, "record_ids": {"record_ids": [contact]}, "full": {"full": True}}[asked]
    if asked == "edit":
        world.edit_salesforce(rig, contact, FirstName="Edited")
    assert rig.run("contact", **params).ok.counts("to_ipaas")["updated"] == 1
    assert world.raw_customer(rig, customer)["company"] == "Acme Ltd"
    assert world.is_quiet(rig.run("contact"))
