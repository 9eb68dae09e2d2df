"""The brakes beside max_creates: a run that would change or blank too much of what is linked asks first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sync.brake import TooManyChanges, TooManyCreates
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.report import RunFailed, judge
from tests.behaviour import world
from tests.behaviour.test_brakes import state
from tests.support.rig import Result, Rig


def stopped(result: Result) -> TooManyChanges:
    (error,) = result.errors.values()
    assert isinstance(error, TooManyChanges), error
    return error


def in_step(rig: Rig, count: int, **limits: int) -> list[str]:
    """Link some Accounts with Companies, and set the limits; return the Accounts' ids."""
    ids = [world.account(rig, f"Pair {number}", Phone="1", Fax="9") for number in range(count)]
    rig.run("account", full=True).ok  # noqa: B018
    rig.settings["limits"] = ChangeLimits(**limits)
    return ids


def edit(rig: Rig, ids: list[str], **fields: Any) -> None:
    for record_id in ids:
        world.edit_salesforce(rig, record_id, **fields)


def test_more_than_half_of_the_linked_records_stop_the_run_before_its_first_write(either: Rig) -> None:
    rig = either
    ids = in_step(rig, 4, changed_records=2)
    edit(rig, ids[:3], Phone="2")
    world.account(rig, "New")
    before = state(rig)
    result = rig.run("account")
    stopped(result)
    assert state(rig) == before
    assert result.counts("to_ipaas") == {"unchanged": 1, "parked": 4}
    assert result["to_ipaas"]["parked_by_reason"] == {"mass_change": 4}


@pytest.mark.parametrize("limits", [{"changed_records": 3}, {"changed_records": 0, "changed_percent": 75}])
def test_both_limits_have_to_be_passed(rig: Rig, limits: dict[str, int]) -> None:
    ids = in_step(rig, 4, **limits)
    edit(rig, ids[:3], Phone="2")
    assert rig.run("account").ok.counts("to_ipaas") == {"updated": 3, "unchanged": 1}


def test_edits_in_ipaas_count_towards_salesforce(rig: Rig) -> None:
    ids = in_step(rig, 3, changed_records=1)
    for record_id in ids[:2]:
        world.edit_company(rig, world.partner(rig, "account", record_id), phone_number="2")
    world.edit_salesforce(rig, ids[2], Phone="3")
    before = state(rig)
    result = rig.run("account")
    assert "Accounts in Salesforce" in stopped(result).message
    assert state(rig) == before
    assert result["to_salesforce"]["parked_by_reason"] == {"mass_change": 2}
    assert result["to_ipaas"]["parked_by_reason"] == {"mass_change": 1}


def test_the_defaults_are_half_and_two_hundred(rig: Rig) -> None:
    ids = in_step(rig, 202)
    edit(rig, ids[:200], Phone="2")
    assert rig.run("account").ok["to_ipaas"]["updated"] == 200
    edit(rig, ids[:201], Phone="3")
    assert "201 of 202 linked Companies in iPaaS.com (99 %" in stopped(rig.run("account")).message


def test_the_error_names_counts_fields_examples_limits_and_both_ways_to_allow_it(rig: Rig) -> None:
    ids = in_step(rig, 7, changed_records=2)
    edit(rig, ids, Phone="+1 512 555 0199")
    edit(rig, ids[:2], Description="Confidential")
    error = stopped(rig.run("account"))
    assert "7 of 7 linked Companies in iPaaS.com (100 %" in error.message
    assert "phone (7), description (2)" in error.message
    assert "max_changed_percent allows 50 %, max_changed_records 2" in error.message
    assert "7 updates of Companies in iPaaS.com, 0 updates of Accounts in Salesforce" in error.message
    pairs = [f"{record_id} = {world.partner(rig, 'account', record_id)}" for record_id in ids]
    assert sum(pair in error.message for pair in pairs) == 5
    for value in ("0199", "Confidential"):
        assert value not in str(error)
    assert "allow_mass_change = true" in error.next_step
    assert (
        "max_changed_percent or max_changed_records of connection salesforce_connected_app_default" in error.next_step
    )
    assert not error.transient


def test_one_run_may_be_allowed(either: Rig) -> None:
    rig = either
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    stopped(rig.run("account"))
    assert rig.run("account", allow_mass_change=True).ok.counts("to_ipaas") == {"updated": 3}
    assert world.is_quiet(rig.run("account"))
    edit(rig, ids, Phone="3")
    stopped(rig.run("account"))


def test_what_is_taken_back_meanwhile_lets_the_sync_go_on(rig: Rig) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    stopped(rig.run("account"))
    edit(rig, ids[1:], Phone="1")
    assert rig.run("account").ok.counts("to_ipaas") == {"updated": 1, "unchanged": 2}


def test_single_records_can_be_tried_while_the_brake_holds(rig: Rig) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    stopped(rig.run("account"))
    assert rig.run("account", record_ids=ids[:1]).ok.counts("to_ipaas") == {"updated": 1}
    assert "for 2 runs" in stopped(rig.run("account")).message


def test_a_night_of_braked_runs_says_since_when_and_has_one_line_per_run(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    began = f"{rig.now():%Y-%m-%d}"
    caplog.clear()
    messages = []
    for _ in range(3):
        messages.append(stopped(rig.run("account")).message)
        world.later(rig, hours=1)
    assert "It has been so" not in messages[0]
    assert "for 3 runs" in messages[2]
    assert f"since {began}" in messages[2]
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    result = rig.run("account")
    assert result["to_ipaas"]["parked_by_reason"] == {"mass_change": 3}
    assert result["to_ipaas"]["oldest_parked_hours"] == 3.0
    rig.run("account", allow_mass_change=True).ok  # noqa: B018
    edit(rig, ids, Phone="3")
    assert "It has been so" not in stopped(rig.run("account")).message


def test_an_attempt_that_dies_while_it_parks_leaves_no_rest_that_passes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids[:2], Phone="2")
    world.edit_company(rig, world.partner(rig, "account", ids[2]), phone_number="3")
    before = state(rig)
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites"):
        rig.step(step, rig.sync("account", "run", {}))
    saved: list[int] = []
    save = rig.ledger.save_unresolved

    def die_at_the_second(rows: Any) -> None:
        saved.append(len(rows))
        if len(saved) == 2:
            raise KeyboardInterrupt
        save(rows)

    with monkeypatch.context() as dying:
        dying.setattr(rig.ledger, "save_unresolved", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            rig.step("plan", rig.sync("account", "run", {}))
    assert saved == [2, 1], "what goes to iPaaS.com is parked, what goes to Salesforce is planned still"
    with pytest.raises(TooManyChanges, match="2 of 3 linked Companies"):
        rig.step("plan", rig.sync("account", "run", {}))
    for step in ("upsert_ipaas", "upsert_salesforce"):
        rig.step(step, rig.sync("account", "run", {}))
    assert state(rig) == before


def test_a_dry_run_says_what_would_stop_it_without_failing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    result = rig.run("account", dry_run=True).ok
    assert result.counts("to_ipaas") == {"updated": 3}
    assert [brake["reason"] for brake in result["brakes"]] == ["mass_change"]
    assert "It would stop before its first write" in caplog.text
    judge(result.summary, failed_tasks=[], max_failed_records=0)
    assert "brakes" not in rig.run("account", dry_run=True, allow_mass_change=True).ok.summary


def test_the_report_of_a_braked_run_says_why_it_is_red(rig: Rig) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    result = rig.run("account")
    with pytest.raises(RunFailed, match=r"mass_change: This run would change 3 of 3 .* allow_mass_change = true"):
        judge(result.summary, failed_tasks=["plan"], max_failed_records=0)


def test_too_many_creates_and_changes_are_told_and_allowed_together(rig: Rig) -> None:
    ids = in_step(rig, 3, changed_records=1)
    edit(rig, ids, Phone="2")
    for number in range(2):
        world.account(rig, f"New {number}")
    result = rig.run("account", max_creates=1)
    (error,) = result.errors.values()
    assert isinstance(error, TooManyCreates)
    assert "2 creates in iPaaS.com" in error.message
    assert "would change 3 of 3" in error.message
    assert "max_creates = 2 or null and allow_mass_change = true" in error.next_step
    assert rig.run("account", max_creates=2, allow_mass_change=True).ok.counts("to_ipaas") == {
        "created": 2,
        "updated": 3,
    }


# First contact


def test_the_merges_of_a_first_contact_are_changes(either: Rig) -> None:
    rig = either
    rig.settings["limits"] = ChangeLimits(changed_records=1)
    parent = world.account(rig, "Parent")
    rig.run("account").ok  # noqa: B018
    for number in range(3):
        world.contact(rig, parent, email=f"same{number}@example.com", FirstName="Ann")
        world.customer(rig, email=f"same{number}@example.com", first_name="Anne")
    before = state(rig)
    result = rig.run("contact", full=True)
    assert "3 of 3 linked Customers in iPaaS.com" in stopped(result).message
    assert state(rig) == before
    done = rig.run("contact", full=True, allow_mass_change=True).ok
    assert done.counts("to_ipaas") == {"updated": 3}
    assert world.is_quiet(rig.run("contact"))


def test_no_parent_is_written_by_a_run_that_the_brake_stops(rig: Rig) -> None:
    parent = world.account(rig, "Parent")
    contacts = [world.contact(rig, parent, LastName=f"Pair {number}") for number in range(3)]
    rig.run("contact", full=True).ok  # noqa: B018
    rig.settings["limits"] = ChangeLimits(changed_records=1)
    edit(rig, contacts, LastName="Other")
    world.contact(rig, world.account(rig, "New parent"))
    before = state(rig)
    result = rig.run("contact")
    stopped(result)
    assert state(rig) == before
    assert result["to_ipaas"]["parked_by_reason"] == {"mass_change": 4}
    done = rig.run("contact", allow_mass_change=True).ok
    assert done.counts("to_ipaas") == {"created": 1, "updated": 3}
    assert done["to_ipaas"]["parents"]["created"] == 1


def test_deleted_pairs_are_no_linked_records(rig: Rig) -> None:
    ids = in_step(rig, 4, changed_records=1)
    for record_id in ids[2:]:
        rig.sandbox.salesforce.delete(record_id)
    rig.run("account").ok  # noqa: B018
    edit(rig, ids[:2], Phone="2")
    assert "2 of 2 linked" in stopped(rig.run("account")).message


# Blanks


def clearing(rig: Rig, folder: Path, count: int, **limits: int) -> list[str]:
    world.map_fields(rig, folder / "mapping", "account", "phone: {blank: clear}", "fax: {blank: clear}")
    return in_step(rig, count, **limits)


def test_a_field_blanked_on_more_than_a_tenth_stops_the_run(rig: Rig, tmp_path: Path) -> None:
    ids = clearing(rig, tmp_path, 20)
    edit(rig, ids[:5], Fax=None)
    world.edit_salesforce(rig, ids[9], Phone="2")
    before = state(rig)
    result = rig.run("account")
    error = stopped(result)
    assert state(rig) == before
    assert result["to_ipaas"]["parked_by_reason"] == {"mass_blank": 6}
    assert "mass_blank: this run would blank fax on 5 of 20 linked Companies in iPaaS.com (25 %" in error.message
    assert "max_blanked_percent allows 10 %" in error.message
    assert f"{ids[0]} = " in error.message
    assert "raise max_blanked_percent of connection" in error.next_step
    assert rig.run("account", allow_mass_change=True).ok.counts("to_ipaas") == {"updated": 6, "unchanged": 14}
    assert not world.raw_company(rig, world.partner(rig, "account", ids[0]))["fax_number"]


def test_blanks_are_counted_by_field_and_a_handful_never_stops(rig: Rig, tmp_path: Path) -> None:
    ids = clearing(rig, tmp_path, 9)
    edit(rig, ids[:4], Fax=None)
    edit(rig, ids[5:], Phone=None)
    assert rig.run("account").ok.counts("to_ipaas")["updated"] == 8


def test_blanks_that_the_mapping_keeps_are_none(rig: Rig) -> None:
    ids = in_step(rig, 6, blanked_percent=0)
    edit(rig, ids, Fax=None)
    assert world.is_quiet(rig.run("account"))


def test_blanks_towards_salesforce_count_as_well(rig: Rig, tmp_path: Path) -> None:
    ids = clearing(rig, tmp_path, 6)
    for record_id in ids:
        world.edit_company(rig, world.partner(rig, "account", record_id), fax_number=None)
    assert "would blank fax on 6 of 6 linked Accounts in Salesforce" in stopped(rig.run("account")).message


def test_a_hundred_percent_is_no_limit(rig: Rig, tmp_path: Path) -> None:
    ids = clearing(rig, tmp_path, 6, changed_percent=100, changed_records=0, blanked_percent=100)
    edit(rig, ids, Fax=None)
    assert rig.run("account").ok.counts("to_ipaas") == {"updated": 6}
