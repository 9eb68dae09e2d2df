from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "Name": name, **more}


def contact(name: str | None, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Contact"}, "LastName": name, **more}


@pytest.fixture
def send(sf):
    """Return a function that sends records and returns the answer."""

    def _send(method: str, records: list[Any], path: str = "", **more: Any) -> Any:
        return sf.call(method, f"/composite/sobjects{path}", json={"records": records, **more})

    return _send


def test_each_record_has_a_result_of_its_own_in_order(sf, send):
    answer = send("POST", [account("A"), contact(None), contact("B"), account("x" * 256)])
    assert answer.status_code == 200
    good, missing, contact_result, long = answer.json()
    assert good == {"id": sf.ids("SELECT Id FROM Account")[0], "success": True, "errors": []}
    assert missing == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }
    assert contact_result["id"].startswith("003")
    assert long["errors"][0]["statusCode"] == "STRING_TOO_LONG"


def test_one_call_of_200_counts_once(sf, send):
    sf.control("POST", "/salesforce/api-usage", {"used": 0})
    answer = send("POST", [account(f"A{n}") for n in range(200)])
    assert len(answer.json()) == 200
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"


def test_malformed_calls_answer_400_and_write_nothing(sf, send, error_of):
    too_many = send("POST", [account(f"A{n}") for n in range(201)])
    assert error_of(too_many)[:2] == (400, "EXCEEDED_ID_LIMIT")
    assert send("POST", [account("A"), {"Name": "B"}]).status_code == 400
    assert send("POST", [account("A"), {"attributes": {"type": "Nope"}, "Name": "B"}]).status_code == 400
    assert send("POST", []).status_code == 400
    assert sf.call("POST", "/composite/sobjects", json={"rows": []}).status_code == 400
    assert sf.call("POST", "/composite/sobjects", json=[account("A")]).status_code == 400
    mixed = [record for n in range(6) for record in (account(f"A{n}"), contact(f"C{n}"))]
    assert "10 chunks" in error_of(send("POST", mixed))[2]
    assert sf.ids("SELECT Id FROM Account") == []
    assert all(item["success"] for item in send("POST", mixed[:10]).json())


@pytest.mark.parametrize("all_or_none", [True, False])
def test_all_or_none(sf, send, all_or_none):
    kept = sf.create("Account", Name="kept", Phone="1")
    before = sf.read("Account", kept)
    sf.control("POST", "/clock", {"advance_s": 60})
    created = send("POST", [account("A"), account("")], allOrNone=all_or_none).json()
    changed = send("PATCH", [account("new", id=kept), account("x", id="0015g0000009999AAA")], allOrNone=all_or_none)
    first = created[0]["errors"][0]["statusCode"] if all_or_none else None
    assert (created[0]["success"], first) == (
        (False, "ALL_OR_NONE_OPERATION_ROLLED_BACK") if all_or_none else (True, None)
    )
    assert "id" in created[0]
    assert "id" not in created[1]
    assert changed.json()[1]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert sf.names("Name != null") == (["kept"] if all_or_none else ["A", "new"])
    assert (sf.read("Account", kept) == before) is all_or_none


def test_updates(sf, send):
    ids = [sf.create("Account", Name=f"A{n}") for n in range(3)]
    sf.call("DELETE", f"/sobjects/Account/{ids[2]}")
    answer = send(
        "PATCH",
        [
            account("B0", id=ids[0]),
            account("B1", Id=ids[1][:15]),
            account("B2", id=ids[2]),
            account("B3", id="rubbish"),
            account("B4"),
            account("again", id=ids[0]),
        ],
    )
    assert [item["success"] for item in answer.json()] == [True, True, False, False, False, False]
    assert answer.json()[1]["id"] == ids[1]
    codes = [item["errors"][0]["statusCode"] for item in answer.json()[2:]]
    assert codes == ["ENTITY_IS_DELETED", "MALFORMED_ID", "MISSING_ARGUMENT", "DUPLICATE_VALUE"]
    assert sf.names("Name LIKE 'B%'") == ["B0", "B1"]


def test_upserts(sf, send):
    path = "/Account/iPaaS_Id__c"
    first = send("PATCH", [account("A", iPaaS_Id__c="1"), account("B", iPaaS_Id__c="2")], path).json()
    assert [item["created"] for item in first] == [True, True]
    second = send(
        "PATCH",
        [
            account("B2", ipaas_id__c="2"),
            account("C"),
            account("D", iPaaS_Id__c="3", id="x"),
            account("E", iPaaS_Id__c="e"),
            account("F", iPaaS_Id__c="E"),
        ],
        path,
    ).json()
    assert second[0] == {"id": first[1]["id"], "success": True, "errors": [], "created": False}
    assert [item["errors"][0]["statusCode"] for item in second[1:]] == [
        "MISSING_ARGUMENT",
        "INVALID_FIELD",
        "DUPLICATE_VALUE",
        "DUPLICATE_VALUE",
    ]
    assert second[3]["errors"][0]["message"] == "Duplicate external id specified: e"
    assert sf.names("Name != null") == ["A", "B2"]


def test_upserts_that_do_not_fit(sf, send, error_of):
    assert error_of(send("PATCH", [account("A")], "/Account/Nope__c"))[:2] == (404, "NOT_FOUND")
    assert send("PATCH", [account("A")], "/Account/Id").status_code == 400
    assert send("PATCH", [contact("A", iPaaS_Id__c="1")], "/Account/iPaaS_Id__c").status_code == 400
    for _ in range(2):
        sf.create("Contact", LastName="D", Email="d@example.com")
    several = send("PATCH", [contact("X", Email="D@example.com")], "/Contact/Email").json()
    assert several[0]["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


def test_deletes(sf, error_of):
    ids = [sf.create("Account", Name="A"), sf.create("Contact", LastName="B")]
    answer = sf.call(
        "DELETE", "/composite/sobjects", params={"ids": f"{ids[0]},{ids[1]},{ids[0]},x", "allOrNone": "false"}
    )
    assert [item["success"] for item in answer.json()] == [True, True, False, False]
    again = sf.call("DELETE", "/composite/sobjects", params={"ids": ids[0]}).json()
    assert again[0]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    keep = sf.create("Account", Name="keep")
    child = sf.create("Contact", LastName="child", AccountId=keep)
    rolled = sf.call("DELETE", "/composite/sobjects", params={"ids": f"{keep},{ids[0]}", "allOrNone": "true"}).json()
    assert rolled[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert sf.read("Contact", child)["AccountId"] == keep
    ids = ",".join([keep] * 201)
    assert error_of(sf.call("DELETE", "/composite/sobjects", params={"ids": ids}))[1] == "EXCEEDED_ID_LIMIT"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_retrieve_aligns_with_the_request(sf, error_of, method):
    ids = [sf.create("Account", Name=f"A{n}") for n in range(3)]
    sf.call("DELETE", f"/sobjects/Account/{ids[1]}")
    wanted = [ids[2], "0015g0000009999AAA", ids[1], ids[0][:15]]

    def retrieve(ids: list[str], fields: list[str]) -> Any:
        lists = {"ids": ids, "fields": fields}
        more = {"json": lists} if method == "POST" else {"params": {k: ",".join(v) for k, v in lists.items()}}
        return sf.call(method, "/composite/sobjects/Account", **more)

    found = retrieve(wanted, ["Id", "name"]).json()
    assert [record and record["Name"] for record in found] == ["A2", None, None, "A0"]
    assert list(found[0]) == ["attributes", "Id", "Name"]
    assert error_of(retrieve(wanted, ["Id", "Nope"]))[:2] == (400, "INVALID_FIELD")
    assert error_of(retrieve(["x"], ["Id"]))[1] == "MALFORMED_ID"
    assert retrieve([], ["Id"]).status_code == 400


def test_retrieve_takes_2000_ids_by_post_and_the_url_s_length_by_get(sf):
    ids = [sf.sandbox.salesforce.insert("Account", {"Name": f"A{n}"}) for n in range(2000)]

    def post(ids: list[str]) -> Any:
        return sf.call("POST", "/composite/sobjects/Account", json={"ids": ids, "fields": ["Id"]})

    assert [record["Id"] for record in post(ids).json()] == ids
    assert post([*ids, ids[0]]).status_code == 400
    long = sf.call("GET", "/composite/sobjects/Account?fields=Id&ids=" + ",".join(ids[:900]))
    assert long.status_code == 414


def test_records_can_be_refused_by_index_and_by_value(sf, send):
    sf.fault({"type": "record_error", "indexes": [1]}, service="salesforce", times=1)
    answer = send("POST", [account("A"), account("B")]).json()
    assert answer[1]["errors"] == [
        {
            "statusCode": "UNABLE_TO_LOCK_ROW",
            "message": "unable to obtain exclusive access to this record",
            "fields": [],
        }
    ]
    sf.fault({"type": "record_error", "where": {"name": "bad"}, "code": "CUSTOM", "message": "no", "fields": ["Name"]})
    answer = send("POST", [account("good"), account("bad")]).json()
    assert [item["success"] for item in answer] == [True, False]
    assert answer[1]["errors"] == [{"statusCode": "CUSTOM", "message": "no", "fields": ["Name"]}]
    single = sf.call("POST", "/sobjects/Account", json={"Name": "bad"})
    assert (single.status_code, single.json()[0]["errorCode"]) == (400, "CUSTOM")


def test_a_write_that_takes_its_time_locks_its_rows_and_their_accounts_for_others(sf):
    parent, other = (sf.create("Account", Name=name) for name in ("Parent", "Other"))
    contact = sf.create("Contact", LastName="One", AccountId=parent)
    sf.switch(write_ms=4_000)

    def write(*records: dict[str, Any]) -> Any:
        return sf.call("PATCH", "/composite/sobjects", json={"allOrNone": False, "records": list(records)}).json()

    def of(sobject: str, record_id: str, **values: Any) -> dict[str, Any]:
        return {"attributes": {"type": sobject}, "id": record_id, **values}

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(write, of("Contact", contact, LastName="Two"))
        while not sf.sandbox.salesforce.locks.held:
            assert not first.done()
        sf.switch(write_ms=0)
        second = write(of("Account", parent, Phone="1"), of("Account", other, Phone="1"))
        single = sf.call("PATCH", f"/sobjects/Contact/{contact}", json={"LastName": "Three"})
        deleted = sf.call("DELETE", f"/composite/sobjects?ids={contact},{other}").json()
    assert [item["success"] for item in first.result()] == [True]
    assert [item["success"] for item in second] == [False, True]
    assert second[0]["errors"][0]["statusCode"] == single.json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert [item["success"] for item in deleted] == [False, True]
    assert [item["success"] for item in write(of("Account", parent, Phone="1"))] == [True]
    assert not sf.sandbox.salesforce.locks.held


def test_an_upsert_and_a_create_lock_the_account_they_name(sf):
    parent = sf.create("Account", Name="Parent", iPaaS_Id__c="7")
    body = {"allOrNone": False, "records": [{"attributes": {"type": "Contact"}, "LastName": "A", "accountid": parent}]}
    sf.switch(write_ms=4_000)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sf.call, "POST", "/composite/sobjects", json=body)
        while not sf.sandbox.salesforce.locks.held:
            assert not first.done()
        sf.switch(write_ms=0)
        records = [{"attributes": {"type": "Account"}, "iPaaS_Id__c": "7", "Name": "Other name"}]
        upserted = sf.call("PATCH", "/composite/sobjects/Account/iPaaS_Id__c", json={"records": records}).json()
    assert first.result().json()[0]["success"]
    assert upserted[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert sf.read("Account", parent)["Name"] == "Parent"
