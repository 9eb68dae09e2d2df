"""A grant that somebody revokes: the run says what to do, and once it is done the next one is green."""

from __future__ import annotations

from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials

from . import steps
from .conftest import Visiting
from .steps import SALESFORCE_CONN_ID, Synced


def test_a_run_without_a_grant_says_connect_again_and_that_helps(stack: Stack, synced: Synced, visit: Visiting) -> None:
    stack.sandbox.control("POST", "/salesforce/tokens/revoke")
    with visit() as person:
        run, red = steps.run_accounts(person, synced.account_id)
        error = run.open_log("extract_salesforce").error
        page = person.airflow.open_connection(SALESFORCE_CONN_ID)
        state, trouble = page.state, page.trouble
        again = steps.connect(person)
        run, green = steps.run_accounts(person, synced.account_id)
        numbers = run.open_log("report").numbers("account")
    assert red == "Failed"
    assert f"Connection `{SALESFORCE_CONN_ID}`: Salesforce refused the login" in error
    assert "the refresh token has expired or was revoked" in error
    assert "Next step: Connect again: in Airflow under Browse > iPaaS.com connections" in error
    assert state == "needs attention"
    assert "the refresh token has expired or was revoked" in trouble
    assert "Next step: Press Connect." in trouble
    assert (again.state_before, again.state) == ("needs attention", "connected")
    assert again.facts["Connected as"].startswith(credentials.USERNAME)
    assert green == "Success"
    assert (numbers["to_ipaas"]["seen"], numbers["to_ipaas"]["unchanged"]) == (1, 1)
