from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .conftest import START, Caller
from .records import COMPANIES, COMPANY, CUSTOMER, address, company, customer


def test_another_user_makes_and_edits_a_record(api: Caller) -> None:
    at = "2026-11-01T08:00:00+00:00"
    fields = {**customer(), "addresses": [address()]}
    made = api.control("POST", "records/customers", {"fields": fields, "at": at, "by": "Ann"}).json()
    assert (made["created_by"], made["created"], made["updated"]) == ("Ann", at, None)
    path = f"records/customers/{made['id']}"
    api.control("PATCH", path, {"fields": {"last_name": "Lang"}, "by": "Bob"})
    shown = api.get(f"{CUSTOMER}/{made['id']}").json()
    assert (shown["last_name"], shown["first_name"], len(shown["addresses"])) == ("Lang", "Ada", 1)
    assert datetime.fromisoformat(shown["created_datetime"]) == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert datetime.fromisoformat(shown["updated_datetime"]) == START
    assert api.control("GET", path).json()["updated_by"] == "Bob"


def test_the_api_signs_its_own_writes(api: Caller) -> None:
    number = api.post(COMPANY, company()).json()["id"]
    assert api.control("GET", f"records/companies/{number}").json()["created_by"] == "api"


def test_another_user_edits_nested_parts(api: Caller) -> None:
    fields = {"name": "Acme", "addresses": [address(), address(city="Peoria")], "custom_fields": {"Active": "yes"}}
    made = api.control("POST", "records/companies", {"fields": fields}).json()
    first, second = (item["id"] for item in made["addresses"])
    path = f"records/companies/{made['id']}"
    one = api.control("PATCH", f"{path}/addresses/{second}", {"fields": {"city": "Quincy"}}).json()
    assert [item["city"] for item in one["addresses"]] == ["Springfield", "Quincy"]
    whole = {"addresses": [{"id": first, "address_2": "Rear"}, address(city="New")], "custom_fields": {"Active": None}}
    edited = api.control("PATCH", path, {"fields": whole}).json()
    assert [(item["city"], item["address_2"]) for item in edited["addresses"]] == [
        ("Springfield", "Rear"),
        ("New", None),
    ]
    assert (edited["addresses"][0]["id"], edited["custom_fields"]) == (first, {})


def test_controls_pass_by_the_rules_of_the_api(api: Caller) -> None:
    for _ in range(2):
        api.control("POST", "records/customers", {"fields": {"email_address": "same@example.com"}})
    rows = api.control("GET", "records/customers").json()
    assert [row["email_address"] for row in rows] == ["same@example.com"] * 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "records/companies", {"fields": {"colour": "red"}}, 422),
        ("POST", "records/companies", {"fields": {"addresses": 5}}, 422),
        ("POST", "records/companies", {}, 422),
        ("POST", "records/robots", {"fields": {}}, 422),
        ("PATCH", "records/companies/9", {"fields": {"name": "x"}}, 404),
        ("PATCH", "records/companies/1001", {"fields": {"colour": "red"}}, 422),
        ("PATCH", "records/companies/1001/addresses/9", {"fields": {}}, 404),
        ("GET", "records/companies/9", None, 404),
        ("DELETE", "records/companies/9", None, 404),
        ("DELETE", "records/companies/1001?mode=burn", None, 422),
        ("POST", "records/companies/9/reactivate", None, 404),
        ("POST", "tokens/expire?which=none", None, 422),
        ("POST", "custom-fields", {"kind": "company", "name": "A", "type": "colour"}, 422),
        ("PUT", "external-ids", {"table": "company", "internal_id": 9, "external_id": "x"}, 404),
        ("PUT", "external-ids", {"table": "company", "internal_id": 1001}, 422),
    ],
)
def test_controls_refuse_what_they_do_not_know(api: Caller, method: str, path: str, body: Any, status: int) -> None:
    api.store.insert("company", {"name": "Acme"})
    assert api.control(method, path, body).status_code == status


def test_links_are_set_moved_and_dropped(api: Caller) -> None:
    one, two = (api.store.insert("company", {"name": name}) for name in "AB")
    body = {"table": "company", "internal_id": one, "external_id": "x"}
    api.control("PUT", "external-ids", body)
    api.control("PUT", "external-ids", {**body, "internal_id": two})
    assert [row["internal_id"] for row in api.control("GET", "external-ids").json()] == [two]
    end = {"table": "company", "internal_id": two}
    assert api.control("POST", "external-ids/delete", end).json() == {"deleted": True}
    assert api.control("POST", "external-ids/delete", end).json() == {"deleted": False}
    assert api.get(f"{COMPANY}/{two}").json()["external_ids"] == []


def test_state_and_reset(api: Caller) -> None:
    number = api.store.insert("company", {"name": "A"})
    api.store.link("company", number, "x")
    api.switch(put="merges")
    state = {"companies": 1, "customers": 0, "external_ids": 1, "relationships": 0}
    assert api.control("GET", "state").json() == state
    api.control("POST", "reset")
    assert api.control("GET", "state").json() == dict.fromkeys(state, 0)
    assert api.store.switches.get("put") == "replaces"
    assert api.get(COMPANIES).status_code == 404


def test_a_reset_can_keep_the_switches(api: Caller) -> None:
    api.switch(put="merges")
    api.store.reset(switches=False)
    assert api.store.switches.get("put") == "merges"


def test_purged_records_are_gone_and_inactive_ones_are_listed_raw(api: Caller) -> None:
    numbers = [api.store.insert("company", {"name": name, "addresses": [address()]}) for name in "AB"]
    api.control("DELETE", f"records/companies/{numbers[0]}")
    api.control("DELETE", f"records/companies/{numbers[1]}?mode=purge")
    rows = api.control("GET", "records/companies").json()
    assert [(row["id"], row["active"]) for row in rows] == [(numbers[0], False)]
    assert len(api.store.address_owners) == 1
