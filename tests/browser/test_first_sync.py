"""A run from the trigger form, and its numbers in Airflow's own pages."""

from __future__ import annotations

from typing import Any

from _stack import Stack

from .conftest import Visiting
from .steps import ACCOUNTS, Connected, Synced

COLUMNS = ("seen", "created", "updated", "unchanged", "skipped", "parked", "failed")
NOTHING = dict.fromkeys(COLUMNS, 0)


def test_the_run_gets_what_was_typed_in_the_trigger_form(stack: Stack, synced: Synced) -> None:
    assert synced.state == "Success"
    conf = run_of(stack, synced.run_id)["conf"]
    assert (conf["poll_days"], conf["record_ids"]) == (30, [synced.account_id])
    assert (conf["direction"], conf["full"], conf["dry_run"], conf["max_creates"]) == ("both", False, False, 1000)


def test_the_company_is_in_ipaas_com(stack: Stack, synced: Synced) -> None:
    ((account_id, number),) = stack.sandbox.pairs("companies")
    assert account_id == synced.account_id
    assert stack.sandbox.ipaas_record("companies", number)["name"] == synced.account_name


def test_the_log_of_the_report_shows_the_numbers(synced: Synced, visit: Visiting) -> None:
    with visit() as person:
        log = person.airflow.open_dag(ACCOUNTS).open_run(synced.run_id).open_log("report")
        numbers = log.numbers("account")
        person.picture("report-log")
    assert numbers == {"to_ipaas": {**NOTHING, "seen": 1, "created": 1}, "to_salesforce": NOTHING}


def test_the_monitoring_page_shows_the_same_numbers(synced: Synced, visit: Visiting) -> None:
    with visit() as person:
        numbers = person.airflow.open_monitoring().numbers(synced.run_id)
    assert numbers == {
        "Accounts → Companies": {**NOTHING, "seen": 1, "created": 1},
        "Companies → Accounts": NOTHING,
    }


def test_a_dry_run_of_everything_counts_and_writes_nothing(stack: Stack, connected: Connected, visit: Visiting) -> None:
    before = stack.sandbox.pairs("companies")
    with visit() as person:
        dag = person.airflow.open_dag(ACCOUNTS)
        form = dag.trigger_form()
        form.choose("Direction", "to_ipaas")
        form.switch_on("Full")
        form.switch_on("Dry run")
        run = dag.trigger(form)
        state = run.wait_for_end("report")
        numbers = run.open_log("report").numbers("account")
    conf = run_of(stack, run.run_id)["conf"]
    assert (conf["direction"], conf["full"], conf["dry_run"]) == ("to_ipaas", True, True)
    assert state == "Success"
    assert stack.sandbox.pairs("companies") == before
    assert numbers["to_ipaas"]["seen"] == len(stack.sandbox.control("GET", "/salesforce/records/Account"))
    summary = stack.airflow.api.xcom(ACCOUNTS, run.run_id, "report")
    assert numbers == {name: {column: summary[name][column] for column in COLUMNS} for name in numbers}


def run_of(stack: Stack, run_id: str) -> dict[str, Any]:
    """Return a run of the Accounts as Airflow stores it."""
    run: dict[str, Any] = stack.airflow.api._call("GET", f"dags/{ACCOUNTS}/dagRuns/{run_id}")
    return run
