"""Wait on a loopback port for the browser that the org sends back, and show it how it went.

Nothing of a request is printed or logged: its address holds the code.
"""

from __future__ import annotations

import errno
import hmac
import html
import queue
import socket
import threading
from concurrent.futures import Future
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from airflow_provider_ipaas.cli._answer import Answer, read_query

_REPLY_S = 10
# Status, title and text of a page.
Shown = tuple[HTTPStatus, str, str]
_STRAY = (
    HTTPStatus.BAD_REQUEST,
    "Not the answer that is waited for",
    "Nothing was changed. Open the address that the command printed last, and finish there.",
)
_AGAIN = (HTTPStatus.CONFLICT, "Taken already", "This answer was taken already; look at the command.")
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


class PortUnavailable(Exception):
    """The port can't be listened on; the text says why."""


class Listener:
    """One callback on 127.0.0.1 and, where the name of the address may mean it too, on ::1."""

    def __init__(self, host: str, port: int, path: str) -> None:
        """Take the port. Raises PortUnavailable."""
        self._path = path or "/"
        self._state = ""
        self._taken = threading.Lock()
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._outcome: Future[Shown] = Future()
        self._replied = threading.Event()
        self._servers: list[ThreadingTCPServer] = []
        self._bind(host, port)

    def _bind(self, host: str, port: int) -> None:
        try:
            if host != "::1":
                self._servers.append(_Server(("127.0.0.1", port), self._handler()))
            if host != "127.0.0.1":
                self._bind_v6(port, needed=host == "::1")
        except OSError as error:
            self.close()
            taken = error.errno == errno.EADDRINUSE
            raise PortUnavailable("it is taken" if taken else (error.strerror or type(error).__name__)) from None

    def _bind_v6(self, port: int, *, needed: bool) -> None:
        try:
            self._servers.append(_ServerV6(("::1", port), self._handler()))
        except OSError as error:
            # Another program there would get what the browser sends to `localhost`; no IPv6 at all does no harm.
            if needed or error.errno == errno.EADDRINUSE:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def expect(self, state: str) -> None:
        """Begin to serve; only an answer with this `state` counts."""
        self._state = state
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def wait(self, timeout_s: float) -> Answer | None:
        """Return the answer, None when none comes in time. Its browser waits until `reply`."""
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def reply(self, title: str, text: str, *, ok: bool) -> None:
        """Show the browser the outcome, and return once it has been sent."""
        self._outcome.set_result((HTTPStatus.OK if ok else HTTPStatus.BAD_REQUEST, title, text))
        self._replied.wait(_REPLY_S)

    def close(self) -> None:
        """Give the port back."""
        for server in self._servers:
            if self._state:
                server.shutdown()
            server.server_close()

    def _accept(self, target: str) -> Shown | None:
        """Take in the address that a browser asks for; return what it is shown at once, None for the answer itself."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return _STRAY
        if parts.path != self._path:
            return HTTPStatus.NOT_FOUND, "Not found", "There is nothing here."
        answer = read_query(parts.query)
        if answer is None or not hmac.compare_digest(answer.state.encode(), self._state.encode()):
            return _STRAY
        if not self._taken.acquire(blocking=False):
            return _AGAIN
        self._answers.put(answer)
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            server_version = "airflow-ipaas"
            sys_version = ""
            # Browsers open connections in advance, and may never use them.
            timeout = 10

            def do_GET(self) -> None:
                shown = listener._accept(self.path)
                if shown is not None:
                    self._show(*shown)
                    return
                try:
                    self._show(*listener._outcome.result())
                finally:
                    listener._replied.set()

            def _show(self, status: HTTPStatus, title: str, text: str) -> None:
                page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.send_header("Cache-Control", "no-store")
                self.send_header("Referrer-Policy", "no-referrer")
                self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named so by its base)
                """Stay silent: the request line holds the code."""

        return Handler


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about browsers that went away."""


class _ServerV6(_Server):
    address_family = socket.AF_INET6
