"""Connecting by consent, from the button to the stored grant, and every way in which it can end otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.tokens import Authorization, Cipher, TokenStore
from tests.plugin.conftest import COLLEAGUE, EDITABLE, EDITOR, USER, ApiServer, Html
from tests.plugin.consenting import (
    CALLBACK,
    CONNECTIONS,
    CRM,
    Person,
    decide,
    is_alive,
    path_of,
    query_of,
    salesforce,
    stored,
)
from tests.support.secrets import leaks, leaks_below

pytestmark = pytest.mark.e2e

Define = Callable[..., None]


@pytest.fixture
def crm(sandbox: Sandbox, define: Define) -> Sandbox:
    """Return the emulated services, with a connection to Salesforce."""
    define(CRM, **salesforce(sandbox.salesforce_url))
    return sandbox


def told(answer: requests.Response, status: int, *texts: str) -> Html:
    """Check that an answer is a page that says what happened and the next step, and leads back."""
    page = Html(answer.text)
    assert answer.status_code == status, page.text
    for text in (*texts, "Next step:"):
        assert text in page.text
    assert [link for link in page.links if link.startswith(CONNECTIONS)]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    asked = query_of(answer.url)
    assert all(value not in answer.text for name in ("code", "state") if len(value := asked.get(name, "")) > 20)
    return page


# The happy path


def test_connect_leads_to_the_org_and_back(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    url = admin.begin()
    assert url.startswith(f"{crm.salesforce_url}/services/oauth2/authorize?")
    asked = query_of(url)
    assert asked["redirect_uri"] == f"{server.url}{CALLBACK}"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert set(asked["scope"].split()) == {"api", "refresh_token"}
    assert known.CONSUMER_SECRET not in url
    done = admin.get(decide(url))
    assert (done.status_code, done.headers["location"]) == (303, path_of(CRM))
    assert done.headers["cache-control"] == "no-store"
    assert done.headers["referrer-policy"] == "no-referrer"
    [cookie] = [it for it in done.headers["set-cookie"].split(", ") if it.startswith("ipaas_connected")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Path={CONNECTIONS}" in cookie
    first, second = admin.page(), admin.page()
    assert f"Connected to Salesforce as {known.USERNAME} ." in first.text
    assert "Connected to Salesforce as" not in second.text
    grant = stored(server)
    assert grant is not None
    assert (grant.connected_by, grant.username, grant.org_id) == (USER, known.USERNAME, known.ORG_ID)
    assert is_alive(crm, grant.refresh_token)


def test_the_notice_belongs_to_one_connection(server: ApiServer, crm: Sandbox, define: Define) -> None:
    define("crm_too", **salesforce(crm.salesforce_url))
    admin = Person(server)
    admin.connect("crm_too")
    admin.connect(CRM)
    assert "Connected to Salesforce as" not in admin.page("crm_too").text


def test_connecting_again_replaces_the_grant_and_revokes_the_old_one(server: ApiServer, crm: Sandbox) -> None:
    admin, colleague = Person(server), Person(server, COLLEAGUE)
    admin.connect()
    first = stored(server)
    colleague.connect()
    second = stored(server)
    assert first is not None
    assert second is not None
    assert second.connected_by == COLLEAGUE
    assert not is_alive(crm, first.refresh_token)
    assert is_alive(crm, second.refresh_token)


def test_two_tabs_at_once_both_end_well(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    tabs = [admin.begin(), admin.begin()]
    answers = [decide(url) for url in tabs]
    assert [admin.get(it).status_code for it in reversed(answers)] == [303, 303]
    assert known.USERNAME in admin.page().text
    grant = stored(server)
    assert grant is not None
    assert is_alive(crm, grant.refresh_token)


def test_the_clock_of_the_org_is_compared(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    crm.clocks["salesforce"].skew(timedelta(hours=2, minutes=1))
    assert admin.connect().status_code == 303
    assert "The clock of Salesforce is 2 h ahead of this deployment's." in admin.page().text
    crm.clocks["salesforce"].skew(-timedelta(minutes=11, seconds=30))
    admin.connect()
    assert "The clock of Salesforce is 11 min behind this deployment's." in admin.page().text.replace(
        "10 min", "11 min"
    )
    crm.clocks["salesforce"].skew(timedelta())
    admin.connect()
    assert "The clock of Salesforce" not in admin.page().text


# Other ends


def test_deny_is_told_and_uses_the_state_up(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    url = admin.begin()
    page = told(admin.get(decide(url, "deny")), 400, "Deny was pressed", "Press Connect again and choose Allow")
    assert path_of(CRM) in page.links
    assert "Not connected to Salesforce" in page.text
    told(admin.get(decide(url)), 400, "was taken already")
    assert stored(server) is None
    assert admin.connect().status_code == 303


@pytest.mark.parametrize(
    ("error", "status", "cause"),
    [
        ("access-denied", 400, "Deny was pressed"),
        ("invalid_scope", 400, "the app lacks a scope"),
        ("OAUTH_APP_BLOCKED", 400, "the app is blocked in this org"),
        ("inactive_user", 400, "the user is inactive"),
        ("redirect_uri_mismatch", 400, "the callback URL is not among the app's"),
        ("server_error", 502, "Salesforce could not finish the authorization"),
        ("brand_new_error", 400, "see the code (brand_new_error: why <b>not</b>)"),
    ],
)
def test_other_errors_of_the_org_are_told_apart(
    server: ApiServer, crm: Sandbox, error: str, status: int, cause: str
) -> None:
    admin = Person(server)
    state = query_of(admin.begin())["state"]
    query = urlencode({"error": error, "error_description": "why <b>not</b>", "state": state})
    answer = admin.get(f"{CALLBACK}?{query}")
    told(answer, status, cause)
    assert "<b>not" not in answer.text


def test_a_callback_that_the_app_does_not_have_is_refused_by_the_org_and_hinted_at(
    server: ApiServer, crm: Sandbox
) -> None:
    crm.org.oauth.redirect_uris = ["https://airflow.example.com/ipaas/oauth/callback"]
    admin = Person(server)
    refused = requests.get(f"{admin.begin()}&sandbox_decision=allow", timeout=30, allow_redirects=False)
    assert "redirect_uri_mismatch" in refused.text
    assert "location" not in refused.headers
    assert "If Salesforce says `redirect_uri_mismatch`" in admin.page().text


def test_a_code_that_is_wrong_is_told(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    state = query_of(admin.begin())["state"]
    answer = admin.get(f"{CALLBACK}?{urlencode({'code': 'aPrx-made-up', 'state': state})}")
    told(answer, 400, "the authorization code has expired or was used before", "Press Connect again")
    assert "aPrx" not in answer.text


def test_a_code_that_is_too_old_for_the_org_is_told(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    callback = decide(admin.begin())
    crm.clocks["salesforce"].advance(timedelta(minutes=16))
    told(admin.get(callback), 400, "the authorization code has expired", "compare the clock")
    assert stored(server) is None


def test_a_callback_without_code_or_error_is_told(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    state = query_of(admin.begin())["state"]
    told(admin.get(f"{CALLBACK}?state={state}"), 400, "sent neither a code nor an error")


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=", "?code=x&state=y", "?error=access_denied&state=%00"]
)
def test_an_answer_to_nothing_is_told(server: ApiServer, crm: Sandbox, query: str) -> None:
    told(Person(server).get(f"{CALLBACK}{query}"), 400, "belongs to no Connect that was begun here")


def test_a_callback_works_once(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    callback = decide(admin.begin())
    assert admin.get(callback).status_code == 303
    before = stored(server)
    page = told(admin.get(callback), 400, "This answer was taken already; each works once.")
    assert path_of(CRM) in page.links
    assert stored(server) == before


def test_a_connect_of_more_than_ten_minutes_ago_is_refused(server: ApiServer, crm: Sandbox) -> None:
    past = datetime.now(UTC) - timedelta(minutes=10, seconds=5)
    url = f"sqlite:///{server.home / 'ipaas' / 'tokens.db'}"
    admin = Person(server)
    admin.page()
    store = TokenStore.open(url, Cipher([server._secrets["fernet_key"]]), clock=lambda: past)
    store.begin("the-state", Authorization(CRM, "app", f"airflow:{USER}", f"{server.url}{CALLBACK}", "v" * 43))
    store.close()
    told(admin.get(f"{CALLBACK}?code=x&state=the-state"), 400, "more than 10 minutes ago", "press Connect again")


def test_a_callback_of_somebody_else_is_refused_and_stays_good_for_its_owner(server: ApiServer, crm: Sandbox) -> None:
    admin, colleague = Person(server), Person(server, COLLEAGUE)
    callback = decide(admin.begin())
    told(colleague.get(callback), 403, "This Connect was begun by somebody else.")
    denied = f"{CALLBACK}?error=access_denied&state={query_of(callback)['state']}"
    told(colleague.get(denied), 403, "This Connect was begun by somebody else.")
    assert stored(server) is None
    assert admin.get(callback).status_code == 303


def test_a_callback_for_a_connection_that_one_may_not_edit_is_refused_before_anything_is_done(
    server: ApiServer, crm: Sandbox, define: Define
) -> None:
    define(EDITABLE, **salesforce(crm.salesforce_url))
    callback = decide(Person(server).begin())
    editor = Person(server, EDITOR)
    answer = editor.get(callback)
    assert answer.status_code == 403
    assert CRM not in Html(answer.text).text.split()
    assert Person(server).get(callback).status_code == 303


def test_a_callback_without_a_login_is_told_and_gives_nothing_away(server: ApiServer, crm: Sandbox) -> None:
    admin = Person(server)
    callback = decide(admin.begin())
    asked = query_of(callback)
    answer = requests.get(callback, headers={"Accept": "text/html"}, timeout=30, allow_redirects=False)
    told(answer, 401, "you are not logged in to Airflow here", "log in to Airflow")
    assert f"/api/v2/auth/login?next={quote(CONNECTIONS, safe='')}" in Html(answer.text).links
    for value in (asked["code"], asked["state"]):
        assert value not in answer.text + str(answer.headers)
    assert admin.get(callback).status_code == 303


def test_another_org_than_the_pinned_one_is_refused_and_revoked(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url, org_id="00D000000000002EAA"))
    admin = Person(server)
    told(admin.connect(), 400, "is for org 00D000000000002EAA", "(`org_id`)")
    assert stored(server) is None


def test_another_org_than_before_is_refused(server: ApiServer, crm: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Person(server)
    admin.connect()
    before = stored(server)
    monkeypatch.setattr(known, "ORG_ID", "00D000000000002EAA")
    told(admin.connect(), 400, "is connected to org", "nothing was changed", "press Reset first")
    assert stored(server) == before


def test_an_org_that_can_not_be_reached_is_told(server: ApiServer, define: Define) -> None:
    define(CRM, **salesforce("http://127.0.0.1:1"))
    admin = Person(server)
    state = query_of(admin.begin())["state"]
    told(admin.get(f"{CALLBACK}?code=x&state={state}"), 502, "the field API Url (`host`)")


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ({"type": "status", "status": 503}, 502),
        ({"type": "html"}, 502),
        ({"type": "drop"}, 502),
        ({"type": "status", "status": 400, "body": {"error": "invalid_client", "error_description": "no"}}, 400),
    ],
)
def test_a_token_endpoint_that_fails_is_told(
    server: ApiServer, crm: Sandbox, action: dict[str, Any], status: int
) -> None:
    crm.faults.add({"path": "/services/oauth2/token", "action": action})
    admin = Person(server)
    assert admin.connect().status_code == status
    assert stored(server) is None


def test_a_connection_that_was_changed_or_deleted_meanwhile_is_told(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    server.define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    callbacks = [decide(admin.begin()), decide(admin.begin())]
    server.undefine(CRM)
    answer = admin.get(callbacks[0])
    assert answer.status_code == 404
    assert f"There is no connection `{CRM}`" in Html(answer.text).text
    define(CRM, **{**salesforce(sandbox.salesforce_url), "login": "another-key"})
    told(admin.get(callbacks[1]), 400, "was changed after Connect was pressed", "Press Connect again.")


# Secrets


def test_no_secret_reaches_the_browser_an_address_or_a_log(server: ApiServer, crm: Sandbox) -> None:
    admin, editor = Person(server), Person(server, EDITOR)
    single_use: set[str] = set()
    for decision in ("deny", "allow", "allow"):
        callback = decide(admin.begin(), decision)
        asked = query_of(callback)
        single_use |= {asked[name] for name in ("code", "state") if name in asked}
        requests.get(callback, headers={"Accept": "text/html"}, timeout=30)
        for person in (editor, admin, admin):
            person.get(callback)
        admin.page()
    admin.press("test")
    admin.get(CONNECTIONS)
    grant = stored(server)
    admin.press("reset")
    secrets = {*crm.machine.secrets()["salesforce"]}
    assert grant is not None
    assert {grant.refresh_token, grant.access_token, known.CONSUMER_SECRET} <= secrets
    assert len(single_use) == 5
    log = server.processes.log_file("api-server").read_bytes()
    assert f"path={CALLBACK}".encode() in re.sub(rb"\x1b\[\d+m", b"", log)
    assert leaks(log, secrets | single_use) == []
    assert leaks_below([server.home / "ipaas"], secrets | single_use) == []
    for answer in (*admin.seen, *editor.seen):
        assert leaks(f"{answer.headers}\n{answer.text}".encode(), secrets) == []
        # A code comes in the address of the callback: that is how the org hands it over.
        assert leaks(answer.request.url.encode(), secrets - single_use) == []
        # The state alone goes out, to the org.
        if not answer.headers.get("location", "").startswith(crm.salesforce_url):
            assert leaks(f"{answer.headers}\n{answer.text}".encode(), single_use) == []
