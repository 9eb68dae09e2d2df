"""The reconcile DAG in real Airflow: colour, numbers and repair, as a person would see them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError

from airflow_provider_ipaas import reconcile_dag
from tests.airflow.conftest import ACCOUNTS, CONTACTS, Airflow, Ran

RECONCILE = "salesforce_ipaas_reconcile"
TASKS = ("reconcile_accounts", "reconcile_contacts")


def linked_pair(airflow: Airflow) -> str:
    """Sync an Account that was last changed four days ago; return its id."""
    store = airflow.sandbox.salesforce
    ours = store.insert("Account", {"Name": "Acme"}, at=store.clock.now() - timedelta(days=4))
    assert airflow.run(ACCOUNTS, full=True).state == "success"
    return str(ours)


def edit_unnoticed(airflow: Airflow, record_id: str, **fields: Any) -> None:
    """Change an Account with a stamp that lies behind every later window, as a late commit does."""
    store = airflow.sandbox.salesforce
    store.update(record_id, fields, at=store.clock.now() - timedelta(days=30))


def numbers(ran: Ran, task: str) -> dict[str, Any]:
    found: dict[str, Any] = ran.values[task]
    return found


def test_a_pair_in_step_is_green_and_a_collection_that_never_ran_is_skipped(airflow: Airflow) -> None:
    linked_pair(airflow)
    ran = airflow.run(RECONCILE)
    assert (ran.state, ran.tasks) == ("success", {"reconcile_accounts": "success", "reconcile_contacts": "skipped"})
    summary = numbers(ran, "reconcile_accounts")
    assert summary["rows"] == {"salesforce": 1, "ipaas": 1, "counted_by_salesforce": 1}
    assert (summary["linked"], summary["in_step"], summary["drift"], summary["complete"]) == (1, 1, {}, True)
    assert summary["api_calls"]["salesforce"] > 0
    assert "Reconcile of collection account: 1 linked, 0 drifted, 0 of them due now." in ran.log
    assert "No run of collection contact has been reported yet" in ran.log


def test_both_collections_are_compared(airflow: Airflow) -> None:
    linked_pair(airflow)
    assert airflow.run(CONTACTS).state == "success"
    ran = airflow.run(RECONCILE)
    assert ran.tasks == dict.fromkeys(TASKS, "success")


def test_drift_is_red_until_it_is_repaired_and_the_next_run_of_the_sync_dag_repairs_it(
    airflow: Airflow, capfd: pytest.CaptureFixture[str]
) -> None:
    ours = linked_pair(airflow)
    edit_unnoticed(airflow, ours, Phone="+1 512 555 0199")

    red = airflow.run(RECONCILE, collection="account")
    assert (red.state, red.tasks["reconcile_accounts"]) == ("failed", "failed")
    cause = numbers(red, "reconcile_accounts")["drift"]["changed_in_salesforce"]
    assert (cause["records"], cause["percent_of_linked"], cause["due"]) == (1, 100.0, 0)
    assert cause["examples"][0]["salesforce_id"] == ours
    printed = "".join(capfd.readouterr())
    (line,) = [text for text in printed.splitlines() if text.startswith("airflow.sdk.exceptions.AirflowFail")]
    assert "1 record(s) of collection account are not in step" in line
    assert f"Trigger this DAG with repair = true; the next run of {ACCOUNTS} takes them up then" in line
    assert "555 0199" not in json.dumps(red.values) + red.log + printed

    repair = airflow.run(RECONCILE, collection="account", repair=True)
    assert (repair.state, numbers(repair, "reconcile_accounts")["due"]) == ("success", 1)
    sync = airflow.run(ACCOUNTS)
    assert (sync.state, sync.summary["to_ipaas"]["updated"]) == ("success", 1)

    green = airflow.run(RECONCILE)
    assert (green.state, numbers(green, "reconcile_accounts")["drift"]) == ("success", {})
    again = airflow.run(ACCOUNTS)
    assert (again.summary["to_ipaas"]["updated"], again.summary["to_salesforce"]["updated"]) == (0, 0)


def test_a_collection_that_was_not_chosen_is_skipped(airflow: Airflow) -> None:
    linked_pair(airflow)
    ran = airflow.run(RECONCILE, collection="contact")
    assert ran.tasks == dict.fromkeys(TASKS, "skipped")


def test_used_up_api_calls_end_it_with_the_numbers_so_far(airflow: Airflow) -> None:
    linked_pair(airflow)
    rule = {"service": "salesforce", "path": "/query", "nth": 3, "action": {"type": "limit_exceeded"}}
    airflow.sandbox.faults.add(rule)
    ran = airflow.run(RECONCILE, collection="account")
    assert (ran.state, ran.tasks["reconcile_accounts"]) == ("failed", "failed")
    summary = numbers(ran, "reconcile_accounts")
    assert (summary["complete"], summary["in_step"], summary["rows"]["salesforce"]) == (False, None, 1)


def test_its_runs_are_none_of_the_sync(airflow: Airflow) -> None:
    """Integration monitoring lists the runs of the ledger, with numbers of both directions."""
    from airflow_provider_ipaas.ledger.monitoring import reading

    linked_pair(airflow)
    airflow.run(RECONCILE)
    with reading(f"sqlite:///{airflow.home}/ipaas/ledger.db") as ledger:
        assert ledger is not None
        assert [line.dag_id for line in ledger.runs([ACCOUNTS, RECONCILE], limit=10)] == [ACCOUNTS]


@pytest.mark.parametrize("params", [{"collection": "lead"}, {"repair": "yes"}])
def test_params_that_there_are_not_start_nothing(airflow: Airflow, params: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        airflow.run(RECONCILE, **params)
    assert airflow.sandbox.journal.entries() == []


def test_the_trigger_form_offers_every_param_with_its_default(airflow: Airflow) -> None:
    dag = airflow.load(RECONCILE)
    assert {name: dag.params[name] for name in dag.params} == {"collection": "both", "repair": False}
    for name in dag.params:
        assert dag.params.get_param(name).description
    assert (dag.schedule, dag.catchup, dag.max_active_runs, dag.max_active_tasks) == ("@weekly", False, 1, 1)


def test_the_factory_takes_what_a_dag_takes() -> None:
    dag = reconcile_dag(
        dag_id="emea_reconcile",
        schedule=None,
        salesforce_conn_id="salesforce_emea",
        repair=True,
        max_drift=5,
        tags=["emea"],
        params={"note": Param("", type="string")},
        default_args={"owner": "integration"},
    )
    assert (dag.dag_id, dag.tags, dag.params["repair"]) == ("emea_reconcile", {"emea"}, True)
    assert [task.task_id for task in dag.tasks] == list(TASKS)
    for task in dag.tasks:
        assert (task.owner, task.max_drift, task.salesforce_conn_id) == ("integration", 5, "salesforce_emea")
