"""Everything in this directory uses Airflow in Chromium, as a person would, against the sandbox."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pydantic import SecretStr
from rich.console import Console

from _stack import Stack

from . import steps
from .chromium import NoChromium, find_chromium, running_chromium
from .gallery import Gallery
from .visits import Visit, Visitors

Visiting = Callable[..., AbstractContextManager[Visit]]
# They may not edit connections, and may.
VIEWER, COLLEAGUE = "viewer", "colleague"

# The guide is followed in an Airflow of its own, which has stopped before the shared one starts. Secrets are looked for
# when everything is written that could hold one.
_FIRST, _LAST = "test_guide.py", "test_secrets.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="save pictures of the way through Airflow's pages in DIR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ours = [item for item in items if item.path.is_relative_to(here)]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    ordered = iter(sorted(ours, key=lambda item: (item.path.name == _LAST) - (item.path.name == _FIRST)))
    items[:] = [next(ordered) if item.path.is_relative_to(here) else item for item in items]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say once, before anything is started, that the browser is missing."""
    # A worker of xdist can't say it: there the fixture does.
    if not hasattr(session.config, "workerinput") and any(item.get_closest_marker("browser") for item in session.items):
        try:
            find_chromium(os.environ)
        except NoChromium as error:
            raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with running_chromium(find_chromium(os.environ)) as running:
        yield running


@pytest.fixture(scope="package")
def gallery(pytestconfig: pytest.Config) -> Gallery:
    """Return where pictures for the guides go: nowhere unless they are asked for."""
    directory = pytestconfig.getoption("--screenshots", default=None)
    return Gallery(pytestconfig.invocation_params.dir / directory if directory else None)


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
        more_users={VIEWER: "viewer", COLLEAGUE: "op"},
    )
    with built as running:
        running.start(fresh=True, preset=())
        yield running
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="package")
def visitors(
    stack: Stack, browser: Browser, gallery: Gallery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitors]:
    """Let people in to Airflow."""
    gallery.stand_ins[str(stack.airflow.home)] = "/opt/airflow"
    passwords = {user: SecretStr(password) for user, password in stack.airflow.passwords.items()}
    visitors = Visitors(browser, stack.airflow.url, passwords, gallery, tmp_path_factory.mktemp("traffic"))
    yield visitors
    visitors.close()


@pytest.fixture
def visit(visitors: Visitors, tmp_path: Path) -> Visiting:
    """Log in to Airflow: `with visit() as person: ...`; what goes wrong leaves a picture in the test's directory."""
    return partial(visitors.visit, tmp_path)


@pytest.fixture(scope="package")
def created(stack: Stack, visitors: Visitors, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Create the connections to both services in Airflow's own form."""
    with visitors.visit(tmp_path_factory.mktemp("created")) as person:
        steps.create_salesforce(person, stack.sandbox.salesforce_url)
        steps.create_ipaas(person, stack.sandbox.ipaas_url)


@pytest.fixture(scope="package")
def connected(created: None, visitors: Visitors, tmp_path_factory: pytest.TempPathFactory) -> steps.Connected:
    """Connect the connection to Salesforce by consent."""
    with visitors.visit(tmp_path_factory.mktemp("connected")) as person:
        return steps.connect(person)


@pytest.fixture(scope="package")
def synced(
    stack: Stack, visitors: Visitors, connected: steps.Connected, tmp_path_factory: pytest.TempPathFactory
) -> steps.Synced:
    """Trigger a run for one Account in the trigger form and wait for its end."""
    name = "Blue Harbor Trading"
    account_id = stack.sandbox.create_salesforce("Account", {"Name": name, "Phone": "+1 562 555 0199"})
    with visitors.visit(tmp_path_factory.mktemp("synced")) as person:
        run, state = steps.run_accounts(person, account_id)
    return steps.Synced(account_id, name, run.run_id, state)
