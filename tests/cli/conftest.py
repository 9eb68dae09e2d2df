"""The sandbox, and a host with connections to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.cli.command import Host


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
