"""Both DAG files in real Airflow, run as a person would trigger them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_ipaas.sync import shares
from tests.airflow.conftest import ACCOUNTS, CONTACTS, Airflow

TASKS = {
    "extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas", "upsert_ipaas_shares",
    "upsert_salesforce", "report",
}  # fmt: skip
DIRECTION_KEYS = {
    "seen", "created", "updated", "unchanged", "skipped", "parked", "failed", "skipped_by_reason", "parked_by_reason",
    "oldest_parked_hours", "conflicts", "warnings", "parents", "errors",
}  # fmt: skip


def test_both_dags_bring_the_demo_into_step_and_then_write_nothing(airflow: Airflow) -> None:
    airflow.sandbox.machine.seed(name="demo")
    first = {dag_id: airflow.run(dag_id, full=True) for dag_id in (ACCOUNTS, CONTACTS)}
    assert {run.state for run in first.values()} == {"success"}
    assert set(first[ACCOUNTS].tasks) == TASKS
    # Nothing is shared out where one task writes everything.
    assert first[ACCOUNTS].tasks.pop("upsert_ipaas_shares") == "skipped"
    assert set(first[ACCOUNTS].tasks.values()) == {"success"}
    assert first[ACCOUNTS].summary["to_ipaas"]["created"] > 40
    assert first[CONTACTS].summary["to_salesforce"]["created"] > 40
    for dag_id in (ACCOUNTS, CONTACTS):
        again = airflow.run(dag_id)
        assert again.state == "success"
        for direction in ("to_ipaas", "to_salesforce"):
            assert again.summary[direction]["created"] == again.summary[direction]["updated"] == 0


def test_a_big_upsert_is_shared_out_among_tasks(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "LEAST", 5)
    airflow.sandbox.machine.seed(name="demo")
    run = airflow.run(ACCOUNTS, full=True)
    assert run.state == "success"
    mapped = {task: state for task, state in run.tasks.items() if task.startswith("upsert_ipaas_shares")}
    assert mapped == {f"upsert_ipaas_shares[{number}]": "success" for number in range(4)}
    assert "The rest is shared out among 4 tasks" in run.log
    assert run.summary["to_ipaas"]["created"] > 40
    again = airflow.run(ACCOUNTS)
    assert again.tasks["upsert_ipaas_shares"] == "skipped"
    assert [again.summary[way][what] for way in ("to_ipaas", "to_salesforce") for what in ("created", "updated")] == [
        0
    ] * 4


def test_the_summary_has_the_contracted_shape_and_adds_up(airflow: Airflow) -> None:
    airflow.sandbox.machine.seed(name="demo")
    summary = airflow.run(CONTACTS, full=True).summary
    assert set(summary) == {"collection", "run_id", "dry_run", "to_ipaas", "to_salesforce", "api_calls"}
    assert (summary["collection"], summary["dry_run"]) == ("contact", False)
    for direction in ("to_ipaas", "to_salesforce"):
        counts = summary[direction]
        assert set(counts) == DIRECTION_KEYS
        assert counts["seen"] == sum(
            counts[name] for name in ("created", "updated", "unchanged", "skipped", "parked", "failed")
        )
        assert counts["skipped"] == sum(counts["skipped_by_reason"].values())
        assert counts["parked"] == sum(counts["parked_by_reason"].values())
    assert summary["to_ipaas"]["parents"]["created"] > 20
    assert summary["api_calls"]["salesforce"] > 0
    assert summary["api_calls"]["ipaas"] > 0
    json.dumps(summary)


def test_the_report_logs_a_table_and_a_line_per_parked_record(airflow: Airflow) -> None:
    airflow.sandbox.machine.seed(name="demo")
    run = airflow.run(ACCOUNTS, full=True)
    parked = run.summary["to_ipaas"]["parked"] + run.summary["to_salesforce"]["parked"]
    assert parked > 0
    assert run.log.count("(possible_duplicate)") == parked
    assert "to_ipaas" in run.log
    assert "API calls: Salesforce" in run.log


def test_a_refused_record_makes_the_run_red_once_and_the_others_land(airflow: Airflow) -> None:
    store = airflow.sandbox.salesforce
    for number in range(3):
        store.insert("Account", {"Name": f"Fine {number}"})
    bad = store.insert("Account", {"Name": "Bad", "Description": "lone \ud800 surrogate"})
    run = airflow.run(ACCOUNTS)
    assert run.state == "failed"
    assert run.tasks["report"] == "failed"
    assert run.tasks["upsert_ipaas"] == "success"
    assert run.summary["to_ipaas"]["created"] == 3
    assert run.summary["to_ipaas"]["failed"] == 1
    error = run.summary["to_ipaas"]["errors"][0]
    assert (error["source_id"], error["code"]) == (bad, "invalid_text")
    assert "description" in error["message"]
    assert error["next_step"]
    again = airflow.run(ACCOUNTS)
    assert again.state == "success"
    assert again.summary["to_ipaas"]["parked_by_reason"] == {"refused_before": 1}


def test_max_creates_stops_the_run_before_its_first_write_and_says_how_to_allow_it(airflow: Airflow) -> None:
    for number in range(5):
        airflow.sandbox.salesforce.insert("Account", {"Name": f"Company {number}"})
    run = airflow.run(ACCOUNTS, max_creates=3)
    assert run.state == "failed"
    assert run.tasks["plan"] == "failed"
    assert "max_creates: this run plans 5 creates in iPaaS.com" in run.log
    assert "max_creates = 5 or null" in run.log
    assert run.summary["to_ipaas"]["parked_by_reason"] == {"max_creates": 5}
    assert airflow.sandbox.ipaas.tables["company"].count() == 0
    assert airflow.run(ACCOUNTS, max_creates=5).summary["to_ipaas"]["created"] == 5


def test_a_mass_change_stops_the_run_until_one_is_allowed(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"max_changed_percent": 40, "max_changed_records": "1"})
    ids = [airflow.sandbox.salesforce.insert("Account", {"Name": f"Pair {number}"}) for number in range(3)]
    assert airflow.run(ACCOUNTS, full=True).state == "success"
    for record_id in ids:
        airflow.sandbox.salesforce.update(record_id, {"Phone": "2"})
    run = airflow.run(ACCOUNTS)
    assert (run.state, run.tasks["plan"]) == ("failed", "failed")
    assert run.summary["to_ipaas"]["parked_by_reason"] == {"mass_change": 3}
    assert [brake["reason"] for brake in run.summary["brakes"]] == ["mass_change"]
    told = [line for line in run.log.splitlines() if line.startswith("ERROR") and "mass_change" in line]
    assert "max_changed_percent allows 40 %, max_changed_records 1" in told[0]
    assert "allow_mass_change = true" in told[-1]
    allowed = airflow.run(ACCOUNTS, allow_mass_change=True)
    assert (allowed.state, allowed.summary["to_ipaas"]["updated"]) == ("success", 3)


def test_link_only_links_and_reports_until_somebody_says_go(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"first_contact": "link_only"})
    airflow.sandbox.machine.seed(name="demo")
    first = airflow.run(CONTACTS, full=True)
    assert first.state == "success"
    report = first.summary["match_report"]
    assert report["linked"] > 0
    assert report["none_in_ipaas"]["count"] > 0
    json.dumps(report)
    for direction in ("to_ipaas", "to_salesforce"):
        counts = first.summary[direction]
        assert counts["created"] == counts["updated"] == counts["parents"]["created"] == 0
        assert counts["parked_by_reason"]["awaiting_first_contact"] > 0
    assert "one-to-one" in first.log
    assert "confirm_first_contact = true" in first.log
    assert airflow.run(ACCOUNTS, full=True).state == "success"
    for dag_id in (ACCOUNTS, CONTACTS):
        run = airflow.run(dag_id, full=True, confirm_first_contact=True)
        assert run.state == "success", run.log
        assert run.summary["to_ipaas"]["created"] > 0
        assert "match_report" not in run.summary
        again = airflow.run(dag_id)
        for direction in ("to_ipaas", "to_salesforce"):
            assert again.summary[direction]["created"] == again.summary[direction]["updated"] == 0


def test_a_go_before_there_is_a_match_report_is_refused(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"first_contact": "link_only"})
    run = airflow.run(ACCOUNTS, confirm_first_contact=True)
    assert run.tasks["extract_salesforce"] == "failed"
    assert "there is no match report of collection account yet" in run.log


def test_a_one_way_run_writes_one_service_and_the_rest_waits_for_a_later_run(airflow: Airflow) -> None:
    airflow.sandbox.salesforce.insert("Account", {"Name": "North"})
    run = airflow.run(ACCOUNTS, direction="to_salesforce")
    assert run.state == "success"
    assert run.summary["to_ipaas"]["seen"] == 0
    assert airflow.sandbox.ipaas.tables["company"].count() == 0
    assert airflow.run(ACCOUNTS).summary["to_ipaas"]["created"] == 1


def test_the_trigger_form_offers_every_param_with_its_default(airflow: Airflow) -> None:
    params = airflow.load(ACCOUNTS).params
    assert {name: params[name] for name in params} == {
        "direction": "both",
        "poll_days": None,
        "record_ids": [],
        "full": False,
        "max_creates": 1000,
        "allow_mass_change": False,
        "confirm_first_contact": False,
        "confirm_rebuild": False,
        "dry_run": False,
    }
    for name in params:
        assert params.get_param(name).description


def test_each_dag_has_its_own_schedule_and_never_overlaps_itself(airflow: Airflow) -> None:
    accounts, contacts = airflow.load(ACCOUNTS), airflow.load(CONTACTS)
    assert (accounts.schedule, contacts.schedule) == ("*/15 * * * *", "5-59/15 * * * *")
    for dag in (accounts, contacts):
        assert dag.max_active_runs == 1
        assert not dag.catchup


def test_the_web_server_flow_works_from_a_stored_refresh_token(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"auth_flow": "web_server", "refresh_token": "sandbox-refresh-token"})
    airflow.sandbox.salesforce.insert("Account", {"Name": "By refresh token"})
    run = airflow.run(ACCOUNTS)
    assert run.state == "success"
    assert run.summary["to_ipaas"]["created"] == 1


def test_the_jwt_bearer_flow_needs_no_consumer_secret(airflow: Airflow) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    airflow.sandbox.org.oauth.public_key = public
    airflow.connect_salesforce(
        password="",
        extra={
            "auth_flow": "jwt_bearer",
            "username": "integration@sandbox.example",
            "private_key": private,
            "audience": airflow.sandbox.salesforce_url,
        },
    )
    run = airflow.run(ACCOUNTS)
    assert run.state == "success", run.log
    assert "PRIVATE KEY" not in run.log


def test_whoever_asked_to_be_told_is_told_why_a_run_failed(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The callbacks are Airflow's own: a refused record reaches them with both ids and the next step."""
    import airflow_provider_ipaas.factory as factory

    told: list[str] = []

    def on_failure(context: Any) -> None:
        told.append(f"{context['ti'].task_id}: {context['exception']}")

    made = factory.sync_dag
    monkeypatch.setattr(
        "airflow_provider_ipaas.sync_dag",
        lambda *args, **named: made(*args, **named, default_args={"on_failure_callback": on_failure}),
    )
    bad = airflow.sandbox.salesforce.insert("Account", {"Name": "Bad", "Description": "lone \ud800 surrogate"})
    airflow.sandbox.salesforce.insert("Account", {"Name": "Fine"})
    assert airflow.run(ACCOUNTS).state == "failed"
    (message,) = told
    assert message.startswith("report: ")
    assert bad in message
    assert "invalid_text" in message
    airflow.run(ACCOUNTS)
    assert len(told) == 1, "once, not every 15 minutes"


def test_only_tasks_that_did_not_do_their_work_count_as_failed(airflow: Airflow) -> None:
    states = {"plan": "success", "upsert_ipaas": "success", "upsert_ipaas_shares_0": "success", "report": "running"}
    gone = {"upsert_ipaas_shares_1": "removed", "upsert_ipaas_shares_2": "failed", "upsert_salesforce": "skipped"}
    instance = SimpleNamespace(get_task_states=lambda **_: {"run": {**states, **gone}})
    context = {"dag_run": SimpleNamespace(dag_id="dag", run_id="run"), "ti": instance}
    assert airflow.load(ACCOUNTS).get_task("report")._failed_tasks(context) == ["upsert_ipaas_shares_2"]
