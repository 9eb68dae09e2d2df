"""A reconcile that is killed while it repairs, and a full load that is killed while it learns what went away."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import Any

import pytest

from tests.behaviour import world
from tests.behaviour.comparing import salesforce_now
from tests.crash.drill import Scenario, differences, record, survive
from tests.crash.ground import Ground
from tests.crash.killing import Kill
from tests.crash.points import all_points
from tests.crash.scenarios import in_step, pairs_of
from tests.crash.state import services, told
from tests.support.rig import SYSTEM_ID

pytestmark = pytest.mark.crash
STEP = "reconcile_accounts"
REPAIR = [point.name for point in all_points() if point.name.startswith("due.")]
GONE = "extract_salesforce._capture_gone: ledger.add_items"


def drifted(ground: Ground) -> None:
    """Two edits and a new Account that no window reaches, and an external id that somebody took away."""
    in_step(ground)
    edited, other, bare = pairs_of(ground, 3)
    store, long_ago = ground.sandbox.salesforce, salesforce_now(ground.rig) - timedelta(days=30)
    store.update(edited, {"Phone": "+1 512 555 0700"}, at=long_ago)
    store.update(other, {"Website": "https://late.example.com"}, at=long_ago)
    store.insert("Account", {"Name": "Never read"}, at=long_ago)
    company = int(world.partner(ground.rig, "account", bare))
    link = ground.sandbox.ipaas.links.by_internal("company", int(SYSTEM_ID), company)
    assert link is not None
    ground.sandbox.ipaas.links.drop(link)


def repair(ground: Ground, **more: Any) -> dict[str, Any]:
    return ground.run("reconcile", "weekly", {"collection": "account", "repair": True}, steps=(STEP,), **more)


def finish(ground: Ground) -> dict[str, Any]:
    """Let the next run take up what is due, and see that the one after it writes nothing; return what stands then."""
    ground.pass_time(minutes=15)
    assert ground.run("account", "next", {})["errors"] == {}
    before = services(ground)
    ground.pass_time(minutes=15)
    assert ground.run("account", "after", {})["errors"] == {}
    assert services(ground) == before
    return told(ground)


def test_a_repair_that_is_killed_is_whole_after_the_next_reconcile(ground: Ground) -> None:
    ground.clear()
    drifted(ground)
    photo = ground.photograph()
    done = repair(ground)
    assert (done["errors"], done["summary"]["due"]) == ({}, 4)
    assert {point for _, point in done["passed"] if point.startswith("due.")} == set(REPAIR)
    end = finish(ground)

    for point in REPAIR:
        for when in ("before", "after"):
            ground.put_back(photo)
            before = services(ground)
            dead = repair(ground, kill=Kill(STEP, point, when))  # type: ignore[arg-type]
            assert dead["status"] == -signal.SIGKILL, dead
            assert services(ground) == before
            again = repair(ground, try_number=2)
            assert again["errors"] == {}
            assert differences(end, finish(ground)) == [], (point, when)


def merged_long_ago(ground: Ground) -> None:
    """A merge since the last run, which is further back than the window."""
    in_step(ground)
    loser, _ = pairs_of(ground, 2)
    winner = world.account(ground.rig, "Winner")
    ground.sandbox.salesforce.merge(winner, [loser])
    ground.pass_time(days=9)


def test_a_full_load_that_is_killed_still_follows_a_merge(ground: Ground) -> None:
    course = record(ground, Scenario("full load after a merge", merged_long_ago, params={"full": True}))
    kills = course.kills([pair for pair in course.passed if pair[1] == GONE], again=False)
    assert len(kills) == 2
    for kill in kills:
        survive(ground, course, kill, retried=True)
