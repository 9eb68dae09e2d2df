"""A record that Salesforce refuses: found on the monitoring page, replayed and dropped in the trigger form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from _stack import Stack

from . import steps
from .conftest import Visiting
from .pages.dags import RunPage
from .visits import Visit, Visitors

MAINTENANCE = "salesforce_ipaas_maintenance"
CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
RULE = {"sobject": "Account", "condition": "Phone = '666'", "message": "We do not sell to 666."}


@dataclass(frozen=True, slots=True)
class Refused:
    """An edit of a Company that the org refuses, and the run that said so."""

    account_id: str
    company: str
    run_id: str
    state: str


@pytest.fixture(scope="module")
def refused(
    stack: Stack, synced: steps.Synced, visitors: Visitors, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Refused]:
    """Sync an edit that a validation rule of the org refuses."""
    ((_, number),) = [pair for pair in stack.sandbox.pairs("companies") if pair[0] == synced.account_id]
    with visitors.visit(tmp_path_factory.mktemp("warmed")) as person:
        # The first update of all is a canary: this one passes.
        stack.sandbox.edit_ipaas("companies", number, {"phone_number": "+1 562 555 0100"})
        _, green = steps.run_accounts(person, synced.account_id)
        assert green == "Success"
        stack.sandbox.control("POST", "/salesforce/validation-rules", RULE)
        stack.sandbox.edit_ipaas("companies", number, {"phone_number": "666"})
        run, state = steps.run_accounts(person, synced.account_id)
    yield Refused(synced.account_id, str(number), run.run_id, state)
    stack.sandbox.control("DELETE", "/salesforce/validation-rules")


def ask(person: Visit, action: str, *, reason: str = "", record_id: str = "") -> tuple[RunPage, str]:
    """Trigger the maintenance DAG; return its run and the state in which its task `parked` ends."""
    dag = person.airflow.open_dag(MAINTENANCE)
    form = dag.trigger_form()
    form.choose("Action", action)
    if record_id:
        form.type("Record ids", record_id)
    if reason:
        form.choose("Reason", reason)
    run = dag.trigger(form)
    return run, run.wait_for_end("parked")


def test_the_page_says_what_was_refused_and_leads_to_record_and_log(
    stack: Stack, refused: Refused, visit: Visiting
) -> None:
    with visit() as person:
        monitoring = person.airflow.open_monitoring()
        (group,) = monitoring.waiting()
        (failed,) = monitoring.open_failed(refused.run_id)
        monitoring.back()
        forms = monitoring.forms
        person.picture("monitoring-waiting", monitoring.page)
        records = monitoring.open_code(CODE)
        (record,) = records.records()
        address = records.address_of(refused.account_id)
        task = records.open_log()
    assert refused.state == "Failed"
    assert (group["Records"], group["Count"], group["Why"]) == ("Companies → Accounts", "1", "refused refused_before")
    assert group["Codes"] == f"{CODE} 1"
    assert (failed["Source"], failed["Target"], failed["Code"]) == (refused.company, refused.account_id, CODE)
    assert "We do not sell to 666." in failed["Message"]
    assert (record["Source"], record["Target"], record["Attempts"]) == (refused.company, refused.account_id, "1")
    assert "in 1" in record["Next attempt"], "19 minutes, by the schedule"
    assert address == f"{stack.sandbox.salesforce_url}/{refused.account_id}"
    assert task == "upsert_salesforce"
    assert forms == 0


def test_a_replay_in_the_trigger_form_makes_it_due_at_once(stack: Stack, refused: Refused, visit: Visiting) -> None:
    with visit() as person:
        run, state = ask(person, "parked_replay", record_id=refused.company)
        (group,) = person.airflow.open_monitoring().waiting()
    assert state == "Success"
    assert stack.airflow.api.xcom(MAINTENANCE, run.run_id, "parked") == {
        "count": 1,
        "waited": 1,
        "by_reason": {"refused_before": 1},
        "kept": {},
    }
    assert group["Next attempt"] == "next run"


def test_a_drop_in_the_trigger_form_takes_it_off_the_page(stack: Stack, refused: Refused, visit: Visiting) -> None:
    with visit() as person:
        run, state = ask(person, "parked_drop", reason="refused_before")
        groups = person.airflow.open_monitoring().waiting()
    assert state == "Success"
    assert stack.airflow.api.xcom(MAINTENANCE, run.run_id, "parked")["count"] == 1
    assert groups == []
