"""Several batches to Salesforce at once: none in the way of another, and each record's fate as with one at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import ServiceError, TransientServiceError
from airflow_provider_ipaas.sync import write_salesforce
from airflow_provider_ipaas.sync.apply_salesforce import SalesforceApplier
from airflow_provider_ipaas.sync.report import report
from airflow_provider_ipaas.sync.waves import MOST
from tests.behaviour import world
from tests.support.rig import Rig

BATCH = 5
READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas")
Records = Sequence[dict[str, Any]]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_salesforce, "BATCH_SIZE", BATCH)


def synced_accounts(rig: Rig, count: int) -> list[str]:
    """Make Accounts in step with their Companies, with the canary of an update behind them; return their ids."""
    ids = [world.account(rig, f"Account {number}") for number in range(count)]
    rig.run("account", full=True).ok  # noqa: B018 (raises on errors)
    world.edit_company(rig, world.partner(rig, "account", ids[0]), url="https://canary.example.com")
    rig.run("account").ok  # noqa: B018
    return ids


def edit_all(rig: Rig, ids: list[str]) -> None:
    for number, record_id in enumerate(ids):
        world.edit_company(rig, world.partner(rig, "account", record_id), url=f"https://edited{number}.example.com")


def websites(rig: Rig) -> set[str]:
    return {row.get("Website", "") for row in world.salesforce_rows(rig, "Account")}


def upsert(rig: Rig, collection: str, run_id: str, **params: Any) -> SalesforceApplier:
    """Go through a run up to the writes to Salesforce; return what has made them."""
    sync = rig.sync(collection, run_id, params)
    for step in READS:
        rig.step(step, sync)
    applier = SalesforceApplier(sync)
    applier.run()
    return applier


def patches(rig: Rig) -> list[int]:
    entries = rig.control("GET", "log?service=salesforce")
    return [each["records"] for each in entries if each["method"] == "PATCH" and "composite/sobjects" in each["path"]]


def test_batches_are_written_four_at_once_after_one_that_goes_alone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = synced_accounts(rig, BATCH * (1 + MOST))
    edit_all(rig, ids)
    real, lock, calls = SalesforceClient.update, threading.Lock(), [0]
    together = threading.Barrier(MOST)

    def update(client: SalesforceClient, sobject: str, records: Records) -> Any:
        with lock:
            calls[0] += 1
            alone = calls[0] == 1
        if not alone:
            together.wait(60)  # broken, and an error, where fewer come
        return real(client, sobject, records)

    monkeypatch.setattr(SalesforceClient, "update", update)
    assert rig.run("account").ok.counts("to_salesforce") == {"updated": len(ids)}
    assert calls == [1 + MOST]
    assert websites(rig) == {f"https://edited{number}.example.com" for number in range(len(ids))}
    monkeypatch.undo()
    assert world.is_quiet(rig.run("account"))


def test_contacts_of_one_account_are_never_written_by_two_calls_at_once(rig: Rig) -> None:
    parents = [world.account(rig, f"Parent {number}") for number in range(3)]
    contacts = [world.contact(rig, parents[number % 3]) for number in range(8 * BATCH)]
    rig.run("account", full=True).ok  # noqa: B018
    rig.run("contact", full=True).ok  # noqa: B018
    world.edit_customer(rig, world.partner(rig, "contact", contacts[0]), last_name="Canary")
    rig.run("contact").ok  # noqa: B018
    for number, contact in enumerate(contacts):
        world.edit_customer(rig, world.partner(rig, "contact", contact), last_name=f"Edited {number}")
    before = len(patches(rig))
    # Two calls that want the same Account meet: one of them is refused at once.
    rig.switch("salesforce", write_ms=50)
    applier = upsert(rig, "contact", "lanes")
    assert applier.settler.counts == {"updated": len(contacts)}
    assert patches(rig)[before:] == [BATCH] * 8
    assert applier.lanes.count == MOST


def test_new_contacts_of_one_account_are_never_written_by_two_calls_at_once(rig: Rig) -> None:
    rig.switch("ipaas", relationships="on")
    rig.profile_overrides = {"relationships": "on"}
    companies = [world.company(rig, f"Parent {number}") for number in range(2)]
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(6 * BATCH):
        customer = world.customer(rig)
        rig.sandbox.ipaas.relate(int(customer), companies[number % 2], "Customer Company")
    rig.switch("salesforce", write_ms=50)
    applier = upsert(rig, "contact", "lanes", full=True)
    assert applier.settler.counts == {"created": 6 * BATCH}
    assert applier.lanes.count == MOST
    rows = world.salesforce_rows(rig, "Contact")
    assert len({row["AccountId"] for row in rows}) == 2


def test_locks_of_others_make_it_fewer(rig: Rig) -> None:
    ids = synced_accounts(rig, BATCH * (1 + MOST))
    edit_all(rig, ids)
    where = {"Website": f"https://edited{len(ids) - 1}.example.com"}
    lock = {"type": "record_error", "code": "UNABLE_TO_LOCK_ROW", "message": "locked", "where": where}
    with rig.fault(service="salesforce", path="composite/sobjects$", action=lock):
        applier = upsert(rig, "account", "lanes")
    assert applier.settler.counts == {"updated": len(ids) - 1, "parked": 1}
    assert applier.lanes.count == MOST // 2


def test_an_org_that_takes_fewer_at_once_gets_fewer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = synced_accounts(rig, BATCH * 9)
    edit_all(rig, ids)
    real, lock, going, refused = SalesforceClient.update, threading.Lock(), [0], [0]
    crowded = threading.Barrier(MOST)

    def update(client: SalesforceClient, sobject: str, records: Records) -> Any:
        with lock:
            going[0] += 1
            wave = going[0] > 1 and not refused[0]
        if wave:
            number = crowded.wait(60)
            refused[0] = 1
            if number > 0:
                raise TransientServiceError(
                    "Too many.", service="salesforce", status=403, code="REQUEST_LIMIT_EXCEEDED"
                )
        return real(client, sobject, records)

    monkeypatch.setattr(SalesforceClient, "update", update)
    applier = upsert(rig, "account", "lanes")
    assert applier.settler.counts == {"updated": len(ids)}
    assert going == [9 + MOST - 1]
    assert len(websites(rig)) == len(ids)


def test_an_org_that_takes_none_stops_the_run_and_what_was_written_is_settled(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = synced_accounts(rig, BATCH * 6)
    edit_all(rig, ids)
    real, calls = SalesforceClient.update, [0]

    def update(client: SalesforceClient, sobject: str, records: Records) -> Any:
        calls[0] += 1
        if calls[0] > 1:
            raise TransientServiceError("Too many.", service="salesforce", status=403, code="REQUEST_LIMIT_EXCEEDED")
        return real(client, sobject, records)

    monkeypatch.setattr(SalesforceClient, "update", update)
    result = rig.run("account")
    assert isinstance(result.errors["upsert_salesforce"], ServiceError)
    assert result["to_salesforce"]["updated"] == BATCH
    assert result["to_salesforce"]["parked"] == BATCH * 5
    monkeypatch.undo()
    assert rig.run("account").ok["to_salesforce"]["updated"] == BATCH * 5
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize("field", [True, False], ids=["id-field", "no-id-field"])
def test_one_lost_answer_among_several_leaves_what_the_others_wrote_settled(rig: Rig, *, field: bool) -> None:
    rig.switch("salesforce", external_id_field=field)
    world.company(rig, "Canary")
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(BATCH * (1 + MOST)):
        world.company(rig, f"New {number:02}")
    lost = {"type": "drop", "when": "after"}
    with rig.fault(service="salesforce", path="composite/sobjects", body='"New 13"', action=lost):
        sync = rig.sync("account", "lost", {})
        for step in READS:
            rig.step(step, sync)
        stopped = False
        try:
            rig.step("upsert_salesforce", sync)
        except TransientServiceError:
            stopped = True
    summary = report(sync)["to_salesforce"]
    assert summary["created"] + summary["parked"] == BATCH * (1 + MOST)
    assert BATCH < summary["created"] < BATCH * (1 + MOST)
    assert stopped == field  # an upsert is repeated, and gives up; a create is looked for by the next run
    world.later(rig, minutes=40)
    rig.run("account").ok  # noqa: B018
    names = [row["Name"] for row in world.salesforce_rows(rig, "Account")]
    assert sorted(names) == sorted({*names})
    assert len(names) == 1 + BATCH * (1 + MOST)
    rig.run("account").ok  # noqa: B018
    assert world.is_quiet(rig.run("account"))
