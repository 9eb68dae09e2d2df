"""Many creates in Salesforce go as jobs of Bulk API 2.0; whatever becomes of a job, each record is created once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import TransientServiceError
from airflow_provider_ipaas.sync.bulk import BulkJobs, fits
from airflow_provider_ipaas.sync.model import Run
from tests.behaviour import world
from tests.support.rig import Result, Rig

OPEN = "POST /services/data/v{version}/jobs/ingest"
UPLOAD = "PUT /services/data/v{version}/jobs/ingest/{job}/batches"
SET = "PATCH /services/data/v{version}/jobs/ingest/{job}"
LOOK = "GET /services/data/v{version}/jobs/ingest/{job}"
RESULTS = "GET /services/data/v{version}/jobs/ingest/{job}/{results}"
UPSERT = "PATCH /services/data/v{version}/composite/sobjects/{sobject}/{field}"


@pytest.fixture(autouse=True)
def threshold(rig: Rig) -> None:
    rig.settings = {"bulk_threshold": 10}


def companies(rig: Rig, count: int, **fields: Any) -> list[str]:
    return [world.company(rig, f"Bulk {number:03}", **fields) for number in range(count)]


def counted(rig: Rig) -> Counter[str]:
    return Counter(
        {name: n for name, n in rig.calls()["salesforce"]["endpoints"].items() if "jobs" in name or name == UPSERT}
    )


def load(rig: Rig) -> Result:
    """Run once with fresh counts of calls."""
    rig.control("POST", "calls/reset")
    return rig.run("account", full=True)


def names(rig: Rig) -> list[str]:
    return sorted(row["Name"] for row in world.salesforce_rows(rig, "Account"))


def settled(rig: Rig, count: int) -> None:
    """Every record is there once, linked, and the next run has nothing to do."""
    assert names(rig) == [f"Bulk {number:03}" for number in range(count)]
    rig.settings = {}
    world.later(rig, minutes=20)
    assert world.is_quiet(rig.run("account"))


def test_many_creates_go_as_one_job_after_the_canary(rig: Rig) -> None:
    companies(rig, 41, phone_number='+1 "217", 5')
    assert load(rig).ok.counts("to_salesforce") == {"created": 41}
    assert counted(rig) == {UPSERT: 1, OPEN: 1, UPLOAD: 1, SET: 1, LOOK: 2, RESULTS: 2}
    assert {row["Phone"] for row in world.salesforce_rows(rig, "Account")} == {'+1 "217", 5'}
    settled(rig, 41)


def test_fewer_than_the_threshold_never_do(rig: Rig) -> None:
    companies(rig, 9)
    load(rig).ok  # noqa: B018
    assert counted(rig) == {UPSERT: 2}


def test_as_many_as_the_threshold_do_the_canary_counted(rig: Rig) -> None:
    companies(rig, 10)
    load(rig).ok  # noqa: B018
    assert counted(rig) == {UPSERT: 1, OPEN: 1, UPLOAD: 1, SET: 1, LOOK: 2, RESULTS: 2}


@pytest.mark.parametrize("count", [199, 401])
def test_what_came_meanwhile_is_looked_for_in_one_call(rig: Rig, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.settings = {}
    there = companies(rig, count)
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "run", {"full": True}))
    for company in (there[0], there[-1]):
        world.account(rig, "Made meanwhile", iPaaS_Id__c=company)
    rig.control("POST", "calls/reset")
    rig.step("upsert_salesforce", rig.sync("account", "run", {"full": True}))
    assert rig.calls()["salesforce"]["endpoints"]["GET /services/data/v{version}/query"] == 1
    # Neither was written over, nor made twice.
    made = Counter(row["Name"] for row in world.salesforce_rows(rig, "Account"))
    assert made.pop("Made meanwhile") == 2
    assert set(made.values()) == {1}
    assert len(made) == count - 2


@pytest.mark.parametrize("threshold_of", [0, 2000])
def test_the_connection_decides(rig: Rig, threshold_of: int) -> None:
    rig.settings = {"bulk_threshold": threshold_of}
    companies(rig, 30)
    load(rig).ok  # noqa: B018
    assert counted(rig) == {UPSERT: 2}


def test_an_org_without_the_external_id_field_gets_no_job(rig: Rig) -> None:
    rig.switch("salesforce", external_id_field=False)
    companies(rig, 30)
    assert load(rig).ok.counts("to_salesforce") == {"created": 30}
    assert counted(rig) == {}
    settled(rig, 30)


def test_an_org_that_takes_no_jobs_gets_batches(rig: Rig) -> None:
    companies(rig, 30)
    refusal = [{"errorCode": "FEATURENOTENABLED", "message": "Async Api not enabled"}]
    with rig.fault(path="/jobs/ingest$", action={"type": "status", "status": 400, "body": refusal}):
        assert load(rig).ok.counts("to_salesforce") == {"created": 30}
    assert counted(rig) == {OPEN: 1, UPSERT: 2}
    settled(rig, 30)


def test_a_refused_row_fails_alone_and_a_locked_one_is_tried_again(rig: Rig) -> None:
    companies(rig, 30)
    bad = {"type": "record_error", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No.", "indexes": [3]}
    locked = {"type": "record_error", "indexes": [5, 6]}
    with rig.fault(path="/batches$", action=bad), rig.fault(path="/batches$", action=locked):
        run = load(rig).ok
    assert run.counts("to_salesforce") == {"created": 29, "failed": 1}
    (error,) = run["to_salesforce"]["errors"]
    assert error["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert counted(rig)[UPSERT] == 2
    rig.run("account", record_ids=[error["source_id"]], direction="to_salesforce").ok  # noqa: B018
    settled(rig, 30)


def test_a_job_that_fails_whole_is_told_record_by_record(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    companies(rig, 30, fax_number="1")
    open_job = SalesforceClient.open_upsert_job

    def hide(client: SalesforceClient, *given: Any) -> str:
        """Let an administrator take the field away just now."""
        rig.switch("salesforce", hidden_fields=["Account.Fax"])
        return open_job(client, *given)

    monkeypatch.setattr(SalesforceClient, "open_upsert_job", hide)
    run = load(rig).ok
    assert run.counts("to_salesforce") == {"created": 1, "failed": 29}
    assert {error["code"] for error in run["to_salesforce"]["errors"]} == {"INVALID_FIELD"}
    assert "does not know Fax" in run["to_salesforce"]["errors"][0]["message"]
    assert len(names(rig)) == 1
    monkeypatch.undo()
    rig.switch("salesforce", hidden_fields=[])
    world.later(rig, hours=2)
    assert load(rig).ok.counts("to_salesforce")["created"] == 29
    settled(rig, 30)


@pytest.mark.parametrize("path", ["/jobs/ingest$", "/batches$", "/jobs/ingest/[^/]+$", "Results$"])
@pytest.mark.parametrize("kind", ["drop", "html", "truncate"])
def test_an_answer_that_is_lost_once_changes_nothing(rig: Rig, path: str, kind: str) -> None:
    companies(rig, 30)
    with rig.fault(path=path, times=1, action={"type": kind, "when": "after"}):
        load(rig).ok  # noqa: B018
    settled(rig, 30)


def test_a_job_that_does_not_end_is_given_up_and_found_out_about(rig: Rig) -> None:
    companies(rig, 30)
    rig.switch("salesforce", bulk_job_s=100_000)
    run = load(rig).ok
    assert run.counts("to_salesforce") == {"created": 1, "parked": 29}
    assert run["to_salesforce"]["parked_by_reason"] == {"uncertain_create": 29}
    assert counted(rig)[OPEN] == 1
    rig.switch("salesforce", bulk_job_s=0)
    world.later(rig, minutes=20)
    assert load(rig).ok.counts("to_salesforce")["created"] == 29
    settled(rig, 30)


@pytest.mark.parametrize("done", [True, False], ids=["which ends meanwhile", "which has not begun"])
def test_a_job_left_behind_is_ended_before_its_records_are_looked_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    companies(rig, 30)
    rig.switch("salesforce", bulk_job_s=0 if done else 100_000)
    finish = SalesforceClient.finish_upsert_job

    def die(client: SalesforceClient, job_id: str, key: str, _told: Any) -> Any:
        """Close the job and hear no more of it."""

        def stop(_done: int) -> None:
            raise TransientServiceError("The network is gone.", service="salesforce")

        return finish(client, job_id, key, stop)

    monkeypatch.setattr(SalesforceClient, "finish_upsert_job", die)
    run = load(rig)
    assert isinstance(run.errors["upsert_salesforce"], TransientServiceError)
    assert len(names(rig)) == (30 if done else 1)
    monkeypatch.undo()
    rig.switch("salesforce", bulk_job_s=0)

    again = load(rig).ok
    assert counted(rig)[OPEN] == (0 if done else 1)
    assert again.counts("to_salesforce")["created"] == 29
    settled(rig, 30)


def test_the_job_of_a_run_that_is_alive_is_left_alone(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    sync = rig.sync("account", "mine", {})
    rig.ledger.start_run(Run("account:theirs", "account", "theirs", "account", started_at=rig.now()))
    rig.ledger.set_fact(sync.scope, "bulk_job:account", {"job_id": "7505g0000000001AAA", "run_key": "account:theirs"})
    jobs = BulkJobs(sync)
    rig.control("POST", "calls/reset")
    assert jobs.end_left_behind()
    assert counted(rig) == {}
    assert not jobs.enough(10)


def test_the_job_of_a_run_that_was_never_reported_is_ended_when_its_claims_have_aged(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    rig.ledger.start_run(Run("account:theirs", "account", "theirs", "account", started_at=rig.now()))
    client = rig.salesforce_client()
    job = client.open_upsert_job("Account", "iPaaS_Id__c", [{"Name": "Never closed", "iPaaS_Id__c": "1"}])
    scope = world.scope(rig)
    rig.ledger.set_fact(scope, "bulk_job:account", {"job_id": job, "run_key": "account:theirs"})
    rig.offset += timedelta(minutes=16)
    companies(rig, 30)
    rig.control("POST", "calls/reset")
    assert rig.run("account", full=True).ok.counts("to_salesforce") == {"created": 30}
    assert counted(rig)[OPEN] == 1
    assert rig.ledger.fact(scope, "bulk_job:account") is None
    settled(rig, 30)


def test_while_a_job_left_behind_can_not_be_ended_nothing_is_created(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    companies(rig, 30)
    rig.switch("salesforce", bulk_job_s=100_000)
    load(rig).ok  # noqa: B018
    world.later(rig, minutes=20)
    monkeypatch.setattr(SalesforceClient, "end_job", lambda _client, _job: False)
    assert load(rig).ok.counts("to_salesforce")["parked"] == 29
    assert names(rig) == ["Bulk 000"]
    monkeypatch.undo()
    rig.switch("salesforce", bulk_job_s=0)
    assert load(rig).ok.counts("to_salesforce")["created"] == 29
    settled(rig, 30)


def test_a_record_that_csv_can_not_tell_goes_beside_the_job(rig: Rig) -> None:
    companies(rig, 20)
    world.company(rig, "#N/A")
    assert load(rig).ok.counts("to_salesforce") == {"created": 21}
    assert counted(rig)[OPEN] == 1
    assert "#N/A" in names(rig)


def test_what_csv_can_tell() -> None:
    assert fits({"Name": 'a,"b"\n', "NumberOfEmployees": 3, "Done__c": True})
    assert not fits({"Name": "#N/A"})
    assert not fits({"Name": "\ud800"})
    assert not fits({"Account": {"Key__c": "1"}})


def test_contacts_go_account_by_account(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"relationships": "on"})
    rig.profile_overrides = {"relationships": "on"}
    owners = [world.synced(rig, "account", world.account(rig, name)) for name in ("One", "Two", "Three")]
    customers = [world.customer(rig) for _ in range(30)]
    for at, customer in enumerate(customers):
        rig.sandbox.ipaas.relate(int(customer), owners[at % 3], "Customer Company")
    assert rig.run("contact", full=True).ok.counts("to_salesforce") == {"created": 30}
    rows = sorted(world.salesforce_rows(rig, "Contact"), key=lambda row: row["Id"])
    assert all(row["AccountId"] for row in rows)
    # The first one is the canary; what follows changes Accounts as seldom as can be.
    owned = [row["AccountId"] for row in rows[1:]]
    assert sum(1 for before, after in pairwise(owned) if before != after) == 2
