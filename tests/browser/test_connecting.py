"""Connecting by consent, from the empty form to the page that says as whom."""

from __future__ import annotations

import json

from _stack import Stack
from airflow_provider_ipaas._forms.salesforce import CONNECTION_TYPE
from airflow_provider_ipaas.sandbox import credentials

from .conftest import Visiting
from .steps import IPAAS_CONN_ID, SALESFORCE_CONN_ID, Connected


def test_the_form_stores_the_salesforce_connection_as_typed(stack: Stack, created: None) -> None:
    stored = stack.airflow.api._call("GET", f"connections/{SALESFORCE_CONN_ID}")
    assert stored["conn_type"] == "salesforce_connected_app"
    assert (stored["host"], stored["login"]) == (stack.sandbox.salesforce_url, credentials.CONSUMER_KEY)
    extra = json.loads(stored["extra"])
    schemas = {name: field["schema"] for name, field in CONNECTION_TYPE["conn-fields"].items()}
    untouched = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
    assert (untouched["auth_flow"], untouched["contact_poll_days"]) == ("web_server", 7)
    assert {name: value for name, value in extra.items() if value is not None} == {**untouched, "account_poll_days": 14}


def test_the_secrets_stay_out_of_the_list_of_connections(created: None, visit: Visiting) -> None:
    with visit() as person:
        page = person.airflow.open_connections()
        for conn_id in (SALESFORCE_CONN_ID, IPAAS_CONN_ID):
            page.row(conn_id).wait_for()
        shown = person.page.content()
    assert credentials.CONSUMER_SECRET not in shown
    assert credentials.IPAAS_PASSWORD not in shown


def test_salesforce_asks_whether_to_allow_access(connected: Connected) -> None:
    assert connected.state_before == "not connected"
    for said in (
        "Airflow iPaaS Sync is asking to:",
        "Manage user data via APIs",
        "Perform requests at any time",
        f"Do you want to allow access for {credentials.USERNAME}?",
    ):
        assert said in connected.question


def test_after_allow_the_page_says_as_whom_to_which_org_and_since_when(stack: Stack, connected: Connected) -> None:
    assert connected.notice.startswith(f"Connected to Salesforce as {credentials.USERNAME}.")
    assert connected.state == "connected"
    facts = connected.facts
    assert facts["API Url"] == stack.sandbox.salesforce_url
    assert facts["Login"] == "web_server"
    assert facts["Connected as"] == f"{credentials.USERNAME} user {credentials.INTEGRATION_USER_ID}"
    assert facts["Org"] == f"{credentials.ORG_ID} at {stack.sandbox.salesforce_url}"
    assert facts["Scopes"] == "api, refresh_token"
    assert facts["Connected"].endswith(" now by admin")
    assert facts["Last refresh"] == "none yet"
    assert facts["Lives"].startswith("until it is revoked")


def test_the_list_shows_how_the_connections_stand(stack: Stack, connected: Connected, visit: Visiting) -> None:
    with visit() as person:
        overview = person.airflow.open_ipaas_connections()
        person.picture("connections", overview.page)
        salesforce, ipaas = (overview.line(conn_id) for conn_id in (SALESFORCE_CONN_ID, IPAAS_CONN_ID))
        callback_url = overview.open(SALESFORCE_CONN_ID).callback_url
    assert (salesforce["Login"], salesforce["State"]) == ("web_server", "connected")
    assert salesforce["Connected as"].splitlines() == [credentials.USERNAME, f"org {credentials.ORG_ID}"]
    assert (ipaas["Login"], ipaas["State"]) == ("password", "no consent needed")
    assert callback_url == f"{stack.airflow.url}/ipaas/oauth/callback"


def test_the_button_test_shows_what_was_found(connected: Connected, visit: Visiting) -> None:
    with visit() as person:
        test = person.airflow.open_connection(SALESFORCE_CONN_ID).test()
        person.picture("tested", test.page)
        verdict, counts, findings = test.verdict, test.counts, test.findings()
    assert verdict == f"Test of {SALESFORCE_CONN_ID} all is well"
    assert " 0 warnings, 0 errors. Nothing was written to either service." in counts
    assert findings["salesforce.token"].startswith("ok: Logged in by the grant of a browser login (web_server)")
    assert credentials.USERNAME in findings["salesforce.identity"]
    assert findings["salesforce.permissions"].startswith("ok: The API user may read, create and edit it.")
