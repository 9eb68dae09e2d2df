"""Deletes, merges, replication, late commits, rules and flows."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sandbox import credentials

START, END = "2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z"


@pytest.fixture
def at_ten(sf):
    """Return a client of an org whose clock stands at ten."""
    sf.clock("2026-11-23T10:00:00Z")
    sf.login()
    return sf


def advance(client: Any, seconds: float) -> None:
    client.control("POST", "/clock", {"advance_s": seconds})


def updated(client: Any, sobject: str = "Account", start: str = START, end: str = END) -> dict[str, Any]:
    answer = client.call("GET", f"/sobjects/{sobject}/updated/", params={"start": start, "end": end})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def deleted(client: Any, sobject: str = "Account") -> dict[str, Any]:
    return dict(client.call("GET", f"/sobjects/{sobject}/deleted/", params={"start": START, "end": END}).json())


def test_updated_lists_what_changed_and_how_far_it_is_covered(at_ten, error_of):
    first = at_ten.create("Account", Name="A")
    advance(at_ten, 90)
    second = at_ten.create("Account", Name="B")
    assert updated(at_ten) == {"ids": [first, second], "latestDateCovered": "2026-11-23T10:01:30.000+0000"}
    assert updated(at_ten, start="2026-11-23T10:01:59+00:00")["ids"] == [second]
    assert updated(at_ten, end="2026-11-23T10:01:30Z") == {
        "ids": [first],
        "latestDateCovered": "2026-11-23T10:01:00.000+0000",
    }
    for span in (
        {"start": END, "end": START},
        {"start": "x", "end": END},
        {"start": "2026-10-01T00:00:00Z", "end": END},
    ):
        answer = at_ten.call("GET", "/sobjects/Account/updated/", params=span)
        assert error_of(answer)[:2] == (400, "INVALID_REPLICATION_DATE")


def test_deleting_an_account_takes_its_contacts_and_undelete_brings_them_back(at_ten):
    account = at_ten.create("Account", Name="A")
    child = at_ten.create("Contact", LastName="C", AccountId=account)
    advance(at_ten, 60)
    at_ten.call("DELETE", f"/sobjects/Account/{account}")
    assert at_ten.ids("SELECT Id FROM Contact") == []
    stamp = "2026-11-23T10:01:00.000+0000"
    assert deleted(at_ten, "Contact")["deletedRecords"] == [{"id": child, "deletedDate": stamp}]
    row = at_ten.query("SELECT IsDeleted, MasterRecordId, SystemModstamp FROM Account", everything=True).json()[
        "records"
    ][0]
    assert (row["IsDeleted"], row["MasterRecordId"], row["SystemModstamp"]) == (True, None, stamp)
    advance(at_ten, 60)
    at_ten.control("POST", "/salesforce/undelete", {"id": account})
    assert at_ten.read("Contact", child)["SystemModstamp"] == "2026-11-23T10:02:00.000+0000"
    assert at_ten.read("Account", account)["IsDeleted"] is False
    assert deleted(at_ten)["deletedRecords"] == []


def test_a_hard_delete_leaves_only_the_log(at_ten):
    account = at_ten.create("Account", Name="A")
    at_ten.control("DELETE", f"/salesforce/records/Account/{account}?hard=true")
    assert at_ten.ids("SELECT Id FROM Account", everything=True) == []
    assert [entry["id"] for entry in deleted(at_ten)["deletedRecords"]] == [account]
    assert at_ten.call("GET", f"/sobjects/Account/{account}").status_code == 404


def test_a_merge_names_the_master_and_moves_the_children(at_ten):
    winner, loser = at_ten.create("Account", Name="W"), at_ten.create("Account", Name="L")
    child = at_ten.create("Contact", LastName="C", AccountId=loser)
    advance(at_ten, 60)
    at_ten.control("POST", "/salesforce/merge", {"winner": winner, "losers": [loser]})
    row = at_ten.query(f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'", everything=True).json()
    assert (row["records"][0]["IsDeleted"], row["records"][0]["MasterRecordId"]) == (True, winner)
    moved = at_ten.read("Contact", child)
    assert (moved["AccountId"], moved["IsDeleted"]) == (winner, False)
    stamp = "2026-11-23T10:01:00.000+0000"
    assert {moved["SystemModstamp"], at_ten.read("Account", winner)["SystemModstamp"]} == {stamp}
    at_ten.control("POST", "/salesforce/merge", {"winner": winner, "losers": [winner]}, status=400)


def test_edits_by_others_and_by_the_system(at_ten):
    account = at_ten.create("Account", Name="A")
    advance(at_ten, 60)
    at_ten.control("PATCH", f"/salesforce/records/Account/{account}", {"fields": {"Phone": "1"}})
    row = at_ten.read("Account", account)
    assert row["LastModifiedById"] == credentials.ADMIN_USER_ID
    assert row["CreatedById"] == credentials.INTEGRATION_USER_ID
    advance(at_ten, 60)
    at_ten.control("PATCH", f"/salesforce/records/Account/{account}", {"system": True})
    row = at_ten.read("Account", account)
    assert (row["LastModifiedDate"][11:16], row["SystemModstamp"][11:16]) == ("10:01", "10:02")
    at_ten.control(
        "PATCH",
        f"/salesforce/records/Account/{account}",
        {"fields": {"Phone": None}, "by": "api", "at": "2026-11-23T09:30:00Z"},
    )
    row = at_ten.read("Account", account)
    assert (row["Phone"], row["LastModifiedById"], row["SystemModstamp"][11:16]) == (
        None,
        credentials.INTEGRATION_USER_ID,
        "09:30",
    )
    raw = at_ten.control("GET", "/salesforce/records/Account")
    assert [entry["Id"] for entry in raw] == [account]
    at_ten.control("PATCH", "/salesforce/records/Account/0015g0000009999AAA", {"fields": {}}, status=404)
    at_ten.control("POST", "/salesforce/records/Account", {"fields": {"Nope": 1}}, status=404)


def test_a_late_commit_appears_with_an_older_stamp(at_ten, error_of):
    account = at_ten.create("Account", Name="A")
    advance(at_ten, 100)
    begun = at_ten.control(
        "POST",
        "/salesforce/transactions",
        {
            "operations": [
                {"op": "update", "id": account, "fields": {"Phone": "late"}},
                {"op": "insert", "sobject": "Contact", "fields": {"LastName": "late", "AccountId": account}},
            ]
        },
    )
    advance(at_ten, 600)
    newest = at_ten.create("Account", Name="B")
    assert at_ten.read("Account", account)["Phone"] is None
    assert at_ten.call("GET", f"/sobjects/Contact/{begun['record_ids'][1]}").status_code == 404
    assert updated(at_ten)["latestDateCovered"] == "2026-11-23T10:01:00.000+0000"
    locked = at_ten.call("PATCH", f"/sobjects/Account/{account}", json={"Phone": "x"})
    assert error_of(locked) == (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    assert at_ten.control("POST", "/salesforce/transactions/commit", {"id": begun["id"]}) == {"committed": 1}
    row = at_ten.read("Account", account)
    assert (row["Phone"], row["SystemModstamp"]) == ("late", "2026-11-23T10:01:40.000+0000")
    assert at_ten.read("Contact", begun["record_ids"][1])["CreatedDate"] == "2026-11-23T10:01:40.000+0000"
    assert updated(at_ten) == {"ids": [account, newest], "latestDateCovered": "2026-11-23T10:11:40.000+0000"}


def test_a_transaction_commits_when_its_time_has_come(at_ten):
    at_ten.control(
        "POST",
        "/salesforce/transactions",
        {"operations": [{"op": "insert", "sobject": "Account", "fields": {"Name": "late"}}], "commit_after_s": 120},
    )
    account = at_ten.create("Account", Name="gone")
    at_ten.control(
        "POST",
        "/salesforce/transactions",
        {
            "operations": [{"op": "delete", "id": account}],
            "started": "2026-11-23T09:59:00Z",
            "commit_at": "2026-11-23T10:05:00Z",
        },
    )
    advance(at_ten, 119)
    assert at_ten.names("Name = 'late'") == []
    advance(at_ten, 1)
    assert at_ten.names("Name != null") == ["gone", "late"]
    advance(at_ten, 300)
    assert at_ten.names("Name != null") == ["late"]
    bad = {"operations": [{"op": "explode", "id": account}]}
    at_ten.control("POST", "/salesforce/transactions", bad, status=400)


def test_validation_rules(sf, error_of):
    sf.control(
        "POST",
        "/salesforce/validation-rules",
        {
            "sobject": "Account",
            "condition": "Name LIKE 'Bad%' AND Phone = null",
            "message": "Say how to reach them.",
            "field": "Phone",
        },
    )
    refused = sf.call("POST", "/sobjects/Account", json={"Name": "bad one"})
    assert error_of(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Say how to reach them.")
    assert refused.json()[0]["fields"] == ["Phone"]
    account = sf.create("Account", Name="bad one", Phone="1")
    assert sf.call("PATCH", f"/sobjects/Account/{account}", json={"Phone": ""}).status_code == 400
    sf.control("DELETE", "/salesforce/validation-rules")
    assert sf.call("PATCH", f"/sobjects/Account/{account}", json={"Phone": ""}).status_code == 204
    broken = {"sobject": "Account", "condition": "Nope = 1", "message": "m"}
    sf.control("POST", "/salesforce/validation-rules", broken, status=400)


def test_a_flow_rewrites_in_the_same_transaction(at_ten):
    at_ten.control(
        "POST",
        "/salesforce/flows",
        {"sobject": "Account", "condition": "Phone != null", "set": {"AccountNumber": "P{Phone}", "Name": "{Name}!"}},
    )
    account = at_ten.create("Account", Name="A", Phone="1")
    row = at_ten.read("Account", account)
    assert (row["Name"], row["AccountNumber"]) == ("A!", "P1")
    assert row["LastModifiedById"] == credentials.INTEGRATION_USER_ID
    at_ten.create("Account", Name="B")
    assert at_ten.names("Name != null") == ["A!", "B"]
    at_ten.control("PATCH", f"/salesforce/records/Account/{account}", {"fields": {"Phone": "2"}})
    assert at_ten.read("Account", account)["AccountNumber"] == "P2"
    assert at_ten.control("GET", "/salesforce/flows")[0]["runs"] == 2


def test_a_flow_may_come_later_and_end(at_ten):
    at_ten.control(
        "POST",
        "/salesforce/flows",
        {"sobject": "Account", "set": {"Description": "checked"}, "delay_s": 30, "max_runs": 1},
    )
    account, other = at_ten.create("Account", Name="A"), at_ten.create("Account", Name="B")
    assert at_ten.read("Account", account)["Description"] is None
    advance(at_ten, 45)
    row = at_ten.read("Account", account)
    assert (row["Description"], row["SystemModstamp"]) == ("checked", "2026-11-23T10:00:30.000+0000")
    assert at_ten.read("Account", other)["Description"] is None


def test_a_rolled_back_call_leaves_no_delayed_flow(at_ten):
    at_ten.control("POST", "/salesforce/flows", {"sobject": "Account", "set": {"Phone": "9"}, "delay_s": 30})
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "")]
    at_ten.call("POST", "/composite/sobjects", json={"records": records, "allOrNone": True})
    advance(at_ten, 60)
    assert at_ten.names("Name != null") == []
