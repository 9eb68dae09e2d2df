"""External ids go to iPaaS.com whatever the direction; the field in Salesforce is set in creates only."""

from __future__ import annotations

import pytest

from tests.behaviour import world
from tests.support.rig import Rig


def test_a_create_in_ipaas_carries_the_salesforce_id(either: Rig) -> None:
    account = world.account(either)
    company = world.synced(either, "account", account, full=True)
    assert world.external_id(either, "company", company) == account


def test_a_create_in_salesforce_gives_its_id_to_ipaas(either: Rig) -> None:
    company = world.company(either)
    either.run("account", full=True).ok  # noqa: B018
    (row,) = world.salesforce_rows(either, "Account")
    assert world.external_id(either, "company", company) == row["Id"]
    assert row["iPaaS_Id__c"] == company


@pytest.mark.parametrize("direction", ["both", "to_ipaas", "to_salesforce"])
def test_a_match_gives_the_salesforce_id_to_ipaas_whatever_the_direction(either: Rig, direction: str) -> None:
    rig = either
    contact = world.contact(rig, world.account(rig), email="Same@Example.com ")
    customer = world.customer(rig, email="same@example.com")
    rig.run("contact", full=True, direction=direction).ok  # noqa: B018
    assert world.external_id(rig, "customer", customer) == contact
    assert world.partner(rig, "contact", contact) == customer


def test_the_field_in_salesforce_is_never_a_write_of_its_own(either: Rig) -> None:
    rig = either
    contact = world.contact(rig, world.account(rig), email="same@example.com")
    world.customer(rig, email="same@example.com")
    made = world.contact(rig, world.account(rig))
    for _ in range(2):
        rig.run("contact", full=True).ok  # noqa: B018
    assert world.raw_salesforce(rig, contact).get("iPaaS_Id__c") is None
    assert world.raw_salesforce(rig, made).get("iPaaS_Id__c") is None


def test_an_update_in_salesforce_does_not_set_the_field(rig: Rig) -> None:
    account = world.account(rig)
    company = world.synced(rig, "account", account, full=True)
    world.edit_company(rig, company, phone_number="2")
    rig.run("account").ok  # noqa: B018
    row = world.raw_salesforce(rig, account)
    assert (row["Phone"], row.get("iPaaS_Id__c")) == ("2", None)


def test_a_dry_run_writes_neither(either: Rig) -> None:
    rig = either
    contact = world.contact(rig, world.account(rig), email="same@example.com")
    customer = world.customer(rig, email="same@example.com")
    rig.run("contact", full=True, dry_run=True).ok  # noqa: B018
    assert world.external_id(rig, "customer", customer) is None
    assert world.raw_salesforce(rig, contact).get("iPaaS_Id__c") is None


def test_without_the_field_creates_in_salesforce_still_link(rig: Rig) -> None:
    rig.switch("salesforce", external_id_field=False)
    company = world.company(rig)
    rig.run("account", full=True).ok  # noqa: B018
    (row,) = world.salesforce_rows(rig, "Account")
    assert world.external_id(rig, "company", company) == row["Id"]


def test_an_external_id_that_iPaaS_refuses_keeps_its_link_in_the_ledger(rig: Rig) -> None:  # noqa: N802
    account = world.account(rig)
    refusal = {"type": "status", "status": 400, "body": {"errors": [{"code": "BIZL-1003", "message": "held"}]}}
    world.synced(rig, "account", world.account(rig), full=True)
    with rig.fault(service="ipaas", path="UpdateExternalId", action=refusal):
        other = world.account(rig)
        result = rig.run("account")
    assert result["to_ipaas"]["created"] == 1
    assert world.link_of(rig, "account", account) is not None
    assert world.link_of(rig, "account", other) is not None
    assert result["to_ipaas"]["warnings"].get("external_id_not_stored") == 1
