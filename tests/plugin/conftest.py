"""Airflow's API server as a process of its own, with users who may read different DAGs, and a ledger to fill."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from _airflow import USER, Airflow
from _processes import Processes, free_port
from airflow_provider_ipaas.ledger import SqlLedger

ACCOUNTS, CONTACTS = "salesforce_ipaas_accounts", "salesforce_ipaas_contacts"
PAGE = "/ipaas/monitoring"
READER, STRANGER = "reader", "stranger"

AUTH_MANAGER = f"""
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class ChoosyAuthManager(SimpleAuthManager):
    '''Lets the reader read the Accounts DAG alone, and the stranger none.'''

    def is_authorized_dag(self, *, method, user, access_entity=None, details=None):
        allowed = super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
        readable = {{"{READER}": ["{ACCOUNTS}"], "{STRANGER}": []}}.get(user.username)
        return allowed and (readable is None or (details is not None and details.id in readable))
"""


class ApiServer(Airflow):
    """The API server alone."""

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "AIRFLOW__CORE__AUTH_MANAGER": "choosy.ChoosyAuthManager",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin,{READER}:viewer,{STRANGER}:viewer",
        }

    def start(self) -> None:
        config = self.home / "config"
        config.mkdir()
        (config / "choosy.py").write_text(AUTH_MANAGER, "utf-8")
        passwords = dict.fromkeys((USER, READER, STRANGER), self.password)
        (self.home / "passwords.json").write_text(json.dumps(passwords), "utf-8")
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
        login = {"username": user, "password": self.password}
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
            f"{self.url}/api/v2/connections/{conn_id}",
            headers={"Authorization": f"Bearer {session.cookies['_token']}"},
            timeout=30,
        )
        assert answer.status_code == 204, answer.text


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    state = tmp_path_factory.mktemp("plugin")
    processes = Processes(state / "logs")
    server = ApiServer(state / "airflow", processes, dags_folder=state, preferred_port=28480)
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
        return " ".join(re.sub(r"<[^>]+>", " ", without_style).split())

    @property
    def links(self) -> list[str]:
        return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', self.source)]


def files_below(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*"))
