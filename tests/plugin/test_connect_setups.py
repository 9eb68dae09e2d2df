"""The pages in deployments of other kinds: below a path, without a key, with workers elsewhere, without a base URL."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.api_fastapi.app import get_auth_manager, init_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_provider_ipaas.plugin.app import make_app
from tests.plugin.conftest import Html

pytestmark = pytest.mark.e2e

CRM = "/ipaas/connections/crm"
LIST = "/ipaas/connections"


@pytest.fixture(autouse=True)
def deployment(airflow_database: Path, airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make an Airflow in this process, with a connection in its environment and nothing stored."""
    connection = {"conn_type": "salesforce_connected_app", "host": "https://acme.my.salesforce.com"}
    app = {"login": "consumer-key", "password": "consumer-secret", "extra": {"auth_flow": "web_server"}}
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(connection | app))
    shutil.rmtree(airflow_home / "ipaas", ignore_errors=True)
    init_auth_manager()
    yield
    shutil.rmtree(airflow_home / "ipaas", ignore_errors=True)


def browser(root: str = "", *, host: str = "http://127.0.0.1:8080", role: str = "ADMIN") -> TestClient:
    """Return a browser of an administrator of an Airflow that lives below the path *root*."""
    airflow = FastAPI(root_path=root)
    airflow.mount("/ipaas", make_app())
    client = TestClient(airflow, base_url=host, follow_redirects=False)
    client.cookies.set("_token", get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ada", role=role)))
    return client


def connect(client: TestClient, root: str = "") -> str:
    page = Html(client.get(f"{root}{CRM}").text)
    answer = client.post(f"{root}{CRM}/connect", data={"csrf": page.csrf})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.mark.parametrize("root", ["", "/tools/airflow"])
def test_airflow_may_live_below_a_path(root: str) -> None:
    client = browser(root)
    page = Html(client.get(f"{root}{CRM}").text)
    assert page.actions == [f"{root}{CRM}/{action}" for action in ("connect", "test", "reset")]
    assert [link for link in page.links if not link.startswith(f"{root}/")] == []
    asked = parse_qs(urlsplit(connect(client, root)).query)
    assert asked["redirect_uri"] == [f"http://127.0.0.1:8080{root}/ipaas/oauth/callback"]
    assert client.get(f"{root}{LIST}/").headers["location"] == f"{root}{LIST}"


@pytest.mark.parametrize(
    ("base_url", "host", "callback", "faulty"),
    [
        ("https://airflow.example.com/air/", "http://internal:8080", "https://airflow.example.com/air", False),
        ("", "https://airflow.example.com", "https://airflow.example.com", False),
        ("", "http://localhost:8080", "http://localhost:8080", False),
        ("http://airflow.example.com", "http://internal", "http://airflow.example.com", True),
        ("", "http://airflow.example.com", "http://airflow.example.com", True),
    ],
)
def test_the_callback_url_is_the_one_that_browsers_outside_see(
    monkeypatch: pytest.MonkeyPatch, base_url: str, host: str, callback: str, faulty: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    page = Html(browser(host=host).get(CRM).text)
    assert f'readonly value="{callback}/ipaas/oauth/callback"' in page.source
    assert ("Salesforce takes https callback URLs only" in page.text) is faulty


def test_the_page_of_an_org_may_lead_to_any_https_host_and_to_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = browser().get(CRM).headers["content-security-policy"]
    assert "form-action 'self' https:;" in policy


BROKEN: list[tuple[dict[str, str], str, str]] = [
    ({"AIRFLOW__CORE__FERNET_KEY": ""}, "Airflow has no Fernet key here", "Set `[core] fernet_key`"),
    ({"AIRFLOW__CORE__FERNET_KEY": "short"}, "holds no valid Fernet key", "32 bytes in URL-safe base64"),
    (
        {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"},
        "works with the LocalExecutor only, and Airflow runs tasks with CeleryExecutor",
        "Create a connection `ipaas_ledger` of type postgres",
    ),
    (
        {"AIRFLOW__IPAAS__TOKEN_STORE_CONN_ID": "tokens_elsewhere"},
        "The connection `tokens_elsewhere` for the ledger is not defined",
        "Create a connection `tokens_elsewhere`",
    ),
    (
        {"AIRFLOW_CONN_IPAAS_LEDGER": "postgres://u:s3cret-word@127.0.0.1:1/nowhere"},
        "127.0.0.1:1/nowhere",
        "Next step:",
    ),
]


@pytest.mark.parametrize(("settings", "said", "mend"), BROKEN)
def test_a_token_store_that_can_not_be_opened_is_told_and_breaks_nothing_else(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str, mend: str
) -> None:
    client = browser()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    detail, listed = client.get(CRM), client.get(LIST)
    assert (detail.status_code, listed.status_code) == (503, 200)
    page = Html(detail.text)
    assert page.actions == [f"{CRM}/test"]
    answers = [client.post(f"{CRM}/{action}", data={"csrf": page.csrf}) for action in ("connect", "reset")]
    answers.append(client.get("/ipaas/oauth/callback?code=x&state=y"))
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    for answer in (detail, listed, *answers):
        text = Html(answer.text).text
        assert said in text
        assert mend in text
        assert "s3cret-word" not in answer.text
    monkeypatch.setenv("AIRFLOW_CONN_CRM", _server_flow())
    assert client.get(CRM).status_code == 200


def test_why_the_store_is_closed_is_for_those_who_may_know_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_IPAAS_LEDGER", "postgres://u:s3cret-word@127.0.0.1:1/nowhere")
    manager = get_auth_manager()
    allowed = type(manager).is_authorized_connection

    def only_crm(self: Any, *, method: str, user: Any, details: Any = None) -> bool:
        return allowed(self, method=method, user=user, details=details) and details.conn_id == "crm"

    monkeypatch.setattr(type(manager), "is_authorized_connection", only_crm)
    client = browser()
    for answer in (client.get(CRM), client.get(LIST)):
        text = Html(answer.text).text
        assert "The token store can't be opened. Next step: Ask whoever administers Airflow" in text
        assert "nowhere" not in text


def test_an_empty_deployment_says_how_a_connection_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_CRM")
    page = Html(browser().get(LIST).text)
    assert "No connections yet" in page.text
    assert "Salesforce (Connected App) or iPaaS.com" in page.text
    assert "/connections" in page.links
    assert browser(role="VIEWER").get(LIST).status_code == 403


def test_a_variable_that_holds_no_connection_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", "{not json")
    monkeypatch.setenv("AIRFLOW_CONN__TEAM_A___CRM", "salesforce-connected-app://key@acme.my.salesforce.com")
    page = Html(browser().get(LIST).text)
    assert str(page.source.count("from the environment")) == "1"
    assert browser().get("/ipaas/connections/broken").status_code == 404


def test_with_teams_switched_on_forms_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True")
    assert connect(browser()).startswith("https://acme.my.salesforce.com/services/oauth2/authorize?")


def _server_flow() -> str:
    return json.dumps(
        {
            "conn_type": "salesforce_connected_app",
            "host": "https://acme.my.salesforce.com",
            "login": "consumer-key",
            "password": "consumer-secret",
            "extra": {"auth_flow": "client_credentials"},
        }
    )
