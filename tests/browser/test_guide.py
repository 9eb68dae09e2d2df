"""Runs first: the guide's way to a connection to the sandbox, word by word, in an Airflow as `make airflow` starts it."""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pydantic import SecretStr
from rich.console import Console

import airflow_up
from _stack import Stack

from .gallery import Gallery
from .guide import Guide
from .searching import Secrets
from .traffic import exchanges
from .visits import Visitors


@dataclass(frozen=True, slots=True)
class Printed:
    """What `make airflow` prints."""

    airflow_url: str
    user: str
    password: SecretStr
    salesforce_url: str

    @classmethod
    def read(cls, text: str) -> Printed:
        airflow = re.search(r"^ *Airflow +(\S+) +user (\S+), password (\S+)$", text, re.M)
        salesforce = re.search(r"^ *Salesforce +(\S+)", text, re.M)
        assert airflow is not None
        assert salesforce is not None
        return cls(airflow[1], airflow[2], SecretStr(airflow[3]), salesforce[1])


@pytest.fixture(scope="module")
def console() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="module")
def stack(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Do what `make airflow` does, but for the runs that a schedule would start meanwhile."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    state = tmp_path_factory.mktemp("guide")
    with airflow_up.running(console, port=28280, fresh=False, schedules=False, state=state) as running:
        yield running
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def printed(stack: Stack, console: Console) -> Printed:
    assert isinstance(console.file, io.StringIO)
    return Printed.read(console.file.getvalue())


@pytest.fixture(scope="module")
def visitors(printed: Printed, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    passwords = {printed.user: printed.password}
    visitors = Visitors(
        browser, printed.airflow_url, passwords, Gallery(None), tmp_path_factory.mktemp("guide-traffic")
    )
    yield visitors
    visitors.close()


def test_the_guide_leads_to_a_connection(printed: Printed, visitors: Visitors, tmp_path: Path) -> None:
    says = Guide.read("connecting/salesforce-web-server.md", "Try it with the sandbox, word by word")
    # 1. Whoever has other things at these ports is given others.
    says("make airflow in a clone")
    says("prints the address of Airflow with a user and a password")
    says("the address of the local Salesforce (below: http://127.0.0.1:8701)")
    # 2.
    with visitors.visit(tmp_path, user=printed.user) as person:
        says("Admin > Connections > Add Connection")
        page = person.airflow.open_connections()
        conn_id = says("salesforce_try")
        form = page.new(conn_id, says("Salesforce (Connected App)"))
        form.type(says("API Url"), printed.salesforce_url)
        form.type(says("Consumer Key"), says("sandbox-consumer-key"))
        form.type_secret(says("Consumer Secret"), SecretStr(says("sandbox-consumer-secret")))
        form.open_section(says("Extra Fields"))
        form.choose(says("Authentication"), says("web_server"))
        says("Save")
        page.save(form, conn_id)
        # 3.
        says(f"Browse > iPaaS.com connections > {conn_id} > Connect to Salesforce")
        connection = person.airflow.open_connection(conn_id)
        salesforce = connection.connect()
        says("Log In")
        salesforce.log_in(says("integration@sandbox.example"), SecretStr(says("sandbox-password")))
        says("Allow")
        salesforce.allow()
        # 4.
        connection.wait()
        assert connection.notice.startswith(says("Connected to Salesforce as integration@sandbox.example"))
        says("Press Test")
        verdict = connection.test().verdict
    assert verdict == f"Test of {conn_id} {says('all is well')}"


def test_it_leaves_no_secret_behind(stack: Stack, visitors: Visitors) -> None:
    visitors.close()
    given = list(exchanges(visitors.traffic))
    secrets = Secrets.of(stack, given, visitors.sessions)
    assert secrets.in_files(stack) == []
    assert secrets.in_browsers(stack, given) == []
