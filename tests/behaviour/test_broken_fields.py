"""A field that Salesforce takes away stops alone: everything else is synced, each run says so, and it catches up."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync.report import RunFailed, judge
from tests.behaviour import world
from tests.support.rig import Result, Rig

SWITCHES = {"missing": "hidden_fields", "read_only": "read_only_fields"}


@pytest.fixture(params=sorted(SWITCHES))
def why(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def warm(either: Rig) -> Rig:
    """Two pairs in step, canaries through."""
    world.account(either, "Warm here", Phone="1", Fax="2")
    world.company(either, "Warm there", phone_number="3", fax_number="4")
    either.run("account", full=True).ok  # noqa: B018
    world.later(either, hours=2)
    either.run("account").ok  # noqa: B018
    return either


def take_away(rig: Rig, why: str, *fields: str) -> None:
    for name in SWITCHES.values():
        rig.switch("salesforce", **{name: []})
    rig.switch("salesforce", **{SWITCHES[why]: list(fields)})


def give_back(rig: Rig) -> None:
    take_away(rig, "missing")


def ids(rig: Rig) -> dict[str, str]:
    return {row["Name"]: row["Id"] for row in world.salesforce_rows(rig, "Account")}


def fax(rig: Rig, account: str) -> tuple[str | None, str | None]:
    company = world.raw_company(rig, world.partner(rig, "account", account))
    return world.raw_salesforce(rig, account)["Fax"], company["fax_number"]


def colour(result: Result) -> str:
    try:
        judge(result.summary, failed_tasks=[], max_failed_records=0)
    except RunFailed as error:
        return str(error)
    return "green"


def test_the_others_are_synced_and_every_summary_says_so(warm: Rig, why: str) -> None:
    accounts = ids(warm)
    here, there = accounts["Warm here"], accounts["Warm there"]
    take_away(warm, why, "Account.Fax")
    world.edit_salesforce(warm, here, Phone="11")
    world.edit_company(warm, world.partner(warm, "account", there), phone_number="33", fax_number="44")
    new = world.account(warm, "New here", Phone="5")
    world.company(warm, "New there", phone_number="6", fax_number="7")
    first = warm.run("account").ok
    assert world.raw_company(warm, world.partner(warm, "account", here))["phone_number"] == "11"
    assert world.raw_salesforce(warm, there)["Phone"] == "33"
    assert world.raw_company(warm, world.partner(warm, "account", new))["phone_number"] == "5"
    assert world.raw_salesforce(warm, ids(warm)["New there"])["Phone"] == "6"
    assert fax(warm, there) == ("4", "44")
    (told,) = first["broken_fields"]
    assert (told["field"], told["why"], told["new"]) == ("Fax", why, True)
    assert "Fax is left out" in colour(first)

    second = warm.run("account").ok
    (told,) = second["broken_fields"]
    assert not told["new"]
    assert colour(second) == "green"
    assert world.is_quiet(second)
    assert second["to_salesforce"]["parked_by_reason"] == {"field_broken": 2}  # the edit, and the new one


@pytest.mark.parametrize("days", [0, 12], ids=["soon", "after the window"])
def test_what_changed_meanwhile_is_carried_over_once_it_is_mended(warm: Rig, why: str, days: int) -> None:
    accounts = ids(warm)
    here, there = accounts["Warm here"], accounts["Warm there"]
    take_away(warm, why, "Account.Fax")
    warm.run("account")
    if why == "missing":
        world.edit_salesforce(warm, here, Fax="22")
    else:
        world.edit_company(warm, world.partner(warm, "account", here), fax_number="22")
    world.edit_company(warm, world.partner(warm, "account", there), fax_number="44")
    both = world.company(warm, "New there", fax_number="7")
    warm.run("account")
    world.later(warm, days=days, hours=3)
    assert world.is_quiet(warm.run("account"))
    give_back(warm)
    mended = warm.run("account").ok
    assert "broken_fields" not in mended.summary
    assert fax(warm, here) == ("22", "22")
    assert fax(warm, there) == ("44", "44")
    assert fax(warm, ids(warm)["New there"]) == ("7", "7"), both
    last = warm.run("account")
    assert world.is_quiet(last)
    assert last["to_salesforce"]["parked"] == 0


def test_it_is_told_again_when_it_breaks_again(warm: Rig, why: str) -> None:
    take_away(warm, why, "Account.Fax")
    assert colour(warm.run("account").ok) != "green"
    give_back(warm)
    assert colour(warm.run("account").ok) == "green"
    take_away(warm, why, "Account.Fax")
    world.later(warm, hours=2)
    assert colour(warm.run("account").ok) != "green"


def test_a_dry_run_tells_and_uses_up_no_alert(warm: Rig, why: str) -> None:
    take_away(warm, why, "Account.Fax")
    dry = warm.run("account", dry_run=True).ok
    assert dry["broken_fields"][0]["new"]
    assert colour(dry) == "green"
    assert colour(warm.run("account").ok) != "green"


def test_an_address_of_which_a_part_is_gone_stops_whole(warm: Rig) -> None:
    account = world.account(warm, "Placed", **world.prefixed("Billing"))
    world.synced(warm, "account", account)
    take_away(warm, "missing", "Account.BillingCity")
    world.edit_salesforce(warm, account, BillingStreet="2 Other St", Phone="9")
    result = warm.run("account").ok
    company = world.raw_company(warm, world.partner(warm, "account", account))
    assert company["phone_number"] == "9"
    assert world.primary(company, "billing")["address_1"] == "1 Main St"
    assert [told["field"] for told in result["broken_fields"]] == ["Billing address"]
    give_back(warm)
    warm.run("account").ok  # noqa: B018
    company = world.raw_company(warm, world.partner(warm, "account", account))
    assert world.primary(company, "billing")["address_1"] == "2 Other St"


def test_what_records_are_recognised_by_stops_the_run(warm: Rig) -> None:
    take_away(warm, "missing", "Account.Name")
    (error,) = [error for error in warm.run("account").errors.values() if isinstance(error, ConfigurationError)]
    assert "Name" in error.message
    assert "does not see" in error.message


def test_a_field_that_never_was_there_is_a_mistake_and_stops_every_run(warm: Rig, tmp_path: Path) -> None:
    world.map_fields(warm, tmp_path / "mappings", "account", "tier: {salesforce: Tier__c, ipaas: {custom_field: Tier}}")
    for _ in range(2):
        (error,) = [each for each in warm.run("account").errors.values() if isinstance(each, ConfigurationError)]
        assert "Tier__c" in error.message


def test_what_a_filter_reads_stops_the_run(warm: Rig, tmp_path: Path) -> None:
    world.map_fields(warm, tmp_path / "mappings", "account", "phone: {blank: clear}")
    file = tmp_path / "mappings" / "account.yaml"
    file.write_text(file.read_text() + "filters: {to_ipaas: \"Industry != 'Banking'\"}\n")
    take_away(warm, "missing", "Account.Industry")
    assert any(isinstance(error, ConfigurationError) for error in warm.run("account").errors.values())


def test_a_field_that_goes_in_the_middle_of_the_hour_costs_one_describe_a_run(warm: Rig) -> None:
    warm.run("account").ok  # noqa: B018
    take_away(warm, "missing", "Account.Fax")
    for _ in range(2):
        before = sum("describe" in e["path"] for e in warm.control("GET", "log"))
        warm.run("account").ok  # noqa: B018
        after = sum("describe" in e["path"] for e in warm.control("GET", "log"))
        assert after - before <= 1
