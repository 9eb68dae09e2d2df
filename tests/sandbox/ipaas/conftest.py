"""The emulated iPaaS.com behind a real socket, and a small caller for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.ipaas import controls
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY
from airflow_provider_ipaas.sandbox.ipaas.app import create_app
from airflow_provider_ipaas.sandbox.ipaas.reason_phrase import ReasonPhraseProtocol
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore

START = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)


class Caller:
    """Calls the emulator with the default API key unless told otherwise."""

    def __init__(self, base: str, store: IPaaSStore) -> None:
        self.base = base
        self.store = store
        self.session = requests.Session()
        self.token: str | None = API_KEY

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers.update(more.pop("headers", {}))
        if body is not None:
            more["json"] = body
        return self.session.request(method, f"{self.base}/{path}", headers=headers, timeout=10, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self("PUT", path, body, **more)

    def control(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self(method, f"_sandbox/ipaas/{path}", body, **more)

    def switch(self, **values: Any) -> None:
        """Set switches by the control."""
        answer = self.control("PATCH", "switches", values)
        assert answer.status_code == 200, answer.text


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave the signals to the test run."""


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def served(clock: Clock) -> Iterator[tuple[str, IPaaSStore]]:
    store = IPaaSStore(clock)
    outer = FastAPI()
    outer.include_router(controls.router(store), prefix="/_sandbox/ipaas")
    outer.mount("/", create_app(store, clock))
    config = uvicorn.Config(outer, port=0, log_level="warning", lifespan="off", http=ReasonPhraseProtocol)
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", store
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def api(served: tuple[str, IPaaSStore], clock: Clock) -> Iterator[Caller]:
    base, store = served
    clock.reset()
    clock.set(START)
    store.reset()
    caller = Caller(base, store)
    yield caller
    caller.session.close()


@pytest.fixture
def mild(api: Caller) -> Caller:
    """Return the emulator with every reading mild."""
    api.control("POST", "switches/preset/mild")
    return api


@pytest.fixture
def store(api: Caller) -> IPaaSStore:
    return api.store
