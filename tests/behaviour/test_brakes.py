"""max_creates: a run that plans too many creates writes nothing, parks them, and says how to allow them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sync import brake
from airflow_provider_ipaas.sync.brake import TooManyCreates
from tests.behaviour import world
from tests.support.rig import Result, Rig


def state(rig: Rig) -> tuple[Any, ...]:
    """Return everything that a write of the sync could change, in both services."""
    rows = [world.salesforce_rows(rig, name) for name in ("Account", "Contact")]
    return *rows, world.companies(rig), world.customers(rig), rig.control("GET", "ipaas/external-ids")


def stopped(result: Result) -> TooManyCreates:
    (error,) = result.errors.values()
    assert isinstance(error, TooManyCreates)
    return error


def test_too_many_creates_in_one_direction_write_nothing_in_either(either: Rig) -> None:
    rig = either
    linked = world.account(rig, "Linked")
    world.synced(rig, "account", linked, full=True)
    for number in range(3):
        world.account(rig, f"New {number}")
    world.company(rig, "New there")
    world.edit_salesforce(rig, linked, Phone="2")
    before = state(rig)
    result = rig.run("account", max_creates=2)
    stopped(result)
    assert state(rig) == before
    assert result["to_ipaas"]["parked_by_reason"] == {"max_creates": 4}
    assert result["to_salesforce"]["parked_by_reason"] == {"max_creates": 1}
    for direction in ("to_ipaas", "to_salesforce"):
        counts = result[direction]
        assert counts["seen"] == sum(counts[n] for n in ("created", "updated", "unchanged", "skipped", "parked"))


def test_a_plan_that_is_tried_again_while_it_was_parking_stays_stopped(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is parked already does not count as planned any more: the rest alone would be few enough."""
    for number in range(3):
        world.account(rig, f"Here {number}")
    world.company(rig, "There")
    before = state(rig)
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites"):
        rig.step(step, rig.sync("account", "run", {"full": True, "max_creates": 2}))
    for attempt in range(2):
        sync = rig.sync("account", "run", {"full": True, "max_creates": 2})
        with monkeypatch.context() as patched:
            if attempt == 0:
                patched.setattr(brake, "_unlink_plans", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError if attempt == 0 else TooManyCreates) as caught:
                rig.step("plan", sync)
    assert "3 creates in iPaaS.com and 1 in Salesforce" in str(caught.value)
    for step in ("upsert_ipaas", "upsert_salesforce"):
        rig.step(step, rig.sync("account", "run", {"full": True, "max_creates": 2}))
    assert state(rig) == before


def test_the_brake_counts_each_direction_for_itself(rig: Rig) -> None:
    for number in range(2):
        world.account(rig, f"Here {number}")
        world.company(rig, f"There {number}")
    result = rig.run("account", full=True, max_creates=2).ok
    assert result.counts("to_ipaas") == {"created": 2}
    assert result.counts("to_salesforce") == {"created": 2}


def test_creates_towards_salesforce_are_braked_as_well(rig: Rig) -> None:
    for number in range(3):
        world.company(rig, f"There {number}")
    world.account(rig, "Here")
    before = state(rig)
    error = stopped(rig.run("account", full=True, max_creates=2))
    assert "3" in error.message
    assert state(rig) == before


def test_the_error_says_how_many_and_how_to_allow_them(rig: Rig) -> None:
    for number in range(3):
        world.account(rig, f"Here {number}")
    error = stopped(rig.run("account", full=True, max_creates=2))
    assert "max_creates" in error.message
    assert "3 creates in iPaaS.com" in error.message
    assert "max_creates = 3 or null" in error.next_step
    assert not error.transient


def test_a_later_run_with_the_allowance_goes_on(either: Rig) -> None:
    rig = either
    for number in range(3):
        world.account(rig, f"Here {number}")
    stopped(rig.run("account", full=True, max_creates=2))
    stopped(rig.run("account", max_creates=2))
    result = rig.run("account", max_creates=3).ok
    assert result.counts("to_ipaas") == {"created": 3}
    assert result["to_ipaas"]["parked_by_reason"] == {}
    assert len(world.companies(rig)) == 3


def test_null_is_no_limit(rig: Rig) -> None:
    for number in range(3):
        world.account(rig, f"Here {number}")
    assert rig.run("account", full=True, max_creates=None).ok.counts("to_ipaas") == {"created": 3}


def test_zero_allows_updates_only(rig: Rig) -> None:
    account = world.account(rig, "Linked")
    company = world.synced(rig, "account", account, full=True)
    world.edit_salesforce(rig, account, Phone="2")
    assert rig.run("account", max_creates=0).ok.counts("to_ipaas") == {"updated": 1}
    assert world.raw_company(rig, company)["phone_number"] == "2"


def test_the_default_is_a_thousand(rig: Rig) -> None:
    assert rig.sync("account", "any", {}).params.max_creates == 1000


def test_parents_count(either: Rig) -> None:
    rig = either
    for _ in range(2):
        world.contact(rig, world.account(rig))
    before = state(rig)
    result = rig.run("contact", full=True, max_creates=3)
    assert "2 of them parent Companies" in stopped(result).message
    assert state(rig) == before
    assert result["to_ipaas"]["parked_by_reason"] == {"max_creates": 2}
    done = rig.run("contact", max_creates=4).ok
    assert done.counts("to_ipaas") == {"created": 2}
    assert done["to_ipaas"]["parents"]["created"] == 2


def test_parents_written_by_an_earlier_attempt_of_the_run_are_not_counted_twice(rig: Rig) -> None:
    for _ in range(2):
        world.contact(rig, world.account(rig))
    params = {"full": True, "max_creates": 4}
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "prerequisites", "plan"):
        rig.step(step, rig.sync("contact", "run", params))
    assert len(world.companies(rig)) == 2


def test_no_external_id_is_written_by_a_braked_run(rig: Rig) -> None:
    world.contact(rig, world.account(rig), email="same@example.com")
    world.customer(rig, email="same@example.com")
    for _ in range(2):
        world.contact(rig, world.account(rig))
    before = state(rig)
    stopped(rig.run("contact", full=True, max_creates=1))
    assert state(rig) == before


def test_a_retried_plan_of_a_braked_run_does_not_write(rig: Rig) -> None:
    for number in range(3):
        world.account(rig, f"Here {number}")
    stopped(rig.run("account", run_id="braked", full=True, max_creates=2))
    for step in ("plan", "upsert_ipaas", "upsert_salesforce"):
        rig.step(step, rig.sync("account", "braked", {"full": True, "max_creates": 2}))
    assert world.companies(rig) == []


def test_a_dry_run_reports_what_would_be_braked_without_failing(rig: Rig) -> None:
    for number in range(3):
        world.account(rig, f"Here {number}")
    result = rig.run("account", full=True, max_creates=2, dry_run=True).ok
    assert result.counts("to_ipaas") == {"created": 3}
    assert world.companies(rig) == []
