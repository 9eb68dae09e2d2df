"""Successes that are none, and redirects: a typed error before anything is written, and a later run that goes on."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.errors import IPaaSSyncError, MalformedAnswer, ServiceError
from tests.behaviour import world
from tests.support.rig import Rig

# A body that is no answer of the API, under status 200.
BODIES: dict[str, dict[str, Any]] = {
    "web-page": {"type": "html"},
    "cut": {"type": "truncate"},
    "broken": {"type": "malformed_json"},
    "nothing": {"type": "status", "status": 200, "body": ""},
    "null": {"type": "status", "status": 200, "body": "null"},
    "number": {"type": "status", "status": 200, "body": "7"},
    "other-shape": {"type": "status", "status": 200, "body": {"records": "many", "done": "yes", "id": {}}},
    "list-of-texts": {"type": "status", "status": 200, "body": ["a", "b"]},
    "wrong-type": {
        "type": "status",
        "status": 200,
        "body": "<?xml version='1.0'?><a/>",
        "headers": {"Content-Type": "application/xml"},
    },
    "deep": {"type": "status", "status": 200, "body": "[" * 20_000},
}
# Every call of a run that reads, by service.
READS = [
    ("salesforce", "/updated/"),
    ("salesforce", "/describe"),
    ("salesforce", "/query"),
    ("ipaas", "Customer/Companies"),
    ("ipaas", "Customer/Company/"),
    ("ipaas", "Auth/Login"),
]


def untouched(rig: Rig) -> bool:
    """Tell whether each service still holds only what was there before."""
    accounts = [row["Name"] for row in world.salesforce_rows(rig, "Account")]
    companies = [row["name"] for row in world.companies(rig)]
    return (accounts, companies) == (["Here"], ["There"])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("service", "path"), READS, ids=[path.strip("/") for _, path in READS])
def test_a_read_that_answers_something_else_writes_nothing(rig: Rig, service: str, path: str, body: str) -> None:
    world.account(rig, "Here")
    world.company(rig, "There", addresses=[world.item(billing=True)])

    with rig.fault(service=service, path=path, action=BODIES[body]):
        result = rig.run("account", full=True)

    assert result.errors, "the fault was met"
    assert all(isinstance(error, IPaaSSyncError) for error in result.errors.values())
    assert untouched(rig)
    assert rig.run("account", full=True).ok["to_salesforce"]["created"] == 1
    assert world.is_quiet(rig.run("account"))


ROW = {
    "attributes": {"type": "Account"},
    "Id": "0015g00000abcDEAAY",
    "SystemModstamp": "2026-11-26T12:00:00.000+0000",
    "Name": "Strange",
    "IsDeleted": False,
}
ROWS: dict[str, dict[str, Any]] = {
    "empty": {},
    "no-id": {key: value for key, value in ROW.items() if key != "Id"},
    "no-stamp": {key: value for key, value in ROW.items() if key != "SystemModstamp"},
    "no-other-fields": ROW,
    "id-number": {**ROW, "Id": 7},
    "id-null": {**ROW, "Id": None},
    "id-of-nothing": {**ROW, "Id": "../../etc"},
    "stamp-null": {**ROW, "SystemModstamp": None},
    "stamp-words": {**ROW, "SystemModstamp": "soon"},
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("full", [True, False])
def test_rows_that_are_none_write_nothing(rig: Rig, row: str, full: bool) -> None:
    """A field that is missing from a row must not pass for one that is blank."""
    world.account(rig, "Here")
    world.company(rig, "There")
    page = {"totalSize": 1, "done": True, "records": [ROWS[row]]}
    with rig.fault(service="salesforce", path="/query", action={"type": "status", "status": 200, "body": page}):
        result = rig.run("account", full=full)
    assert isinstance(result.errors["extract_salesforce"], MalformedAnswer)
    assert untouched(rig)
    assert rig.run("account", full=True).ok["to_ipaas"]["created"] == 1


CUSTOMER: dict[str, Any] = {
    "id": 7,
    "first_name": "A",
    "last_name": "Strange",
    "email_address": "a@example.com",
    "customer_number": "C",
    "addresses": [],
    "custom_fields": [],
    "external_ids": [],
    "updated_datetime": "2026-11-26T00:00:00Z",
}
ODD: dict[str, dict[str, Any]] = {
    "stamp-words": {"updated_datetime": "soon"},
    "stamp-number": {"updated_datetime": 7},
    "stamp-first-day": {"updated_datetime": "0001-01-01T00:00:00+23:59"},
    "stamp-last-day": {"updated_datetime": "9999-12-31T23:59:59-23:59"},
    "e-mail-list": {"email_address": ["a"]},
    "addresses-object": {"addresses": {"a": 1}},
    "addresses-of-all-kinds": {"addresses": [7, None, "x", {}]},
    "custom-fields-of-all-kinds": {"custom_fields": [7, {"custom_field_name": {}}]},
    "external-ids-of-all-kinds": {"external_ids": [7, {"system_id": [], "external_id": {}}]},
    "external-ids-object": {"external_ids": {"system_id": 5501}},
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("full", [True, False])
def test_a_customer_with_something_odd_in_it_holds_back_nobody(rig: Rig, odd: str, full: bool) -> None:
    rows = [{**CUSTOMER, **ODD[odd]}, {**CUSTOMER, "id": 8, "last_name": "Plain", "email_address": "b@example.com"}]
    action = {"type": "status", "status": 200, "body": rows, "headers": {"X-Pagination": '{"total_Pages": 1}'}}
    with rig.fault(service="ipaas", path="v2/Customers", action=action):
        result = rig.run("contact", full=full)
    assert all(isinstance(error, IPaaSSyncError) for error in result.errors.values())
    assert "Plain" in {row["LastName"] for row in world.salesforce_rows(rig, "Contact")}


@pytest.mark.parametrize("body", [name for name in BODIES if name != "cut"])
def test_a_write_that_answers_something_else_is_looked_into(rig: Rig, body: str) -> None:
    """It may have been done: nothing is created again before that is known."""
    world.account(rig, "Here")
    world.company(rig, "There")
    action = {**BODIES[body], "when": "after"}
    for rule in (
        {"service": "salesforce", "method": "PATCH", "path": "composite/sobjects/Account/iPaaS", "action": action},
        {"service": "ipaas", "method": "POST", "path": "Customer/Company$", "action": action},
    ):
        rig.control("POST", "faults", rule)
    first = rig.run("account", full=True)
    rig.control("DELETE", "faults")
    assert first["to_ipaas"]["failed"] == first["to_salesforce"]["failed"] == 0
    for _ in range(2):
        world.later(rig, minutes=40)
        rig.run("account", full=True).ok  # noqa: B018
    assert sorted(row["Name"] for row in world.salesforce_rows(rig, "Account")) == ["Here", "There"]
    assert sorted(row["name"] for row in world.companies(rig)) == ["Here", "There"]
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(("service", "path"), [("salesforce", "/query"), ("ipaas", "Customer/Companies")])
@pytest.mark.parametrize("place", ["https://other.my.salesforce.com/services/data", "/elsewhere", "http://[broken", ""])
def test_a_redirect_is_never_followed(rig: Rig, service: str, path: str, status: int, place: str) -> None:
    world.account(rig, "Here")
    world.company(rig, "There")
    action = {"type": "status", "status": status, "headers": {"Location": place}}
    with rig.fault(service=service, path=path, action=action):
        result = rig.run("account", full=True)
    (error,) = result.errors.values()
    assert isinstance(error, ServiceError)
    assert error.code == "REDIRECT"
    assert "redirects are not followed" in error.message
    assert untouched(rig)


def test_pages_of_another_host_are_not_asked_for(rig: Rig) -> None:
    """A next page elsewhere would take the token along."""
    world.account(rig, "Here")
    world.company(rig, "There")
    page = {
        "done": False,
        "records": [],
        "nextRecordsUrl": "https://other.my.salesforce.com/services/data/v64.0/query/01g",
    }
    action = {"type": "status", "status": 200, "body": page}
    with rig.fault(service="salesforce", path="/query", action=action):
        result = rig.run("account", full=True)
    assert isinstance(result.errors["extract_salesforce"], MalformedAnswer)
    assert untouched(rig)
