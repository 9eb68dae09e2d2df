"""Why did this record sync? Asked in the search box of the monitoring page."""

from __future__ import annotations

from _stack import Stack

from . import steps
from .conftest import VIEWER, Visiting


def phone_of(stack: Stack, account_id: str) -> str:
    """Return the phone that both sides agreed on last; tests before this one may have changed it."""
    rows = stack.sandbox.control("GET", "/salesforce/records/Account")
    return str(next(row["Phone"] for row in rows if row["Id"] == account_id))


def test_a_record_is_found_by_either_id_and_tells_what_both_sides_showed(
    stack: Stack, synced: steps.Synced, visit: Visiting
) -> None:
    ((account_id, number),) = [pair for pair in stack.sandbox.pairs("companies") if pair[0] == synced.account_id]
    with visit() as person:
        record = person.airflow.open_monitoring().explain(account_id)
        person.picture("monitoring-record", record.page)
        titles, sentences, fields = record.titles, record.sentences, {f["Field"]: f for f in record.fields()}
        by_number = person.airflow.open_monitoring().explain(str(number)).titles
        unknown = person.airflow.open_monitoring().explain("999999").problem()
    assert titles == by_number == [f"Account {account_id} = Company {number}"]
    assert sentences[0].startswith("It is linked; both sides last agreed ")
    phone = f'"{phone_of(stack, account_id)}"'
    assert (fields["phone"]["Salesforce before"], fields["phone"]["iPaaS.com before"]) == (phone, phone)
    assert "to iPaaS.com, by run" in fields["name"]["Last written"]
    assert unknown == "No run of the DAGs that you may read has met a record with this id."


def test_who_may_not_trigger_the_dag_sees_no_values(stack: Stack, synced: steps.Synced, visit: Visiting) -> None:
    with visit(user=VIEWER) as person:
        record = person.airflow.open_monitoring().explain(synced.account_id)
        columns = list(record.fields()[0])
        text = record.page.inner_text("main")
    assert columns == ["Field", "Last written"]
    assert phone_of(stack, synced.account_id) not in text
