"""A dry run of single records explains them: values in the log, decisions and reasons in the summary, nothing written."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from airflow_provider_ipaas.sync.preview import IN_SUMMARY, LOGGED
from tests.behaviour import world
from tests.support.rig import Rig

VALUE = "a value of the record"


def preview(rig: Rig, collection: str, *ids: str, **params: Any) -> list[dict[str, Any]]:
    found = rig.run(collection, record_ids=list(ids), dry_run=True, **params).summary["preview"]
    assert found["left_out"] == 0
    return list(found["records"])


def fields(record: dict[str, Any]) -> dict[str, str]:
    return {line["field"]: line["decision"] for line in record["fields"]}


def test_a_pair_is_explained_field_by_field(either: Rig) -> None:
    account = world.account(either, Phone="1", Fax="1")
    company = world.synced(either, "account", account, full=True)
    world.edit_salesforce(either, account, Phone="2")
    world.edit_company(either, company, phone_number="3", url="http://x.example")
    (found,) = preview(either, "account", account, company)
    assert (found["salesforce_id"], found["ipaas_id"], found["link"]) == (account, company, "active")
    assert fields(found) == {"phone": "write_ipaas", "website": "write_salesforce"}
    assert {way: fate["outcome"] for way, fate in found["fates"].items()} == {
        "to_ipaas": "updated",
        "to_salesforce": "updated",
    }


def test_values_are_in_the_log_of_plan_and_report_and_not_in_the_summary(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    account = world.account(rig, Description="before")
    world.synced(rig, "account", account, full=True)
    world.edit_salesforce(rig, account, Description=VALUE)
    with caplog.at_level(logging.INFO, "rig"):
        result = rig.run("account", record_ids=[account], dry_run=True)
    told = [record.getMessage() for record in caplog.records if VALUE in record.getMessage()]
    assert len(told) == 2
    assert told[0] == told[1]
    assert '"before"' in told[0]
    assert "written to iPaaS.com: only Salesforce changed" in told[0]
    assert VALUE not in json.dumps(result.summary)
    stored = rig.ledger.run(result.summary["run_id"]) or rig.ledger.run("dag:" + result.summary["run_id"])
    assert VALUE not in repr(stored)


def test_an_ordinary_run_and_a_dry_run_of_a_window_explain_nothing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    account = world.account(rig, Description=VALUE)
    with caplog.at_level(logging.INFO, "rig"):
        assert "preview" not in rig.run("account", dry_run=True).summary
        assert "preview" not in rig.run("account", record_ids=[account]).summary
    assert VALUE not in caplog.text


def test_a_direction_that_is_off_says_so(rig: Rig) -> None:
    account = world.account(rig, Phone="1")
    world.synced(rig, "account", account, full=True)
    world.edit_salesforce(rig, account, Phone="2")
    (found,) = preview(rig, "account", account, direction="to_salesforce")
    assert fields(found) == {"phone": "wait"}


def test_a_record_that_a_filter_holds_says_so(rig: Rig, tmp_path: Any) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "account.yaml").write_text(
        "version: 1\nfilters: {to_ipaas: \"record.Name == 'Other'\"}\n".replace("record.", "")
    )
    rig.mapping_dir = folder
    account = world.account(rig)
    (found,) = preview(rig, "account", account)
    assert found["fates"]["to_ipaas"]["reason"] == "filtered"


def test_a_contact_without_account_says_why_it_is_skipped(rig: Rig) -> None:
    contact = world.contact(rig)
    (found,) = preview(rig, "contact", contact)
    assert found["fates"]["to_ipaas"] == {
        "outcome": "skipped",
        "reason": "contact_without_account",
        "message": "",
        "next_step": found["fates"]["to_ipaas"]["next_step"],
    }
    assert found["fates"]["to_ipaas"]["next_step"]


def test_an_id_that_is_not_there_says_so(rig: Rig) -> None:
    (found,) = preview(rig, "account", "999999")
    assert found["fates"]["to_salesforce"]["reason"] == "record_not_found"
    assert found["fields"] == []


def test_a_phone_without_an_address_to_live_on_is_not_sent(rig: Rig) -> None:
    contact = world.contact(rig, world.account(rig))
    customer = world.synced(rig, "contact", contact, full=True)
    world.edit_salesforce(rig, contact, Phone="2")
    (found,) = preview(rig, "contact", contact)
    assert fields(found) == {"phone": "not_sent"}
    assert "(phone_not_sent)" in found["fields"][0]["reason"]
    assert found["notes"] == ["Nothing of what goes to iPaaS.com can be sent: a run leaves the record as it is."]
    assert rig.run("contact", record_ids=[contact])["to_ipaas"]["unchanged"] == 1
    new = world.contact(rig, world.account(rig), Phone="3")
    assert fields(preview(rig, "contact", new)[0])["phone"] == "not_sent"
    assert customer


def test_a_refusal_that_stands_is_told(rig: Rig) -> None:
    rule = {"sobject": "Account", "condition": "Phone = '666'", "message": "We do not sell to 666."}
    rig.control("POST", "salesforce/validation-rules", rule)
    account = world.account(rig, Phone="1")
    company = world.synced(rig, "account", account, full=True)
    world.edit_company(rig, company, phone_number="2")
    rig.run("account").ok  # noqa: B018  # the canary
    world.edit_company(rig, company, phone_number="666")
    assert rig.run("account")["to_salesforce"]["failed"] == 1
    (found,) = preview(rig, "account", company)
    (note,) = found["notes"]
    assert note.startswith("Salesforce has refused it once (FIELD_CUSTOM_VALIDATION_EXCEPTION), and may do so again:")
    assert fields(found) == {"phone": "write_salesforce"}


def test_the_summary_is_bounded(rig: Rig) -> None:
    ids = [world.account(rig) for _ in range(IN_SUMMARY + 2)]
    found = rig.run("account", record_ids=ids, dry_run=True).summary["preview"]
    assert len(found["records"]) == IN_SUMMARY < LOGGED
    assert found["left_out"] == 2
