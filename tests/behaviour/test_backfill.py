"""A first load by hand while the polls go on: nothing twice, and nothing left behind when it stops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.params import RunParams
from airflow_provider_ipaas.sync.report import report
from airflow_provider_ipaas.sync.shares import Share
from tests.behaviour import world
from tests.support.rig import STEPS, Rig

BACKFILL: dict[str, Any] = {"backfill": True, "max_creates": None}


def go_on(rig: Rig, steps: list[str], run_id: str = "load", collection: str = "account") -> None:
    for step in steps:
        rig.step(step, rig.sync(collection, run_id, BACKFILL))


def end(rig: Rig, run_id: str = "load") -> dict[str, Any]:
    return report(rig.sync("account", run_id, BACKFILL))


@pytest.fixture
def planned(rig: Rig) -> Rig:
    """A pair in step, new records on both sides, and a backfill that has its plan."""
    world.account(rig, "Linked")
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(5):
        world.account(rig, f"Here {number}")
        world.company(rig, f"There {number}")
    go_on(rig, list(STEPS)[:4])
    return rig


def test_a_poll_leaves_new_records_to_a_backfill_and_goes_on_with_linked_ones(planned: Rig) -> None:
    (linked,) = (row for row in world.salesforce_rows(planned, "Account") if row["Name"] == "Linked")
    world.edit_salesforce(planned, linked["Id"], Phone="+1 512 555 0100")
    # More creates than a poll may make: left to the backfill, they do not stop it.
    poll = planned.run("account", max_creates=1).ok
    assert poll["to_ipaas"]["parked_by_reason"] == {"backfill_running": 5}
    assert poll["to_salesforce"]["parked_by_reason"] == {"backfill_running": 5}
    assert poll["to_ipaas"]["updated"] == 1
    go_on(planned, list(STEPS)[4:])
    summary = end(planned)
    assert (summary["to_ipaas"]["created"], summary["to_salesforce"]["created"]) == (5, 5)
    assert world.is_quiet(planned.run("account"))
    assert len(world.companies(planned)) == len(world.salesforce_rows(planned, "Account")) == 11


def test_what_a_poll_has_left_is_due_once_an_hour_not_with_every_poll(planned: Rig) -> None:
    planned.run("account").ok  # noqa: B018
    scope, now = world.scope(planned), planned.now()

    def due(minutes: int) -> int:
        at = now + timedelta(minutes=minutes)
        return sum(len(rows) for rows in planned.ledger.due(scope, "account", "to_ipaas", at))

    assert (due(1), due(61)) == (0, 5)


def test_a_run_that_is_asked_for_a_record_creates_it_all_the_same(planned: Rig) -> None:
    (wanted,) = (row["Id"] for row in world.salesforce_rows(planned, "Account") if row["Name"] == "Here 0")
    assert planned.run("account", record_ids=[wanted]).ok.counts("to_ipaas") == {"created": 1}
    go_on(planned, list(STEPS)[4:])
    assert end(planned)["to_ipaas"]["created"] == 4
    world.later(planned, minutes=90)
    planned.run("account").ok  # noqa: B018
    assert len(world.companies(planned)) == len(world.salesforce_rows(planned, "Account")) == 11


def test_another_backfill_goes_on_where_one_was_stopped(planned: Rig) -> None:
    IPaaSApplier(planned.sync("account", "load", BACKFILL)).run(Share(0, 2))
    first = end(planned)["to_ipaas"]
    assert first["created"] < 5
    assert first["parked"] == 5 - first["created"]
    world.later(planned, minutes=20)
    go_on(planned, list(STEPS), run_id="again")
    second = end(planned, "again")["to_ipaas"]
    assert first["created"] + second["created"] == 5
    assert len(world.companies(planned)) == 11
    assert world.is_quiet(planned.run("account"))


def test_polls_create_again_when_a_backfill_is_lost(planned: Rig) -> None:
    world.later(planned, minutes=119)
    assert planned.run("account").ok["to_ipaas"]["created"] == 0
    world.later(planned, minutes=60)
    poll = planned.run("account").ok
    assert (poll["to_ipaas"]["created"], poll["to_salesforce"]["created"]) == (5, 5)


def test_a_dry_run_of_a_backfill_holds_nobody_back(rig: Rig) -> None:
    world.account(rig, "Here")
    params = {**BACKFILL, "dry_run": True}
    for step in list(STEPS)[:4]:
        rig.step(step, rig.sync("account", "look", params))
    assert rig.run("account").ok["to_ipaas"]["created"] == 1
    assert report(rig.sync("account", "look", params))["dry_run"] is True


@pytest.mark.parametrize("value", [0, -1, True, "5", float("inf"), float("nan")])
def test_the_rate_of_a_backfill_has_limits(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="requests_per_second"):
        RunParams.parse({"requests_per_second": value}, "account")
