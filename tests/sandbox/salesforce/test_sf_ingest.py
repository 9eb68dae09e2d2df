from __future__ import annotations

import csv
import io
from typing import Any

import pytest

UPSERT = {"object": "Account", "operation": "upsert", "externalIdFieldName": "iPaaS_Id__c", "contentType": "CSV"}
CSV = {"Content-Type": "text/csv"}


class Ingest:
    """Drive one job step by step."""

    def __init__(self, sf: Any) -> None:
        self.sf = sf

    def open(self, **body: Any) -> str:
        answer = self.sf.call("POST", "/jobs/ingest", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def upload(self, job: str, *lines: str) -> Any:
        return self.sf.call("PUT", f"/jobs/ingest/{job}/batches", data="\n".join(lines).encode(), headers=CSV)

    def set(self, job: str, state: str) -> Any:
        return self.sf.call("PATCH", f"/jobs/ingest/{job}", json={"state": state})

    def state(self, job: str) -> str:
        return str(self.sf.call("GET", f"/jobs/ingest/{job}").json()["state"])

    def run(self, body: dict[str, Any], *lines: str) -> str:
        """Put a job through to its end, and return its id."""
        job = self.open(**body)
        assert self.upload(job, *lines).status_code == 201
        assert self.set(job, "UploadComplete").json()["state"] == "UploadComplete"
        assert self.state(job) == "InProgress"
        assert self.state(job) in ("JobComplete", "Failed")
        return job

    def rows(self, job: str, which: str) -> list[dict[str, str]]:
        answer = self.sf.call("GET", f"/jobs/ingest/{job}/{which}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def ingest(sf: Any) -> Ingest:
    return Ingest(sf)


def test_an_upsert_creates_and_updates_by_its_key(sf, ingest):
    known = sf.create("Account", Name="Old", Phone="1", Fax="2", iPaaS_Id__c="A-1")
    job = ingest.run(UPSERT, "Name,Phone,Fax,iPaaS_Id__c", "New,,#N/A,A-1", '"Said ""so"", Inc.",3,,A-2')

    made = {row["iPaaS_Id__c"]: row for row in ingest.rows(job, "successfulResults")}
    assert (made["A-1"]["sf__Id"], made["A-1"]["sf__Created"]) == (known, "false")
    assert made["A-2"]["sf__Created"] == "true"
    # A blank cell says nothing, #N/A clears.
    old, new = sf.read("Account", known), sf.read("Account", made["A-2"]["sf__Id"])
    assert (old["Name"], old["Phone"], old["Fax"]) == ("New", "1", None)
    assert (new["Name"], new["Phone"]) == ('Said "so", Inc.', "3")
    assert ingest.rows(job, "failedResults") == []
    assert ingest.rows(job, "unprocessedrecords") == []


def test_a_bad_row_fails_alone_and_says_why(sf, ingest):
    job = ingest.run(UPSERT, "Name,iPaaS_Id__c", "Good,A-1", ",A-2", f"{'x' * 256},A-3", "Twice,A-4", "Twice,a-4")
    assert [row["Name"] for row in ingest.rows(job, "successfulResults")] == ["Good"]
    errors = {row["iPaaS_Id__c"]: row["sf__Error"] for row in ingest.rows(job, "failedResults")}
    assert errors["A-2"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert errors["A-3"].startswith("STRING_TOO_LONG:Account Name: data value too large: xxx")
    assert {errors[key].partition(":")[0] for key in ("A-4", "a-4")} == {"DUPLICATE_VALUE"}
    told = sf.call("GET", f"/jobs/ingest/{job}").json()
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("JobComplete", 5, 4)


def test_an_unknown_column_fails_the_job_and_processes_nothing(sf, ingest):
    job = ingest.run(UPSERT, "Name,Nope__c,iPaaS_Id__c", "A,1,A-1")
    told = sf.call("GET", f"/jobs/ingest/{job}").json()
    assert (told["state"], told["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Nope__c")
    assert [row["Name"] for row in ingest.rows(job, "unprocessedRecords")] == ["A"]
    assert sf.names("Name != null") == []


def test_insert_update_and_delete(sf, ingest):
    parent = sf.create("Account", Name="Parent", iPaaS_Id__c="P-1")
    insert = ingest.run(
        {
            "object": "Contact",
            "operation": "insert",
            "contentType": "CSV",
            "columnDelimiter": "SEMICOLON",
            "lineEnding": "CRLF",
        },
        "LastName;Account.iPaaS_Id__c\r",
        "Doe;P-1\r",
        "Nobody's;P-9\r",
    )
    answer = sf.call("GET", f"/jobs/ingest/{insert}/successfulResults").text
    assert answer.splitlines()[0] == '"sf__Id";"sf__Created";"LastName";"Account.iPaaS_Id__c"'
    (made,) = sf.ids("SELECT Id FROM Contact")
    assert sf.read("Contact", made)["AccountId"] == parent
    assert "Foreign key external ID: p-9 not found" in sf.call("GET", f"/jobs/ingest/{insert}/failedResults").text

    ingest.run({"object": "Contact", "operation": "update", "contentType": "CSV"}, "Id,LastName", f"{made},Roe")
    assert sf.read("Contact", made)["LastName"] == "Roe"
    ingest.run({"object": "Contact", "operation": "delete", "contentType": "CSV"}, "Id", made)
    assert sf.ids("SELECT Id FROM Contact") == []


def test_nothing_happens_before_the_job_is_closed_and_none_of_it_when_it_is_aborted(sf, ingest, error_of):
    job = ingest.open(**UPSERT)
    assert ingest.upload(job, "Name,iPaaS_Id__c", "A,A-1").status_code == 201
    assert sf.names("Name != null") == []
    assert error_of(sf.call("GET", f"/jobs/ingest/{job}/successfulResults"))[:2] == (400, "INVALIDJOBSTATE")
    assert error_of(ingest.upload(job, "Name,iPaaS_Id__c", "B,A-2"))[:2] == (400, "INVALIDJOBSTATE")
    assert ingest.set(job, "Aborted").json()["state"] == "Aborted"
    assert ingest.state(job) == "Aborted"
    assert [row["Name"] for row in ingest.rows(job, "unprocessedrecords")] == ["A"]
    assert error_of(ingest.set(job, "UploadComplete"))[:2] == (400, "INVALIDJOBSTATE")
    assert sf.names("Name != null") == []


def test_a_job_takes_its_time_and_goes_on_by_itself(sf, ingest, error_of):
    sf.clock("2026-11-23T10:00:00Z")
    sf.login()
    sf.switch(bulk_job_s=14)
    job = ingest.open(**UPSERT)
    ingest.upload(job, "Name,iPaaS_Id__c", "A,A-1")
    ingest.set(job, "UploadComplete")
    assert [ingest.state(job) for _ in range(4)] == ["InProgress"] * 4
    assert error_of(sf.call("GET", f"/jobs/ingest/{job}/failedResults"))[:2] == (400, "INVALIDJOBSTATE")
    sf.clock("2026-11-23T10:00:14Z")
    # Nobody has to look at it for it to be done.
    assert sf.names("Name != null") == ["A"]
    assert ingest.state(job) == "JobComplete"


def test_what_a_job_may_be(sf, ingest, error_of):
    def refused(**body: Any) -> tuple[int, str]:
        return error_of(sf.call("POST", "/jobs/ingest", json={**UPSERT, **body}))[:2]

    assert refused(object="Nope") == (400, "INVALIDENTITY")
    assert refused(operation="replace") == (400, "INVALIDJOB")
    assert refused(contentType="JSON") == (400, "INVALIDJOB")
    assert refused(externalIdFieldName=None) == (400, "INVALIDJOB")
    assert refused(externalIdFieldName="Phone") == (400, "INVALIDJOB")
    assert refused(operation="hardDelete") == (400, "FEATURENOTENABLED")
    assert error_of(sf.call("GET", "/jobs/ingest/7505g000000zzzzAAA"))[0] == 404
    job = ingest.open(**UPSERT)
    assert sf.call("PUT", f"/jobs/ingest/{job}/batches", json=[]).status_code == 415
    assert error_of(sf.call("DELETE", f"/jobs/ingest/{job}"))[:2] == (400, "INVALIDJOBSTATE")
    ingest.set(job, "Aborted")
    assert [one["id"] for one in sf.call("GET", "/jobs/ingest").json()["records"]] == [job]
    assert sf.call("DELETE", f"/jobs/ingest/{job}").status_code == 204
    assert sf.call("GET", f"/jobs/ingest/{job}").status_code == 404


def test_rows_meet_rules_and_faults_like_other_writes(sf, ingest):
    sf.switch(duplicate_rule_account="alert")
    sf.create("Account", Name="Acme")
    sf.fault(
        {"type": "record_error", "code": "UNABLE_TO_LOCK_ROW", "message": "locked", "indexes": [1]}, path="/batches$"
    )
    job = ingest.run(UPSERT, "Name,iPaaS_Id__c", "Acme,A-1", "Locked,A-2", "Free,A-3")
    errors = {row["iPaaS_Id__c"]: row["sf__Error"].partition(":")[0] for row in ingest.rows(job, "failedResults")}
    # The header that lets a duplicate through is not one of Bulk API 2.0.
    assert errors == {"A-1": "DUPLICATES_DETECTED", "A-2": "UNABLE_TO_LOCK_ROW"}
