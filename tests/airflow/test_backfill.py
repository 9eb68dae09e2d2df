"""The DAG of the first load, run as a person would trigger it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sync import shares
from tests.airflow.conftest import ACCOUNTS, CONTACTS, Airflow

BACKFILL = "salesforce_ipaas_backfill"


def written(summary: dict[str, Any]) -> int:
    return sum(summary[way][what] for way in ("to_ipaas", "to_salesforce") for what in ("created", "updated"))


def test_both_collections_are_loaded_and_the_polls_find_nothing_to_do(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "LEAST", 10)
    airflow.sandbox.machine.seed(name="demo")
    # A rate leaves each of the tasks one call a second or more; this one is no hindrance here.
    accounts = airflow.run(BACKFILL, collection="account", requests_per_second=400)
    assert accounts.state == "success"
    assert accounts.summary["collection"] == "account"
    assert accounts.summary["to_ipaas"]["created"] > 40
    assert accounts.tasks["upsert_ipaas_shares[0]"] == "success"
    contacts = airflow.run(BACKFILL, collection="contact")
    assert (contacts.state, contacts.summary["collection"]) == ("success", "contact")
    assert contacts.summary["to_salesforce"]["created"] > 40
    for dag_id in (ACCOUNTS, CONTACTS):
        poll = airflow.run(dag_id)
        assert (poll.state, written(poll.summary)) == ("success", 0)
    again = airflow.run(BACKFILL, collection="account")
    assert (again.state, written(again.summary)) == ("success", 0)


def test_its_form_offers_what_a_first_load_needs(airflow: Airflow) -> None:
    dag = airflow.load(BACKFILL)
    params = dag.params.dump()
    assert set(params) == {
        "collection", "requests_per_second", "direction", "max_creates", "allow_mass_change", "confirm_first_contact",
        "confirm_rebuild", "dry_run", "backfill",
    }  # fmt: skip
    assert (params["collection"], params["max_creates"], params["backfill"]) == ("account", None, True)
    assert dag.schedule is None
