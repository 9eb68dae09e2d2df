"""From empty connection forms to the numbers of a run, in Airflow's own pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials

from .conftest import IPAAS_CONN_ID, SALESFORCE_CONN_ID
from .visits import Visit, Visitors

ACCOUNTS = "salesforce_ipaas_accounts"
COLUMNS = ("seen", "created", "updated", "unchanged", "skipped", "parked", "failed")
NOTHING = dict.fromkeys(COLUMNS, 0)

Visiting = Callable[..., AbstractContextManager[Visit]]


@dataclass(frozen=True, slots=True)
class Synced:
    """A finished run that was triggered for one Account."""

    account_id: str
    account_name: str
    run_id: str
    state: str


@pytest.fixture(scope="module")
def synced(stack: Stack, visitors: Visitors, connected: None, tmp_path_factory: pytest.TempPathFactory) -> Synced:
    """Trigger a run for one Account in the trigger form and wait for its end."""
    name = "Blue Harbor Trading"
    account_id = stack.sandbox.create_salesforce("Account", {"Name": name, "Phone": "+1 562 555 0199"})
    with visitors.visit(tmp_path_factory.mktemp("run")) as person:
        dag = person.airflow.open_dag(ACCOUNTS)
        form = dag.trigger_form()
        form.type_number("Poll days", 30)
        form.type("Record ids", account_id)
        person.picture("trigger-form")
        run = dag.trigger(form)
        state = run.wait_for_end("report")
        person.picture("run")
    return Synced(account_id, name, run.run_id, state)


def test_the_form_stores_the_salesforce_connection_as_typed(stack: Stack, connected: None) -> None:
    stored = stack.airflow.api._call("GET", f"connections/{SALESFORCE_CONN_ID}")
    assert stored["conn_type"] == "salesforce_connected_app"
    assert (stored["host"], stored["login"]) == (stack.sandbox.salesforce_url, credentials.CONSUMER_KEY)
    extra = json.loads(stored["extra"])
    assert {name: value for name, value in extra.items() if value is not None} == {
        "auth_flow": "client_credentials",
        "api_version": "64.0",
        "account_poll_days": 14,
        "contact_poll_days": 7,
        "external_id_field": "iPaaS_Id__c",
    }


def test_the_secrets_stay_out_of_the_list_of_connections(connected: None, visit: Visiting) -> None:
    with visit() as person:
        page = person.airflow.open_connections()
        for conn_id in (SALESFORCE_CONN_ID, IPAAS_CONN_ID):
            page.row(conn_id).wait_for()
        shown = person.page.content()
    assert credentials.CONSUMER_SECRET not in shown
    assert credentials.IPAAS_PASSWORD not in shown


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
        monitoring = person.airflow.open_monitoring()
        numbers = monitoring.numbers(synced.run_id)
        person.picture("monitoring", monitoring.page)
    assert numbers == {
        "Accounts → Companies": {**NOTHING, "seen": 1, "created": 1},
        "Companies → Accounts": NOTHING,
    }


def test_a_dry_run_of_everything_counts_and_writes_nothing(stack: Stack, connected: None, visit: Visiting) -> None:
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
