"""What the tests of the token store share: an open store, a sandbox, and logins that note their waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from airflow_provider_ipaas.clients._http import Transport
from airflow_provider_ipaas.clients.salesforce import Credentials, SalesforceClient
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.tokens import Cipher, SharedLogin, StoredGrant, TokenStore

KEY = "ZmVybmV0LWtleS1vZi10aGUtdGVzdC1zdWl0ZS4uLjE="
OTHER_KEY = "YW5vdGhlci1mZXJuZXQta2V5LW9mLXRoZS10ZXN0cy4="
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKEN = "/services/oauth2/token"


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[TokenStore]:
    """Return an empty store whose clock stands still."""
    with closing(TokenStore.open(store_url, Cipher([KEY]), clock=clock)) as opened:
        yield opened


@pytest.fixture(scope="module")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running_sandbox: Sandbox) -> Sandbox:
    """Return a sandbox in its first state, whose org rotates refresh tokens."""
    _running_sandbox.reset()
    _running_sandbox.salesforce.switches.set("refresh_token_rotation", True)
    return _running_sandbox


def a_grant(connection_id: str = "sf", **more: Any) -> StoredGrant:
    fields = {"app": "app-1", "seed": "", "refresh_token": "5Aep-refresh", "access_token": "00D!access", **more}
    return StoredGrant(connection_id, **fields)


def the_app(sandbox_url: str, **changes: Any) -> Credentials:
    """The sandbox's connected app by its documented refresh token."""
    fields = {
        "connection": "sf",
        "flow": "web_server",
        "token_url": f"{sandbox_url}{TOKEN}",
        "consumer_key": known.CONSUMER_KEY,
        "consumer_secret": known.CONSUMER_SECRET,
        "refresh_token": known.REFRESH_TOKEN,
        **changes,
    }
    return Credentials(**fields)


def a_client(credentials: Credentials, store: TokenStore, *, waits: list[float] | None = None) -> SalesforceClient:
    """Return a client as the hook makes it; it notes its waits instead of sleeping when given a list."""
    sleep: dict[str, Callable[[float], None]] = {} if waits is None else {"sleep": waits.append}

    def login(transport: Transport) -> SharedLogin:
        return SharedLogin(credentials, transport, store, **sleep)

    api_url = credentials.token_url.removesuffix(TOKEN)
    return SalesforceClient(credentials, api_url=api_url, login=login, **sleep)


def token_calls(sandbox: Sandbox) -> int:
    return sum(entry["path"].endswith("/token") for entry in sandbox.journal.entries(service="salesforce"))


def consent(sandbox: Sandbox) -> dict[str, Any]:
    """Give the app another grant, as a person in a browser does; return the token answer."""
    app = {"client_id": known.CONSUMER_KEY, "redirect_uri": "http://localhost/cb"}
    asked = {**app, "response_type": "code", "sandbox_decision": "allow"}
    page = f"{sandbox.salesforce_url}/services/oauth2/authorize"
    answer = requests.get(page, params=asked, allow_redirects=False, timeout=30)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    form = {**app, "client_secret": known.CONSUMER_SECRET, "grant_type": "authorization_code", "code": code}
    issued: dict[str, Any] = requests.post(f"{sandbox.salesforce_url}{TOKEN}", data=form, timeout=30).json()
    return issued
