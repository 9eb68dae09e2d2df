"""Runs that meet: of one DAG, and of both DAGs that need the same Company at once. Each record is created once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.behaviour import world
from tests.crash.drill import differences
from tests.crash.ground import STEPS, Ground
from tests.crash.scenarios import both_ways, in_step
from tests.crash.state import services, told

pytestmark = pytest.mark.crash
TIMES = 2


def meet(ground: Ground, *runs: tuple[str, str]) -> None:
    """Run DAGs (collection, run id) at the same time, as often as it takes to meet in different ways; then come to rest."""
    answers = ground.workers.at_once([ground.job(collection, run_id, {}) for collection, run_id in runs])
    for answer in answers:
        assert "broken" not in answer, answer["broken"]
        assert set(answer["states"].values()) == {"success"}, answer["errors"]
    for number in range(2):
        for collection in dict.fromkeys(collection for collection, _ in runs):
            ground.pass_time(minutes=20)
            before = services(ground)
            done = ground.run(collection, f"after-{number}", {})
            assert done["states"]["report"] == "success", done["errors"]
    assert services(ground) == before


@pytest.mark.parametrize("time", range(TIMES))
def test_two_runs_of_one_dag_at_once_do_what_one_does(ground: Ground, time: int) -> None:
    ground.clear()
    both_ways(ground)
    begin = ground.photograph()
    meet(ground, ("account", "alone"))
    alone = told(ground)
    ground.put_back(begin)
    meet(ground, ("account", "one"), ("account", "two"))
    assert differences(alone, told(ground)) == []


@pytest.mark.parametrize("time", range(TIMES))
def test_accounts_and_contacts_that_create_the_same_parents_at_once_create_each_once(ground: Ground, time: int) -> None:
    ground.clear()
    in_step(ground)
    rig = ground.rig
    for number in range(4):
        account = world.account(rig, f"Employer {number}", Phone="+1 512 555 0700")
        world.contact(rig, account, LastName=f"Person {number}")
    meet(ground, ("account", "accounts"), ("contact", "contacts"))
    names = Counter(record["name"] for record in world.companies(rig))
    assert names == {row["Name"]: 1 for row in world.salesforce_rows(rig, "Account")}
    people = Counter(record["last_name"] for record in world.customers(rig))
    assert people == {f"Person {number}": 1 for number in range(4)}
    for row in world.salesforce_rows(rig, "Account"):
        assert world.external_id(rig, "company", world.partner(rig, "account", row["Id"])) == row["Id"]
    for row in world.salesforce_rows(rig, "Contact"):
        assert world.external_id(rig, "customer", world.partner(rig, "contact", row["Id"])) == row["Id"]


def test_a_task_that_is_cleared_after_its_run_was_reported_writes_nothing(ground: Ground) -> None:
    """What the run of yesterday had planned is old: its upserts find it closed, whole it reads anew."""
    ground.clear()
    both_ways(ground)
    ground.run("account", "yesterday", {})
    ground.pass_time(days=1)
    rows = {row["Name"]: row["Id"] for row in world.salesforce_rows(ground.rig, "Account")}
    world.edit_salesforce(ground.rig, rows["Pair 0"], Phone="+1 512 555 0800")
    world.edit_company(ground.rig, world.partner(ground.rig, "account", rows["Pair 1"]), description="Since then")
    ground.run("account", "today", {})
    before = services(ground)
    for steps in (["upsert_ipaas"], ["upsert_salesforce"], list(STEPS[3:])):
        done: dict[str, Any] = ground.run("account", "yesterday", {}, steps=steps, try_number=2)
        assert set(done["states"].values()) == {"success"}, done["errors"]
        assert services(ground) == before
    world.edit_salesforce(ground.rig, rows["Pair 0"], Phone="+1 512 555 0900")
    ground.run("account", "yesterday", {}, try_number=2)
    there = world.raw_company(ground.rig, world.partner(ground.rig, "account", rows["Pair 0"]))
    assert there["phone_number"] == "+1 512 555 0900"
