"""The run summary: its shape to the key, its numbers, and what the log says (and never says)."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox import credentials
from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    edit_company,
    edit_customer,
    edit_salesforce,
    later,
    synced,
)
from tests.support.rig import OUTCOMES, Rig

DIRECTION_KEYS = {
    "seen",
    *OUTCOMES,
    "skipped_by_reason",
    "parked_by_reason",
    "oldest_parked_hours",
    "conflicts",
    "warnings",
    "parents",
    "errors",
}
REFUSAL = {"errors": [{"code": "VALD-1002", "message": "name is required"}]}


def refusing(rig: Rig, **more: Any) -> Any:
    action = {"type": "status", "status": 400, "body": REFUSAL}
    return rig.fault(service="ipaas", method="POST", path="v2/Customer(/Company)?$", action=action, **more)


def check_shape(summary: dict[str, Any]) -> None:
    """Hold a summary against the contract, key by key and type by type."""
    assert list(summary) == ["collection", "run_id", "dry_run", "to_ipaas", "to_salesforce", "api_calls"]
    assert isinstance(summary["dry_run"], bool)
    assert set(summary["api_calls"]) == {"salesforce", "ipaas"}
    for direction in ("to_ipaas", "to_salesforce"):
        counts = summary[direction]
        assert set(counts) == DIRECTION_KEYS
        assert all(type(counts[name]) is int and counts[name] >= 0 for name in ("seen", *OUTCOMES))
        assert counts["seen"] == sum(counts[name] for name in OUTCOMES)
        assert isinstance(counts["oldest_parked_hours"], float)
        assert set(counts["conflicts"]) == {"resolved", "parked"}
        assert set(counts["parents"]) == {"created", "updated", "linked", "failed"}
        assert sum(counts["skipped_by_reason"].values()) == counts["skipped"]
        assert sum(counts["parked_by_reason"].values()) == counts["parked"]
        for error in counts["errors"]:
            assert set(error) == {"source_id", "target_id", "code", "message", "next_step"}
            assert error["source_id"]
            assert error["code"]
            assert error["message"]
            assert error["next_step"]
    assert json.loads(json.dumps(summary)) == summary


# Shape


@pytest.mark.parametrize("collection", ["account", "contact"])
@pytest.mark.parametrize("params", [{}, {"dry_run": True}, {"full": True}, {"direction": "to_ipaas"}])
def test_the_summary_of_an_empty_run_has_every_key(rig: Rig, collection: str, params: dict[str, Any]) -> None:
    summary = rig.run(collection, run_id="scheduled__1", **params).ok.summary

    check_shape(summary)
    assert (summary["collection"], summary["run_id"]) == (collection, "scheduled__1")
    assert summary["dry_run"] is bool(params.get("dry_run"))


def test_the_summary_of_a_busy_run_has_the_same_keys(either: Rig) -> None:
    home = account(either)
    linked = contact(either, home)
    theirs = synced(either, "contact", linked)
    edit_salesforce(either, linked, LastName="Ours")
    edit_customer(either, theirs, last_name="Theirs")
    contact(either, account(either))
    contact(either, None)
    contact(either, home, email=None)
    contact(either, home, email="same@example.com")
    contact(either, home, email="same@example.com")
    customer(either)
    unlucky = contact(either, home)
    with refusing(either, body=unlucky_body(either, unlucky)):
        summary = either.run("contact").summary

    check_shape(summary)
    ours = summary["to_ipaas"]
    assert ours["skipped_by_reason"] == {"contact_without_account": 1, "contact_without_email": 1}
    assert ours["parked_by_reason"] == {"ambiguous_match": 2}
    assert ours["conflicts"] == {"resolved": 1, "parked": 0}
    assert ours["parents"] == {"created": 1, "updated": 0, "linked": 0, "failed": 0}
    assert (ours["created"], ours["updated"], ours["failed"]) == (1, 1, 1)
    assert [error["source_id"] for error in ours["errors"]] == [unlucky]
    assert summary["to_salesforce"]["created"] == 1
    assert summary["to_salesforce"]["warnings"] == {"contact_created_without_account": 1}


def unlucky_body(rig: Rig, contact_id: str) -> str:
    row = rig.sandbox.salesforce.get(contact_id)
    assert row is not None
    return str(row["Email"])


def test_errors_carry_at_most_a_hundred_and_the_ledger_all(rig: Rig) -> None:
    account(rig, "Proves the configuration")
    rig.run("account").ok.counts("to_ipaas")
    ids = [f"9000{number:04d}" for number in range(130)]

    summary = rig.run("account", record_ids=ids).summary

    assert summary["to_salesforce"]["failed"] == 130
    assert len(summary["to_salesforce"]["errors"]) == 100
    check_shape(summary)


def test_a_summary_stays_small_whatever_a_service_says(rig: Rig) -> None:
    """XCom is a row of Airflow's metadata database, read by every page that shows the run."""
    account(rig, "Proves the configuration")
    rig.run("account").ok.counts("to_ipaas")
    for number in range(130):
        company(rig, f"There {number}")
    told = {
        "type": "record_error",
        "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION" + "_" * 5_000,
        "message": "word " * 50_000,
        "fields": [f"Field{n}__c" for n in range(1_000)],
    }
    with rig.fault(service="salesforce", path="composite/sobjects", action=told):
        unlisted = rig.run("account").summary
    rule = {"sobject": "Account", "condition": "Name LIKE 'There%'", "message": "r" * 255}
    rig.control("POST", "salesforce/validation-rules", rule)
    ruled = rig.run("account", record_ids=[str(row["id"]) for row in companies(rig) if "There" in row["name"]]).summary

    for summary in (unlisted, ruled):
        assert summary["to_salesforce"]["failed"] == 130
        assert len(summary["to_salesforce"]["errors"]) == 100
        assert len(json.dumps(summary)) < 64 * 1024


def test_an_error_names_source_target_code_and_next_step(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_company(either, theirs, description="x" * 40_000)

    summary = either.run("account").summary

    (error,) = summary["to_salesforce"]["errors"]
    assert (error["source_id"], error["target_id"], error["code"]) == (theirs, ours, "STRING_TOO_LONG")
    assert "Description" in error["message"]
    assert "xxx" not in json.dumps(summary)


def test_the_text_of_a_validation_rule_is_kept(either: Rig) -> None:
    text = "Phone numbers start with +1. Ask sales-ops."
    rule = {"sobject": "Account", "condition": "Phone LIKE '+49%'", "message": text}
    either.control("POST", "salesforce/validation-rules", rule)
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_company(either, theirs, phone_number="+49 30 1234567")

    (error,) = either.run("account").summary["to_salesforce"]["errors"]

    assert error["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert text in error["message"]


# Numbers


def test_oldest_parked_hours_counts_from_the_first_time(either: Rig) -> None:
    company(either, "Alike")
    account(either, "Alike")
    assert either.run("account").ok["to_ipaas"]["oldest_parked_hours"] == 0.0
    later(either, hours=5)
    either.run("account").ok.counts("to_ipaas")
    later(either, hours=20, minutes=30)

    assert either.run("account").ok["to_ipaas"]["oldest_parked_hours"] == pytest.approx(25.5, abs=0.1)


def test_oldest_parked_hours_is_zero_when_nothing_waits(either: Rig) -> None:
    theirs = company(either, "Alike")
    account(either, "Alike")
    either.run("account").ok.counts("to_ipaas")
    later(either, hours=5)
    edit_company(either, theirs, name="Another one")

    assert either.run("account").ok["to_ipaas"]["oldest_parked_hours"] == 0.0


@pytest.mark.parametrize("collection", ["account", "contact"])
def test_api_calls_are_what_the_services_counted(either: Rig, collection: str) -> None:
    home = account(either)
    contact(either, home)
    company(either)
    customer(either)
    for _ in range(2):
        either.control("POST", "calls/reset")
        result = either.run(collection)
        counted = either.calls()
        expected = {name: counted[name]["api"] for name in ("salesforce", "ipaas")}
        assert result.ok["api_calls"] == expected


def test_repeated_calls_and_those_of_failed_tasks_count(rig: Rig) -> None:
    account(rig)
    rig.control("POST", "calls/reset")
    with rig.fault(service="ipaas", path="LookupSpecial", action={"type": "status", "status": 503}):
        result = rig.run("account")

    assert result.errors
    assert result["api_calls"]["ipaas"] == rig.calls()["ipaas"]["api"]


# The log


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_the_last_line_is_a_table_a_person_can_read(rig: Rig, lines: pytest.LogCaptureFixture) -> None:
    account(rig)
    contact(rig, None)
    rig.run("contact", run_id="manual__1").ok.counts("to_ipaas")

    table = lines.records[-1].getMessage().splitlines()

    assert table[0] == "Run manual__1, collection contact"
    head = table[1].split()
    assert head == ["seen", *OUTCOMES]
    row = table[2].split()
    assert row[0] == "to_ipaas"
    assert dict(zip(head, map(int, row[1:]), strict=True)) == dict.fromkeys(head, 0) | {"seen": 1, "skipped": 1}
    assert table[3].split()[0] == "to_salesforce"
    assert "to_ipaas skipped: contact_without_account 1" in table
    assert table[-1].startswith("API calls: Salesforce ")
    assert len({len(line) for line in table[1:4]}) == 1


def test_the_table_of_a_dry_run_says_so(rig: Rig, lines: pytest.LogCaptureFixture) -> None:
    rig.run("account", run_id="manual__1", dry_run=True).ok.counts("to_ipaas")

    assert lines.records[-1].getMessage().splitlines()[0] == "Run manual__1, collection account (dry run)"


def test_every_conflict_is_logged_in_one_line_without_its_values(either: Rig, lines: pytest.LogCaptureFixture) -> None:
    ours = account(either, Phone="+1 512 555 0100")
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0111")
    edit_company(either, theirs, phone_number="+1 512 555 0122")

    either.run("account").ok.counts("to_ipaas")

    (line,) = [r.getMessage() for r in lines.records if r.getMessage().startswith("Conflict")]
    assert ours in line
    assert theirs in line
    assert "555" not in line


OWN = ("rig", "airflow_provider_ipaas")
SECRETS = (
    credentials.CONSUMER_SECRET,
    credentials.CONSUMER_KEY,
    credentials.REFRESH_TOKEN,
    credentials.IPAAS_PASSWORD,
    credentials.IPAAS_USERNAME,
    "Bearer ",
    "access_token",
)


def test_no_line_holds_a_field_value_or_a_secret(either: Rig, lines: pytest.LogCaptureFixture) -> None:
    """Through creates, updates, conflicts, refusals, parked records, lost answers and expired sessions."""
    values = {"Phone": "+1 512 555 0100", "Description": "Zanzibar terms", "Website": "https://quokka.example.com"}
    ours = account(either, "Xylophone Partners", **values)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0111", Description="Yonder terms")
    edit_company(
        either, theirs, phone_number="+1 512 555 0122", url="https://wombat.example.com", description="w" * 33_000
    )
    account(either, "Kaleidoscope Ltd", Phone="+1 512 555 0133")
    company(either, "Kaleidoscope Ltd", phone_number="+1 512 555 0144")
    account(either, "Refused Marmalade")
    either.control("POST", "salesforce/session/expire")
    with refusing(either, body="Marmalade"):
        either.run("account")
    contact(either, ours, email="meerkat@example.com", LastName="Meerkat")
    with either.fault(
        service="ipaas", method="POST", path="v2/Customer$", times=1, action={"type": "drop", "when": "after"}
    ):
        either.run("contact")
    either.run("contact")

    text = "\n".join(record.getMessage() for record in lines.records if record.name.startswith(OWN)).lower()
    everything = "\n".join(record.getMessage() for record in lines.records).lower()
    words = ["555", "zanzibar", "yonder", "quokka", "wombat", "xylophone", "kaleidoscope", "marmalade", "meerkat"]
    assert [word for word in words if word in text] == []
    assert [secret for secret in SECRETS if secret.lower() in everything] == []


def test_no_summary_holds_a_field_value(either: Rig) -> None:
    account(either, "Kaleidoscope Ltd")
    company(either, "Kaleidoscope Ltd")
    account(either, "Refused Marmalade")
    with refusing(either, body="Marmalade"):
        text = json.dumps(either.run("account").summary).lower()

    assert "kaleidoscope" not in text
    assert "marmalade" not in text
