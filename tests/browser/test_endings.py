"""Connects that end otherwise: denied, too late, answered twice, to the wrong org, in two tabs; and Reset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials

from .conftest import Visiting
from .pages.ipaas_connections import ConnectionPage, Ending
from .pages.salesforce import SalesforcePages
from .steps import SALESFORCE_PASSWORD
from .visits import Visit

# Both are connected as another user than the connection that runs use, so that each leaves the other's grant alone.
TRIAL, PINNED = "salesforce_trial", "salesforce_pinned"
USER, OTHER_ORG = credentials.ADMIN_USERNAME, "00D000000000002EAA"


@pytest.fixture(scope="module", autouse=True)
def defined(stack: Stack) -> None:
    """Create the connections that these tests connect."""
    for conn_id, extra in ((TRIAL, {}), (PINNED, {"org_id": OTHER_ORG})):
        connection = {
            "connection_id": conn_id,
            "conn_type": "salesforce_connected_app",
            "host": stack.sandbox.salesforce_url,
            "login": credentials.CONSUMER_KEY,
            "password": credentials.CONSUMER_SECRET,
            "extra": json.dumps({"auth_flow": "web_server", **extra}),
        }
        stack.airflow.api._call("POST", "connections", json=connection)


def open_fresh(person: Visit, conn_id: str = TRIAL) -> ConnectionPage:
    """Open the page of a connection and leave no grant of an earlier test."""
    return person.airflow.open_connection(conn_id).reset().go_back(conn_id)


def begin(person: Visit, conn_id: str = TRIAL) -> tuple[ConnectionPage, SalesforcePages]:
    """Go as far as Salesforce's question."""
    page = open_fresh(person, conn_id)
    salesforce = page.connect()
    salesforce.log_in(USER, SALESFORCE_PASSWORD)
    return page, salesforce


def grants(stack: Stack) -> int:
    """Return how many grants of the user are alive at Salesforce."""
    known = stack.sandbox.control("GET", "/salesforce/oauth")["grants"]
    return sum(grant["user"] == USER and not grant["revoked"] for grant in known)


@contextmanager
def salesforce_later(stack: Stack, *, minutes: int) -> Iterator[None]:
    """Set the clock of Salesforce ahead for a while."""
    stack.sandbox.control("POST", "/clock", {"service": "salesforce", "skew_s": minutes * 60})
    try:
        yield
    finally:
        stack.sandbox.control("POST", "/clock", {"service": "salesforce", "skew_s": 0})


def test_deny_is_told_with_the_next_step(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = begin(person)
        salesforce.deny()
        ending = Ending(page.page)
        title, text = ending.title, ending.text
        back = ending.go_back(TRIAL)
        state = back.state
    assert title == "Not connected to Salesforce"
    assert f"Connection {TRIAL}: Salesforce ended the authorization, Deny was pressed" in text
    assert "Next step: Press Connect again and choose Allow" in text
    assert state == "not connected"
    assert grants(stack) == 0


def test_a_code_that_has_expired_is_told(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = begin(person)
        callback = salesforce.allow_and_stay()
        with salesforce_later(stack, minutes=16):
            page.page.goto(callback)
        ending = Ending(page.page)
        title, text = ending.title, ending.text
        state = ending.go_back(TRIAL).state
    assert title == "Not connected to Salesforce"
    assert "the authorization code has expired or was used before (invalid_grant: expired authorization code)" in text
    assert "Next step: Press Connect again, and finish within ten minutes." in text
    assert state == "not connected"
    assert grants(stack) == 0


def test_another_org_than_the_connection_names_is_refused(stack: Stack, visit: Visiting) -> None:
    before = grants(stack)
    with visit() as person:
        page, salesforce = begin(person, PINNED)
        salesforce.allow()
        ending = Ending(page.page)
        title, text = ending.title, ending.text
        state = ending.go_back(PINNED).state
    assert title == "Not connected to Salesforce"
    assert f"is for org {OTHER_ORG}" in text
    assert credentials.ORG_ID in text
    assert "Next step:" in text
    assert state == "not connected"
    # What was granted and isn't kept is revoked.
    assert grants(stack) == before


def test_two_tabs_at_once_both_end_well(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        tabs = [open_fresh(person), person.airflow.open_connection(TRIAL)]
        begun = [(page, page.connect()) for page in tabs]
        notices = []
        for page, salesforce in reversed(begun):
            page.page.bring_to_front()
            salesforce.log_in(USER, SALESFORCE_PASSWORD)
            salesforce.allow()
            page.wait()
            notices.append(page.notice)
        state = person.airflow.open_connection(TRIAL).state
    assert notices == [f"Connected to Salesforce as {USER}. Runs use this grant from now on."] * 2
    assert state == "connected"
    # The later grant has replaced the other, which is revoked.
    assert grants(stack) == 1


def test_an_answer_works_once(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = begin(person)
        callback = salesforce.allow_and_stay()
        page.page.goto(callback)
        page.wait()
        page.page.reload()
        page.wait()
        state_reloaded, notices = page.state, page.page.get_by_role("status").count()
        page.page.goto(callback)
        ending = Ending(page.page)
        title, text = ending.title, ending.text
        state = ending.go_back(TRIAL).state
    assert (state_reloaded, notices) == ("connected", 0)
    assert title == "Not connected to Salesforce"
    assert "This answer was taken already; each works once." in text
    assert "Next step:" in text
    assert state == "connected"
    assert grants(stack) == 1


def test_going_back_and_allowing_once_more_leaves_the_grant_alone(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = begin(person)
        salesforce.allow()
        page.wait()
        page.page.go_back()
        salesforce.log_in(USER, SALESFORCE_PASSWORD)
        salesforce.allow()
        ending = Ending(page.page)
        text = ending.text
        state = ending.go_back(TRIAL).state
    assert "This answer was taken already; each works once." in text
    assert state == "connected"
    assert grants(stack) == 1


def test_reset_asks_revokes_and_leaves_the_connection_not_connected(stack: Stack, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = begin(person)
        salesforce.allow()
        page.wait()
        button = page.ask_to_reset()
        asked = page.page.get_by_role("main").inner_text()
        before = grants(stack)
        button.click()
        page.page.get_by_role("heading", name=f"Reset of {TRIAL}").wait_for()
        after = grants(stack)
        ending = Ending(page.page)
        told = page.notice
        page = ending.go_back(TRIAL)
        state, trouble = page.state, page.trouble
    assert "Revokes the grant at Salesforce and deletes the stored tokens." in asked
    assert (before, after) == (1, 0)
    assert told == "The grant is revoked at Salesforce and the stored tokens are deleted."
    assert state == "not connected"
    assert "Nobody has connected it yet." in trouble
    assert "Next step: Press Connect." in trouble
