"""The hook against the sandbox: clients, org pins, simple-salesforce, and the test button."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from airflow.sdk._shared.secrets_masker import redact

from airflow_provider_ipaas._forms.salesforce import CONNECTION_TYPE
from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks._salesforce_settings import EXTRAS
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.hooks.tokens import open_token_store
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running_sandbox: Sandbox) -> Sandbox:
    _running_sandbox.reset()
    return _running_sandbox


@pytest.fixture
def hook(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that makes a hook of a connection to the sandbox with these changes; its token store is empty."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def make(fields: dict[str, Any] | None = None, **extra: Any) -> SalesforceConnectedAppHook:
        connection = {
            "conn_type": "salesforce_connected_app",
            "host": sandbox.salesforce_url,
            "login": known.CONSUMER_KEY,
            "password": known.CONSUMER_SECRET,
            **(fields or {}),
            "extra": {"auth_flow": "client_credentials", "refresh_token": known.REFRESH_TOKEN, **extra},
        }
        monkeypatch.setenv("AIRFLOW_CONN_SF", json.dumps(connection))
        return SalesforceConnectedAppHook("sf")

    return make


def paths(sandbox: Sandbox) -> list[str]:
    return [entry["path"] for entry in sandbox.journal.entries(service="salesforce")]


def test_airflow_knows_the_hook_by_its_names() -> None:
    assert issubclass(SalesforceConnectedAppHook, SalesforceHook)
    assert SalesforceConnectedAppHook.conn_name_attr == "salesforce_conn_id"
    assert SalesforceConnectedAppHook.default_conn_name == "salesforce_connected_app_default"
    assert SalesforceConnectedAppHook.conn_type == CONNECTION_TYPE["connection-type"] == "salesforce_connected_app"
    assert SalesforceConnectedAppHook.hook_name == CONNECTION_TYPE["hook-name"] == "Salesforce (Connected App)"
    module, name = CONNECTION_TYPE["hook-class-name"].rsplit(".", 1)
    assert (module, name) == (SalesforceConnectedAppHook.__module__, SalesforceConnectedAppHook.__name__)


def test_the_form_offers_exactly_what_the_hook_reads() -> None:
    assert set(CONNECTION_TYPE["conn-fields"]) == EXTRAS
    assert CONNECTION_TYPE["ui-field-behaviour"]["relabeling"] == {
        "host": "API Url",
        "login": "Consumer Key",
        "password": "Consumer Secret",
    }


def test_making_a_hook_reads_nothing() -> None:
    assert SalesforceConnectedAppHook("no-such-connection").salesforce_conn_id == "no-such-connection"


def test_a_client_logs_in_only_when_used(hook: Any, sandbox: Sandbox) -> None:
    sandbox.salesforce.insert("Account", {"Name": "Acme"})
    with hook().get_client() as client:
        assert paths(sandbox) == []
        assert [row["Name"] for row in client.query("SELECT Name FROM Account")] == ["Acme"]
        assert client.org_id == known.ORG_ID


@pytest.mark.parametrize("org_id", [known.ORG_ID, known.ORG_ID[:15]])
def test_the_pinned_org_is_accepted_in_both_forms(hook: Any, org_id: str) -> None:
    assert hook(org_id=org_id).get_client(expected_org_id=org_id).org_id == known.ORG_ID


@pytest.mark.parametrize("by", ["connection", "argument"])
def test_another_org_is_refused_naming_both(hook: Any, sandbox: Sandbox, by: str) -> None:
    other = "00D000000000001EAA"
    made = hook(org_id=other) if by == "connection" else hook()
    client = made.get_client(expected_org_id=other if by == "argument" else None)
    with client, pytest.raises(ConfigurationError) as caught:
        list(client.query("SELECT Id FROM Account"))
    assert caught.value.message == (
        f"Connection `sf` is for org {other}, but its credentials belong to org {known.ORG_ID}; nothing was read or written."
    )
    assert paths(sandbox) == ["/services/oauth2/token"]


def test_a_rotated_refresh_token_goes_to_the_store(hook: Any, sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("refresh_token_rotation", True)
    with hook(auth_flow="web_server").get_client() as client:
        client.resources()
    stored = open_token_store().find("sf")
    assert stored is not None
    assert stored.refresh_token == sandbox.org.oauth.grants[0].refresh_token != known.REFRESH_TOKEN


def test_the_next_task_shares_the_access_token(hook: Any, sandbox: Sandbox) -> None:
    for _ in range(3):
        with hook(auth_flow="web_server").get_client() as client:
            client.resources()
    assert paths(sandbox).count("/services/oauth2/token") == 1


def test_without_a_fernet_key_the_refresh_token_is_not_touched(
    hook: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "")
    with pytest.raises(ConfigurationError, match="no Fernet key here, and tokens are never stored unencrypted"):
        hook(auth_flow="web_server").get_client()
    assert hook(auth_flow="client_credentials").get_client().org_id == known.ORG_ID
    assert paths(sandbox) == ["/services/oauth2/token"]


def test_a_copy_of_the_connection_is_tested_with_the_stored_grant(hook: Any, sandbox: Sandbox) -> None:
    """Airflow's test button makes a connection with a random id from what stands in the form."""
    sandbox.salesforce.switches.set("refresh_token_rotation", True)
    made = hook(auth_flow="web_server")
    made.get_client().resources()
    monkey_id = SalesforceConnectedAppHook("sf")
    monkey_id.settings = replace(made.settings, conn_id="abcdefgh")
    alive, message = monkey_id.test_connection()
    assert alive, message
    assert "the refresh token is alive" in message


def test_a_form_without_a_grant_is_told_to_connect(hook: Any, sandbox: Sandbox) -> None:
    assert hook(auth_flow="web_server", refresh_token="").test_connection() == (
        False,
        "This app is not connected to Salesforce yet. Next step: Save the connection, then press Connect under Browse > "
        "iPaaS.com connections.",
    )


def test_secrets_are_masked_in_airflows_logs(hook: Any) -> None:
    with hook(auth_flow="web_server").get_client() as client:
        token = client.token.access_token
    shown = redact(f"{known.CONSUMER_SECRET} {known.REFRESH_TOKEN} {token}")
    assert shown == "*** *** ***"


def test_simple_salesforce_works_over_plain_http_on_this_machine(hook: Any, sandbox: Sandbox) -> None:
    made = hook()
    created = made.get_conn().Account.create({"Name": "Acme"})
    assert made.get_conn().Account.get(created["id"])["Name"] == "Acme"
    assert made.make_query("SELECT Name FROM Account")["records"][0]["Name"] == "Acme"
    assert "Name" in made.get_available_fields("Account")
    assert made.get_conn().sf_version == "64.0"
    assert made.get_conn() is made.get_conn()


def test_simple_salesforce_follows_pages_over_plain_http(hook: Any, sandbox: Sandbox) -> None:
    sandbox.machine.seed(records=2100)
    assert hook().make_query("SELECT Id FROM Account")["totalSize"] == 2100
    assert len(hook().make_query("SELECT Id FROM Account")["records"]) == 2100


def test_simple_salesforce_works_over_tls(hook: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_path))
    made = hook({"host": sandbox.salesforce_tls_url})
    assert made.get_conn().base_url.startswith(f"{sandbox.salesforce_tls_url}/services/data/")
    assert made.make_query("SELECT Id FROM Account")["totalSize"] == 0


def test_simple_salesforce_never_waits_for_ever(hook: Any) -> None:
    seen: list[Any] = []

    def note(response: Any, **kwargs: Any) -> None:
        seen.append(kwargs.get("timeout"))

    conn = hook().get_conn()
    conn.session.hooks["response"].append(note)
    conn.limits()
    assert seen == [(10.0, 300.0)]


# The test button


def test_client_credentials_are_tried_for_real(hook: Any, sandbox: Sandbox) -> None:
    url = sandbox.salesforce_url
    assert hook().test_connection() == (
        True,
        f"Logged in to org {known.ORG_ID} as user {known.INTEGRATION_USER_ID} at {url} (API 64.0).",
    )


def test_a_refresh_token_is_introspected_never_used(hook: Any, sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("refresh_token_rotation", True)
    assert hook(auth_flow="web_server").test_connection() == (
        True,
        f"Reached {sandbox.salesforce_url}, which offers API 64.0. The app's key and secret are right and the refresh token "
        f"is alive for user {known.USERNAME}; it was not used.",
    )
    assert paths(sandbox) == ["/services/data/", "/services/oauth2/introspect"]
    assert sandbox.org.oauth.grants[0].refresh_token == known.REFRESH_TOKEN


@pytest.mark.parametrize(
    "body", [{"error": "unsupported_token_type", "error_description": "x"}, "<html>Not found</html>", []]
)
def test_an_org_without_introspection_is_said_to_be_untested(hook: Any, sandbox: Sandbox, body: Any) -> None:
    action = {"type": "status", "status": 400, "body": body}
    sandbox.faults.add({"service": "salesforce", "path": "introspect", "action": action})
    assert hook(auth_flow="web_server").test_connection() == (
        True,
        f"Reached {sandbox.salesforce_url}, which offers API 64.0. The refresh token was not tried: the org offers no way to "
        "test one without using it.",
    )


WRONG_SECRET = (
    "Connection `sf`: Salesforce refused the login, the Consumer Secret is wrong (invalid_client: invalid client "
    "credentials). Next step: Correct the field Consumer Secret (`password`) with the one shown under the app's settings in "
    "Salesforce."
)


@pytest.mark.parametrize("flow", ["web_server", "client_credentials"])
def test_a_wrong_secret(hook: Any, flow: str) -> None:
    assert hook({"password": "another-secret"}, auth_flow=flow).test_connection() == (False, WRONG_SECRET)


def test_a_revoked_refresh_token(hook: Any, sandbox: Sandbox) -> None:
    sandbox.org.oauth.revoke_all()
    assert hook(auth_flow="web_server").test_connection() == (
        False,
        "Connection `sf`: the refresh token has expired or was revoked. Next step: Connect again: in Airflow under "
        "Browse > iPaaS.com connections, or with `airflow-ipaas connect` and the connection id.",
    )


@pytest.mark.parametrize("flow", ["web_server", "client_credentials"])
def test_an_unreachable_host(hook: Any, flow: str) -> None:
    assert hook({"host": "http://127.0.0.1:9"}, auth_flow=flow).test_connection() == (
        False,
        "Salesforce can't be reached at 127.0.0.1: the connection was refused. Next step: Check the field API Url (`host`) "
        "of connection `sf`, and that this worker may reach 127.0.0.1 (DNS, firewall, proxy).",
    )


def test_plain_http_to_another_machine(hook: Any) -> None:
    assert hook({"host": "http://acme.my.salesforce.com"}).test_connection() == (
        False,
        "Connection `sf`: the field API Url (`host`) is plain http to acme.my.salesforce.com. Next step: Use "
        "https://acme.my.salesforce.com; http is for this machine only.",
    )


def test_a_host_that_is_no_salesforce(hook: Any, sandbox: Sandbox) -> None:
    assert hook({"host": sandbox.ipaas_url}, auth_flow="web_server").test_connection() == (
        False,
        f"Connection `sf`: there is no Salesforce API at {sandbox.ipaas_url} (status 404). Next step: Correct the field API "
        "Url (`host`): the org's My Domain URL, without a path.",
    )


def test_a_version_the_org_does_not_offer(hook: Any, sandbox: Sandbox) -> None:
    ok, message = hook(auth_flow="web_server", api_version="99.0").test_connection()
    assert not ok
    assert message.startswith(
        f"Connection `sf`: {sandbox.salesforce_url} does not offer API 99.0. Next step: Correct the field API version "
        "(`api_version`); offered up to "
    )


def test_another_org(hook: Any) -> None:
    ok, message = hook(org_id="00D000000000001").test_connection()
    assert not ok
    assert message.startswith(
        "Connection `sf` is for org 00D000000000001EAA, but its credentials belong to org 00D5g00000SandBEAR;"
    )


def test_a_disabled_api(hook: Any, sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("api_enabled", False)
    ok, message = hook().test_connection()
    assert not ok
    assert "API_DISABLED_FOR_ORG" in message
