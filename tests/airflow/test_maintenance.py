"""The maintenance DAG in real Airflow: the doctor as a person would ask for it."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError

from airflow_provider_ipaas import maintenance_dag
from airflow_provider_ipaas.sandbox import credentials as known
from tests.airflow.conftest import ACCOUNTS, MAINTENANCE, Airflow


def test_a_healthy_pair_is_green_with_every_finding_in_log_and_xcom(airflow: Airflow) -> None:
    run = airflow.run(MAINTENANCE)
    assert (run.state, run.tasks) == ("success", {"doctor": "success", "mapping_check": "skipped", "parked": "skipped"})
    assert (run.summary["status"], run.summary["exit_code"]) == ("ok", 0)
    assert run.summary["connections"] == {"salesforce": "salesforce_connected_app_default", "ipaas": "ipaas_default"}
    lines = run.log.splitlines()
    assert len(lines) == len(run.summary["findings"]) + 1
    for finding, line in zip(run.summary["findings"], lines, strict=False):
        assert line.startswith(f"INFO OK      {finding['check']}  {finding['subject']}: {finding['message']}")
    assert lines[-1] == f"INFO {len(lines) - 1} ok, 0 warning, 0 error."
    json.dumps(run.summary)


def test_an_error_turns_the_task_red_and_leaves_the_findings(airflow: Airflow) -> None:
    airflow.sandbox.salesforce.switches.set("hidden_fields", ["Contact.Email", "Account.Fax"])
    airflow.sandbox.salesforce.switches.set("external_id_field", False)
    run = airflow.run(MAINTENANCE)
    assert (run.state, run.tasks) == ("failed", {"doctor": "failed", "mapping_check": "skipped", "parked": "skipped"})
    assert (run.summary["status"], run.summary["exit_code"]) == ("error", 1)
    assert run.summary["counts"]["error"] == 2
    lines = run.log.splitlines()
    (line,) = [line for line in lines if "Contact.Email" in line]
    assert line.startswith("ERROR ERROR   salesforce.fields  Contact.Email: ")
    assert " Mend: Give the integration user " in line
    assert len([line for line in lines if line.startswith("WARNING WARNING salesforce.external_id")]) == 2
    assert lines[-1].startswith("ERROR ")


def test_a_red_task_says_the_first_error_with_its_mend_and_names_once_what_was_left_out(
    airflow: Airflow, capfd: pytest.CaptureFixture[str]
) -> None:
    airflow.connect_salesforce(password="not-the-secret")
    run = airflow.run(MAINTENANCE)
    assert run.state == "failed"
    (line,) = [line for line in run.log.splitlines() if "Not checked" in line]
    assert line.startswith("WARNING Not checked, because salesforce.token failed: salesforce.org, ")
    printed = "".join(capfd.readouterr())
    (failure,) = [line for line in printed.splitlines() if line.startswith("airflow.sdk.exceptions.AirflowFail")]
    assert ": salesforce.token: salesforce_connected_app_default: " in failure
    assert "Next step: Correct the field Consumer Secret (`password`)" in failure
    assert "not-the-secret" not in run.log + json.dumps(run.summary) + printed


def test_it_sees_the_org_that_a_run_has_pinned(airflow: Airflow) -> None:
    assert airflow.run(ACCOUNTS).state == "success"
    run = airflow.run(MAINTENANCE)
    (finding,) = [it for it in run.summary["findings"] if it["check"] == "ledger"]
    assert (finding["status"], finding["message"]) == ("ok", "Its links belong to this org.")


def test_other_connections_can_be_examined_from_the_trigger_form(airflow: Airflow) -> None:
    fields = {
        "conn_type": "salesforce_connected_app",
        "host": airflow.sandbox.salesforce_url,
        "login": known.CONSUMER_KEY,
        "password": known.CONSUMER_SECRET,
    }
    airflow.connection("salesforce_emea", fields, {"auth_flow": "client_credentials"})
    run = airflow.run(MAINTENANCE, salesforce_conn_id="salesforce_emea", ipaas_conn_id="nope")
    assert run.summary["connections"] == {"salesforce": "salesforce_emea", "ipaas": "nope"}
    wrong = [it["check"] for it in run.summary["findings"] if it["status"] != "ok"]
    assert wrong == ["ipaas.connection"]


def test_an_action_that_there_is_not_starts_nothing(airflow: Airflow) -> None:
    with pytest.raises(ParamValidationError):
        airflow.run(MAINTENANCE, action="surgery")
    assert airflow.sandbox.journal.entries() == []


def test_the_trigger_form_offers_every_param_with_its_default(airflow: Airflow) -> None:
    dag = airflow.load(MAINTENANCE)
    assert {name: dag.params[name] for name in dag.params} == {
        "action": "doctor",
        "salesforce_conn_id": "salesforce_connected_app_default",
        "ipaas_conn_id": "ipaas_default",
        "record_ids": [],
        "reason": None,
        "code": None,
        "collection": None,
        "limit": None,
        "show_values": False,
    }
    for name in dag.params:
        assert dag.params.get_param(name).description
    assert dag.schedule is None
    assert not dag.catchup


def test_the_factory_takes_what_a_dag_takes() -> None:
    dag = maintenance_dag(
        dag_id="emea_maintenance",
        schedule="@daily",
        salesforce_conn_id="salesforce_emea",
        ipaas_conn_id="ipaas_emea",
        direction="to_ipaas",
        tags=["emea"],
        params={"note": Param("", type="string")},
        default_args={"owner": "integration"},
    )
    assert (dag.dag_id, dag.schedule, dag.tags) == ("emea_maintenance", "@daily", {"emea"})
    assert dag.params["salesforce_conn_id"] == "salesforce_emea"
    assert dag.params["note"] == ""
    assert {task.task_id for task in dag.tasks} == {"doctor", "mapping_check", "parked"}
    assert {(task.owner, task.retries) for task in dag.tasks} == {("integration", 0)}
    assert dag.get_task("doctor").direction == "to_ipaas"


def test_a_mapping_is_checked_from_the_trigger_form(airflow: Airflow) -> None:
    run = airflow.run(MAINTENANCE, action="mapping_check")
    assert run.tasks == {"doctor": "skipped", "mapping_check": "success", "parked": "skipped"}
    found = run.values["mapping_check"]["findings"]
    assert {finding["status"] for finding in found} == {"ok"}
    assert "account: It can be used, with 8 fields." in run.log


def test_what_a_service_lacks_for_the_mapping_turns_its_check_red(airflow: Airflow) -> None:
    airflow.sandbox.salesforce.switches.set("hidden_fields", ["Account.Fax"])
    run = airflow.run(MAINTENANCE, action="mapping_check")
    assert (run.state, run.tasks["mapping_check"]) == ("failed", "failed")
    (error,) = [f for f in run.values["mapping_check"]["findings"] if f["status"] == "error"]
    assert error["subject"] == "Account.Fax"
    assert "Account.Fax" in run.log
    assert airflow.sandbox.salesforce.rows("Account") == []
