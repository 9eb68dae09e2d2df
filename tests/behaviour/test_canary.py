"""The first create and the first update per service, kind and profile are one record, read back and compared."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sync.canary import CanarySurprise
from tests.behaviour import world
from tests.support.rig import Result, Rig


def surprise(result: Result, task: str) -> CanarySurprise:
    error = result.errors[task]
    assert isinstance(error, CanarySurprise), error
    return error


def write_sizes(rig: Rig, path: str, method: str) -> list[int]:
    """Return how many records each write carried, in order."""
    entries = [e for e in rig.control("GET", "log") if e["service"] == "salesforce" and e["method"] == method]
    return [entry["records"] for entry in entries if path in entry["path"] and entry["records"]]


def gets(rig: Rig, path: str) -> int:
    return sum(1 for e in rig.control("GET", "log") if e["method"] == "GET" and path in e["path"])


def test_the_first_create_in_salesforce_is_one_record(rig: Rig) -> None:
    for number in range(3):
        world.company(rig, f"There {number}")
    assert rig.run("account", full=True).ok["to_salesforce"]["created"] == 3
    assert write_sizes(rig, "composite/sobjects/Account/iPaaS_Id__c", "PATCH") == [1, 2]
    world.company(rig, "There 4")
    world.company(rig, "There 5")
    rig.run("account").ok  # noqa: B018
    assert write_sizes(rig, "composite/sobjects/Account/iPaaS_Id__c", "PATCH") == [1, 2, 2]


def test_the_first_update_in_salesforce_is_one_record(rig: Rig) -> None:
    pairs = [(a := world.account(rig), world.synced(rig, "account", a, full=True)) for _ in range(3)]
    for _, company in pairs:
        world.edit_company(rig, company, phone_number="2")
    assert rig.run("account").ok["to_salesforce"]["updated"] == 3
    assert write_sizes(rig, "composite/sobjects", "PATCH") == [1, 2]


def test_the_first_create_in_ipaas_is_read_back_before_the_next(either: Rig) -> None:
    rig = either
    for number in range(3):
        world.account(rig, f"Here {number}")
    assert rig.run("account", full=True).ok["to_ipaas"]["created"] == 3
    log = [e for e in rig.control("GET", "log") if e["service"] == "ipaas"]
    creates = [i for i, e in enumerate(log) if e["method"] == "POST" and e["path"].endswith("Customer/Company")]
    first_id = world.companies(rig)[0]["id"]
    assert any(e["path"].endswith(f"/Customer/Company/{first_id}") for e in log[creates[0] : creates[1]])


def test_each_kind_has_canaries_of_its_own(rig: Rig) -> None:
    world.contact(rig, world.account(rig))
    world.customer(rig)
    world.company(rig)
    rig.run("account", full=True).ok  # noqa: B018
    rig.run("contact", full=True).ok  # noqa: B018
    scope = world.scope(rig)
    fingerprint = rig.sync("account", "look", {}).settings.profile_fingerprint
    for collection in ("account", "contact"):
        for service, profile in (("ipaas", fingerprint), ("salesforce", "salesforce")):
            assert rig.ledger.fact(scope, f"canary:{service}:{collection}:create:{profile}") is not None
            assert rig.ledger.fact(scope, f"canary:{service}:{collection}:update:{profile}") is None


def test_another_profile_has_canaries_of_its_own(rig: Rig) -> None:
    world.account(rig)
    rig.run("account", full=True).ok  # noqa: B018
    rig.profile_overrides = {"put": "merge"}
    world.account(rig)
    before = gets(rig, "Customer/Company/")
    rig.run("account").ok  # noqa: B018
    assert gets(rig, "Customer/Company/") > before


# Surprises


def swallow(rig: Rig, field: str) -> None:
    """Let a flow of the org blank a field after each write."""
    rig.control("POST", "salesforce/flows", {"sobject": "Account", "set": {field: None}})


def test_a_field_that_does_not_arrive_in_salesforce_stops_the_run_after_one_record(rig: Rig) -> None:
    swallow(rig, "Phone")
    for number in range(3):
        world.company(rig, f"There {number}", phone_number="1")
    result = rig.run("account", full=True)
    error = surprise(result, "upsert_salesforce")
    assert "phone" in error.message
    assert "flow" in error.next_step
    assert result["to_salesforce"]["created"] == 1
    assert result["to_salesforce"]["parked_by_reason"] == {"not_attempted": 2}
    assert len(world.salesforce_rows(rig, "Account")) == 1


def test_it_stops_the_next_run_as_well_until_it_is_mended(rig: Rig) -> None:
    swallow(rig, "Phone")
    for number in range(3):
        world.company(rig, f"There {number}", phone_number="1")
    rig.run("account", full=True)
    assert surprise(rig.run("account"), "upsert_salesforce")
    rig.control("DELETE", "salesforce/flows")
    result = rig.run("account").ok
    assert len(world.salesforce_rows(rig, "Account")) == 3
    assert result["to_salesforce"]["created"] == 1


def test_a_service_that_cuts_texts_stops_the_run_after_one_record(rig: Rig) -> None:
    rig.switch("ipaas", max_text_length=10, too_long="truncated")
    for number in range(3):
        world.account(rig, f"A rather long name {number}")
    result = rig.run("account", full=True)
    error = surprise(result, "upsert_ipaas")
    assert "name" in error.message
    assert "api_profile" in error.next_step
    assert result["to_ipaas"]["created"] == 1
    assert result["to_ipaas"]["parked_by_reason"] == {"not_attempted": 2}
    assert len(world.companies(rig)) == 1


def test_a_put_that_replaces_under_a_profile_that_merges_names_the_switch(rig: Rig) -> None:
    rig.profile_overrides = {"put": "merge"}
    account = world.account(rig, Phone="1", Fax="1")
    company = world.synced(rig, "account", account, full=True)
    world.edit_company(rig, company, account_number="kept?")
    world.edit_salesforce(rig, account, Phone="2")
    result = rig.run("account")
    if result.errors:
        assert '"put"' in surprise(result, "upsert_ipaas").next_step
    else:  # a client that sends whole records under either profile loses nothing
        assert world.raw_company(rig, company)["account_number"] == "kept?"


@pytest.mark.parametrize("answers", ["swallowed", "refused"])
def test_a_wrong_table_name_of_companies_is_proved(rig: Rig, answers: str) -> None:
    rig.switch("ipaas", company_table_name="Something Else", wrong_table_on_write=answers)
    rig.profile_overrides = {"table_names": {"company": "Customer Company"}}
    for number in range(3):
        world.account(rig, f"Here {number}")
    result = rig.run("account", full=True)
    error = surprise(result, "upsert_ipaas")
    assert "table_names.company" in error.next_step
    assert len(world.companies(rig)) == 1


def test_a_wrong_table_name_is_proved_by_the_first_link_too(rig: Rig) -> None:
    rig.profile_overrides = {"table_names": {"customer": "Kunde"}}
    customer = world.customer(rig, email="same@example.com")
    world.contact(rig, world.account(rig), email="same@example.com")
    result = rig.run("contact", full=True)
    assert "table_names.customer" in surprise(result, "upsert_ipaas").next_step
    assert world.external_id(rig, "customer", customer) is None


# A refused canary


def test_a_refused_canary_is_marked_and_the_next_one_is_the_canary(rig: Rig) -> None:
    rule = {"sobject": "Account", "condition": "Phone = '666'", "message": "no"}
    rig.control("POST", "salesforce/validation-rules", rule)
    world.company(rig, "Bad 1", phone_number="666")
    world.company(rig, "Bad 2", phone_number="666")
    for number in range(3):
        world.company(rig, f"Good {number}")
    result = rig.run("account", full=True).ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (3, 2)
    assert write_sizes(rig, "composite/sobjects/Account/iPaaS_Id__c", "PATCH") == [1, 1, 1, 2]


def test_a_refused_canary_of_ipaas_is_marked_and_the_next_one_is_the_canary(rig: Rig) -> None:
    for name in ("Bad", "Good 1", "Good 2"):
        world.account(rig, name)
    refusal: dict[str, Any] = {
        "type": "status",
        "status": 400,
        "body": {"errors": [{"code": "VALD-1025", "message": "no"}]},
    }
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", body='"Bad"', action=refusal):
        result = rig.run("account", full=True).ok
    assert (result["to_ipaas"]["created"], result["to_ipaas"]["failed"]) == (2, 1)


def test_a_flow_that_sets_another_field_stops_one_run_and_is_an_edit_from_then_on(rig: Rig) -> None:
    accounts = [world.account(rig, f"Flow {number}", Phone="1") for number in range(3)]
    assert rig.run("account").ok
    companies = [world.partner(rig, "account", account) for account in accounts]
    rig.control("POST", "salesforce/flows", {"sobject": "Account", "set": {"Fax": "+1 555 0100"}})
    for company in companies:
        world.edit_company(rig, company, phone_number="+1 555 0199")
    first = rig.run("account")
    error = surprise(first, "upsert_salesforce")
    assert "fax" in error.message
    assert "the next run takes it for the org's way" in error.next_step
    assert first["to_salesforce"]["updated"] == 1
    assert rig.run("account").ok["to_salesforce"]["updated"] == 2
    assert rig.run("account").ok
    for company in companies:
        assert world.raw_company(rig, company)["fax_number"] == "+1 555 0100"


def test_a_field_that_the_org_takes_away_is_noticed_at_once(rig: Rig) -> None:
    world.account(rig, "Before")
    assert rig.run("account").ok
    rig.switch("salesforce", external_id_field=False)
    world.account(rig, "After")
    assert rig.run("account").ok["to_ipaas"]["created"] == 1
