"""A running emulated iPaaS.com, a scripted server for what no emulator does, and clients of both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.sandbox.credentials import IPAAS_PASSWORD, IPAAS_USERNAME
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID
from airflow_provider_ipaas.sandbox.server import Sandbox


@dataclass
class Naps:
    """Stands in for time: a sleep takes no time and is remembered; the clock moves by it."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return sum(self.slept)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


def settings_of(base_url: str, **changes: Any) -> IPaaSSettings:
    """Return settings that fit the sandbox; `overrides` are those of the API profile."""
    overrides = changes.pop("overrides", {})
    settings = IPaaSSettings(
        base_url=base_url,
        login=IPAAS_USERNAME,
        password=IPAAS_PASSWORD,
        company_id=COMPANY_GUID,
        system_id=str(SALESFORCE_SYSTEM_ID),
        profile=Profile.load(overrides),
        connection="ipaas_test",
    )
    return replace(settings, **changes)


Connect = Callable[..., IPaaSClient]


@pytest.fixture
def connect(sandbox: Sandbox, naps: Naps) -> Iterator[Connect]:
    """Return a factory of clients of the sandbox."""
    made: list[IPaaSClient] = []

    def factory(**changes: Any) -> IPaaSClient:
        on_secret = changes.pop("on_secret", str)
        base_url = changes.pop("base_url", sandbox.ipaas_url)
        client = IPaaSClient(settings_of(base_url, **changes), clock=naps.clock, sleep=naps.sleep, on_secret=on_secret)
        made.append(client)
        return client

    yield factory
    for client in made:
        client.close()


@dataclass
class Seen:
    """One request as the scripted server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


Reply = tuple[int, dict[str, str], bytes]


class Script:
    """A server that answers what it is told: the replies in turn, the last one again and again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: list[Reply] = []
        self.seen: list[Seen] = []

    def answers(self, *replies: tuple[int, Any] | tuple[int, Any, dict[str, str]]) -> None:
        """Set the replies: status, then text or anything that becomes JSON, then headers."""
        for status, body, *headers in replies:
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.replies.append((status, headers[0] if headers else {}, content))


@pytest.fixture
def script() -> Iterator[Script]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.seen.append(Seen(self.command, self.path, headers, json.loads(raw) if raw else None))
            status, extra, content = told.replies.pop(0) if len(told.replies) > 1 else told.replies[0]
            reason = extra.get("x-reason")
            self.send_response(status, reason)
            for name, value in extra.items():
                if name != "x-reason":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = Script(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def scripted(script: Script, naps: Naps) -> Iterator[IPaaSClient]:
    """Return a client of the scripted server that needs no login."""
    settings = settings_of(script.url, auth_mode="api_key", password="a-static-api-key")
    with IPaaSClient(settings, clock=naps.clock, sleep=naps.sleep) as client:
        yield client
