"""Reading: pages, lost locators, rows by id, describe, the fence, the clock, limits, and every fault on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.errors import (
    AuthenticationError,
    MalformedAnswer,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
)

QUERY = "/query$"
ALL = "SELECT Id, Name, SystemModstamp FROM Account ORDER BY SystemModstamp, Id"
LATER = "This is usually short-lived; a later run goes on."


def names(rows: Any) -> list[str]:
    return [row["Name"] for row in rows]


def test_rows_come_plain_with_their_parents(client: Any, sandbox: Any) -> None:
    account = sandbox.salesforce.insert("Account", {"Name": "Acme"})
    sandbox.salesforce.insert("Contact", {"LastName": "Doe", "AccountId": account})
    sandbox.salesforce.insert("Contact", {"LastName": "Roe"})
    rows = list(client.query("SELECT LastName, Account.Name FROM Contact ORDER BY LastName"))
    assert rows == [{"LastName": "Doe", "Account": {"Name": "Acme"}}, {"LastName": "Roe", "Account": None}]


def test_deleted_rows_come_only_when_asked_for(client: Any, sandbox: Any) -> None:
    sandbox.salesforce.delete(sandbox.salesforce.insert("Account", {"Name": "Gone"}))
    assert names(client.query(ALL)) == []
    assert names(client.query(ALL, include_deleted=True)) == ["Gone"]


def test_pages_stream_and_each_is_one_call(client: Any, sandbox: Any) -> None:
    sandbox.machine.seed(records=4100)
    rows = client.query(ALL)
    next(rows)
    assert client.calls == 1
    assert len({row["Id"] for row in rows}) == 4099
    assert client.calls == 3
    assert (client.limit_used, client.limit_max) == (3, 15_000)


def test_a_lost_locator_resumes_an_ordered_query_without_doubles(client: Any, sandbox: Any) -> None:
    sandbox.machine.seed(records=4100)
    rows = client.query(ALL)
    seen = [next(rows)["Id"] for _ in range(1500)]
    sandbox.org.queries.expire_locators()
    seen += [row["Id"] for row in rows]
    assert len(seen) == len(set(seen)) == 4100


def test_a_row_changed_before_a_restart_comes_again_with_its_new_values(client: Any, sandbox: Any) -> None:
    sandbox.machine.seed(records=4100)
    rows = client.query(ALL)
    first = next(rows)
    sandbox.salesforce.update(first["Id"], {"Name": "Changed"})
    sandbox.org.queries.expire_locators()
    assert list(rows)[-1]["Name"] == "Changed"


def test_rows_changed_while_pages_are_read_do_not_hide_those_behind_them(client: Any, sandbox: Any, fault: Any) -> None:
    """A page may show a row as it is by now: its stamp is later than those of the rows that follow."""
    sandbox.machine.seed(records=2100)
    old, fresh = (
        "2020-01-01T00:00:00.000+0000",
        f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}.000+0000",
    )
    rows = [
        {"Id": f"00100000000000{number}AAA", "Name": str(number), "SystemModstamp": stamp}
        for number, stamp in enumerate((fresh, old, fresh, old))
    ]
    fault("/query/01g", type="status", status=200, body={"done": True, "records": rows})
    assert names(client.query(ALL))[2000:] == ["0", "1", "2", "3"]


def test_a_lost_locator_of_an_unordered_query_raises(client: Any, sandbox: Any) -> None:
    sandbox.machine.seed(records=4100)  # three pages: the second is read while the first is worked on
    rows = client.query("SELECT Id FROM Account")
    next(rows)
    sandbox.org.queries.expire_locators()
    with pytest.raises(ServiceError) as caught:
        list(rows)
    assert caught.value.message == "Salesforce could not query Account (INVALID_QUERY_LOCATOR): invalid query locator"
    assert caught.value.code == "INVALID_QUERY_LOCATOR"


def test_locators_lost_for_ever_end(client: Any, sandbox: Any, fault: Any) -> None:
    sandbox.machine.seed(records=2100)
    body = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    fault("/query/01g", type="status", status=400, body=body)
    with pytest.raises(ServiceError, match="INVALID_QUERY_LOCATOR"):
        list(client.query(ALL))
    assert client.calls == 8


@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example/services/data/v64.0/query/01gD0000002HU6KIAW-2000",
        "//evil.example/services/data/v64.0/query/01gD0000002HU6KIAW-2000",
        "/services/data/v64.0/query/../sobjects",
        "/services/oauth2/userinfo",
        None,
    ],
)
def test_a_next_page_elsewhere_is_never_asked_for(client: Any, fault: Any, next_url: str | None) -> None:
    fault(QUERY, type="status", status=200, body={"done": False, "records": [], "nextRecordsUrl": next_url})
    with pytest.raises(MalformedAnswer, match="Salesforce answered the call to query Account with a "):
        list(client.query("SELECT Id FROM Account"))


def test_pages_that_lead_back_to_themselves_end(client: Any, fault: Any) -> None:
    url = "/services/data/v64.0/query/01gD0000002HU6KIAW-2000"
    fault("/query", type="status", status=200, body={"done": False, "records": [], "nextRecordsUrl": url})
    with pytest.raises(MalformedAnswer, match="the same next page again and again"):
        list(client.query("SELECT Id FROM Account"))


def test_a_query_too_long_for_a_url_is_refused_before_it_is_sent(client: Any) -> None:
    soql = f"SELECT Id FROM Account WHERE Name IN ('{'é' * 3000}')"
    with pytest.raises(
        ServiceError, match="Salesforce can't be asked to query Account: the request line of "
    ) as caught:
        list(client.query(soql))
    assert caught.value.code == "QUERY_TOO_LONG"
    assert client.calls == 0


UNREADABLE = [
    ({"type": "html"}, "a web page (status 200)"),
    ({"type": "malformed_json"}, "JSON that can't be read (status 200)"),
    ({"type": "status", "status": 200, "body": ""}, "nothing (status 200)"),
    ({"type": "status", "status": 200, "body": [1]}, "JSON that is no object (status 200)"),
    ({"type": "status", "status": 200, "body": {"done": True}}, "JSON that is no page of a query (status 200)"),
]


@pytest.mark.parametrize(("action", "what"), UNREADABLE)
def test_a_read_answered_by_something_else_is_repeated_then_named(
    client: Any, fault: Any, action: dict[str, Any], what: str
) -> None:
    fault(QUERY, **action)
    with pytest.raises(MalformedAnswer) as caught:
        list(client.query(ALL))
    assert str(caught.value) == (
        f"Salesforce answered the call to query Account with {what}. Next step: Check any proxy between this worker and "
        "Salesforce; a later run tries again."
    )
    assert client.calls == 4


@pytest.mark.parametrize(
    "action",
    [
        {"type": "html"},
        {"type": "truncate"},
        {"type": "drop"},
        {"type": "malformed_json"},
        {"type": "status", "status": 500},
        {"type": "status", "status": 502, "body": "<html>Bad Gateway</html>"},
        {"type": "status", "status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE", "message": "Server Too Busy"}]},
        {"type": "status", "status": 429},
        {"type": "status", "status": 420},
        {"type": "status", "status": 406},
        {
            "type": "status",
            "status": 403,
            "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests Limit exceeded."}],
        },
    ],
    ids=lambda action: f"{action['type']}-{action.get('status', '')}",
)
def test_a_read_survives_what_passes(
    client: Any, sandbox: Any, fault: Any, waits: list[float], action: dict[str, Any]
) -> None:
    sandbox.salesforce.insert("Account", {"Name": "Acme"})
    fault(QUERY, times=2, **action)
    assert names(client.query(ALL)) == ["Acme"]
    assert len(waits) == 2


def test_a_lost_answer_is_named_once_it_lasts(client: Any, fault: Any) -> None:
    fault(QUERY, type="drop")
    with pytest.raises(TransientServiceError) as caught:
        list(client.query(ALL))
    assert str(caught.value) == (
        f"The answer of Salesforce (127.0.0.1) was lost: the connection broke off. Next step: {LATER}"
    )


def test_the_server_says_how_long_to_wait(client: Any, fault: Any, waits: list[float]) -> None:
    fault(QUERY, nth=1, type="status", status=503, headers={"Retry-After": "11"})
    fault(QUERY, nth=1, type="status", status=503, headers={"Retry-After": "86400"})
    list(client.query(ALL))
    assert waits == [11.0, 60.0]


def test_the_daily_limit_stops_at_once(client: Any, fault: Any, waits: list[float]) -> None:
    fault(QUERY, type="limit_exceeded")
    with pytest.raises(RequestLimitExceeded) as caught:
        list(client.query(ALL))
    assert str(caught.value) == (
        "Salesforce could not query Account (REQUEST_LIMIT_EXCEEDED): TotalRequests Limit exceeded. Next step: The org has "
        "used up its API calls of the last 24 hours; a later run goes on where this one stopped."
    )
    assert waits == []


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=10018/100000", (10018, 100000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sync)", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sync); api-usage=25/5000", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sync)", (None, None)),
        ("nonsense", (None, None)),
        (f"api-usage={'9' * 5000}/1", (None, None)),
    ],
)
def test_the_limit_header_is_read_with_and_without_a_part_per_app(
    client: Any, fault: Any, header: str, usage: tuple[int | None, int | None]
) -> None:
    body = {"done": True, "records": []}
    fault(QUERY, type="status", status=200, body=body, headers={"Sforce-Limit-Info": header})
    list(client.query(ALL))
    assert (client.limit_used, client.limit_max) == usage


def test_an_expired_token_is_renewed_once_and_the_call_replayed(client: Any, sandbox: Any, logins: Any) -> None:
    sandbox.salesforce.insert("Account", {"Name": "Acme"})
    client.resources()
    sandbox.org.oauth.expire_sessions()
    assert names(client.query(ALL)) == ["Acme"]
    assert logins() == 2


def test_a_token_that_is_never_accepted_ends(client: Any, fault: Any, logins: Any) -> None:
    fault(QUERY, type="expired_token")
    with pytest.raises(AuthenticationError) as caught:
        list(client.query(ALL))
    assert str(caught.value) == (
        "Salesforce does not accept the access token to query Account (INVALID_SESSION_ID: Session expired or invalid). "
        "Next step: Check in Salesforce that the user is active, may use the API and that the app is approved."
    )
    assert (logins(), client.calls) == (2, 2)


@pytest.mark.parametrize(
    "message", ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]
)
def test_a_new_token_is_not_fetched_where_it_can_t_help(client: Any, fault: Any, logins: Any, message: str) -> None:
    fault(QUERY, type="status", status=401, body=[{"errorCode": "INVALID_SESSION_ID", "message": message}])
    with pytest.raises(AuthenticationError):
        list(client.query(ALL))
    assert (logins(), client.calls) == (1, 1)


def test_an_unknown_field_is_named_without_the_query(client: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        list(client.query("SELECT Bacon__c FROM Account WHERE Name = 'Jane Private'"))
    assert "No such column 'Bacon__c' on entity 'Account'" in str(caught.value)
    assert "Jane Private" not in str(caught.value)
    assert caught.value.code == "INVALID_FIELD"
    assert "Next step: Check the field's API name" in str(caught.value)


def test_a_query_that_ran_too_long_is_left_to_a_later_run(client: Any, fault: Any) -> None:
    body = [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}]
    fault(QUERY, type="status", status=400, body=body)
    with pytest.raises(TransientServiceError, match=r"running for too long\. Next step: Narrow the query"):
        list(client.query(ALL))
    assert client.calls == 1


def test_a_disabled_api_is_named(client: Any, sandbox: Any) -> None:
    sandbox.salesforce.switches.set("api_enabled", False)
    with pytest.raises(ServiceError, match="API_DISABLED_FOR_ORG") as caught:
        list(client.query(ALL))
    assert caught.value.next_step.startswith("Use an edition of Salesforce that has API access")


def test_redirects_are_refused(client: Any, fault: Any) -> None:
    headers = {"Location": "https://evil.example/take?token=1"}
    fault(QUERY, type="status", status=302, headers=headers)
    with pytest.raises(ServiceError) as caught:
        list(client.query(ALL))
    assert str(caught.value) == (
        "Salesforce (127.0.0.1) redirects to evil.example (302); redirects are not followed. "
        "Next step: Enter the address that the service finally answers at in the connection."
    )
    assert client.calls == 1


def test_retrieve_is_aligned_and_takes_both_forms_of_ids(client: Any, sandbox: Any) -> None:
    one, two = (sandbox.salesforce.insert("Account", {"Name": name}) for name in ("One", "Two"))
    gone = sandbox.salesforce.insert("Account", {"Name": "Gone"})
    sandbox.salesforce.delete(gone)
    rows = client.retrieve("Account", [two[:15], gone, one], ["Name"])
    assert rows == [{"Id": two, "Name": "Two"}, None, {"Id": one, "Name": "One"}]
    assert client.retrieve("Account", [], ["Name"]) == []
    assert client.calls == 1


def test_retrieve_refuses_more_than_fits(client: Any) -> None:
    with pytest.raises(ValueError, match="At most 2,000 records fit into one call, not 2,001"):
        client.retrieve("Account", ["001000000000001AAA"] * 2001, ["Name"])


@pytest.mark.parametrize("body", [[], [None, None], [{"Id": "001000000000002AAA"}], {}])
def test_retrieve_trusts_only_the_rows_it_asked_for(client: Any, fault: Any, body: Any) -> None:
    fault("/composite/sobjects/Account$", type="status", status=200, body=body)
    with pytest.raises(MalformedAnswer):
        client.retrieve("Account", ["001000000000001AAA"], ["Name"])


def test_describe_tells_the_fields(client: Any) -> None:
    facts = client.describe("Contact")
    assert facts.name == "Contact"
    name = facts.fields["LastName"]
    assert (name.label, name.type, name.length, name.createable) == ("Last Name", "string", 80, True)
    key = facts.fields["iPaaS_Id__c"]
    assert (key.external_id, key.unique) == (True, True)
    assert not facts.fields["SystemModstamp"].updateable


@pytest.mark.parametrize("name", ["Account/../User", "Account?x", "", "1st"])
def test_names_are_checked_before_they_go_into_a_path(client: Any, name: str) -> None:
    with pytest.raises(ValueError, match="is not the API name"):
        client.describe(name)
    assert client.calls == 0


def test_the_fence_stops_at_an_open_transaction(client: Any, sandbox: Any) -> None:
    now = client.server_now()
    began = now - timedelta(minutes=5)
    operation = {"op": "insert", "sobject": "Account", "fields": {"Name": "Late"}}
    sandbox.salesforce.transactions.begin([operation], started=began, commit_at=None, by="0055g00000AdminAAB")
    covered = client.latest_date_covered("Account", now - timedelta(hours=1), now)
    assert now - timedelta(minutes=7) < covered <= began


def test_the_fence_without_open_transactions_is_now_at_most(client: Any) -> None:
    now = client.server_now()
    covered = client.latest_date_covered("Account", now - timedelta(days=400), now)
    assert now - timedelta(minutes=2) < covered <= now
    assert covered.tzinfo is not None


def test_the_fence_stays_at_the_start_when_it_can_t_be_told(client: Any, fault: Any) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert client.latest_date_covered("Account", start, start + timedelta(seconds=30)) == start
    assert client.calls == 0
    body = [{"errorCode": "EXCEEDED_ID_LIMIT", "message": "too many"}]
    fault("/updated/", type="status", status=400, body=body)
    assert client.latest_date_covered("Account", start, start + timedelta(days=1)) == start


@pytest.mark.parametrize("covered", ["soon", None, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_an_unreadable_fence_is_no_fence(client: Any, fault: Any, covered: str | None) -> None:
    fault("/updated/", type="status", status=200, body={"ids": [], "latestDateCovered": covered})
    now = client.server_now()
    with pytest.raises(MalformedAnswer, match="without a readable latestDateCovered"):
        client.latest_date_covered("Account", now - timedelta(days=1), now)


def test_the_clock_is_salesforces_and_costs_no_api_call(client: Any, sandbox: Any, sent: Any) -> None:
    sandbox.clocks["salesforce"].set(datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC), frozen=True)
    now = client.server_now()
    assert datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC) <= now < datetime(2031, 5, 4, 3, 2, 30, tzinfo=UTC)
    assert client.calls == 0
    client.server_now()
    assert sent("GET", "/services/data/") == 1


def test_the_clock_follows_later_answers(client: Any, sandbox: Any) -> None:
    before = client.server_now()
    sandbox.clocks["salesforce"].advance(timedelta(hours=2))
    client.resources()
    assert client.server_now() - before >= timedelta(hours=2)


def test_odd_characters_never_crash(client: Any, sandbox: Any, fault: Any) -> None:
    row = {"Id": "001000000000001AAA", "Name": "a\ud800b\x00", "SystemModstamp": "2026-11-26T12:00:00.000+0000"}
    body = {"done": True, "records": [row]}
    fault(QUERY, type="status", status=200, body=body)
    assert names(client.query(ALL)) == ["a\ud800b\x00"]


def test_debug_logs_hold_no_query_and_no_token(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="airflow_provider_ipaas"):
        list(client.query("SELECT Id FROM Account WHERE Name = 'Jane Private'"))
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET /services/data/v64.0/query: 200 in " in text
    assert "Private" not in text
    assert client.token.access_token not in text
