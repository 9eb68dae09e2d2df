"""What can be done with a connection on its page, beside connecting it: reset, test, and look up its companies."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
import requests
from cryptography.fernet import Fernet

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.plugin.conftest import ApiServer, Html
from tests.plugin.consenting import CONNECTIONS, CRM, SECRET, Person, ipaas, is_alive, path_of, salesforce, stored

pytestmark = pytest.mark.e2e

Define = Callable[..., None]


def test_reset_revokes_at_the_org_and_keeps_the_connection(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    grant = stored(server)
    assert grant is not None
    assert is_alive(sandbox, grant.refresh_token)
    done = admin.press("reset")
    assert done.status_code == 200
    assert "The grant is revoked at Salesforce and the stored tokens are deleted." in done.text
    assert stored(server) is None
    assert not is_alive(sandbox, grant.refresh_token)
    assert "not connected" in admin.page().text
    assert "There was nothing to reset" in admin.press("reset").text


def test_reset_says_what_is_left_when_the_org_can_not_be_told(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    sandbox.faults.add({"path": "/services/oauth2/revoke", "action": {"type": "status", "status": 503}})
    done = Html(admin.press("reset").text).text
    assert "The stored tokens are deleted. The grant was not revoked at Salesforce." in done
    assert "Connected Apps OAuth Usage" in done
    assert stored(server) is None


def test_a_grant_that_has_ended_needs_attention(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    grant = stored(server)
    assert grant is not None
    requests.post(f"{sandbox.salesforce_url}/services/oauth2/revoke", data={"token": grant.refresh_token}, timeout=30)
    text = admin.page().text
    assert "needs attention" in text
    assert "the refresh token has expired or was revoked" in text
    assert "Connect to Salesforce" in text
    failed = Html(admin.press("test").text).text
    assert "needs attention" in failed
    assert "the refresh token has expired or was revoked" in failed
    assert "Not checked, because salesforce.access failed: salesforce.identity," in failed.replace(" ,", ",")
    assert admin.connect().status_code == 303
    assert "all is well" in Html(admin.press("test").text).text


def test_an_org_that_does_not_answer_leaves_what_is_stored(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    sandbox.faults.add({"path": "/services/oauth2/introspect", "action": {"type": "status", "status": 503}})
    text = admin.page().text
    assert "Salesforce could not be asked about the grant; what follows is what is stored." in text
    assert known.USERNAME in text


def test_a_key_that_is_lost_is_told_and_reset_and_connect_still_work(
    server: ApiServer, sandbox: Sandbox, define: Define
) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    admin.connect()
    lost = Fernet(Fernet.generate_key()).encrypt(b"a token").decode()
    with closing(sqlite3.connect(server.home / "ipaas" / "tokens.db", timeout=30)) as database, database:
        database.execute("UPDATE ipaas_token SET refresh_token = ?", [lost])
    assert "encrypted with a Fernet key that is not configured here" in admin.page().text
    assert "encrypted with a Fernet key" in Html(admin.get(CONNECTIONS).text).text
    assert "deleted but not revoked" in admin.press("reset").text
    assert admin.connect().status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ["all is well", "0 errors", "salesforce.token", known.ORG_ID]),
        (
            {"password": SECRET},
            ["needs attention", "the Consumer Secret is wrong", "Correct the field Consumer Secret"],
        ),
    ],
)
def test_the_test_button_says_what_was_found(
    server: ApiServer, sandbox: Sandbox, define: Define, fields: dict[str, str], said: list[str]
) -> None:
    define(CRM, **{**salesforce(sandbox.salesforce_url, auth_flow="client_credentials"), **fields})
    admin = Person(server)
    answer = admin.press("test")
    assert answer.status_code == 200
    for text in said:
        assert text in Html(answer.text).text
    assert SECRET not in answer.text
    again = Html(answer.text)
    assert admin.send(again.actions[0], {"csrf": again.csrf}).status_code == 200


def test_connections_to_ipaas_com_are_tested_too(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define("shop", **ipaas(sandbox))
    admin = Person(server)
    page = admin.page("shop")
    assert page.actions == [path_of("shop", "test"), path_of("shop", "companies")]
    assert "e-mail and password" in page.text
    text = Html(admin.press("test", "shop").text).text
    assert "ipaas.login" in text
    assert "0 errors" in text


def test_overrides_of_the_api_profile_are_shown_to_paste(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    sandbox.ipaas.switches.set("update_method", "PATCH")
    define("shop", **ipaas(sandbox))
    page = Html(Person(server).press("test", "shop").text)
    assert "All overrides together, for the field API profile" in page.text
    found = re.search(r"<textarea[^>]* readonly[^>]*>(.*?)</textarea>", page.source, re.S)
    assert found is not None
    assert json.loads(html.unescape(found.group(1))) == {"update_method": "PATCH"}


def test_a_wrong_password_is_told_and_not_shown(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define("shop", **ipaas(sandbox, password=SECRET))
    admin = Person(server)
    failed = admin.press("test", "shop")
    assert "needs attention" in failed.text
    assert SECRET not in failed.text
    refused = admin.press("companies", "shop")
    assert refused.status_code == 400
    assert "Next step:" in refused.text
    assert SECRET not in refused.text


def test_companies_are_listed_before_one_is_chosen(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define("shop", **ipaas(sandbox, extra="{}"))
    define("shop_whole", **ipaas(sandbox))
    admin = Person(server)
    assert "Company id (`company_id`) is missing" in admin.page("shop").text
    text = Html(admin.press("companies", "shop").text).text
    assert f"Company id: `{COMPANY_GUID}`" in text
    assert f"{SALESFORCE_SYSTEM_ID} Salesforce" in text
    assert "looks like Salesforce" in text
    assert "chosen" not in text
    assert Html(admin.press("companies", "shop_whole").text).text.count("chosen") == 2


def test_salesforce_has_no_companies(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url))
    admin = Person(server)
    answer = admin.send(path_of(CRM, "companies"), {"csrf": admin.page().csrf})
    assert answer.status_code == 400
    assert "is of the type" in Html(answer.text).text


def test_flows_without_consent_have_no_connect(server: ApiServer, sandbox: Sandbox, define: Define) -> None:
    define(CRM, **salesforce(sandbox.salesforce_url, auth_flow="client_credentials"))
    admin = Person(server)
    page = admin.page()
    assert page.actions == [path_of(CRM, "test")]
    assert "nobody has to consent" in page.text
    for action in ("connect", "reset"):
        answer = admin.send(path_of(CRM, action), {"csrf": page.csrf})
        assert answer.status_code == 400
        assert "logs in by client_credentials, which needs nobody's consent" in Html(answer.text).text
