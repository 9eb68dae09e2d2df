"""A big upsert in several tasks at once, over real sockets: the same end as with one, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airflow_provider_ipaas.sync import shares
from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.canary import canary_due
from airflow_provider_ipaas.sync.report import report
from airflow_provider_ipaas.sync.shares import Share
from tests.behaviour import world
from tests.support.rig import Rig

READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan")
Told = tuple[str, str, dict[str, Any]]
RUN: Told = ("account", "big", {"full": True})
CONTACTS: Told = ("contact", "big", {"full": True})


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a task of its own be worth it from five writes on."""
    monkeypatch.setattr(shares, "LEAST", 5)


def planned(rig: Rig, told: Told = RUN) -> list[Share]:
    """Plan a run and let its first task write; return what that leaves to others."""
    for step in READS:
        rig.step(step, rig.sync(*told))
    return IPaaSApplier(rig.sync(*told)).lead(4)


def write(rig: Rig, parts: Iterable[Share], told: Told = RUN) -> list[dict[str, int]]:
    """Write shares at once, each with a client of its own."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda share: IPaaSApplier(rig.sync(*told)).run(share), parts))


def finish(rig: Rig, told: Told = RUN) -> dict[str, Any]:
    rig.step("upsert_salesforce", rig.sync(*told))
    summary = report(rig.sync(*told))
    counts = summary["to_ipaas"]
    assert counts["seen"] == sum(counts[n] for n in ("created", "updated", "unchanged", "skipped", "parked", "failed"))
    return summary


def test_the_first_task_proves_the_kinds_of_writes_and_leaves_the_rest(rig: Rig) -> None:
    for number in range(60):
        world.account(rig, f"Account {number}")
    parts = planned(rig)
    assert parts == [Share(number, 4) for number in range(4)]
    made = len(world.companies(rig))
    assert 0 < made < 30
    assert not canary_due(rig.sync(*RUN), "ipaas", "create")
    write(rig, parts)
    assert finish(rig)["to_ipaas"]["created"] == 60
    assert len(world.companies(rig)) == 60
    assert world.is_quiet(rig.run("account"))


def test_links_creates_and_updates_are_shared_out_alike(rig: Rig) -> None:
    parent = world.account(rig, "Parent")
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(30):
        world.contact(rig, parent, LastName=f"Both {number}", email=f"both{number}@example.com", Phone=f"0{number}")
        world.customer(rig, last_name=f"Both {number}", email=f"both{number}@example.com")
        world.contact(rig, parent, LastName=f"New {number}", email=f"new{number}@example.com")
    parts = planned(rig, CONTACTS)
    assert len(parts) == 4
    write(rig, parts, CONTACTS)
    summary = finish(rig, CONTACTS)
    assert summary["to_ipaas"]["parked"] == summary["to_ipaas"]["failed"] == 0
    assert (summary["to_ipaas"]["created"], summary["to_ipaas"]["updated"]) == (30, 30)
    assert len(world.customers(rig)) == 60
    for record in world.customers(rig):
        assert world.external_id(rig, "customer", str(record["id"])) is not None
    rig.run("contact").ok  # noqa: B018
    assert world.is_quiet(rig.run("contact"))


def test_a_share_that_runs_twice_at_once_makes_nothing_twice(rig: Rig) -> None:
    for number in range(40):
        world.account(rig, f"Account {number}")
    parts = planned(rig)
    write(rig, [*parts, *parts])
    finish(rig)
    assert sorted(record["name"] for record in world.companies(rig)) == sorted(f"Account {n}" for n in range(40))
    world.later(rig, minutes=40)
    rig.run("account").ok  # noqa: B018
    assert world.is_quiet(rig.run("account"))
    assert len(world.companies(rig)) == 40


def test_records_of_the_same_name_all_arrive_as_with_one_task(rig: Rig) -> None:
    for number in range(40):
        world.account(rig, f"Name {number % 8}")
    parts = planned(rig)
    write(rig, parts)
    summary = finish(rig)
    assert (summary["to_ipaas"]["created"], summary["to_ipaas"]["parked"]) == (40, 0)
    one = Rig(rig.sandbox, rig.ledger)
    assert world.is_quiet(one.run("account", run_id="after"))
    assert len(world.companies(rig)) == 40


def test_what_a_task_left_undone_is_parked_and_taken_up_by_the_next_run(rig: Rig) -> None:
    for number in range(40):
        world.account(rig, f"Account {number}")
    parts = planned(rig)
    write(rig, parts[1:])
    left = finish(rig)["to_ipaas"]
    assert left["parked_by_reason"] == {"not_attempted": left["parked"]}
    assert left["parked"] > 0
    rig.run("account").ok  # noqa: B018
    assert len(world.companies(rig)) == 40


def test_little_is_written_by_one_task(rig: Rig) -> None:
    for number in range(9):
        world.account(rig, f"Account {number}")
    assert planned(rig) == []
    assert len(world.companies(rig)) == 9
