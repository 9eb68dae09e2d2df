"""A ledger that is lost, of another org or subscription, or from before a go: links come from external ids, nothing is
created without a match having been looked for, and a person is asked.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.rebuild import LedgerRebuilt
from tests.behaviour import world
from tests.behaviour.test_brakes import state
from tests.behaviour.test_link_only import fields
from tests.behaviour.test_old_ledgers import copied, opened
from tests.support.rig import Rig

OTHER_SUBSCRIPTION = "77"


@pytest.fixture
def busy(either: Rig) -> Rig:
    """A rig in step: a pair created on either side, and a Contact with its Customer."""
    account = world.account(either, "From here", Phone="1")
    world.company(either, "From there", phone_number="2")
    either.run("account", full=True).ok  # noqa: B018
    world.contact(either, account, email="ann@example.com")
    either.run("contact", full=True).ok  # noqa: B018
    return either


@pytest.fixture
def without_ledger(busy: Rig, tmp_path: Path, empty_ledger: Path) -> Iterator[Rig]:
    """The same services, and an empty ledger."""
    path = tmp_path / "fresh.db"
    shutil.copy(empty_ledger, path)
    with opened(busy, path) as fresh:
        yield fresh


def created(rig: Rig, collection: str, **params: object) -> int:
    """Run once, and return how many records came into being in either service."""
    before = count(rig)
    rig.run(collection, **params).ok  # noqa: B018
    return count(rig) - before


def count(rig: Rig) -> int:
    rows = [world.salesforce_rows(rig, name) for name in ("Account", "Contact")]
    return sum(map(len, [*rows, world.companies(rig), world.customers(rig)]))


# Lost


@pytest.mark.parametrize("collection", ["account", "contact"])
def test_a_lost_ledger_stops_before_it_creates_anything(without_ledger: Rig, collection: str) -> None:
    before = state(without_ledger)
    (error,) = without_ledger.run(collection, full=True, max_creates=None).errors.values()
    assert isinstance(error, LedgerRebuilt)
    assert state(without_ledger) == before
    assert created(without_ledger, collection, full=True, max_creates=None, confirm_rebuild=True) == 0


def test_a_lost_ledger_of_a_link_only_connection_asks_twice(without_ledger: Rig) -> None:
    """Once whether it is the right ledger, once for the go: the links are back, and no field is written."""
    rig = without_ledger
    rig.settings["first_contact"] = "link_only"
    for record in world.companies(rig):
        world.edit_company(rig, str(record["id"]), phone_number="9")
    world.account(rig, "New")
    before = state(rig)
    assert isinstance(rig.run("account", full=True).errors["prerequisites"], LedgerRebuilt)
    result = rig.run("account", full=True, confirm_rebuild=True).ok
    assert state(rig) == before
    assert result["match_report"]["linked"] == 2
    assert result["to_ipaas"]["parked_by_reason"] == {"awaiting_first_contact": 3}
    assert rig.run("account", confirm_first_contact=True).ok["to_ipaas"]["created"] == 1
    assert world.is_quiet(rig.run("account"))


def test_what_a_lost_ledger_would_overwrite_meets_the_brake(without_ledger: Rig) -> None:
    rig = without_ledger
    rig.settings["limits"] = ChangeLimits(changed_records=1)
    for record in world.companies(rig):
        world.edit_company(rig, str(record["id"]), phone_number="9")
    rig.run("account", full=True)
    before = state(rig)
    error = rig.run("account", full=True, confirm_rebuild=True).errors["plan"]
    assert "2 of 2 linked Companies" in str(error)
    assert state(rig) == before


# Foreign


def test_a_ledger_of_another_org_knows_nothing_of_this_one(without_ledger: Rig) -> None:
    """Another org has worked with this ledger, under a connection of its own."""
    rig = without_ledger
    other = "00D5g00000OtherEAA"
    rig.ledger.pin("salesforce:salesforce_other", other)
    for collection in ("account", "contact"):
        rig.ledger.set_fact(f"{other}/5501", f"first_contact:{collection}", "run")
    before = state(rig)
    assert isinstance(rig.run("account", full=True).errors["prerequisites"], LedgerRebuilt)
    assert state(rig) == before
    assert created(rig, "account", full=True, confirm_rebuild=True) == 0


def test_another_subscription_finds_its_records_by_the_field_in_salesforce(busy: Rig) -> None:
    """What was created in Salesforce carries the iPaaS.com id, whatever the subscription."""
    busy.settings["system_id"] = OTHER_SUBSCRIPTION
    before = state(busy)
    (error,) = busy.run("account", full=True).errors.values()
    assert isinstance(error, LedgerRebuilt)
    assert state(busy) == before


def test_another_subscription_matches_before_it_creates(busy: Rig) -> None:
    busy.settings["system_id"] = OTHER_SUBSCRIPTION
    busy.switch("salesforce", external_id_field=False)
    assert created(busy, "account", full=True, max_creates=None) == 0
    assert created(busy, "contact", full=True, max_creates=None) == 0
    result = busy.run("account", full=True).ok
    for direction in ("to_ipaas", "to_salesforce"):
        assert result[direction]["parked_by_reason"] == {"possible_duplicate": 2}


# Older


def test_a_copy_from_before_the_go_asks_again_and_creates_nothing_twice(rig: Rig, tmp_path: Path) -> None:
    rig.settings["first_contact"] = "link_only"
    for number in range(2):
        world.account(rig, f"Here {number}")
    rig.run("account", full=True).ok  # noqa: B018
    old = copied(rig, tmp_path, "copy.db")
    rig.run("account", confirm_first_contact=True).ok  # noqa: B018
    assert len(world.companies(rig)) == 2
    with opened(rig, old) as restored:
        restored.settings = rig.settings
        before = [fields(record) for record in world.companies(restored)]
        result = restored.run("account").ok
        assert [fields(record) for record in world.companies(restored)] == before
        assert result["match_report"]["linked"] == 2
        assert created(restored, "account", confirm_first_contact=True) == 0
        assert world.is_quiet(restored.run("account"))


def test_a_copy_that_a_brake_held_plans_afresh(rig: Rig, tmp_path: Path) -> None:
    ids = [world.account(rig, f"Pair {number}", Phone="1") for number in range(3)]
    rig.run("account", full=True).ok  # noqa: B018
    rig.settings["limits"] = ChangeLimits(changed_records=1)
    for record_id in ids:
        world.edit_salesforce(rig, record_id, Phone="2")
    assert "plan" in rig.run("account").errors
    old = copied(rig, tmp_path, "copy.db")
    rig.run("account", allow_mass_change=True).ok  # noqa: B018
    with opened(rig, old) as restored:
        restored.settings = rig.settings
        assert world.is_quiet(restored.run("account"))
