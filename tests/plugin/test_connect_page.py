"""The pages of the connections in a real API server: who sees which, what they show, and what their forms ask for."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.plugin.conftest import (
    COLLEAGUE,
    EDITABLE,
    EDITOR,
    PAGE,
    READER,
    STRANGER,
    ApiServer,
    Html,
)
from tests.plugin.consenting import (
    CALLBACK,
    CONNECTIONS,
    CRM,
    SECRET,
    Person,
    decide,
    ipaas,
    path_of,
    salesforce,
    stored,
)

pytestmark = pytest.mark.e2e

ACTIONS = ("connect", "reset", "test", "companies")
Define = Callable[..., None]
HOSTILE = "<script>alert(1)</script>\"'><img src=x>{{ 7*7 }}"


def test_the_navigation_leads_to_the_page_and_both_pages_to_each_other(server: ApiServer) -> None:
    admin = Person(server)
    token = admin.session.cookies["_token"]
    headers = {"Authorization": f"Bearer {token}"}
    plugins = requests.get(f"{server.url}/api/v2/plugins", headers=headers, timeout=30).json()["plugins"]
    [ours] = [plugin for plugin in plugins if plugin["name"] == "ipaas"]
    [view] = [view for view in ours["external_views"] if view["name"] == "iPaaS.com connections"]
    assert (view["href"], view["destination"], view["category"]) == ("ipaas/connections", "nav", "browse")
    assert PAGE in Html(admin.get(CONNECTIONS).text).links
    assert CONNECTIONS in Html(admin.get(PAGE).text).links


def test_without_connections_of_its_own_the_list_shows_those_of_the_environment(server: ApiServer) -> None:
    page = Html(Person(server).get(CONNECTIONS).text)
    assert "env_crm Salesforce (Connected App), from the environment https://acme.my.salesforce.com" in page.text
    assert "jwt_bearer no consent needed" in page.text
    assert "env_other" not in page.source
    for secret in ("key-of-the-environment", "s3cret-other"):
        assert secret not in page.source
    detail = Person(server).page("env_crm")
    assert "AIRFLOW_CONN_ENV_CRM" in detail.text
    assert "signed by its private key" in detail.text
    assert detail.actions == [path_of("env_crm", "test")]


def test_each_connection_is_listed_with_its_state_and_a_broken_one_with_its_error(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    define("crm_new", **salesforce(sandbox.salesforce_url))
    define("crm_server", **salesforce(sandbox.salesforce_url, auth_flow="client_credentials"))
    define("crm_path", **salesforce("https://acme.my.salesforce.com/services/"))
    define("crm_login", **salesforce("https://ada:s3cret-word@acme.my.salesforce.com"))
    define("shop", **ipaas(sandbox))
    define("shop_wrong", **ipaas(sandbox, extra='{"auth_mode": "oauth"}'))
    define("warehouse", conn_type="postgres", host="127.0.0.1")
    admin = Person(server)
    admin.connect()
    page = Html(admin.get(CONNECTIONS).text)
    rows = [Html(row) for row in re.findall(r"<tr>.*?</tr>", page.source, re.S)]
    by_id = {row.text.split()[0]: row.text for row in rows}
    assert "warehouse" not in by_id
    assert f"{sandbox.salesforce_url} web_server connected {known.USERNAME} org {known.ORG_ID}" in by_id[CRM]
    assert "web_server not connected Nobody has connected it yet. Next step: Press Connect. – – –" in by_id["crm_new"]
    assert "client_credentials no consent needed" in by_id["crm_server"]
    assert "needs attention Connection `crm_path`: the field API Url (`host`) has a path" in by_id["crm_path"]
    assert "Next step: Enter only the host" in by_id["crm_path"]
    assert "carries a user name or password" in by_id["crm_login"]
    assert f"{sandbox.ipaas_url} password no consent needed" in by_id["shop"]
    assert "Enter one of password, api_key." in by_id["shop_wrong"]
    assert "s3cret-word" not in page.source


def test_the_detail_page_says_what_the_connection_is_connected_as(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    before = admin.page()
    assert "not connected" in before.text
    assert "Connect to Salesforce" in before.text
    assert f'readonly value="{server.url}{CALLBACK}"' in before.source
    assert "https callback URLs only" not in before.text
    admin.connect()
    text = admin.page().text
    for shown in (
        f"Connected as {known.USERNAME} user {known.INTEGRATION_USER_ID}",
        f"Org {known.ORG_ID} at {sandbox.salesforce_url}",
        "Scopes api, refresh_token",
        "now by admin",
        "Last refresh none yet",
        "the org rotates it shows with the first refresh",
        "until it is revoked, or as the app's refresh token policy says",
        "Connect again",
    ):
        assert shown in text


@pytest.mark.parametrize(
    ("host", "extra", "said"),
    [
        ("https://acme.my.salesforce.com/services", {}, "has a path"),
        ("https://acme.my.salesforce.com/?x=1", {}, "has a query or fragment"),
        ("http://acme.my.salesforce.com", {}, "is plain http"),
        ("https://acme.lightning.force.com", {}, "names a Lightning host"),
        ("https://salesforce.example.com", {}, "names a host that is not allowed"),
        ("https://acme.my.salesforce.com", {"org_id": "00D"}, "is not an id"),
    ],
)
def test_a_wrong_field_is_told_with_its_mend(
    server: ApiServer, define: Define, host: str, extra: dict[str, str], said: str
) -> None:
    define(CRM, **salesforce(host, **extra))
    admin = Person(server)
    page = admin.page()
    assert said in page.text
    assert "Next step:" in page.text
    assert page.actions == [path_of(CRM, "test")]
    refused = admin.send(path_of(CRM, "connect"), {"csrf": page.csrf})
    assert refused.status_code == 400
    assert said in Html(refused.text).text
    assert path_of(CRM) in Html(refused.text).links


def test_a_trailing_slash_is_no_mistake(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(f"{sandbox.salesforce_url}/"))
    admin = Person(server)
    assert admin.connect().status_code == 303
    assert known.USERNAME in admin.page().text


def test_a_secret_of_any_characters_connects(
    server: ApiServer, sandbox: Sandbox, define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "CONSUMER_SECRET", SECRET)
    define(CRM, **salesforce(sandbox.salesforce_url, secret=SECRET))
    admin = Person(server)
    assert admin.connect().status_code == 303
    assert known.USERNAME in admin.page().text
    assert all(SECRET not in answer.text for answer in admin.seen)


@pytest.mark.parametrize("odd", ["vertrieb.größe-1", "sales/eu#1-(x):test", "sales/connect"])
def test_an_id_of_odd_characters_has_a_page(server: ApiServer, sandbox: Sandbox, define: Define, odd: str) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    # Airflow's API refuses some ids that its command line takes.
    rename(server, CRM, odd)
    try:
        admin = Person(server)
        assert path_of(odd) in Html(admin.get(CONNECTIONS).text).links
        assert admin.connect(odd).headers["location"] == path_of(odd)
        assert known.USERNAME in admin.page(odd).text
        assert "all is well" in Html(admin.press("test", odd).text).text
    finally:
        rename(server, odd, CRM)


@pytest.mark.parametrize(
    ("conn_id", "status"), [("nowhere", 404), (HOSTILE, 404), ("warehouse", 400), ("env_other", 400)]
)
def test_unknown_connections_and_those_of_another_type(
    server: ApiServer, define: Define, conn_id: str, status: int
) -> None:
    define("warehouse", conn_type="postgres", host="127.0.0.1")
    define(CRM, **salesforce("https://acme.my.salesforce.com"))
    admin = Person(server)
    token = admin.page().csrf
    answers = [admin.get(path_of(conn_id))]
    answers += [admin.send(path_of(conn_id, it), {"csrf": token}) for it in ACTIONS]
    for answer in answers:
        assert answer.status_code == status
        assert "Next step:" in answer.text
        assert CONNECTIONS in " ".join(Html(answer.text).links)
        assert "<script" not in answer.text


# Who may


def test_nobody_gets_in_without_a_login(server: ApiServer, define: Define) -> None:
    define(CRM, **salesforce("https://acme.my.salesforce.com"))
    browser = {"Accept": "text/html"}
    for path in (CONNECTIONS, path_of(CRM)):
        assert server.page(None, path).status_code == 401
        answer = requests.get(f"{server.url}{path}", headers=browser, timeout=30, allow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/api/v2/auth/login?next={path.replace('/', '%2F')}"
    for action in ACTIONS:
        url = f"{server.url}{path_of(CRM, action)}"
        assert requests.post(url, data={"csrf": "x"}, timeout=30, allow_redirects=False).status_code == 401
        answer = requests.post(url, headers=browser, timeout=30, allow_redirects=False)
        # What a form was sent to is no page to come back to.
        assert answer.headers["location"] == f"/api/v2/auth/login?next={path_of(CRM).replace('/', '%2F')}"


@pytest.mark.parametrize("user", [READER, STRANGER])
def test_those_who_may_edit_no_connection_get_403_everywhere(
    server: ApiServer, sandbox: Sandbox, define: Define, user: str
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    url = Person(server).begin()
    token = Person(server).page().csrf
    viewer = Person(server, user)
    answers = [viewer.get(CONNECTIONS), viewer.get(path_of(CRM)), viewer.get(path_of("nowhere"))]
    answers += [viewer.send(path_of(CRM, it), {"csrf": token}) for it in ACTIONS]
    answers += [viewer.get(f"{CALLBACK}?code=x&state=y"), viewer.get(CALLBACK), viewer.get(decide(url))]
    assert {answer.status_code for answer in answers} == {403}
    assert all(known.CONSUMER_KEY not in answer.text for answer in answers)


def test_people_see_and_change_the_connections_they_may_edit(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    define(EDITABLE, **salesforce(sandbox.salesforce_url))
    admin, editor = Person(server), Person(server, EDITOR)
    assert path_of(CRM) in Html(admin.get(CONNECTIONS).text).links
    links = Html(editor.get(CONNECTIONS).text).links
    assert path_of(EDITABLE) in links
    assert path_of(CRM) not in links
    assert path_of("env_crm") not in links
    assert editor.get(path_of(CRM)).status_code == 403
    token = editor.page(EDITABLE).csrf
    for action in ACTIONS:
        assert editor.send(path_of(CRM, action), {"csrf": token}).status_code == 403
    assert editor.connect(EDITABLE).status_code == 303
    assert "by editor" in editor.page(EDITABLE).text
    assert stored(server, CRM) is None


# Forms


def test_nothing_changes_without_a_form_of_our_own(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    mine, theirs = admin.page().csrf, Person(server, COLLEAGUE).page().csrf
    old = "1700000000." + mine.partition(".")[2]
    for action in ACTIONS:
        for token in ("", theirs, old, mine[:-1], "ä", "."):
            answer = admin.send(path_of(CRM, action), {"csrf": token})
            assert answer.status_code == 403
            assert "Nothing was done" in answer.text
        for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert admin.send(path_of(CRM, action), {"csrf": mine}, **header).status_code == 403
        assert admin.get(path_of(CRM, action)).status_code == 404
        assert admin.send(path_of(CRM, action), {"csrf": mine, "more": "x" * 9000}).status_code == 413
    assert stored(server) is not None
    # As Chromium says it of a form on a page that tells no referrer.
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert admin.send(path_of(CRM, "test"), {"csrf": mine}, **own).status_code == 200
    assert admin.send(path_of(CRM, "test"), {"csrf": mine}, Origin=server.url).status_code == 200


def test_the_browser_is_told_to_run_nothing_and_where_forms_may_lead(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    define("crm_server", **salesforce(sandbox.salesforce_url, auth_flow="client_credentials"))
    admin = Person(server)
    pages = {path: admin.get(path) for path in (CONNECTIONS, path_of(CRM), path_of("crm_server"))}
    style = re.search(r"<style>(.*?)</style>", pages[CONNECTIONS].text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    forms = {
        CONNECTIONS: "'none'",
        path_of(CRM): f"'self' https: {sandbox.salesforce_url}",
        path_of("crm_server"): "'self'",
    }
    for path, answer in pages.items():
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms[path]}; "
            "frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert " style=" not in answer.text
        assert "<script" not in answer.text


def rename(server: ApiServer, conn_id: str, new: str) -> None:
    with closing(sqlite3.connect(server.home / "airflow.db", timeout=30)) as database, database:
        database.execute("UPDATE connection SET conn_id = ? WHERE conn_id = ?", [new, conn_id])
