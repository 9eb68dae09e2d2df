"""A ledger that is older than the services: restored from a copy, upgraded with work in it, or written by a newer release."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, migrate
from tests.behaviour import world
from tests.ledger.test_upgrades import AFTER, release
from tests.support.rig import Rig


@contextmanager
def opened(rig: Rig, path: Path) -> Iterator[Rig]:
    """Return a rig over the same services with another ledger file."""
    ledger = SqlLedger.open(f"sqlite:///{path}")
    other = Rig(rig.sandbox, ledger)
    other.offset = rig.offset
    try:
        yield other
    finally:
        ledger.close()


def copied(rig: Rig, folder: Path, name: str) -> Path:
    """Keep a copy of the ledger as it is now."""
    rig.ledger.close()
    path = folder / name
    shutil.copy(folder / "ledger.db", path)
    rig.ledger = SqlLedger.open(f"sqlite:///{folder}/ledger.db")
    return path


def busy_days(rig: Rig, turn: int) -> None:
    """Let people work on both sides, and sync it."""
    for number in range(2):
        world.account(rig, f"Here {turn}.{number}")
        world.company(rig, f"There {turn}.{number}")
    for row in world.salesforce_rows(rig, "Account")[:3]:
        world.edit_salesforce(rig, row["Id"], Phone=f"+1 512 555 010{turn}")
    rig.run("account").ok  # noqa: B018
    world.later(rig, hours=6)


def assert_twins(rig: Rig) -> None:
    """Every Account has exactly one Company of its name, and they show the same phone."""
    accounts = {row["Name"]: row.get("Phone") for row in world.salesforce_rows(rig, "Account")}
    companies = {record["name"]: record["phone_number"] for record in world.companies(rig)}
    assert len(accounts) == len(world.salesforce_rows(rig, "Account"))
    assert len(companies) == len(world.companies(rig))
    assert accounts == companies


@pytest.mark.parametrize("days", [1, 4])
@pytest.mark.parametrize("has_field", [True, False], ids=["id-field", "no-id-field"])
def test_a_ledger_restored_from_an_older_copy_creates_nothing_anew(
    rig: Rig, tmp_path: Path, days: int, has_field: bool
) -> None:
    rig.switch("salesforce", external_id_field=has_field)
    rig.run("account", full=True).ok  # noqa: B018
    busy_days(rig, 0)
    old = copied(rig, tmp_path, "copy.db")
    for turn in range(days):
        busy_days(rig, turn + 1)
    assert_twins(rig)
    before = len(world.companies(rig))

    with opened(rig, old) as restored:
        result = restored.run("account").ok
        assert result["to_ipaas"]["created"] == result["to_salesforce"]["created"] == 0
        assert world.is_quiet(restored.run("account"))
        assert_twins(restored)
        assert len(world.companies(restored)) == before
        # And it works on: links that the copy did not know are known again.
        world.account(restored, "Later")
        for row in world.salesforce_rows(restored, "Account"):
            world.edit_salesforce(restored, row["Id"], Phone="+1 512 555 0199")
        restored.run("account").ok  # noqa: B018
        assert_twins(restored)


def test_an_edit_since_the_copy_is_not_taken_back(rig: Rig, tmp_path: Path) -> None:
    """What was agreed after the copy was made looks like an edit on both sides to the same value."""
    ours = world.account(rig, "Pair", Phone="1")
    theirs = world.synced(rig, "account", ours)
    old = copied(rig, tmp_path, "copy.db")
    world.edit_company(rig, theirs, phone_number="2")
    rig.run("account").ok  # noqa: B018
    world.edit_salesforce(rig, ours, Phone="3")
    rig.run("account").ok  # noqa: B018
    with opened(rig, old) as restored:
        result = restored.run("account").ok
        assert result["to_ipaas"]["conflicts"]["resolved"] + result["to_salesforce"]["conflicts"]["resolved"] == 0
        assert world.raw_salesforce(restored, ours)["Phone"] == "3"
        assert world.raw_company(restored, theirs)["phone_number"] == "3"


def unfinished(rig: Rig) -> None:
    """Leave behind what a ledger may hold between two runs: links, refused and parked ones, a run that was stopped."""
    world.account(rig, "Pair")
    rig.run("account", full=True).ok  # noqa: B018
    rule = {"sobject": "Account", "condition": "Name = 'Refused'", "message": "No."}
    rig.control("POST", "salesforce/validation-rules", rule)
    world.company(rig, "Refused")
    world.account(rig, "Twin")
    rig.run("account").ok  # noqa: B018
    world.company(rig, "Twin 2", account_number="7")
    world.account(rig, "Twin 3", AccountNumber="7")
    rig.run("account").ok  # noqa: B018
    world.account(rig, "New")
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "stopped", {}))


def waiting(rig: Rig) -> set[tuple[str, str]]:
    """Return id and reason of every record that waits."""
    late = rig.now().replace(year=2099)
    due = [rig.ledger.due(world.scope(rig), "account", direction, late) for direction in ("to_ipaas", "to_salesforce")]  # type: ignore[arg-type]
    return {(row.source_id, row.reason) for batches in due for batch in batches for row in batch}


def test_an_upgrade_with_work_in_the_ledger_keeps_all_of_it(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished(rig)
    before, links = waiting(rig), rig.ledger.count_links(world.scope(rig), "account")
    assert {reason for _, reason in before} == {"refused_before", "possible_duplicate"}
    rig.ledger.close()

    release(tmp_path, monkeypatch)
    with opened(rig, tmp_path / "ledger.db") as upgraded:
        assert migrate.current(f"sqlite:///{tmp_path}/ledger.db") == AFTER
        assert waiting(upgraded) == before
        assert upgraded.ledger.count_links(world.scope(upgraded), "account") == links
        # The run that was under way goes on in the new release, task by task.
        for step in ("upsert_ipaas", "upsert_salesforce"):
            upgraded.step(step, upgraded.sync("account", "stopped", {}))
        assert "New" in {record["name"] for record in world.companies(upgraded)}
        assert world.is_quiet(upgraded.run("account"))


def test_an_older_release_refuses_what_a_newer_one_wrote_and_a_copy_takes_it_back(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished(rig)
    kept = copied(rig, tmp_path, "before-upgrade.db")
    before = waiting(rig)
    rig.ledger.close()
    with monkeypatch.context() as newer:
        release(tmp_path, newer)
        with opened(rig, tmp_path / "ledger.db") as upgraded:
            upgraded.run("account").ok  # noqa: B018

    with pytest.raises(LedgerError) as caught:
        SqlLedger.open(f"sqlite:///{tmp_path}/ledger.db")
    assert "airflow-provider-ipaas" in caught.value.next_step
    with opened(rig, kept) as rolled_back:
        assert waiting(rolled_back) == before
        result = rolled_back.run("account").ok
        assert result["to_ipaas"]["created"] == 0, "what the newer release created is found again"
        assert world.is_quiet(rolled_back.run("account"))
