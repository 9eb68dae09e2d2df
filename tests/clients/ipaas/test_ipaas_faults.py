"""What the client does when the service stumbles: repeats what may be repeated, never a create of unknown outcome."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    MalformedAnswer,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)
from airflow_provider_ipaas.sandbox.server import Sandbox

Connect = Callable[..., IPaaSClient]
COMPANY = {"name": "Acme", "addresses": []}
DATA = "^/customers/"


def fault(sandbox: Sandbox, kind: str, *, times: int | None = None, method: str | None = None, **action: Any) -> None:
    rule = {"service": "ipaas", "path": DATA, "method": method, "times": times, "action": {"type": kind, **action}}
    sandbox.faults.add(rule)


def companies(sandbox: Sandbox) -> int:
    return len(sandbox.ipaas.tables["company"].listed())


@pytest.mark.parametrize("kind", ["html", "malformed_json", "truncate", "drop", "limit_exceeded"])
def test_reads_are_repeated(kind: str, sandbox: Sandbox, connect: Connect, naps: Any) -> None:
    sandbox.ipaas.insert("company", {"name": "Acme"})
    fault(sandbox, kind, times=2, method="GET")
    assert [row["name"] for row in connect().list("company")] == ["Acme"]
    assert len(naps.slept) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_reads_survive_server_errors(status: int, sandbox: Sandbox, connect: Connect) -> None:
    fault(sandbox, "status", times=4, status=status)
    assert list(connect().list("company")) == []


def test_reads_give_up_in_the_end(sandbox: Sandbox, connect: Connect, naps: Any) -> None:
    fault(sandbox, "status", status=503, body="<html><body><h1>Down</h1> for <b>maintenance</b></body></html>")
    client = connect()
    with pytest.raises(TransientServiceError) as caught:
        client.get("company", "1")
    assert caught.value.message == "iPaaS.com could not read the company (HTTP-503): Down for maintenance"
    assert caught.value.next_step == "Nothing to do: this is usually short-lived, and a later run goes on."
    assert (client.calls, len(naps.slept)) == (5, 4)
    assert not isinstance(caught.value, UnknownOutcome)


def test_a_web_page_in_place_of_an_answer_is_named(sandbox: Sandbox, connect: Connect) -> None:
    fault(sandbox, "html")
    with pytest.raises(MalformedAnswer) as caught:
        connect().get("company", "1")
    assert str(caught.value) == (
        "iPaaS.com answered 200 when asked to read the company, with a web page. "
        "Next step: Check any proxy between this worker and iPaaS.com; a later run tries again."
    )
    assert caught.value.code == "MALFORMED_ANSWER"


def test_internal_errors_are_repeated_by_their_code(sandbox: Sandbox, connect: Connect) -> None:
    fault(sandbox, "status", times=2, status=400, body={"errors": [{"code": "INTL-1002", "message": "timed out"}]})
    assert connect().get("company", "1") is None


def test_retry_after_is_respected(sandbox: Sandbox, connect: Connect, naps: Any) -> None:
    fault(sandbox, "status", times=1, status=429, headers={"Retry-After": "7"})
    assert connect().get("company", "1") is None
    assert naps.slept == [7.0]


@pytest.mark.parametrize("code", ["VALD-1002", "BIZL-1006", "NFND-1005", "AUTZ-1002"])
def test_terminal_codes_are_never_repeated_whatever_the_status(code: str, sandbox: Sandbox, connect: Connect) -> None:
    fault(sandbox, "status", status=500, body={"errors": [{"code": code, "message": "No."}]})
    client = connect()
    with pytest.raises(ServiceError) as caught:
        client.create("company", COMPANY)
    assert (caught.value.code, caught.value.transient, client.calls) == (code, False, 1)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("drop", {"when": "after"}),
        ("drop", {"when": "before"}),
        ("truncate", {}),
        ("html", {"when": "after"}),
        ("malformed_json", {"when": "after"}),
        ("status", {"status": 503, "when": "after"}),
        ("status", {"status": 500, "body": {"code": "INTL-1001", "message": "x"}}),
    ],
)
def test_a_create_with_a_lost_answer_is_not_repeated(
    kind: str, action: dict[str, Any], sandbox: Sandbox, connect: Connect
) -> None:
    client = connect()
    before = client.server_now()
    fault(sandbox, kind, method="POST", **action)
    with pytest.raises(UnknownOutcome) as caught:
        client.create("company", COMPANY)
    posts = [entry for entry in sandbox.journal.entries(service="ipaas") if entry["path"].endswith("/Customer/Company")]
    assert len(posts) == 1
    assert caught.value.sent_at is not None
    assert abs((caught.value.sent_at - before).total_seconds()) < 5
    assert companies(sandbox) <= 1


@pytest.mark.parametrize("status", [429, 401])
def test_a_create_that_was_not_processed_is_repeated(status: int, sandbox: Sandbox, connect: Connect) -> None:
    fault(sandbox, "status", times=1, method="POST", status=status)
    assert connect().create("company", COMPANY)["name"] == "Acme"
    assert companies(sandbox) == 1


def test_a_refused_connection_is_no_unknown_outcome(connect: Connect, naps: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = connect(base_url=url, auth_mode="api_key")
        with pytest.raises(TransientServiceError) as caught:
            client.create("company", COMPANY)
    assert caught.value.message.startswith("iPaaS.com can't be reached at 127.0.0.1: ")
    assert not isinstance(caught.value, UnknownOutcome)
    assert len(naps.slept) == 4


@pytest.mark.parametrize("kind", ["drop", "truncate", "html", "malformed_json", "limit_exceeded"])
def test_updates_and_links_are_repeated(kind: str, sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    record = client.create("company", COMPANY)
    fault(sandbox, kind, times=1, method="PUT")
    client.update("company", record["id"], {**record, "name": "Acme 2"})
    fault(sandbox, kind, times=2, method="POST")
    client.set_external_id("company", record["id"], "0015g00000Acc01AAA")
    found = client.get("company", record["id"])
    assert found is not None
    assert found["name"] == "Acme 2"
    assert client.external_id_of("company", record["id"]) == "0015g00000Acc01AAA"


def test_a_create_that_cannot_be_read_back_is_of_unknown_outcome(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("create_answers", "id_only")
    fault(sandbox, "status", method="GET", status=403, body={"code": "AUTZ-1002", "message": "No reading."})
    with pytest.raises(UnknownOutcome) as caught:
        connect().create("company", COMPANY)
    assert caught.value.record_id is not None
    assert caught.value.message == (
        "iPaaS.com accepted a new company, but it could not be read back: "
        "iPaaS.com could not read the company (AUTZ-1002): No reading."
    )


def test_a_create_answered_empty_never_claims_a_record_of_another(sandbox: Sandbox, connect: Connect) -> None:
    number = sandbox.ipaas.insert("company", {"name": "Acme"})
    sandbox.ipaas.link("company", number, "0015g00000Other1AAA")
    fault(sandbox, "status", method="POST", times=1, status=204)
    with pytest.raises(UnknownOutcome, match="accepted a new company without saying which"):
        connect().create("company", COMPANY)


def test_a_create_answered_empty_is_found_by_its_external_id(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.update({"create_answers": "empty", "nested_external_ids_on_write": "stored"})
    for _ in range(2):
        sandbox.ipaas.insert("company", {"name": "Acme"})
    link = {"system_id": 5501, "external_id": "0015g00000Acc01AAA"}
    client = connect()
    record = client.create("company", {**COMPANY, "external_ids": [link]})
    assert client.external_id_of("company", record["id"]) == "0015g00000Acc01AAA"


def test_redirects_are_refused(script: Any, scripted: IPaaSClient) -> None:
    script.answers((302, "", {"Location": "https://elsewhere.example/x"}))
    with pytest.raises(ServiceError, match=r"redirects to elsewhere\.example \(302\); redirects are not followed"):
        scripted.get("company", "1")
    assert len(script.seen) == 1


def test_a_code_in_the_reason_phrase_counts(script: Any, scripted: IPaaSClient) -> None:
    script.answers((400, "", {"x-reason": "VALD-1049 first_name and last_name are empty"}))
    with pytest.raises(ServiceError) as caught:
        scripted.create("customer", {"first_name": "", "last_name": "", "email_address": "a@b.example"})
    assert caught.value.code == "VALD-1049"
    assert caught.value.fields == ("first_name", "last_name")


def test_a_message_never_repeats_the_key(script: Any, scripted: IPaaSClient) -> None:
    script.answers((401, {"message": "The key a-static-api-key has expired."}))
    with pytest.raises(AuthenticationError) as caught:
        scripted.get("company", "1")
    assert caught.value.message == "iPaaS.com could not read the company (HTTP-401): The key *** has expired."


def test_an_update_answered_with_plain_words_is_done(script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, "Updated"))
    assert scripted.update("company", "7", {"name": "Acme"}) is None
    assert script.seen[0].body == {"name": "Acme"}


def test_an_update_answered_with_another_record_is_not_taken(script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, {"id": 8, "addresses": [], "custom_fields": [], "external_ids": []}))
    assert scripted.update("company", "7", {"name": "Acme"}) is None
    record = scripted.update("company", "8", {"name": "Acme"})
    assert record is not None
    assert record["id"] == "8"


@pytest.mark.parametrize("status", [409, 422, 400])
def test_a_relationship_that_is_refused_is_terminal(status: int, script: Any, connect: Connect) -> None:
    client = connect(base_url=script.url, auth_mode="api_key", overrides={"relationships": "on"})
    script.answers((status, {"error": {"message": "No such customer", "field": "customer_id"}}))
    with pytest.raises(ServiceError) as caught:
        client.relate("1", "2")
    assert (caught.value.code, caught.value.fields) == (f"HTTP-{status}", ("customer_id",))
    assert script.seen[0].body == {"customer_id": "1", "related_to_id": "2", "related_to_type": "Customer Company"}


@pytest.mark.parametrize(
    ("status", "body"), [(404, ""), (404, "Not Found"), (404, {"code": "NFND-1005"}), (400, {"code": "NFND-1005"})]
)
def test_what_does_not_exist_is_none(status: int, body: Any, script: Any, scripted: IPaaSClient) -> None:
    script.answers((status, body))
    assert scripted.get("company", "1") is None
    assert scripted.record_with_external_id("customer", "0035g00000Con01AAA") is None


@pytest.mark.parametrize("body", [{"code": "AUTH-1004"}, {"code": "VALD-1010"}, "<html>No such page</html>"])
def test_other_404s_are_no_missing_record(body: Any, script: Any, scripted: IPaaSClient) -> None:
    script.answers((404, body))
    with pytest.raises(ServiceError, match=r"iPaaS\.com could not read the company"):
        scripted.get("company", "1")
    with pytest.raises(ServiceError):
        list(scripted.list("company"))
