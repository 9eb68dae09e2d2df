"""Errors, limits, subscriptions and the switches themselves."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.ipaas.app import create_app
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.ipaas.switches import SWITCHES, SwitchError, Switches

from .conftest import Caller
from .records import COMPANIES, COMPANY, CUSTOMER, CUSTOMERS, address, code, company, customer


def test_error_shape(api: Caller) -> None:
    error = api.post(COMPANY, {}).json()["errors"][0]
    assert error["error_code"] == "VALD-1002"
    assert error["help_url"].endswith("VALD-1002")
    api.switch(error_shape="flat")
    assert set(api.post(COMPANY, {}).json()) == {"code", "message", "help_link"}
    api.switch(error_shape="text")
    assert api.post(COMPANY, {}).text.startswith("VALD-1002: The field name is required.")


def test_error_in(api: Caller) -> None:
    api.switch(error_in="reason_phrase")
    answer = api.post(COMPANY, company(addresses=[address(country="日本国\n")]))
    assert (answer.status_code, answer.content) == (400, b"")
    assert answer.reason.startswith("VALD-1046: The country '???")
    assert "x-sandbox-reason" not in answer.headers
    assert api.post(COMPANY, company()).reason == "OK"
    api.switch(error_in="body")
    answer = api.post(COMPANY, {})
    assert (answer.reason, code(answer)) == ("Bad Request", "400 VALD-1002")


def test_without_the_protocol_the_reason_comes_as_the_body(clock: Clock) -> None:
    store = IPaaSStore(clock)
    store.switches.set("error_in", "reason_phrase")
    config = uvicorn.Config(create_app(store, clock), port=0, log_level="warning", lifespan="off", http="h11")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    answer = requests.get(f"http://127.0.0.1:{port}/{COMPANIES}", timeout=10)
    server.should_exit = True
    thread.join(5)
    assert (answer.reason, answer.text) == ("Unauthorized", "AUTH-1001: The bearer token is missing or not valid.")


def test_app_and_store_share_one_clock(clock: Clock) -> None:
    with pytest.raises(ValueError, match="clock"):
        create_app(IPaaSStore(clock), Clock())


def test_bizl_status(api: Caller) -> None:
    api.post(CUSTOMER, customer())
    assert code(api.post(CUSTOMER, customer())) == "409 BIZL-1004"
    api.switch(bizl_status="400")
    assert code(api.post(CUSTOMER, customer())) == "400 BIZL-1004"


def test_not_found_body(api: Caller) -> None:
    assert api.get(f"{COMPANY}/5").content == b""
    api.switch(not_found_body="code")
    assert code(api.get(f"{COMPANY}/5")) == "404 NFND-1005"


def test_methods_that_do_not_exist(api: Caller) -> None:
    assert api("DELETE", f"{COMPANY}/1").status_code == 405
    assert api.get("customers/v2/Nothing").status_code == 404


@pytest.fixture
def seconds(api: Caller, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    shown = [0.0]
    monkeypatch.setattr(api.store, "_monotonic", lambda: shown[0])
    return shown


def test_rate_limit(api: Caller, seconds: list[float]) -> None:
    api.switch(rate_limit=3)
    assert [api.get(CUSTOMERS).status_code for _ in range(5)] == [404, 404, 404, 429, 429]
    seconds[0] = 0.9
    assert api.get(CUSTOMERS).status_code == 429
    seconds[0] = 1.0
    assert api.get(CUSTOMERS).status_code == 404
    api.switch(rate_limit=0)
    assert {api.get(CUSTOMERS).status_code for _ in range(5)} == {404}


def test_rate_limit_retry_after(api: Caller, seconds: list[float]) -> None:
    api.switch(rate_limit=1)
    assert "Retry-After" not in [api.get(CUSTOMERS) for _ in range(2)][1].headers
    api.switch(rate_limit_retry_after="sent")
    assert api.get(CUSTOMERS).headers["Retry-After"] == "1"


class TestSubscriptions:
    def test_list(self, api: Caller) -> None:
        rows = api.get("subscriptions/v2/Subscriptions").json()
        assert [(row["id"], row["name"]) for row in rows] == [(1, "iPaaS.com"), (5501, "Salesforce")]

    def test_persistent_data(self, api: Caller) -> None:
        path = "subscriptions/v2/Subscription"
        items = [{"name": "mark", "value": "1", "expiration_date_time": None}]
        assert "persistent_data" not in api.get(f"{path}/5501").json()
        for value in ("1", "2"):
            items[0]["value"] = value
            assert api.post(f"{path}/PersistentData/5501", items).json() == items
        assert api.get(f"{path}/5501", params={"include": "persistentdata"}).json()["persistent_data"] == items
        assert code(api.post(f"{path}/PersistentData/5501", {})) == "400 VALD-1003"
        assert code(api.post(f"{path}/PersistentData/5501", data="{")) == "400 VALD-1003"
        assert api.get(f"{path}/9").status_code == 404
        assert code(api.get(f"{path}/x")) == "400 VALD-1017"

    def test_poll_marks_of_the_stock_integration_move_with_the_clock(self, api: Caller, clock: Clock) -> None:
        path = "subscriptions/v2/Subscription/5501"

        def marks() -> dict[str, datetime]:
            shown = api.get(path, params={"include": "persistentdata"}).json()
            assert (shown["name"], shown["integration_id"]) == ("Salesforce", 187)
            return {item["name"]: datetime.fromisoformat(item["value"]) for item in shown["persistent_data"]}

        assert marks() == {}
        api.switch(stock_integration_active="on")
        first = marks()
        assert set(first) == {"LastAccountPoll", "LastContactPoll"}
        assert all(timedelta() <= clock.now() - mark < timedelta(minutes=5) for mark in first.values())
        clock.advance(timedelta(minutes=5))
        assert {name: mark - first[name] for name, mark in marks().items()} == dict.fromkeys(
            first, timedelta(minutes=5)
        )
        own = api.get("subscriptions/v2/Subscription/1", params={"include": "persistentdata"}).json()
        assert (own["integration_id"], own["persistent_data"]) == (1, [])

    def test_tables(self, api: Caller) -> None:
        rows = api.get("subscriptions/v2/Lookup/Tables").json()
        names = {row["mapping_collection_type_id"]: row["name"] for row in rows}
        assert (names[8], names[49]) == ("customer", "Customer Company")


class TestSwitches:
    def test_every_switch_is_tried_in_these_tests(self) -> None:
        text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
        assert [name for name in SWITCHES if not re.search(rf"\b{name}\b", text)] == []

    @pytest.mark.parametrize("name", SWITCHES)
    def test_readings_are_legal_and_a_differing_default_says_why(self, name: str) -> None:
        switch = SWITCHES[name]
        for value in (switch.default, switch.harsh, switch.mild, *switch.choices):
            assert switch.check(value) == value
        assert switch.doc
        assert switch.default == switch.harsh or switch.why

    @pytest.mark.parametrize(
        ("name", "value"),
        [("put", "sometimes"), ("put", None), ("page_size", 0), ("page_size", "x"), ("page_size", True),
         ("company_table_name", ""), ("nothing", "x")],
    )  # fmt: skip
    def test_bad_values_are_refused(self, name: str, value: Any) -> None:
        switches = Switches()
        before = switches.as_dict()
        with pytest.raises(SwitchError, match=name):
            switches.set(name, value)
        with pytest.raises(SwitchError):
            switches.update({"list_rows": "whole", name: value})
        assert switches.as_dict() == before

    def test_values_are_taken_as_text_or_number(self) -> None:
        switches = Switches()
        switches.update({"page_size": "7", "create_status": 201})
        assert (switches.get("page_size"), switches.get("create_status")) == (7, "201")

    def test_unknown_names_can_not_be_read(self) -> None:
        with pytest.raises(SwitchError, match="nothing"):
            Switches().get("nothing")

    def test_presets(self, api: Caller) -> None:
        mild = api.control("POST", "switches/preset/mild").json()
        assert (mild["put"], mild["list_rows"], mild["normalise"]) == ("merges", "whole", "off")
        harsh = api.control("POST", "switches/preset/harsh").json()
        assert (harsh["put"], harsh["normalise"], harsh["plan"]) == ("replaces", "trim_phone", "paid")
        default = api.control("POST", "switches/preset/default").json()
        assert (default["error_in"], default) == ("body", Switches().as_dict())
        assert api.control("POST", "switches/preset/wild").status_code == 422

    @pytest.mark.parametrize("preset", ["default", "harsh", "mild"])
    def test_a_plain_pair_works_under_every_preset(self, api: Caller, preset: str) -> None:
        api.control("POST", f"switches/preset/{preset}")
        assert api.post(COMPANY, company(addresses=[address()])).status_code in {200, 201}
        assert api.post(CUSTOMER, customer(addresses=[address()])).status_code in {200, 201}
        assert len(api.get(COMPANIES).json()) == len(api.get(CUSTOMERS).json()) == 1

    def test_the_control_lists_and_sets_all_or_none(self, api: Caller) -> None:
        listed = {row["name"]: row for row in api.control("GET", "switches").json()}
        assert set(listed) == set(SWITCHES)
        assert listed["put"]["choices"] == ["replaces", "merges"]
        assert api.control("PATCH", "switches", {"put": "merges", "nothing": 1}).status_code == 422
        assert api.store.switches.get("put") == "replaces"
