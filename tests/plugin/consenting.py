"""A person with a browser, between Airflow and the org."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID
from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.tokens import Cipher, StoredGrant, TokenStore
from tests.plugin.conftest import USER, ApiServer, Html

CONNECTIONS = "/ipaas/connections"
CALLBACK = "/ipaas/oauth/callback"
CRM = "crm"
SECRET = "p!+%2B&=ä€'\"<7"


def path_of(conn_id: str, action: str = "") -> str:
    return f"{CONNECTIONS}/{quote(conn_id, safe='')}{f'/{action}' if action else ''}"


def salesforce(host: str, *, secret: str = known.CONSUMER_SECRET, **extra: Any) -> dict[str, Any]:
    """Return the fields of a connection to the sandbox."""
    fields = {"auth_flow": "web_server", **extra}
    return {
        "conn_type": "salesforce_connected_app",
        "host": host,
        "login": known.CONSUMER_KEY,
        "password": secret,
        "extra": json.dumps(fields),
    }


def ipaas(sandbox: Sandbox, **fields: Any) -> dict[str, Any]:
    """Return the fields of a connection to the emulated iPaaS.com."""
    extra = json.dumps({"company_id": COMPANY_GUID, "system_id": SALESFORCE_SYSTEM_ID})
    values = {"host": sandbox.ipaas_url, "login": known.IPAAS_USERNAME, "password": known.IPAAS_PASSWORD}
    return {"conn_type": "ipaas", "extra": extra, **values, **fields}


class Person:
    """Somebody who is logged in to Airflow."""

    def __init__(self, server: ApiServer, user: str = USER) -> None:
        self.server = server
        self.session = server.log_in(user)
        self.seen: list[requests.Response] = []

    def get(self, address: str, **headers: str) -> requests.Response:
        """Return what the browser gets; redirects are left to the caller."""
        url = address if "://" in address else f"{self.server.url}{address}"
        answer = self.session.get(url, headers=headers, timeout=60, allow_redirects=False)
        self.seen.append(answer)
        return answer

    def send(self, path: str, form: dict[str, str], **headers: str) -> requests.Response:
        url = f"{self.server.url}{path}"
        answer = self.session.post(url, data=form, headers=headers, timeout=60, allow_redirects=False)
        self.seen.append(answer)
        return answer

    def page(self, conn_id: str = CRM) -> Html:
        answer = self.get(path_of(conn_id))
        assert answer.status_code == 200, answer.text
        return Html(answer.text)

    def press(self, action: str, conn_id: str = CRM) -> requests.Response:
        """Open the page of a connection and press a button there."""
        page = self.page(conn_id)
        [address] = [it for it in page.actions if it.endswith(f"/{action}")]
        return self.send(address, {"csrf": page.csrf})

    def begin(self, conn_id: str = CRM) -> str:
        """Press Connect and return the page of the org that it leads to."""
        answer = self.press("connect", conn_id)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def connect(self, conn_id: str = CRM, decision: str = "allow") -> requests.Response:
        """Press Connect, decide at the org, and return what the callback answers."""
        return self.get(decide(self.begin(conn_id), decision))


def decide(url: str, decision: str = "allow") -> str:
    """Press Allow or Deny at the org; return the callback that it leads to."""
    answer = requests.get(f"{url}&sandbox_decision={decision}", timeout=30, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def stored(server: ApiServer, conn_id: str = CRM) -> StoredGrant | None:
    """Return what the token store holds, decrypted with the server's key."""
    file = server.home / "ipaas" / "tokens.db"
    store = TokenStore.open(f"sqlite:///{file}", Cipher([server._secrets["fernet_key"]]))
    try:
        return store.find(conn_id)
    finally:
        store.close()


def is_alive(sandbox: Sandbox, refresh_token: str) -> bool:
    """Ask the org whether a refresh token is good."""
    form = {"token": refresh_token, "client_id": known.CONSUMER_KEY, "client_secret": known.CONSUMER_SECRET}
    answer = requests.post(f"{sandbox.salesforce_url}/services/oauth2/introspect", data=form, timeout=30)
    return bool(answer.json()["active"])
