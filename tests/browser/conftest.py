"""Everything in this directory uses Airflow in Chromium, as a person would, against the sandbox."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from _airflow import USER
from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID

from .chromium import NoChromium, find_chromium, running_chromium
from .gallery import Gallery
from .pages.connections import ConnectionsPage
from .visits import Visit, Visitors

SALESFORCE_CONN_ID, IPAAS_CONN_ID = "salesforce_connected_app_default", "ipaas_default"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="save pictures of the way through Airflow's pages in DIR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say once, before anything is started, that the browser is missing."""
    # A worker of xdist can't say it: there the fixture does.
    if not hasattr(session.config, "workerinput") and any(item.get_closest_marker("browser") for item in session.items):
        try:
            find_chromium(os.environ)
        except NoChromium as error:
            raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the sandbox and an Airflow that knows no connection."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    built = Stack.build(
        "airflow",
        Console(quiet=True),
        schedules=False,
        triggerer=False,
        port=28180,
        state=tmp_path_factory.mktemp("stack"),
    )
    with built as running:
        running.start(fresh=True, preset=())
        yield running
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="package")
def visitors(stack: Stack, pytestconfig: pytest.Config) -> Iterator[Visitors]:
    """Start Chromium; who visits Airflow with it gets a fresh context each time."""
    directory = pytestconfig.getoption("--screenshots", default=None)
    gallery = Gallery(
        pytestconfig.invocation_params.dir / directory if directory else None,
        stand_ins={str(stack.airflow.home): "/opt/airflow"},
    )
    with running_chromium(find_chromium(os.environ)) as browser:
        yield Visitors(browser, stack.airflow.url, {USER: SecretStr(stack.airflow.password)}, gallery)


@pytest.fixture
def visit(visitors: Visitors, tmp_path: Path) -> Callable[..., AbstractContextManager[Visit]]:
    """Log in to Airflow: `with visit() as person: ...`; what goes wrong leaves a picture in the test's directory."""
    return partial(visitors.visit, tmp_path)


@pytest.fixture(scope="package")
def connected(stack: Stack, visitors: Visitors, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Create the connections to both services in Airflow's own form."""
    with visitors.visit(tmp_path_factory.mktemp("connections")) as person:
        page = person.airflow.open_connections()
        _connect_salesforce(person, page, stack.sandbox.salesforce_url)
        _connect_ipaas(person, page, stack.sandbox.ipaas_url)
        person.picture("connections")


def _connect_salesforce(person: Visit, page: ConnectionsPage, url: str) -> None:
    form = page.new(SALESFORCE_CONN_ID, "Salesforce (Connected App)")
    form.type("API Url", url)
    form.type("Consumer Key", credentials.CONSUMER_KEY)
    form.type_secret("Consumer Secret", SecretStr(credentials.CONSUMER_SECRET))
    person.picture("connection-salesforce")
    form.open_section("Extra Fields")
    form.type_number("Account poll days", 14)
    form.choose("Authentication", "client_credentials")
    person.picture("connection-salesforce-extra")
    page.save(form, SALESFORCE_CONN_ID)


def _connect_ipaas(person: Visit, page: ConnectionsPage, url: str) -> None:
    form = page.new(IPAAS_CONN_ID, "iPaaS.com")
    form.type("Base URL", url)
    form.type("E-mail", credentials.IPAAS_USERNAME)
    form.type_secret("Password or API key", SecretStr(credentials.IPAAS_PASSWORD))
    person.picture("connection-ipaas")
    form.open_section("Extra Fields")
    form.type("Company id", COMPANY_GUID)
    form.type("System id", str(SALESFORCE_SYSTEM_ID))
    person.picture("connection-ipaas-extra")
    page.save(form, IPAAS_CONN_ID)
