"""A sandbox for the client's tests, its faults, and clients that note their waits instead of sleeping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce import Credentials, SalesforceClient
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox

MakeClient = Callable[..., SalesforceClient]
AddFault = Callable[..., None]


@pytest.fixture(scope="session")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running_sandbox: Sandbox) -> Sandbox:
    """Return a sandbox in its first state."""
    _running_sandbox.reset()
    return _running_sandbox


@pytest.fixture
def fault(sandbox: Sandbox) -> AddFault:
    """Return a function that makes calls to a path misbehave: `fault("/query", times=1, type="html")`."""

    def add(
        path: str,
        *,
        method: str | None = None,
        times: int | None = None,
        nth: int | None = None,
        **action: Any,
    ) -> None:
        rule = {"service": "salesforce", "path": path, "method": method, "times": times, "nth": nth, "action": action}
        sandbox.faults.add({key: value for key, value in rule.items() if value is not None})

    return add


@pytest.fixture
def waits() -> list[float]:
    """Return the list that clients note their waits in."""
    return []


@pytest.fixture
def app(sandbox: Sandbox) -> Credentials:
    """Return the sandbox's connected app, by client credentials."""
    return Credentials(
        connection="sf",
        flow="client_credentials",
        token_url=f"{sandbox.salesforce_url}/services/oauth2/token",
        consumer_key=known.CONSUMER_KEY,
        consumer_secret=known.CONSUMER_SECRET,
        refresh_token=known.REFRESH_TOKEN,
    )


@pytest.fixture
def make_client(sandbox: Sandbox, app: Credentials, waits: list[float]) -> Iterator[MakeClient]:
    """Return a function that makes clients; keywords that credentials have change them, others go to the client."""
    made: list[SalesforceClient] = []

    def make(**changes: Any) -> SalesforceClient:
        of_app = {name: changes.pop(name) for name in list(changes) if name in Credentials.__dataclass_fields__}
        options = {"api_url": sandbox.salesforce_url, "sleep": waits.append, **changes}
        made.append(SalesforceClient(replace(app, **of_app), **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> SalesforceClient:
    """Return a client that has not logged in yet."""
    return make_client()


@pytest.fixture
def logins(sandbox: Sandbox) -> Callable[[], int]:
    """Return a function that counts the token calls so far."""
    return lambda: sum(entry["path"].endswith("/token") for entry in sandbox.journal.entries(service="salesforce"))


@pytest.fixture
def sent(sandbox: Sandbox) -> Callable[[str, str], int]:
    """Return a function that counts the calls of a method whose path ends so."""

    def count(method: str, ending: str) -> int:
        entries = sandbox.journal.entries(service="salesforce")
        return sum(entry["method"] == method and entry["path"].endswith(ending) for entry in entries)

    return count
