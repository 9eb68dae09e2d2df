"""Writing: a fate per record in order, what is repeated and what never is, locks, lost and odd answers."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.errors import (
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)
from airflow_provider_ipaas.sync.ports import WriteError

CREATE = "/composite/sobjects$"
UPSERT = "/composite/sobjects/Account/iPaaS_Id__c$"
LOCK = {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}
LATER = "Check any proxy between this worker and Salesforce; a later run tries again."


def accounts(sandbox: Any) -> list[str]:
    rows = sandbox.salesforce.tables["Account"].rows.values()
    return sorted(row["Name"] for row in rows)


def test_each_record_has_its_fate_in_order(client: Any, sandbox: Any) -> None:
    results = client.create("Account", [{"Name": "One"}, {"Phone": "1"}, {"Name": "Three"}])
    assert [(result.success, result.created) for result in results] == [(True, True), (False, False), (True, True)]
    assert results[1].id is None
    assert results[1].errors == (
        WriteError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)),
    )
    assert sandbox.salesforce.get(results[2].id)["Name"] == "Three"
    assert client.calls == 1


def test_update_and_upsert(client: Any, sandbox: Any) -> None:
    first = sandbox.salesforce.insert("Account", {"Name": "Old", "iPaaS_Id__c": "77", "Phone": "1"})
    assert [r.created for r in client.update("Account", [{"Id": first[:15], "Name": "New", "Phone": None}])] == [False]
    row = sandbox.salesforce.get(first)
    assert (row["Name"], row.get("Phone")) == ("New", None)
    upserted = client.upsert(
        "Account", "iPaaS_Id__c", [{"iPaaS_Id__c": "77", "Name": "N"}, {"iPaaS_Id__c": "78", "Name": "M"}]
    )
    assert [result.created for result in upserted] == [False, True]
    assert upserted[0].id == first


def test_nothing_to_write_is_no_call(client: Any) -> None:
    assert client.create("Account", []) == client.update("Account", []) == []
    assert client.calls == 0


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda client: client.create("Account", [{"Name": "X"}] * 201),
            "At most 200 records fit into one call, not 201.",
        ),
        (lambda client: client.update("Account", [{"Name": "X"}]), "A record to update carries no Id."),
        (lambda client: client.upsert("Account", "Key__c", [{"Name": "X"}]), "A record to upsert carries no Key__c."),
        (lambda client: client.update("Account", [{"Id": "001x", "Name": "X"}]), "'001x' is not a Salesforce id."),
    ],
)
def test_misuse_is_refused_before_anything_is_sent(client: Any, write: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        write(client)
    assert client.calls == 0


LOST = [{"type": "drop", "when": "after"}, {"type": "drop"}, {"type": "truncate"}]


@pytest.mark.parametrize("action", LOST, ids=["drop-after", "drop-before", "truncate"])
def test_a_create_whose_answer_is_lost_is_never_repeated(
    client: Any, sandbox: Any, fault: Any, action: dict[str, Any]
) -> None:
    fault(CREATE, times=1, **action)
    with pytest.raises(UnknownOutcome) as caught:
        client.create("Account", [{"Name": "One"}])
    assert str(caught.value) == (
        "The answer of Salesforce (127.0.0.1) to a write was lost: the connection broke off; it may or may not have been done."
    )
    assert caught.value.sent_at is not None
    assert caught.value.sent_at <= client.server_now()
    assert client.calls == 1
    assert accounts(sandbox) in ([], ["One"])


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_create_that_meets_an_outage_has_an_unknown_outcome(client: Any, fault: Any, status: int) -> None:
    fault(CREATE, type="status", status=status, body="<html>oops</html>")
    with pytest.raises(UnknownOutcome) as caught:
        client.create("Account", [{"Name": "One"}])
    assert str(caught.value) == (
        f"Salesforce could not create Accounts (HTTP-{status}). The records may or may not have been created. "
        "Next step: The next run looks for it; where it finds several, or one that is not as it was sent, store the id of the "
        "right one as the external id in iPaaS.com, or delete the others."
    )
    assert caught.value.sent_at is not None
    assert client.calls == 1


ODD = [
    ({"type": "html"}, "a web page"),
    ({"type": "malformed_json"}, "JSON that can't be read"),
    ({"type": "status", "status": 200, "body": []}, "JSON that is no list with a result for each record"),
    ({"type": "status", "status": 200, "body": [{"id": "x"}]}, "a list with an item that is no result"),
    (
        {"type": "status", "status": 200, "body": [{"success": True, "id": None}]},
        "a result that says success but names no record",
    ),
]


@pytest.mark.parametrize(("action", "what"), ODD)
def test_a_create_answered_by_something_else_has_an_unknown_outcome(
    client: Any, fault: Any, action: dict[str, Any], what: str
) -> None:
    fault(CREATE, **action)
    with pytest.raises(UnknownOutcome) as caught:
        client.create("Account", [{"Name": "One"}])
    assert str(caught.value) == (
        f"Salesforce answered the call to create Accounts with {what} (status 200); it may or may not have been done. "
        f"Next step: {LATER}"
    )
    assert client.calls == 1


@pytest.mark.parametrize(
    "action",
    [
        {"type": "expired_token"},
        {"type": "status", "status": 429},
        {
            "type": "status",
            "status": 403,
            "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentPerOrgLongTxn Limit exceeded."}],
        },
        {"type": "status", "status": 400, "body": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "locked"}]},
    ],
    ids=["401", "429", "403-concurrent", "400-lock"],
)
def test_a_create_that_was_not_processed_is_sent_again(
    client: Any, sandbox: Any, fault: Any, action: dict[str, Any]
) -> None:
    fault(CREATE, times=1, **action)
    assert client.create("Account", [{"Name": "One"}])[0].success
    assert accounts(sandbox) == ["One"]


def test_a_create_that_could_not_be_sent_is_transient(client: Any, sandbox: Any, fault: Any) -> None:
    body = {
        "access_token": "00Dxx!token",
        "instance_url": "http://127.0.0.1:9",
        "id": "https://login.salesforce.com/id/00D5g00000SandBEAR/0055g00000IntegAAB",
    }
    fault("/token$", type="status", status=200, body=body)
    with pytest.raises(TransientServiceError) as caught:
        client.create("Account", [{"Name": "One"}])
    assert not isinstance(caught.value, UnknownOutcome)
    assert caught.value.code == "NOT_SENT"
    assert client.calls == 0


@pytest.mark.parametrize(
    "action",
    [
        {"type": "drop", "when": "after"},
        {"type": "truncate"},
        {"type": "html"},
        {"type": "status", "status": 503},
        {"type": "expired_token"},
    ],
    ids=lambda action: action["type"],
)
@pytest.mark.parametrize("write", ["update", "upsert"])
def test_what_is_safe_to_repeat_is_repeated(
    client: Any, sandbox: Any, fault: Any, action: dict[str, Any], write: str
) -> None:
    record_id = sandbox.salesforce.insert("Account", {"Name": "Old", "iPaaS_Id__c": "77"})
    fault("/composite/sobjects", method="PATCH", times=2 if action["type"] != "expired_token" else 1, **action)
    if write == "update":
        results = client.update("Account", [{"Id": record_id, "Name": "New"}])
    else:
        results = client.upsert("Account", "iPaaS_Id__c", [{"iPaaS_Id__c": "77", "Name": "New"}])
    assert [result.id for result in results] == [record_id]
    assert accounts(sandbox) == ["New"]


def test_an_update_answered_by_a_web_page_for_ever_has_an_unknown_outcome(
    client: Any, sandbox: Any, fault: Any
) -> None:
    record_id = sandbox.salesforce.insert("Account", {"Name": "Old"})
    fault(CREATE, type="html")
    with pytest.raises(UnknownOutcome, match="to update Accounts with a web page"):
        client.update("Account", [{"Id": record_id, "Name": "New"}])
    assert client.calls == 4


def test_only_locked_records_are_tried_again(client: Any, sandbox: Any, fault: Any, waits: list[float]) -> None:
    fault(CREATE, times=2, type="record_error", where={"Name": "Two"}, **LOCK)
    results = client.create("Account", [{"Name": "One"}, {"Name": "Two"}, {"Name": "Three"}])
    assert [result.success for result in results] == [True, True, True]
    assert accounts(sandbox) == ["One", "Three", "Two"]
    assert [entry["records"] for entry in sandbox.journal.entries() if entry["method"] == "POST"][1:] == [3, 1, 1]
    assert len(waits) == 2


def test_a_lock_that_stays_is_a_refusal(client: Any, sandbox: Any, fault: Any) -> None:
    fault(CREATE, type="record_error", indexes=[0], **LOCK)
    results = client.create("Account", [{"Name": "One"}])
    assert results[0].errors == (WriteError("UNABLE_TO_LOCK_ROW", LOCK["message"]),)
    assert client.calls == 3


def hold(sandbox: Any, ids: list[str]) -> None:
    """Let another user's transaction hold records until it commits."""
    operations = [{"op": "update", "id": record_id, "fields": {"Fax": "9"}} for record_id in ids]
    sandbox.salesforce.transactions.begin(operations, started=None, commit_at=None, by="0055g00000AdminAAB")


def sizes(sandbox: Any) -> list[int]:
    """Return how many records each write of the client carried."""
    return [entry["records"] for entry in sandbox.journal.entries() if entry["method"] == "PATCH"]


def test_locked_records_are_tried_in_smaller_groups_and_keep_their_fates(client: Any, sandbox: Any) -> None:
    ids = [sandbox.salesforce.insert("Account", {"Name": f"Row {number}"}) for number in range(10)]
    hold(sandbox, [record_id for at, record_id in enumerate(ids) if at not in (2, 7)])
    results = client.update("Account", [{"Id": record_id, "Phone": "1"} for record_id in ids])
    assert sizes(sandbox) == [10, 4, 4, 2, 2, 2, 2]
    assert [at for at, result in enumerate(results) if result.success] == [2, 7]
    assert {result.errors[0].code for result in results if not result.success} == {"UNABLE_TO_LOCK_ROW"}


def test_a_full_batch_of_locks_costs_six_more_calls_at_most(client: Any, sandbox: Any) -> None:
    ids = [sandbox.salesforce.insert("Account", {"Name": f"Row {number}"}) for number in range(200)]
    hold(sandbox, ids)
    client.update("Account", [{"Id": record_id, "Phone": "1"} for record_id in ids])
    assert sizes(sandbox) == [200, 100, 100, 50, 50, 50, 50]
    assert client.calls == 7


def test_locks_that_end_meanwhile_leave_each_record_written_once(make_client: Any, sandbox: Any) -> None:
    ids = [sandbox.salesforce.insert("Account", {"Name": f"Row {number}"}) for number in range(7)]
    hold(sandbox, ids[:5])
    client = make_client(sleep=lambda _: sandbox.salesforce.transactions.commit())
    results = client.update("Account", [{"Id": record_id, "Phone": str(at)} for at, record_id in enumerate(ids)])
    assert [result.id for result in results] == ids
    assert all(result.success for result in results)
    assert sizes(sandbox) == [7, 3, 2]
    assert [sandbox.salesforce.get(record_id)["Phone"] for record_id in ids] == list("0123456")
    assert [sandbox.salesforce.get(record_id).get("Fax") for record_id in ids] == ["9"] * 5 + [None] * 2


def test_a_group_that_cannot_be_tried_again_keeps_the_fates_of_the_groups_before(
    client: Any, sandbox: Any, fault: Any
) -> None:
    ids = [sandbox.salesforce.insert("Account", {"Name": f"Row {number}"}) for number in range(4)]
    fault(CREATE, nth=1, type="record_error", **LOCK)
    fault(CREATE, nth=3, type="limit_exceeded")
    results = client.update("Account", [{"Id": record_id, "Phone": "1"} for record_id in ids])
    assert [result.success for result in results] == [True, True, False, False]
    assert results[2].errors[0].code == "UNABLE_TO_LOCK_ROW"
    assert client.calls == 3


def test_an_outage_while_trying_locked_records_keeps_the_fates_of_the_others(
    client: Any, sandbox: Any, fault: Any
) -> None:
    ids = [sandbox.salesforce.insert("Account", {"Name": name}) for name in ("One", "Two")]
    fault(CREATE, nth=1, type="record_error", indexes=[1], **LOCK)
    fault(CREATE, nth=2, type="limit_exceeded")
    results = client.update("Account", [{"Id": record_id, "Phone": "1"} for record_id in ids])
    assert [result.success for result in results] == [True, False]
    assert results[1].errors[0].code == "UNABLE_TO_LOCK_ROW"


def test_a_lost_answer_while_creating_locked_records_is_an_unknown_outcome(
    client: Any, sandbox: Any, fault: Any
) -> None:
    fault(CREATE, nth=1, type="record_error", indexes=[1], **LOCK)
    fault(CREATE, nth=2, type="drop", when="after")
    with pytest.raises(UnknownOutcome):
        client.create("Account", [{"Name": "One"}, {"Name": "Two"}])
    assert accounts(sandbox) == ["One", "Two"]


def test_a_batch_refused_as_a_whole_keeps_its_code(client: Any, fault: Any) -> None:
    body = [
        {
            "errorCode": "INVALID_FIELD",
            "message": "No such column 'X__c' on sobject of type Account",
            "fields": ["X__c"],
        }
    ]
    fault(CREATE, type="status", status=400, body=body)
    with pytest.raises(ServiceError) as caught:
        client.create("Account", [{"Name": "One", "X__c": 1}])
    assert (caught.value.code, caught.value.status, caught.value.fields) == ("INVALID_FIELD", 400, ("X__c",))
    assert not caught.value.transient
    assert client.calls == 1


def test_the_daily_limit_stops_writes_at_once(client: Any, fault: Any) -> None:
    fault(CREATE, type="limit_exceeded")
    with pytest.raises(RequestLimitExceeded):
        client.create("Account", [{"Name": "One"}])
    assert client.calls == 1


def test_both_spellings_of_an_items_code_are_read(client: Any, fault: Any) -> None:
    items = [
        {"success": False, "errors": [{"errorCode": "A", "message": "x", "fields": ["Name"]}]},
        {"success": False, "errors": [{"statusCode": "B", "message": "y"}]},
        {"success": False, "errors": []},
    ]
    fault(CREATE, type="status", status=200, body=items)
    results = client.create("Account", [{"Name": "1"}, {"Name": "2"}, {"Name": "3"}])
    assert [result.errors[0].code for result in results] == ["A", "B", "UNKNOWN"]


def test_odd_characters_can_be_sent(client: Any, fault: Any) -> None:
    fault(CREATE, type="status", status=200, body=[{"success": True, "id": "001000000000001AAA", "errors": []}])
    assert client.create("Account", [{"Name": "a\ud800\x00"}])[0].success
