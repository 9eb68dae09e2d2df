"""A dry run plans and reports; nothing is written to either service, and later runs are not affected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox.seeds import seed_demo
from tests.behaviour import world
from tests.support.rig import OUTCOMES, Rig

COLLECTIONS = ("account", "contact")


def state(rig: Rig) -> str:
    """Return everything that a write of the sync could change in both services, as text."""
    parts: list[Any] = [world.salesforce_rows(rig, name) for name in ("Account", "Contact")]
    parts += [world.companies(rig), world.customers(rig), rig.control("GET", "ipaas/external-ids")]
    return json.dumps(parts, default=str, sort_keys=True)


def essence(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what two worlds have to have in common: all but run ids, call counts and hours."""
    return {
        direction: {key: value for key, value in summary[direction].items() if key != "oldest_parked_hours"}
        for direction in ("to_ipaas", "to_salesforce")
    }


def content(rig: Rig) -> list[Any]:
    """Return what both services hold, without stamps."""
    moving = {"SystemModstamp", "LastModifiedDate", "CreatedDate", "created", "updated"}
    rows = [*world.salesforce_rows(rig, "Account"), *world.salesforce_rows(rig, "Contact")]
    rows += [*world.companies(rig), *world.customers(rig)]
    return [{key: value for key, value in row.items() if key not in moving} for row in rows]


def seeded(rig: Rig) -> None:
    seed_demo(rig.sandbox.salesforce, rig.sandbox.ipaas)


def test_nothing_is_written_to_either_service(either: Rig) -> None:
    seeded(either)
    before = state(either)
    for collection in COLLECTIONS:
        either.run(collection, full=True, dry_run=True).ok  # noqa: B018
        either.run(collection, dry_run=True).ok  # noqa: B018
    assert state(either) == before


def test_no_link_baseline_or_watermark_is_kept(rig: Rig) -> None:
    seeded(rig)
    for collection in COLLECTIONS:
        rig.run(collection, dry_run=True).ok  # noqa: B018
        scope = world.scope(rig)
        assert rig.ledger.count_links(scope, collection) == 0
        assert rig.ledger.fact(scope, f"first_contact:{collection}") is None
        for side in ("salesforce", "ipaas"):
            assert rig.ledger.watermark(scope, collection, side) is None
        for direction in ("to_ipaas", "to_salesforce"):
            assert not list(rig.ledger.due(scope, collection, direction, rig.now()))


def test_its_counts_say_what_would_happen(either: Rig) -> None:
    rig = either
    world.account(rig, "New here")
    world.company(rig, "New there")
    linked = world.account(rig, "Linked")
    world.synced(rig, "account", linked, record_ids=[linked])
    world.edit_salesforce(rig, linked, Phone="2")
    would = rig.run("account", full=True, dry_run=True).ok
    assert would["dry_run"] is True
    assert would.counts("to_ipaas") == {"created": 1, "updated": 1}
    assert would.counts("to_salesforce")["created"] == 1
    done = rig.run("account", full=True).ok
    assert essence(done.summary) == essence(would.summary)


def test_contacts_with_parents_count_as_they_would(rig: Rig) -> None:
    world.contact(rig, world.account(rig))
    would = rig.run("contact", full=True, dry_run=True).ok
    assert would.counts("to_ipaas") == {"created": 1}
    assert world.companies(rig) == []
    done = rig.run("contact", full=True).ok
    assert done.counts("to_ipaas") == {"created": 1}


def a_life(rig: Rig, *, dry_runs: bool) -> list[Any]:
    """Sync, edit both sides, sync again; with a dry run before each run where *dry_runs*."""
    told: list[Any] = []
    rig.lanes = 1  # ids are given in the order of the creates

    def run(collection: str, **params: Any) -> None:
        if dry_runs:
            rig.run(collection, dry_run=True, **params)
            rig.run(collection, dry_run=True, full=True)
        told.append(essence(rig.run(collection, **params).summary))

    world_rule = {"sobject": "Account", "condition": "Phone = '666'", "message": "no"}
    rig.control("POST", "salesforce/validation-rules", world_rule)
    seeded(rig)
    for collection in COLLECTIONS:
        run(collection)
    for row in world.salesforce_rows(rig, "Account")[:5]:
        world.edit_salesforce(rig, row["Id"], Phone="512 555 0100")
    for number, row in enumerate(world.companies(rig)[3:8]):
        world.edit_company(rig, str(row["id"]), phone_number="666" if number == 1 else "512 555 0199")
    for row in world.customers(rig)[:3]:
        world.edit_customer(rig, str(row["id"]), last_name="Renamed")
    world.company(rig, "Entirely New")
    for _ in range(2):
        for collection in COLLECTIONS:
            run(collection)
        world.later(rig, minutes=20)
    return told


@pytest.mark.parametrize("preset", ["harsh", "mild"])
def test_later_runs_are_the_same_as_in_a_world_without_dry_runs(rig: Rig, preset: str, tmp_path: Any) -> None:
    if preset == "mild":
        rig.control("POST", "ipaas/switches/preset/mild")
    told = a_life(rig, dry_runs=False)
    held = content(rig)
    rig.sandbox.machine.reset()
    if preset == "mild":
        rig.control("POST", "ipaas/switches/preset/mild")
    ledger = SqlLedger.open(f"sqlite:///{tmp_path}/other.db")
    try:
        other = Rig(rig.sandbox, ledger)
        assert a_life(other, dry_runs=True) == told
        assert content(other) == held
    finally:
        ledger.close()


def test_a_dry_run_says_that_the_ledger_was_rebuilt_and_rebuilds_nothing(rig: Rig) -> None:
    account = world.account(rig)
    company = world.company(rig)
    link = {"table": "company", "internal_id": int(company), "external_id": account}
    rig.control("PUT", "ipaas/external-ids", link)
    result = rig.run("account", full=True, dry_run=True)
    assert "ledger_rebuilt" in str(result.errors["prerequisites"])
    assert rig.ledger.count_links(world.scope(rig), "account") == 0


def test_the_sum_adds_up(rig: Rig) -> None:
    seeded(rig)
    for collection in COLLECTIONS:
        summary = rig.run(collection, dry_run=True, full=True).ok
        for direction in ("to_ipaas", "to_salesforce"):
            assert summary[direction]["seen"] == sum(summary[direction][name] for name in OUTCOMES) > 0
