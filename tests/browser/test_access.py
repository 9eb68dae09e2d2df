"""Who gets in: only those who may edit the connection, logged in, and each to the answer of the own Connect."""

from __future__ import annotations

from playwright.sync_api import Page

from _airflow import USER
from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials

from .conftest import COLLEAGUE, VIEWER, Visiting
from .pages.ipaas_connections import ConnectionPage, ConnectionsOverview, Ending
from .pages.salesforce import SalesforcePages
from .steps import SALESFORCE_CONN_ID, SALESFORCE_PASSWORD, Connected
from .visits import Visit, Visitors


def go_to_salesforce(person: Visit) -> tuple[ConnectionPage, SalesforcePages]:
    """Go as far as Salesforce's question, in a tab of its own."""
    page = person.airflow.open_connection(SALESFORCE_CONN_ID)
    salesforce = page.connect()
    salesforce.log_in(credentials.USERNAME, SALESFORCE_PASSWORD)
    return page, salesforce


def status_of(page: Page, address: str) -> int:
    """Open an address and return the status of the answer."""
    answer = page.goto(address)
    assert answer is not None
    return answer.status


def test_who_may_not_edit_connections_is_let_in_nowhere(stack: Stack, created: None, visit: Visiting) -> None:
    pages = f"{stack.airflow.url}/ipaas/connections"
    with visit(user=VIEWER) as person:
        refused = person.airflow.refused_connections()
        overview = refused.text
        assert status_of(refused.page, pages) == 403
        assert status_of(refused.page, f"{pages}/{SALESFORCE_CONN_ID}") == 403
        detail = refused.text
    assert "You may edit no connection to Salesforce or iPaaS.com." in overview
    assert "You need Airflow's right to edit this connection." in detail
    for text in (overview, detail):
        assert stack.sandbox.salesforce_url not in text
        assert credentials.USERNAME not in text


def test_an_answer_is_for_who_pressed_connect(connected: Connected, visit: Visiting) -> None:
    with visit() as person:
        page, salesforce = go_to_salesforce(person)
        callback = salesforce.allow_and_stay()
        with visit(user=COLLEAGUE) as colleague:
            elsewhere = Ending(colleague.new_tab())
            assert status_of(elsewhere.page, callback) == 403
            told_colleague = elsewhere.text
        with visit(user=VIEWER) as viewer:
            elsewhere = Ending(viewer.new_tab())
            assert status_of(elsewhere.page, callback) == 403
            told_viewer = elsewhere.text
        # It is still good for the one it belongs to.
        page.page.goto(callback)
        page.wait()
        notice, facts = page.notice, page.facts
    assert "This Connect was begun by somebody else." in told_colleague
    assert "Next step:" in told_colleague
    assert "You need Airflow's right to edit connections." in told_viewer
    assert notice.startswith(f"Connected to Salesforce as {credentials.USERNAME}.")
    assert facts["Connected"].endswith("by admin")


def test_who_is_logged_out_meanwhile_is_told_and_led_to_the_login(
    visitors: Visitors, connected: Connected, visit: Visiting
) -> None:
    with visit(anew=True) as person:
        page, salesforce = go_to_salesforce(person)
        person.airflow.log_out()
        salesforce.allow()
        ending = Ending(page.page)
        title, text = ending.title, ending.text
        page.page.get_by_role("link", name="log in to Airflow").click()
        person.airflow.fill_in(USER, visitors.passwords[USER], page.page)
        # The login leads on to the list, and the connection is as it was.
        overview = ConnectionsOverview(page.page)
        overview.wait()
        state = overview.line(SALESFORCE_CONN_ID)["State"]
    assert title == "Log in to Airflow"
    assert "Salesforce has answered, but you are not logged in to Airflow here, so nothing was connected." in text
    assert "Next step: log in to Airflow, open the connection and press Connect again." in text
    assert state == "connected"
