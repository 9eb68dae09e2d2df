"""Airflow's connections in a plain process: a real metadata database, and output without Airflow's own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox import credentials as known
from tests.cli.command import Browser, Host


@pytest.fixture
def server(host: Host, airflow_database: Path) -> Host:
    """Return a host of Airflow's servers: its connection `sf` is in the metadata database, none in the environment."""
    # Not as a file: what was written last may still be beside it, in the write-ahead log.
    with (
        closing(sqlite3.connect(airflow_database)) as source,
        closing(sqlite3.connect(host.home / "airflow.db")) as copy,
    ):
        source.backup(copy)
    connection = host.connections["sf"]
    host.connections.clear()
    command = [sys.executable, "-m", "airflow", "connections", "add", "sf", "--conn-json", json.dumps(connection)]
    done = subprocess.run(
        command, env=host.environment(), capture_output=True, text=True, check=False, timeout=120, cwd=host.home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # As many containers set it: Airflow would print some lines of its own.
    host.env["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "INFO"
    return host


def test_a_connection_of_the_metadata_database_is_connected(server: Host) -> None:
    browser = Browser()
    with server.start("connect", "sf", "--paste") as command:
        command.type(browser.decide(command.address()))
        ended = command.end()
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Open this address in a browser, sign in as the user that the sync is to work as")
    assert f"  user     {known.USERNAME}" in ended.out
    again = server.run("status", "sf")
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("Connection `sf` is connected to Salesforce.\n")


def test_what_is_in_neither_place_is_told_so(server: Host) -> None:
    ended = server.run("status", "elsewhere")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(
        "Connection `elsewhere` is neither in this environment (AIRFLOW_CONN_ELSEWHERE) nor in a secrets backend, nor in "
        "Airflow's metadata database. Next step: Correct the id; or define AIRFLOW_CONN_ELSEWHERE"
    )


def test_warnings_of_our_own_are_plain_sentences(host: Host) -> None:
    host.connections["sf"]["extra"] = {"auth_flow": "web_server", "refreshtoken": "misspelt"}
    ended = host.run("status", "sf")
    assert ended.status == 1
    assert ended.out.startswith("Connection `sf` is not connected: Nobody has connected it yet.")
    assert ended.err == "Warning: Connection `sf`: extra has fields that are not known and not used: refreshtoken.\n"


def test_a_variable_that_holds_no_connection_is_named(host: Host) -> None:
    host.env["AIRFLOW_CONN_BROKEN"] = '{"conn_type": "salesforce_connected_app", "password": "half-a-secret'
    ended = host.run("connect", "broken")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("The environment variable AIRFLOW_CONN_BROKEN is set but holds no connection")
    assert "half-a-secret" not in ended.err
