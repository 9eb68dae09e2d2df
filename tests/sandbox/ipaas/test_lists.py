from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from .conftest import Caller
from .records import COMPANIES, COMPANY, CUSTOMER, CUSTOMERS, address, code, customer


def _fill(api: Caller, count: int) -> list[int]:
    return [api.store.insert("company", {"name": f"Company {index}"}) for index in range(count)]


def _page(api: Caller, number: int | str | None = None) -> tuple[list[int], Any]:
    answer = api.get(COMPANIES, params={} if number is None else {"pageNumber": number})
    assert answer.status_code == 200, answer.text
    header = answer.headers.get("X-Pagination")
    return [row["id"] for row in answer.json()], json.loads(header) if header else None


def _equals(api: Caller, path: str, **filters: str) -> requests.Response:
    return api.get(path, params={"action": "equals", **filters})


def test_page_size(api: Caller) -> None:
    ids = _fill(api, 5)
    assert _page(api) == (ids, {"current_Page": 1, "total_Pages": 1})
    api.switch(page_size=2)
    assert _page(api) == (ids[:2], {"current_Page": 1, "total_Pages": 3})
    assert _page(api, 2) == (ids[2:4], {"current_Page": 2, "total_Pages": 3})
    assert _page(api, 3) == (ids[4:], {"current_Page": 3, "total_Pages": 3})
    assert code(api.get(COMPANIES, params={"pageNumber": "two"})) == "400 VALD-1004"


def test_the_default_page_holds_a_hundred(api: Caller) -> None:
    _fill(api, 101)
    assert len(_page(api)[0]) == 100


def test_beyond_last_page(api: Caller) -> None:
    ids = _fill(api, 3)
    api.switch(page_size=2)
    assert _page(api, 9) == (ids[2:], {"current_Page": 2, "total_Pages": 2})
    api.switch(beyond_last_page="empty")
    assert _page(api, 9) == ([], {"current_Page": 9, "total_Pages": 2})
    api.switch(beyond_last_page="not_found")
    assert api.get(COMPANIES, params={"pageNumber": 9}).status_code == 404


def test_first_page(api: Caller) -> None:
    ids = _fill(api, 3)
    api.switch(page_size=2, first_page="0")
    assert _page(api) == (ids[:2], {"current_Page": 0, "total_Pages": 2})
    assert _page(api, 1) == (ids[2:], {"current_Page": 1, "total_Pages": 2})
    api.switch(first_page="1")
    assert _page(api, 0) == (ids[:2], {"current_Page": 1, "total_Pages": 2})


def test_paging(api: Caller) -> None:
    ids = _fill(api, 5)
    api.switch(page_size=2, paging="none")
    assert _page(api, 2) == (ids, None)
    api.switch(paging="header")
    assert _page(api)[0] == ids[:2]


def test_empty_list(api: Caller) -> None:
    assert api.get(COMPANIES).status_code == 404
    assert _equals(api, CUSTOMERS, EmailAddress="nobody@example.com").status_code == 404
    api.switch(empty_list="empty")
    answer = api.get(COMPANIES)
    assert (answer.json(), json.loads(answer.headers["X-Pagination"])) == ([], {"current_Page": 1, "total_Pages": 0})
    api.switch(paging="none")
    answer = _equals(api, COMPANIES, Name="nobody")
    assert (answer.json(), "X-Pagination" in answer.headers) == ([], False)


def test_pages_drift_when_a_record_goes_away(api: Caller) -> None:
    ids = _fill(api, 5)
    api.switch(page_size=2)
    assert _page(api, 1)[0] == ids[:2]
    api.control("DELETE", f"records/companies/{ids[0]}")
    assert _page(api, 2)[0] == ids[3:5]
    api.control("POST", f"records/companies/{ids[0]}/reactivate")
    assert _page(api, 1)[0] == ids[:2]


def test_list_rows(api: Caller) -> None:
    api.post(CUSTOMER, customer(addresses=[address()]))
    assert not {"addresses", "custom_fields", "external_ids"} & set(api.get(CUSTOMERS).json()[0])
    assert not {"addresses"} & set(_equals(api, CUSTOMERS, EmailAddress="ada1@example.com").json()[0])
    api.switch(list_rows="whole")
    assert api.get(CUSTOMERS).json()[0] == api.get(f"{CUSTOMER}/1001").json()


def test_filters_find_by_email_and_name(api: Caller) -> None:
    number = api.store.insert("customer", customer(email_address="ada+1@example.com"))
    _fill(api, 3)
    assert [row["id"] for row in _equals(api, CUSTOMERS, EmailAddress="ada+1@example.com").json()] == [number]
    assert [row["name"] for row in _equals(api, COMPANIES, Name="Company 1").json()] == ["Company 1"]


def test_filter_case(api: Caller) -> None:
    api.store.insert("customer", customer(email_address="Ada@Example.com "))
    assert _equals(api, CUSTOMERS, EmailAddress="ada@example.com").status_code == 404
    assert len(_equals(api, CUSTOMERS, EmailAddress="Ada@Example.com ").json()) == 1
    api.switch(filter_case="insensitive")
    assert len(_equals(api, CUSTOMERS, EmailAddress="ada@example.com").json()) == 1


def test_filters_leave_out_inactive_records(api: Caller) -> None:
    number = api.store.insert("customer", customer())
    api.control("DELETE", f"records/customers/{number}")
    assert _equals(api, CUSTOMERS, EmailAddress="ada1@example.com").status_code == 404


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [(CUSTOMERS, "CustomerNumber", "C-2"), (COMPANIES, "AccountNumber", "A-2"), (COMPANIES, "Id", "1002")],
)
def test_filter_fields_and_unknown_filter(api: Caller, path: str, field: str, value: str) -> None:
    for index in (1, 2):
        api.store.insert("customer", customer(index))
        api.store.insert("company", {"name": "Same", "account_number": f"A-{index}"})
    assert len(_equals(api, path, **{field: value}).json()) == 2
    api.switch(unknown_filter="refused")
    assert code(_equals(api, path, **{field: value})) == "400 VALD-1010"
    api.switch(filter_fields="more")
    assert [row["id"] for row in _equals(api, path, **{field: value}).json()] == [1002]
    api.switch(filter_fields="seen", unknown_filter="ignored")
    assert len(_equals(api, path, **{field: value}).json()) == 2


def test_other_actions_are_refused(api: Caller) -> None:
    _fill(api, 1)
    for params in ({"action": "contains", "Name": "C"}, {"Name": "Company 0"}):
        assert code(api.get(COMPANIES, params=params)) == "400 VALD-1010"


def test_a_name_changed_by_put_is_found_by_its_new_name_only(api: Caller) -> None:
    number = _fill(api, 1)[0]
    api.put(f"{COMPANY}/{number}", {"name": "Renamed"})
    assert _equals(api, COMPANIES, Name="Company 0").status_code == 404
    assert [row["id"] for row in _equals(api, COMPANIES, Name="Renamed").json()] == [number]
