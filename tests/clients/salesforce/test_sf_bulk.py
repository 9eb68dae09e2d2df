"""Bulk API 2.0: rows as CSV, a job closed once, results by external id, and every way in which an answer is none."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce import bulk
from airflow_provider_ipaas.errors import RequestLimitExceeded, ServiceError, TransientServiceError, UnknownOutcome
from airflow_provider_ipaas.sync.ports import WriteError

KEY = "iPaaS_Id__c"
JOB = "/jobs/ingest/[^/]+$"


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"Name": f"Row {number}", KEY: f"A-{number}", **more} for number in range(count)]


def finish(client: Any, job: str) -> Any:
    return client.finish_upsert_job(job, KEY, lambda _: None)


def names(sandbox: Any) -> list[str]:
    return sorted(row["Name"] for row in sandbox.salesforce.tables["Account"].rows.values())


def test_records_of_different_fields_share_one_header(client: Any, sandbox: Any) -> None:
    known = sandbox.salesforce.insert("Account", {"Name": "Old", KEY: "A-1", "Fax": "2", "Phone": "1"})
    records = [
        {"Name": 'Ünïcode, "quoted"\nof two lines', KEY: "A-0", "NumberOfEmployees": 7},
        {"Name": "New", KEY: "A-1", "Fax": None},
    ]
    results = finish(client, client.open_upsert_job("Account", KEY, records))

    assert {key: (result.success, result.created) for key, result in results.items()} == {
        "A-0": (True, True),
        "A-1": (True, False),
    }
    made = sandbox.salesforce.get(results["A-0"].id)
    assert (made["Name"], made["NumberOfEmployees"]) == ('Ünïcode, "quoted"\nof two lines', 7)
    # What a record does not name stays, and None clears.
    old = sandbox.salesforce.get(known)
    assert (old["Name"], old.get("Fax"), old["Phone"]) == ("New", None, "1")


def test_a_refused_row_says_code_message_and_fields(client: Any) -> None:
    records = [*rows(1), {"Phone": "1", KEY: "A-9"}]
    results = finish(client, client.open_upsert_job("Account", KEY, records))
    assert results["A-0"].success
    assert results["A-9"].errors == (
        WriteError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)),
    )


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            "UNABLE_TO_LOCK_ROW:unable to obtain: access:--",
            WriteError("UNABLE_TO_LOCK_ROW", "unable to obtain: access"),
        ),
        ("STRING_TOO_LONG:too large:Name, Fax --", WriteError("STRING_TOO_LONG", "too large", ("Name", "Fax"))),
        ("something else", WriteError("UNKNOWN", "something else")),
        ("", WriteError("UNKNOWN", "Salesforce gave no reason.")),
    ],
)
def test_errors_of_rows_are_read(said: str, error: WriteError) -> None:
    assert bulk._failed({"sf__Error": said}).errors == (error,)


def test_values_that_csv_can_not_tell_are_no_rows(client: Any) -> None:
    for value in ("#N/A", {"Key__c": "1"}, ["a"]):
        with pytest.raises(ValueError, match="can't be told in a row of CSV"):
            client.open_upsert_job("Account", KEY, [{"Name": value, KEY: "A-1"}])
    assert client.calls == 0


def test_more_than_an_upload_may_have_is_no_job(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="too many for one job"):
        client.open_upsert_job("Account", KEY, rows(2))
    assert client.calls == 0


def test_an_upload_that_is_refused_leaves_no_open_job(client: Any, sandbox: Any, fault: Any) -> None:
    fault("/batches$", type="status", status=400, body=[{"errorCode": "INVALIDBATCH", "message": "No."}])
    with pytest.raises(ServiceError, match="INVALIDBATCH"):
        client.open_upsert_job("Account", KEY, rows(2))
    assert [job.state for job in sandbox.org.jobs.all.values()] == ["Aborted"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "html", "malformed_json"])
def test_a_job_is_closed_once_whatever_becomes_of_the_answer(
    client: Any, sandbox: Any, fault: Any, kind: str, when: str
) -> None:
    job = client.open_upsert_job("Account", KEY, rows(3))
    fault(JOB, method="PATCH", times=1, type=kind, when=when)
    assert sorted(finish(client, job)) == ["A-0", "A-1", "A-2"]
    assert names(sandbox) == ["Row 0", "Row 1", "Row 2"]


def test_a_job_that_cannot_be_closed_is_told(client: Any, sandbox: Any, fault: Any) -> None:
    job = client.open_upsert_job("Account", KEY, rows(3))
    fault(JOB, method="PATCH", type="status", status=503)
    with pytest.raises(TransientServiceError):
        finish(client, job)
    assert names(sandbox) == []


@pytest.mark.parametrize("kind", ["html", "truncate", "drop"])
def test_results_that_are_cut_off_are_read_again(client: Any, fault: Any, kind: str) -> None:
    job = client.open_upsert_job("Account", KEY, rows(50))
    fault("Results$", times=2, type=kind)
    assert len(finish(client, job)) == 50


def test_a_job_that_takes_too_long_is_aborted(client: Any, sandbox: Any, waits: list[float]) -> None:
    sandbox.salesforce.switches.set("bulk_job_s", 100_000)
    job = client.open_upsert_job("Account", KEY, rows(3))
    told: list[int] = []
    with pytest.raises(UnknownOutcome, match="has not ended in 600 s"):
        client.finish_upsert_job(job, KEY, told.append)
    assert waits[:5] == [1.0, 2.0, 4.0, 8.0, 15.0]
    assert 600 <= sum(waits) < 620
    assert set(told) == {0}
    assert sandbox.org.jobs.all[job].state == "Aborted"
    assert names(sandbox) == []


def test_a_job_left_behind_is_ended(client: Any, sandbox: Any) -> None:
    never_closed = client.open_upsert_job("Account", KEY, rows(1))
    assert client.end_job(never_closed)
    assert sandbox.org.jobs.all[never_closed].state == "Aborted"
    assert client.end_job(never_closed), "it has ended already"
    # A job that another attempt has ended has processed nothing.
    assert finish(client, never_closed) == {}
    deleted = client.open_upsert_job("Account", KEY, rows(1))
    del sandbox.org.jobs.all[deleted]
    assert client.end_job(deleted)
    assert names(sandbox) == []


def test_a_limit_that_is_reached_stops_everything(client: Any, fault: Any) -> None:
    job = client.open_upsert_job("Account", KEY, rows(1))
    fault(JOB, type="limit_exceeded")
    with pytest.raises(RequestLimitExceeded):
        client.end_job(job)
    with pytest.raises(RequestLimitExceeded):
        finish(client, job)
