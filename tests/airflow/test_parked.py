"""The maintenance DAG in real Airflow: list, show, replay and drop what waits, from the trigger form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import requests
from airflow.sdk.exceptions import ParamValidationError

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.ledger.monitoring import Selection, reading
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sync.model import Unresolved
from tests.airflow.conftest import ACCOUNTS, MAINTENANCE, Airflow, Ran

RULE = {"sobject": "Account", "condition": "Phone = '666'", "message": "We do not sell to 666."}
CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def rules(airflow: Airflow, method: str, rule: dict[str, str] | None = None) -> None:
    """Change the validation rules of the org, as its administrator would."""
    path = f"{airflow.sandbox.salesforce_url}/_sandbox/salesforce/validation-rules"
    assert requests.request(method, path, json=rule, timeout=30).status_code < 300


def refused(airflow: Airflow) -> str:
    """Sync a Company that the org refuses, beside an Account and a Company of the same name; return its id."""
    rules(airflow, "POST", RULE)
    airflow.sandbox.salesforce.insert("Account", {"Name": "Twin"})
    airflow.sandbox.ipaas.insert("company", {"name": "Twin"})
    airflow.sandbox.ipaas.insert("company", {"name": "Warm"})
    company = airflow.sandbox.ipaas.insert("company", {"name": "Refused", "phone_number": "666"})
    run = airflow.run(ACCOUNTS, full=True)
    assert (run.state, run.summary["to_salesforce"]["failed"]) == ("failed", 1)
    return str(company)


@contextmanager
def ledger(airflow: Airflow) -> Iterator[SqlLedger]:
    with closing(SqlLedger.open(f"sqlite:///{airflow.home}/ipaas/ledger.db")) as opened:
        yield opened


def waiting(airflow: Airflow) -> dict[str, int]:
    with reading(f"sqlite:///{airflow.home}/ipaas/ledger.db") as opened:
        assert opened is not None
        found: dict[str, int] = {}
        for group in opened.groups():
            found[group.reason] = found.get(group.reason, 0) + group.count
        return found


def did(run: Ran) -> tuple[str, dict[str, str]]:
    return run.state, run.tasks


OK = ("success", {"doctor": "skipped", "mapping_check": "skipped", "parked": "success"})
RED = ("failed", {"doctor": "skipped", "mapping_check": "skipped", "parked": "failed"})


def test_a_refused_record_is_listed_shown_replayed_and_synced(airflow: Airflow) -> None:
    company = refused(airflow)
    run = airflow.run(MAINTENANCE, action="parked_list")
    assert did(run) == OK
    assert run.summary["total"] == 3
    assert {(g["reason"], g["direction"], g["count"]) for g in run.summary["groups"]} == {
        ("possible_duplicate", "to_ipaas", 1),
        ("possible_duplicate", "to_salesforce", 1),
        ("refused_before", "to_salesforce", 1),
    }
    assert run.summary["records"] == []
    lines = run.log.splitlines()
    assert lines[-1] == "INFO 3 records in all."
    (line,) = [line for line in lines if "refused_before" in line]
    assert line.startswith(f"INFO 1 Companies -> Accounts: refused_before ({CODE} 1), since ")

    run = airflow.run(MAINTENANCE, action="parked_list", limit=2)
    assert (run.summary["total"], len(run.summary["records"])) == (3, 2)
    run = airflow.run(MAINTENANCE, action="parked_list", record_ids=[company])
    assert [record["source_id"] for record in run.summary["records"]] == [company]
    assert f"Companies -> Accounts {company} -> new: refused_before ({CODE}), attempts 1, next attempt: 20" in run.log

    run = airflow.run(MAINTENANCE, action="parked_show", code=CODE)
    assert did(run) == OK
    (record,) = run.summary["records"]
    assert (record["source_id"], record["attempts"], record["run"]["dag_id"]) == (company, 1, ACCOUNTS)
    assert f"INFO Companies -> Accounts {company}" in run.log.splitlines()

    rules(airflow, "DELETE")
    assert airflow.run(ACCOUNTS).summary["to_salesforce"]["created"] == 0, "not due yet"
    run = airflow.run(MAINTENANCE, action="parked_replay", record_ids=[company])
    assert did(run) == OK
    assert run.summary == {"count": 1, "waited": 1, "by_reason": {"refused_before": 1}, "kept": {}}
    assert "1 record due at once (refused_before 1)" in run.log
    run = airflow.run(ACCOUNTS)
    assert (run.state, run.summary["to_salesforce"]["created"]) == ("success", 1)
    assert waiting(airflow) == {"possible_duplicate": 2}


def test_a_drop_is_counted_from_then_on_and_names_the_person(airflow: Airflow) -> None:
    refused(airflow)
    run = airflow.run(MAINTENANCE, action="parked_drop", reason="possible_duplicate", collection="account", limit=2)
    assert did(run) == OK
    assert run.summary == {"count": 2, "by_reason": {"possible_duplicate": 2}, "kept": {}}
    assert waiting(airflow) == {"refused_before": 1}
    run = airflow.run(ACCOUNTS)
    assert run.summary["to_ipaas"]["skipped_by_reason"] == {"dropped": 1}
    with reading(f"sqlite:///{airflow.home}/ipaas/ledger.db") as opened:
        assert opened is not None
        journal = opened._connection.exec_driver_sql(
            "SELECT DISTINCT op, outcome, actor, run_key FROM ipaas_journal WHERE actor IS NOT NULL"
        ).all()
    ((op, outcome, actor, run_key),) = journal
    assert (op, outcome, actor) == ("drop", "dropped", "dag_test")
    assert run_key.startswith(f"{MAINTENANCE}:")


def test_the_schedule_of_the_connection_decides_when_a_refused_record_is_due(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"retry_base_minutes": 3, "retry_max_hours": 2})
    refused(airflow)
    with reading(f"sqlite:///{airflow.home}/ipaas/ledger.db") as opened:
        assert opened is not None
        (record,) = opened.records(Selection(reason="refused_before"), limit=2)
    assert record.last_at is not None
    assert record.next_at == record.last_at + timedelta(minutes=6)


def test_values_are_in_the_log_on_demand_and_never_in_xcom(airflow: Airflow) -> None:
    refused(airflow)
    values = {"phone": {"salesforce": "a secret phone", "salesforce_before": "1", "ipaas": "2", "ipaas_before": "1"}}
    with ledger(airflow) as opened:
        scope = f"{opened.pinned('salesforce:salesforce_connected_app_default')}/5501"
        row = Unresolved(scope, "account", "to_salesforce", "77", "conflict", details={"fields": values})
        opened.save_unresolved([row])
    run = airflow.run(MAINTENANCE, action="parked_show", record_ids=["77"])
    assert did(run) == OK
    assert "a secret phone" not in run.log + json.dumps(run.summary)
    run = airflow.run(MAINTENANCE, action="parked_show", record_ids=["77"], show_values=True)
    told = 'phone: Salesforce "a secret phone", Salesforce before "1", iPaaS.com "2", iPaaS.com before "1"'
    assert told in run.log
    assert "a secret phone" not in json.dumps(run.summary)


def test_records_of_another_pair_are_left_alone(airflow: Airflow) -> None:
    refused(airflow)
    now = datetime.now(UTC)
    other = Unresolved("00DHs000001AbCeMAK/5501", "account", "to_ipaas", "1", "refused_before", code=CODE)
    other.next_at = now + timedelta(hours=9)
    with ledger(airflow) as opened:
        opened.save_unresolved([other])
    assert airflow.run(MAINTENANCE, action="parked_list").summary["total"] == 3
    assert airflow.run(MAINTENANCE, action="parked_replay", code=CODE).summary["count"] == 1
    with reading(f"sqlite:///{airflow.home}/ipaas/ledger.db") as opened_again:
        assert opened_again is not None
        (left,) = opened_again.records(Selection(scope=other.scope), limit=2)
    assert left.next_at == other.next_at
    fields = {
        "conn_type": "salesforce_connected_app",
        "host": airflow.sandbox.salesforce_url,
        "login": known.CONSUMER_KEY,
        "password": known.CONSUMER_SECRET,
    }
    airflow.connection("salesforce_emea", fields, {"auth_flow": "client_credentials"})
    run = airflow.run(MAINTENANCE, action="parked_list", salesforce_conn_id="salesforce_emea")
    assert (did(run), run.summary["total"]) == (OK, 0)
    assert "WARNING Connection salesforce_emea has not synced yet." in run.log


WRONG: list[tuple[dict[str, object], str]] = [
    ({"action": "parked_replay"}, "No records were chosen, so nothing was done. Next step: Fill in record_ids"),
    ({"action": "parked_drop", "collection": "account"}, "No records were chosen"),
    ({"action": "parked_show", "code": "NOT_THERE"}, "Nothing waits that fits: code NOT_THERE. Next step: The action"),
    ({"action": "parked_replay", "record_ids": ["001D000000IqhSLIAA"]}, "has a wrong checksum"),
    ({"action": "parked_list", "ipaas_conn_id": "nope"}, "Connection nope is not defined."),
]


def test_what_is_asked_wrongly_turns_the_task_red_and_changes_nothing(airflow: Airflow) -> None:
    refused(airflow)
    before = waiting(airflow)
    for conf, told in WRONG:
        run = airflow.run(MAINTENANCE, **conf)
        assert did(run) == RED, conf
        (line,) = [line for line in run.log.splitlines() if line.startswith("ERROR")]
        assert told in line
    assert waiting(airflow) == before


@pytest.mark.parametrize("conf", [{"reason": "refused"}, {"collection": "lead"}, {"limit": 0}, {"record_ids": "77"}])
def test_params_that_can_not_be_start_nothing(airflow: Airflow, conf: dict[str, object]) -> None:
    with pytest.raises(ParamValidationError) as caught:
        airflow.run(MAINTENANCE, action="parked_replay", **conf)
    if "reason" in conf:
        assert "possible_duplicate" in str(caught.value), "the known ones are named"
    assert airflow.sandbox.journal.entries() == []


def test_before_the_first_run_nothing_waits(airflow: Airflow) -> None:
    run = airflow.run(MAINTENANCE, action="parked_list")
    assert (did(run), run.summary["total"], run.log) == (OK, 0, "INFO Nothing waits.")
    assert not (airflow.home / "ipaas").exists()
    run = airflow.run(MAINTENANCE, action="parked_replay", code=CODE)
    assert did(run) == RED
    assert not (airflow.home / "ipaas").exists()
