"""An empty ledger that meets external ids of ours: links come back, nothing is written until a person confirms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.rebuild import LedgerRebuilt
from tests.behaviour import world
from tests.support.rig import Result, Rig


def state(rig: Rig) -> str:
    parts: list[Any] = [world.salesforce_rows(rig, name) for name in ("Account", "Contact")]
    parts += [world.companies(rig), world.customers(rig), rig.control("GET", "ipaas/external-ids")]
    return json.dumps(parts, default=str, sort_keys=True)


def rebuilt(result: Result) -> LedgerRebuilt:
    (error,) = result.errors.values()
    assert isinstance(error, LedgerRebuilt), error
    return error


@pytest.fixture
def lost(either: Rig, tmp_path: Path) -> Iterator[Rig]:
    """Two pairs in step (one created on either side), and then the ledger is lost."""
    rig = either
    world.account(rig, "From here", Phone="1")
    world.company(rig, "From there", phone_number="1")
    rig.run("account", full=True).ok  # noqa: B018
    ledger = SqlLedger.open(f"sqlite:///{tmp_path}/fresh.db")
    fresh = Rig(rig.sandbox, ledger)
    yield fresh
    ledger.close()


def pairs(rig: Rig) -> set[tuple[str, str]]:
    """Return (name, name) of what is linked."""
    found = set()
    for row in world.salesforce_rows(rig, "Account"):
        link = world.link_of(rig, "account", row["Id"])
        if link is not None:
            found.add((row["Name"], world.raw_company(rig, link.ipaas_id)["name"]))
    return found


BOTH = {("From here", "From here"), ("From there", "From there")}


def test_the_links_come_back_and_nothing_is_written(lost: Rig) -> None:
    before = state(lost)
    for record in world.companies(lost):
        world.edit_company(lost, str(record["id"]), fax_number="9")
    world.account(lost, "New")
    before = state(lost)
    error = rebuilt(lost.run("account"))
    assert state(lost) == before
    assert pairs(lost) == BOTH
    assert "ledger_rebuilt" in error.message
    assert "confirm_rebuild = true" in error.next_step
    assert not error.transient


def test_every_run_fails_until_one_confirms(lost: Rig) -> None:
    before = state(lost)
    for params in ({}, {"full": True}, {"dry_run": True}, {"direction": "to_ipaas"}):
        rebuilt(lost.run("account", **params))
    assert state(lost) == before
    lost.run("account", confirm_rebuild=True).ok  # noqa: B018
    assert world.is_quiet(lost.run("account"))


def test_a_run_by_ids_fails_too(lost: Rig) -> None:
    account = world.salesforce_rows(lost, "Account")[0]["Id"]
    rebuilt(lost.run("account", record_ids=[account]))
    assert pairs(lost) == BOTH


def test_the_first_run_may_confirm_at_once(lost: Rig) -> None:
    lost.run("account", full=True, confirm_rebuild=True).ok  # noqa: B018
    assert pairs(lost) == BOTH
    assert world.is_quiet(lost.run("account"))


def test_a_dry_run_does_not_confirm(lost: Rig) -> None:
    rebuilt(lost.run("account", confirm_rebuild=True, dry_run=True))
    rebuilt(lost.run("account"))


def test_afterwards_it_is_a_first_contact(lost: Rig) -> None:
    here, there = sorted(world.salesforce_rows(lost, "Account"), key=lambda row: row["Name"])
    world.edit_salesforce(lost, here["Id"], Phone="2", Fax="5")
    rebuilt(lost.run("account"))
    company = world.partner(lost, "account", here["Id"])
    world.edit_company(lost, company, phone_number="3", url="https://there.example")
    result = lost.run("account", confirm_rebuild=True, full=True).ok
    stored = world.raw_company(lost, company)
    assert (stored["phone_number"], stored["fax_number"]) == ("2", "5")
    assert world.raw_salesforce(lost, here["Id"])["Website"] == "https://there.example"
    assert sum(result[d]["conflicts"]["resolved"] for d in ("to_ipaas", "to_salesforce")) == 1
    assert there["Phone"] == world.raw_salesforce(lost, there["Id"])["Phone"]
    assert world.is_quiet(lost.run("account"))


def test_nothing_is_created_anew_by_a_confirmed_run(lost: Rig) -> None:
    lost.run("account", full=True, confirm_rebuild=True).ok  # noqa: B018
    assert len(world.companies(lost)) == len(world.salesforce_rows(lost, "Account")) == 2


def test_each_collection_is_rebuilt_for_itself(rig: Rig, tmp_path: Path) -> None:
    world.contact(rig, world.account(rig))
    rig.run("contact", full=True).ok  # noqa: B018
    ledger = SqlLedger.open(f"sqlite:///{tmp_path}/fresh.db")
    fresh = Rig(rig.sandbox, ledger)
    rebuilt(fresh.run("contact"))
    fresh.run("contact", confirm_rebuild=True, full=True).ok  # noqa: B018
    rebuilt(fresh.run("account"))
    fresh.run("account", confirm_rebuild=True).ok  # noqa: B018
    assert len(world.companies(fresh)) == len(world.customers(fresh)) == 1
    ledger.close()


def test_links_come_back_from_the_field_in_salesforce_alone(rig: Rig) -> None:
    company = world.company(rig, "Only there")
    account = world.account(rig, "Only here", iPaaS_Id__c=company)
    rebuilt(rig.run("account"))
    assert world.partner(rig, "account", account) == company


def test_ids_of_other_systems_and_of_deleted_records_rebuild_nothing(rig: Rig) -> None:
    account = world.account(rig, "Ours")
    company = world.company(rig, "Theirs")
    other = {"table": "company", "internal_id": int(company), "external_id": account, "system_id": 77}
    rig.control("PUT", "ipaas/external-ids", other)
    rig.run("account", full=True).ok  # noqa: B018


def test_a_ledger_that_has_written_before_is_no_empty_one(rig: Rig) -> None:
    account = world.account(rig, "Ours")
    world.synced(rig, "account", account, full=True)
    company = world.company(rig, "Carries an id of ours")
    other = world.account(rig, "Another")
    link = {"table": "company", "internal_id": int(company), "external_id": other}
    rig.control("PUT", "ipaas/external-ids", link)
    rig.run("account", full=True).ok  # noqa: B018
    assert world.partner(rig, "account", other) == company


def test_a_rebuild_that_ends_between_a_link_and_its_note_still_waits_for_a_person(
    lost: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.account(lost, "New")
    before = state(lost)
    with monkeypatch.context() as patched:
        patched.setattr(lost.ledger, "set_fact", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lost.step("extract_ipaas", lost.sync("account", "run", {}))
    rebuilt(lost.run("account", run_id="run"))
    assert state(lost) == before
    assert pairs(lost) == BOTH
