"""Airflow's API server as a process of its own, with users who may read and edit different things, and a ledger to fill."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from _airflow import USER, Airflow
from _processes import Processes, free_port
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox.server import Sandbox

ACCOUNTS, CONTACTS = "salesforce_ipaas_accounts", "salesforce_ipaas_contacts"
PAGE = "/ipaas/monitoring"
READER, STRANGER = "reader", "stranger"
# They may edit connections: the colleague all, the editor one.
COLLEAGUE, EDITOR, EDITABLE = "colleague", "editor", "crm_of_the_editor"
# Defined in the environment of the server.
ENV_CONNECTIONS = {
    "env_crm": {
        "conn_type": "salesforce_connected_app",
        "host": "https://acme.my.salesforce.com",
        "login": "key-of-env",
        "extra": {"auth_flow": "jwt_bearer", "username": "sync@acme.example", "private_key": "key-of-the-environment"},
    },
    "env_other": {"conn_type": "http", "host": "https://example.com", "password": "s3cret-other"},
}

AUTH_MANAGER = f"""
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class ChoosyAuthManager(SimpleAuthManager):
    '''Lets the reader read the Accounts DAG alone, the stranger none, and the editor edit one connection.'''

    def is_authorized_dag(self, *, method, user, access_entity=None, details=None):
        allowed = super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
        readable = {{"{READER}": ["{ACCOUNTS}"], "{STRANGER}": []}}.get(user.username)
        return allowed and (readable is None or (details is not None and details.id in readable))

    def is_authorized_connection(self, *, method, user, details=None):
        allowed = super().is_authorized_connection(method=method, user=user, details=details)
        editable = {{"{EDITOR}": ["{EDITABLE}"]}}.get(user.username)
        return allowed and (editable is None or (details is not None and details.conn_id in editable))
"""


MORE_USERS = {READER: "viewer", STRANGER: "viewer", COLLEAGUE: "op", EDITOR: "op"}


class ApiServer(Airflow):
    """The API server alone."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AIRFLOW__CORE__AUTH_MANAGER": "choosy.ChoosyAuthManager"}

    def start(self) -> None:
        config = self.home / "config"
        config.mkdir()
        (config / "choosy.py").write_text(AUTH_MANAGER, "utf-8")
        self.port = free_port(self.preferred_port)
        self.processes.start("api-server", self._command("api-server"), self.environment(), self.home)
        deadline = time.monotonic() + 180
        while self.api.health().get("metadatabase") != "healthy":
            self.processes.check_alive()
            assert time.monotonic() < deadline, self.processes.tail("api-server")
            time.sleep(0.3)

    def log_in(self, user: str) -> requests.Session:
        """Return a browser of somebody who is logged in."""
        session = requests.Session()
        session.trust_env = False
        login = {"username": user, "password": self.passwords[user]}
        answer = session.post(f"{self.url}/auth/token", json=login, timeout=30)
        assert answer.status_code == 201, answer.text
        session.cookies.set("_token", answer.json()["access_token"])
        return session

    def page(self, user: str | None = USER, path: str = PAGE, **query: Any) -> requests.Response:
        """Return what a browser gets."""
        session = requests.Session() if user is None else self.log_in(user)
        return session.get(f"{self.url}{path}", params=query, timeout=60, allow_redirects=False)

    def define(self, conn_id: str, **fields: Any) -> None:
        """Create a connection in Airflow's database, as people do in the user interface."""
        call = self.api._call
        call("POST", "connections", json={"connection_id": conn_id, **fields})

    def undefine(self, conn_id: str) -> None:
        session = self.log_in(USER)
        answer = session.delete(
            f"{self.url}/api/v2/connections/{quote(conn_id, safe='')}",
            headers={"Authorization": f"Bearer {session.cookies['_token']}"},
            timeout=30,
        )
        assert answer.status_code == 204, answer.text


def _own_port() -> int:
    """Return where to look for a free port: test processes that look at the same time would find the same one."""
    return 28480 + 50 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    state = tmp_path_factory.mktemp("plugin")
    processes = Processes(state / "logs")
    connections = {name: json.dumps(fields) for name, fields in ENV_CONNECTIONS.items()}
    server = ApiServer(
        state / "airflow",
        processes,
        dags_folder=state,
        connections=connections,
        preferred_port=_own_port(),
        more_users=MORE_USERS,
    )
    try:
        server.prepare(fresh=True)
        server.migrate()
        server.start()
        yield server
    finally:
        processes.stop()


@pytest.fixture
def server(running: ApiServer) -> ApiServer:
    """Return the API server, without a ledger."""
    shutil.rmtree(running.home / "ipaas", ignore_errors=True)
    return running


@pytest.fixture
def ledger(server: ApiServer) -> Iterator[SqlLedger]:
    """Return an empty ledger at the place where Airflow looks for it."""
    with closing(SqlLedger.open(f"sqlite:///{server.home / 'ipaas' / 'ledger.db'}")) as opened:
        yield opened


@dataclass(frozen=True)
class Html:
    """A page, and what a person reads on it."""

    source: str

    @property
    def text(self) -> str:
        without_style = re.sub(r"<style>.*?</style>", "", self.source, flags=re.S)
        without_style = re.sub(r"</?code>", "`", without_style)
        return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", without_style).split()))

    @property
    def links(self) -> list[str]:
        return [html.unescape(link) for link in re.findall(r'href="([^"]+)"', self.source)]

    @property
    def actions(self) -> list[str]:
        """Where the forms of the page are sent to."""
        return [html.unescape(action) for action in re.findall(r'<form method="post" action="([^"]+)"', self.source)]

    @property
    def csrf(self) -> str:
        """The token in the forms of the page."""
        [token] = set(re.findall(r'name="csrf" value="([^"]+)"', self.source))
        return str(token)


def files_below(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*"))


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Return the emulated services, as new."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def define(server: ApiServer) -> Iterator[Callable[..., None]]:
    """Return a function that creates a connection in Airflow's database; it is gone after the test."""
    defined: list[str] = []

    def make(conn_id: str, **fields: Any) -> None:
        server.define(conn_id, **fields)
        defined.append(conn_id)

    yield make
    for conn_id in defined:
        server.undefine(conn_id)
