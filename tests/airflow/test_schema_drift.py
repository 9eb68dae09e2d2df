"""The schema drift DAG in real Airflow: each change is told once, with its colour and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.airflow.conftest import ACCOUNTS, CONTACTS, Airflow, Ran

DRIFT = "salesforce_ipaas_schema_drift"
TASKS = ("schema_of_accounts", "schema_of_contacts")


def switch(airflow: Airflow, **values: Any) -> None:
    for name, value in values.items():
        airflow.sandbox.salesforce.switches.set(name, value)


def told(ran: Ran, task: str = "schema_of_accounts") -> list[tuple[str, str, str]]:
    return [(c["severity"], c["field"], c["what"]) for c in ran.values[task]["changes"]]


@pytest.fixture
def synced(airflow: Airflow) -> Airflow:
    assert airflow.run(ACCOUNTS).state == "success"
    assert airflow.run(CONTACTS).state == "success"
    assert airflow.run(DRIFT).tasks == dict.fromkeys(TASKS, "success")
    return airflow


def test_before_the_first_sync_it_is_skipped(airflow: Airflow) -> None:
    assert airflow.run(DRIFT).tasks == dict.fromkeys(TASKS, "skipped")


def test_a_field_that_is_hidden_is_told_once_and_its_return_too(synced: Airflow) -> None:
    switch(synced, hidden_fields=["Account.Fax"])
    red = synced.run(DRIFT)
    assert red.tasks == {"schema_of_accounts": "failed", "schema_of_contacts": "success"}
    assert told(red) == [("error", "Fax", "missing")]
    assert "Fax is not there for the API user any more" in red.log
    assert "Give the integration user read and edit permission" in red.log
    assert synced.run(DRIFT).tasks == dict.fromkeys(TASKS, "success")
    switch(synced, hidden_fields=[])
    green = synced.run(DRIFT)
    assert (green.state, told(green)) == ("success", [("info", "Fax", "visible")])


def test_edit_permission_is_told(synced: Airflow) -> None:
    switch(synced, read_only_fields=["Account.Phone"])
    red = synced.run(DRIFT)
    assert told(red) == [("error", "Phone", "read_only")]


def test_a_field_that_is_broken_at_the_first_look_is_told(airflow: Airflow) -> None:
    switch(airflow, hidden_fields=["Account.Fax"])
    airflow.run(ACCOUNTS)
    red = airflow.run(DRIFT)
    assert red.tasks["schema_of_accounts"] == "failed"
    assert told(red) == [("error", "Fax", "missing")]
