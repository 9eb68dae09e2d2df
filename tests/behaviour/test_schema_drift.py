"""An org that changes under a running sync: fields hidden, shortened or retyped, permissions taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.sync.applying import ConfigurationRefused
from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.support.rig import Rig

READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan")


@pytest.fixture
def warm(rig: Rig) -> Rig:
    """Two pairs in step, canaries through."""
    world.account(rig, "Warm here", Phone="1")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018
    return rig


def ids(rig: Rig) -> list[str]:
    return [row["Id"] for row in world.salesforce_rows(rig, "Account")]


@pytest.mark.parametrize("hours", [0, 2], ids=["remembered", "forgotten"])
def test_a_needed_field_that_is_hidden_is_named_before_anything_is_written(warm: Rig, hours: float) -> None:
    """Fields that a run can do without: see test_broken_fields.py."""
    world.later(warm, hours=hours)
    world.account(warm, "New here")
    world.company(warm, "New there")
    warm.switch("salesforce", hidden_fields=["Account.Name"])
    result = warm.run("account")
    (error,) = result.errors.values()
    assert isinstance(error, ConfigurationError)
    assert "Name" in error.message
    assert "take it out of the mapping" in error.next_step
    assert len(ids(warm)) == len(world.companies(warm)) == 3
    warm.switch("salesforce", hidden_fields=[])
    result = warm.run("account").ok
    assert result["to_ipaas"]["created"] == result["to_salesforce"]["created"] == 1


def test_a_field_that_is_taken_out_of_the_mapping_is_no_matter_any_more(warm: Rig, tmp_path: Path) -> None:
    warm.switch("salesforce", hidden_fields=["Account.Fax"])
    assert warm.run("account")["broken_fields"]
    world.map_fields(warm, tmp_path / "mappings", "account", "fax: {enabled: false}")
    ours = world.account(warm, "New", Phone="2")
    assert world.raw_company(warm, world.synced(warm, "account", ours))["phone_number"] == "2"


@pytest.mark.parametrize("switch", [{"hidden_fields": ["Account.Fax"]}, {"read_only_objects": ["Account"]}])
def test_a_permission_lost_in_the_middle_of_a_run_marks_nobody(warm: Rig, switch: dict[str, list[str]]) -> None:
    for number in range(3):
        world.company(warm, f"There {number}", fax_number="7")
    for account in ids(warm):
        world.edit_company(warm, world.partner(warm, "account", account), fax_number="8")
    for step in READS:
        warm.step(step, warm.sync("account", "run", {}))
    warm.switch("salesforce", **switch)
    with pytest.raises(IPaaSSyncError) as caught:
        warm.step("upsert_salesforce", warm.sync("account", "run", {}))
    assert caught.value.next_step
    summary = report(warm.sync("account", "run", {}))
    assert summary["to_salesforce"]["failed"] == 0
    assert summary["to_salesforce"]["parked_by_reason"] == {"not_attempted": 5}
    warm.switch("salesforce", **{name: [] for name in switch})
    result = warm.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["updated"]) == (3, 2)
    assert world.is_quiet(warm.run("account"))


def test_the_other_direction_goes_on_where_one_has_no_permission(warm: Rig) -> None:
    """What can be applied is applied; the run is red once, and says why."""
    warm.switch("salesforce", read_only_objects=["Account"])
    new = [world.account(warm, f"Here {number}") for number in range(2)]
    for number in range(2):
        world.company(warm, f"There {number}")
    result = warm.run("account")
    assert isinstance(result.errors["upsert_salesforce"], ConfigurationRefused)
    assert all(world.link_of(warm, "account", account) for account in new)
    assert result["to_salesforce"]["parked_by_reason"] == {"not_attempted": 2}


def test_a_field_that_became_shorter_fails_the_records_that_are_too_long_for_it(warm: Rig) -> None:
    names = {world.company(warm, f"There {number}", phone_number="5" * (10 + number)): number for number in range(4)}
    short = {
        "type": "record_error",
        "code": "STRING_TOO_LONG",
        "message": "Account Phone: data value too large: 5 (max length=12)",
        "fields": ["Phone"],
        "where": {"Phone": "5" * 13},
    }
    with warm.fault(service="salesforce", path="composite/sobjects", action=short):
        result = warm.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (3, 1)
    (error,) = result["to_salesforce"]["errors"]
    assert names[error["source_id"]] == 3
    assert error["message"] == "The text in Phone is longer than Salesforce allows (12 characters)."
    assert warm.run("account").ok["to_salesforce"]["failed"] == 0, "told once"


def test_a_field_that_got_another_type_fails_the_records_it_does_not_fit(warm: Rig, tmp_path: Path) -> None:
    """A text field that an administrator made a number: the call is refused whole, and cut."""
    warm.control("POST", "ipaas/custom-fields", {"kind": "company", "name": "Employees", "type": "string"})
    rule = "employees: {salesforce: NumberOfEmployees, ipaas: {custom_field: Employees}}"
    world.map_fields(warm, tmp_path / "mappings", "account", rule)
    for number, value in enumerate(["12", "a dozen", "13", "14"]):
        world.company(warm, f"There {number}", custom_fields={"Employees": value})
    result = warm.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (3, 1)
    assert world.is_quiet(warm.run("account"))


def test_a_custom_field_that_is_gone_from_ipaas_stops_before_it_marks_anybody(warm: Rig, tmp_path: Path) -> None:
    rule = "site: {salesforce: Site, ipaas: {custom_field: Site}, direction: to_ipaas}"
    world.map_fields(warm, tmp_path / "mappings", "account", rule)
    for number in range(3):
        world.account(warm, f"Here {number}", Site="Main")
    result = warm.run("account")
    error = result.errors["upsert_ipaas"]
    assert isinstance(error, ConfigurationRefused)
    assert "VALD-1011" in error.message
    assert "custom field" in error.next_step
    assert result["to_ipaas"]["failed"] == 0
    warm.control("POST", "ipaas/custom-fields", {"kind": "company", "name": "Site", "type": "string"})
    assert warm.run("account").ok["to_ipaas"]["created"] == 3
