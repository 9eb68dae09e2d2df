"""The sandbox, and a host with connections to it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from airflow_provider_ipaas.cli._answer import state_of
from airflow_provider_ipaas.cli.main import app
from airflow_provider_ipaas.hooks import consent
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.cli.command import Browser, Host


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def host(sandbox: Sandbox, tmp_path: Path) -> Host:
    """Return a host with the connections `sf` (web_server) and `ipaas_default` in its environment."""
    salesforce = {
        "conn_type": "salesforce_connected_app",
        "host": sandbox.salesforce_url,
        "login": known.CONSUMER_KEY,
        "password": known.CONSUMER_SECRET,
        "extra": {},
    }
    ipaas = {
        "conn_type": "ipaas",
        "host": sandbox.ipaas_url,
        "login": known.IPAAS_USERNAME,
        "password": known.IPAAS_PASSWORD,
        "extra": {"company_id": COMPANY_GUID, "system_id": "5501"},
    }
    return Host(tmp_path, {"sf": salesforce, "ipaas_default": ipaas})


@pytest.fixture
def port() -> int:
    """Return a port that is free on both loopback addresses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def here(host: Host, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command in this process, as on that host; Airflow takes its time to load."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    monkeypatch.setenv("AIRFLOW_HOME", str(host.home))

    def run(*arguments: str, typed: str | None = None) -> Result:
        for name, value in host.connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(value))
        for name, value in host.env.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, arguments, input=typed)

    return run


@pytest.fixture
def connected(here: Callable[..., Result], browser: Browser) -> Browser:
    """Connect `sf`, and return the browser it was done with."""
    here("version")
    address = consent.begin("sf", redirect_uri="http://localhost:1717/callback", bound_to="cli:test")
    browser.decide(address)
    consent.finish(state_of(address), browser.code, bound_to="cli:test", by="tester")
    return browser


@pytest.fixture
def browser() -> Browser:
    return Browser()
