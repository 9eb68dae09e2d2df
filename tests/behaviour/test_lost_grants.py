"""A grant that ends in the middle of a run: one attempt to renew it, a clear end, and nothing lost for the next run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import AuthenticationError, GrantRefused
from airflow_provider_ipaas.sync.report import report
from airflow_provider_ipaas.tokens import Cipher, TokenStore
from tests.behaviour import world
from tests.support.rig import Rig
from tests.tokens.support import KEY, a_client, consent, the_app

READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan")
SALESFORCE = "salesforce_connected_app_default"


@dataclass
class Granted:
    """A rig whose Salesforce connection is connected by a person's consent, its tokens in a store of their own."""

    rig: Rig
    store: TokenStore
    refresh_token: str

    def client(self) -> SalesforceClient:
        app = the_app(self.rig.sandbox.salesforce_url, connection=SALESFORCE, refresh_token=self.refresh_token)
        return a_client(app, self.store, waits=[])

    def token_calls(self) -> int:
        return sum("oauth2/token" in entry["path"] for entry in self.rig.control("GET", "log?service=salesforce"))


@pytest.fixture(params=[True, False], ids=["rotating", "fixed"])
def granted(rig: Rig, tmp_path: Path, request: pytest.FixtureRequest) -> Granted:
    rig.switch("salesforce", refresh_token_rotation=request.param)
    store = TokenStore.open(f"sqlite:///{tmp_path}/tokens.db", Cipher([KEY]))
    made = Granted(rig, store, consent(rig.sandbox)["refresh_token"])
    rig.salesforce_client = made.client  # type: ignore[method-assign]
    world.account(rig, "Warm here")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018
    return made


def ended_by_an_administrator(granted: Granted) -> None:
    granted.rig.control("POST", "salesforce/tokens/revoke")


def ended_by_newer_approvals(granted: Granted) -> None:
    """A user has five approvals of an app at most: the next one silently ends the oldest."""
    for _ in range(5):
        consent(granted.rig.sandbox)


ENDINGS = [ended_by_an_administrator, ended_by_newer_approvals]


@pytest.mark.parametrize("end", ENDINGS)
def test_a_grant_that_ends_mid_run_stops_it_and_is_given_anew(granted: Granted, end: Callable[[Granted], None]) -> None:
    rig = granted.rig
    for number in range(3):
        world.company(rig, f"There {number}")
    for step in READS:
        rig.step(step, rig.sync("account", "run", {}))
    sync = rig.sync("account", "run", {})
    assert sync.salesforce.org_id
    end(granted)
    rig.control("POST", "salesforce/session/expire")
    before = granted.token_calls()

    with pytest.raises(GrantRefused) as caught:
        rig.step("upsert_salesforce", sync)

    report(rig.sync("account", "run", {}))
    assert granted.token_calls() - before <= 2, "no storm of logins"
    assert "Connect again" in caught.value.next_step
    assert len(world.salesforce_rows(rig, "Account")) == 2
    # Later tasks and runs do not show the dead token again.
    again = rig.run("account")
    assert all(isinstance(error, GrantRefused) for error in again.errors.values())
    assert again["to_salesforce"]["failed"] == 0
    assert granted.token_calls() - before <= 2

    granted.refresh_token = consent(rig.sandbox)["refresh_token"]
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 3
    assert world.is_quiet(rig.run("account"))


def test_a_session_that_ends_between_two_pages_is_renewed_once(granted: Granted) -> None:
    rig = granted.rig
    for number in range(2100):
        rig.sandbox.salesforce.insert("Account", {"Name": f"Here {number}"})
    before = granted.token_calls()
    rule = {"service": "salesforce", "path": "/query(All)?/", "nth": 1, "action": {"type": "expired_token"}}
    with rig.fault(**rule):
        result = rig.run("account", dry_run=True, max_creates=None).ok
    assert result["to_ipaas"]["created"] == 2100
    assert granted.token_calls() - before == 1


def refused_for_good(rig: Rig, message: str) -> dict[str, Any]:
    body = [{"errorCode": "INVALID_SESSION_ID", "message": message}]
    return {"service": "salesforce", "path": "/query", "action": {"type": "status", "status": 401, "body": body}}


@pytest.mark.parametrize(
    ("message", "mend"),
    [
        ("This session is not valid for use with the REST API", "scope `api`"),
        ("Connected app is not attached to Agent", "the app is approved"),
    ],
)
def test_a_token_of_the_wrong_scope_ends_the_run_without_another_login(
    granted: Granted, message: str, mend: str
) -> None:
    rig = granted.rig
    before = granted.token_calls()
    with rig.fault(**refused_for_good(rig, message)):
        result = rig.run("account")
    (error,) = result.errors.values()
    assert isinstance(error, AuthenticationError)
    assert mend in error.next_step
    assert granted.token_calls() == before
    rig.run("account").ok  # noqa: B018
