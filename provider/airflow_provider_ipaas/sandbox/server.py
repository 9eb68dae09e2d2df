"""Run both emulated services in one process, over http and https, on loopback."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import trustme
import uvicorn

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.controls import Machine, create_controls
from airflow_provider_ipaas.sandbox.faults import Faults
from airflow_provider_ipaas.sandbox.front import ASGIApp, Front
from airflow_provider_ipaas.sandbox.ipaas.app import create_app as create_ipaas
from airflow_provider_ipaas.sandbox.ipaas.reason_phrase import ReasonPhraseProtocol
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.journal import Journal
from airflow_provider_ipaas.sandbox.salesforce.app import add_limit_header, create_app, expired_answer, limit_answer
from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore

HOST: Final = "127.0.0.1"
SALESFORCE_PORT, IPAAS_PORT = 8701, 8702
SALESFORCE_TLS_PORT, IPAAS_TLS_PORT = 8711, 8712
_MAX_HEAD_BYTES: Final = 256 * 1024
_KEEP_ALIVE_S: Final = 600
_START_TIMEOUT_S: Final = 30


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Sandbox:
    """Both services, running in a thread of this process.

    `salesforce` and `ipaas` are the stores: to be used directly only while no request is under way.
    """

    def __init__(self, ports: Mapping[str, int], ca_dir: Path | None) -> None:
        self.clocks = {"salesforce": Clock(), "ipaas": Clock()}
        self.salesforce = SalesforceStore(self.clocks["salesforce"])
        self.ipaas = IPaaSStore(self.clocks["ipaas"])
        self.org = Org.build(self.salesforce)
        self.faults = Faults()
        self.journal = Journal()
        self.machine = Machine(self.org, self.ipaas, self.clocks, self.faults, self.journal)
        self._own_dir = Path(tempfile.mkdtemp(prefix="ipaas-sandbox-"))
        self.ca_path = (ca_dir or self._own_dir) / "sandbox-ca.pem"
        self._servers: dict[str, _Server] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._thread: threading.Thread | None = None
        try:
            self._bind(ports)
        except OSError:
            self.stop()
            raise

    @classmethod
    def start(
        cls,
        *,
        salesforce_port: int = 0,
        ipaas_port: int = 0,
        salesforce_tls_port: int = 0,
        ipaas_tls_port: int = 0,
        seed: str | int | None = None,
        ca_dir: Path | None = None,
    ) -> Sandbox:
        """Start both services and return when they answer; port 0 is any free one.

        `seed` is the name of a data set or a number of records. The certificate of the CA is written to `ca_dir`
        (default: a directory of its own, removed by `stop`). OSError when a port is taken.
        """
        ports = {
            "salesforce": salesforce_port,
            "ipaas": ipaas_port,
            "salesforce_tls": salesforce_tls_port,
            "ipaas_tls": ipaas_tls_port,
        }
        sandbox = cls(ports, ca_dir)
        try:
            if isinstance(seed, int):
                sandbox.machine.seed(records=seed)
            elif seed is not None:
                sandbox.machine.seed(name=seed)
            sandbox._launch()
        except BaseException:
            sandbox.stop()
            raise
        return sandbox

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def salesforce_url(self) -> str:
        """Return the http URL of Salesforce."""
        return f"http://{HOST}:{self._port('salesforce')}"

    @property
    def ipaas_url(self) -> str:
        """Return the http URL of iPaaS.com."""
        return f"http://{HOST}:{self._port('ipaas')}"

    @property
    def salesforce_tls_url(self) -> str:
        """Return the https URL of Salesforce."""
        return f"https://{HOST}:{self._port('salesforce_tls')}"

    @property
    def ipaas_tls_url(self) -> str:
        """Return the https URL of iPaaS.com."""
        return f"https://{HOST}:{self._port('ipaas_tls')}"

    def reset(self) -> None:
        """Return both services, their clocks, faults and logs to the beginning."""
        self.machine.reset()

    def stop(self) -> None:
        """Stop serving and free the ports; may be called twice."""
        for server in self._servers.values():
            server.should_exit = True
            server.force_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for listener in self._sockets.values():
            listener.close()
        self._sockets.clear()
        shutil.rmtree(self._own_dir, ignore_errors=True)

    # Starting

    def _port(self, name: str) -> int:
        return int(self._sockets[name].getsockname()[1])

    def _bind(self, ports: Mapping[str, int]) -> None:
        for name, port in ports.items():
            # asyncio switches Nagle's algorithm off only where the protocol is named; with it each answer takes 40 ms.
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            self._sockets[name] = listener
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))

    def _launch(self) -> None:
        certificate = self._make_certificate()
        controls = create_controls(self.machine)
        apps = {"salesforce": self._salesforce_front(controls), "ipaas": self._ipaas_front(controls)}
        for name in self._sockets:
            tls: dict[str, Any] = {"ssl_certfile": str(certificate)} if name.endswith("_tls") else {}
            self._servers[name] = _Server(_config(apps[name.removesuffix("_tls")], tls))
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()
        waiting = threading.Event()
        for _ in range(_START_TIMEOUT_S * 100):
            if all(server.started for server in self._servers.values()):
                return
            if not self._thread.is_alive():
                break
            waiting.wait(0.01)
        raise RuntimeError("The sandbox did not start.")

    def _serve(self) -> None:
        async def everything() -> None:
            await asyncio.gather(
                *(server.serve(sockets=[self._sockets[name]]) for name, server in self._servers.items())
            )

        asyncio.run(everything())

    def _make_certificate(self) -> Path:
        """Make a CA and a server certificate on the spot; return the file with the latter and its key."""
        authority = trustme.CA(organization_name="Sandbox")
        self.ca_path.parent.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(self.ca_path))
        path = self._own_dir / "server.pem"
        path.touch(mode=0o600)
        certificate = authority.issue_cert(HOST, "localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    def _salesforce_front(self, controls: ASGIApp) -> Front:
        app = create_app(self.org)
        return Front(
            service="salesforce",
            app=app,
            controls=controls,
            clock=self.clocks["salesforce"],
            faults=self.faults,
            journal=self.journal,
            before=self.org.settle,
            finish=lambda scope, answer: add_limit_header(self.org, scope, answer),
            expired=expired_answer,
            limit=limit_answer,
            connections=lambda: self._connections("salesforce"),
            routes=list(app.routes),
        )

    def _ipaas_front(self, controls: ASGIApp) -> Front:
        app = create_ipaas(self.ipaas, self.clocks["ipaas"])
        return Front(
            service="ipaas",
            app=app,
            controls=controls,
            clock=self.clocks["ipaas"],
            faults=self.faults,
            journal=self.journal,
            before=self.org.settle,  # the controls of both services are on either port
            connections=lambda: self._connections("ipaas"),
            routes=list(app.routes),
        )

    def _connections(self, service: str) -> list[Any]:
        servers = (self._servers[service], self._servers[f"{service}_tls"])
        return [protocol for server in servers for protocol in server.server_state.connections]


def _config(app: Front, tls: Mapping[str, Any]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=ReasonPhraseProtocol,
        loop="asyncio",
        lifespan="off",
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        **tls,
    )


def serve(
    salesforce_port: int = SALESFORCE_PORT,
    ipaas_port: int = IPAAS_PORT,
    *,
    salesforce_tls_port: int = SALESFORCE_TLS_PORT,
    ipaas_tls_port: int = IPAAS_TLS_PORT,
    seed: str | int | None = None,
    ca_dir: Path | None = None,
    on_start: Callable[[Sandbox], None] | None = None,
) -> None:
    """Run the sandbox until SIGINT or SIGTERM; call `on_start(sandbox)` once it answers."""
    stopped = threading.Event()
    with Sandbox.start(
        salesforce_port=salesforce_port,
        ipaas_port=ipaas_port,
        salesforce_tls_port=salesforce_tls_port,
        ipaas_tls_port=ipaas_tls_port,
        seed=seed,
        ca_dir=ca_dir,
    ) as sandbox:
        previous = {
            number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            if on_start is not None:
                on_start(sandbox)
            while not stopped.wait(1.0):
                pass
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
