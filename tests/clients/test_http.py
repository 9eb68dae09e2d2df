"""The shared transport: what counts as sent, clocks, waits, redirects, headers, masking."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas import __version__
from airflow_provider_ipaas.clients._http import (
    Answer,
    RetryPolicy,
    Secrets,
    ServerClock,
    Timeouts,
    Transport,
    with_retries,
)
from airflow_provider_ipaas.errors import ServiceError, TransientServiceError, UnknownOutcome

Reply = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A real HTTP server that answers as it is told and keeps the requests' headers."""

    def __init__(self) -> None:
        self.reply: Reply = answering(b"{}")
        self.headers: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.reply(self)

            do_GET = do_POST = serve  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def answering(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = length is not None

    return reply


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport("service", name="The service", timeouts=Timeouts(connect_s=5, read_s=0.3))
    yield transport
    transport.close()


def test_every_request_names_us_and_takes_gzip(server: Server, transport: Transport) -> None:
    server.reply = answering(gzip.compress(b'{"a": 1}'), Content_Encoding="gzip")
    assert transport.send("GET", server.url, may_repeat=True).json() == {"a": 1}
    assert server.headers[0]["user-agent"] == f"airflow-provider-ipaas/{__version__}"
    assert server.headers[0]["accept-encoding"] == "gzip"


def test_a_netrc_file_never_replaces_our_credentials(
    server: Server, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport.send("GET", server.url, headers={"Authorization": "Bearer ours"}, may_repeat=True)
    transport.send("GET", server.url, may_repeat=True)
    assert [headers.get("authorization") for headers in server.headers] == ["Bearer ours", None]


def test_a_proxy_is_not_asked_for_this_machine(
    server: Server, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert transport.send("GET", server.url, may_repeat=True).status == 200


def test_cookies_are_not_kept(server: Server, transport: Transport) -> None:
    server.reply = answering(b"{}", Set_Cookie="sid=secret")
    for _ in range(2):
        transport.send("GET", server.url, may_repeat=True)
    assert "cookie" not in server.headers[1]


def closing(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def silent(handler: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(2)
    handler.close_connection = True


LOST: list[tuple[Reply, str]] = [
    (closing, "the connection broke off"),
    (silent, "no answer in time"),
    (answering(b'{"a": ', length=100), "the connection broke off"),
    (answering(b"no gzip at all", Content_Encoding="gzip"), "its compressed body can't be read"),
]


@pytest.mark.parametrize(("reply", "cause"), LOST, ids=["closed", "silent", "cut", "not gzip"])
def test_a_lost_answer_is_told_by_what_it_was_to(
    server: Server, transport: Transport, reply: Reply, cause: str
) -> None:
    server.reply = reply
    with pytest.raises(TransientServiceError) as caught:
        transport.send("GET", f"{server.url}/x?q=private", may_repeat=True)
    assert caught.value.message == f"The answer of The service (127.0.0.1) was lost: {cause}."
    assert not isinstance(caught.value, UnknownOutcome)
    with pytest.raises(UnknownOutcome) as unknown:
        transport.send("POST", server.url, body="{}", may_repeat=False)
    assert unknown.value.message == (
        f"The answer of The service (127.0.0.1) to a write was lost: {cause}; it may or may not have been done."
    )
    assert transport.calls == 2


@pytest.mark.parametrize(
    ("url", "host", "cause"),
    [
        ("http://127.0.0.1:9/", "127.0.0.1", "the connection was refused"),
        ("https://no-such-host.invalid/", "no-such-host.invalid", "its name can't be resolved"),
    ],
)
@pytest.mark.parametrize("may_repeat", [True, False])
def test_what_was_never_sent_is_no_unknown_outcome(
    transport: Transport, url: str, host: str, cause: str, may_repeat: bool
) -> None:
    with pytest.raises(TransientServiceError) as caught:
        transport.send("POST", url, body="{}", may_repeat=may_repeat)
    assert not isinstance(caught.value, UnknownOutcome)
    assert str(caught.value) == (
        f"The service can't be reached at {host}: {cause}. Next step: Check the address in the connection, and that this "
        f"worker may reach {host} (DNS, firewall, proxy)."
    )
    assert transport.calls == 0


def test_https_to_a_plain_http_port_is_told(server: Server, transport: Transport) -> None:
    with pytest.raises(TransientServiceError, match=r"no TLS connection \(is it plain http\?\)") as caught:
        transport.send("POST", server.url.replace("http", "https"), body="{}", may_repeat=False)
    assert not isinstance(caught.value, UnknownOutcome)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_refused_even_to_the_same_host(server: Server, transport: Transport, status: int) -> None:
    server.reply = answering(b"", status, Location="/elsewhere")
    with pytest.raises(ServiceError, match=rf"redirects to another path \({status}\)") as caught:
        transport.send("GET", server.url, may_repeat=True)
    assert not caught.value.transient
    assert len(server.headers) == 1


@pytest.mark.parametrize("place", ["http://[broken", "http://a]b/", "//[", "https://host:port:port/", "\x7f"])
def test_a_redirect_to_an_address_that_cannot_be_read_is_refused_too(
    server: Server, transport: Transport, place: str
) -> None:
    server.reply = answering(b"", 302, Location=place)
    with pytest.raises(ServiceError, match=r"redirects are not followed") as caught:
        transport.send("GET", server.url, may_repeat=True)
    assert caught.value.code == "REDIRECT"


def test_the_clock_is_the_servers(server: Server) -> None:
    ticks = [100.0]
    transport = Transport("service", name="The service", monotonic=lambda: ticks[0])
    assert transport.clock.now() is None
    moment = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    server.reply = answering(b"{}", Date=format_datetime(moment, usegmt=True))
    transport.send("GET", server.url, may_repeat=True)
    ticks[0] += 90
    assert transport.clock.now() == moment + timedelta(seconds=90)
    transport.close()


def test_the_clock_never_runs_back_for_a_cut_second_but_follows_a_step() -> None:
    ticks = [0.0]
    clock = ServerClock(lambda: ticks[0])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock.observe(start)
    ticks[0] = 0.9
    clock.observe(start)
    assert clock.now() == start + timedelta(seconds=0.9)
    clock.observe(start + timedelta(seconds=1))
    assert clock.now() == start + timedelta(seconds=1)
    clock.observe(start - timedelta(days=1))
    assert clock.now() == start - timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(value: str, seconds: float | None) -> None:
    headers = {"Date": "Mon, 23 Nov 2026 10:00:00 GMT", "Retry-After": value}
    assert Answer(503, "", headers, b"").retry_after_s == seconds


def test_retries_are_bounded_patient_and_end_with_the_last_error() -> None:
    waits: list[float] = []
    errors = [TransientServiceError("a", retry_after_s=5), TransientServiceError("b", retry_after_s=999)]

    def call() -> None:
        raise errors.pop(0) if errors else TransientServiceError("last")

    policy = RetryPolicy(attempts=4, first_wait_s=1, max_wait_s=3)
    with pytest.raises(TransientServiceError, match="last"):
        with_retries(call, policy=policy, sleep=waits.append)
    assert waits[:2] == [5, 60]
    assert len(waits) == 3
    assert 0 <= waits[2] <= 3


@pytest.mark.parametrize("error", [UnknownOutcome("x"), ServiceError("x"), ValueError("x")])
def test_what_may_not_be_repeated_is_not(error: Exception) -> None:
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        with_retries(call, policy=RetryPolicy(), sleep=lambda seconds: None)
    assert calls == [1]


def test_secrets_are_masked_longest_first_and_announced_once() -> None:
    heard: list[str] = []
    secrets = Secrets(heard.append)
    for value in ("secret", "secret-longer", "secret", "", None, "abc"):
        secrets.add(value)
    assert secrets.mask("a secret-longer, a secret, abc") == "a ***, a ***, abc"
    assert heard == ["secret", "secret-longer"]
    assert "secret-longer" not in repr(secrets)


@pytest.mark.parametrize("body", [b"[" * 200_000, b"[" * 400 + b"]" * 400, b'{"a":' * 60 + b"1" + b"}" * 60])
def test_json_that_nests_too_deep_is_no_json(body: bytes) -> None:
    """Also where it can be parsed: whoever walks through it would run out of stack."""
    with pytest.raises(ValueError, match="nested too deeply"):
        Answer(200, "", {}, body).json()


@pytest.mark.parametrize(
    "date",
    ["Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 9999 23:59:59 GMT"],
)
def test_a_date_at_the_end_of_the_calendar_is_none(date: str) -> None:
    answer = Answer(503, "", {"Date": date, "Retry-After": date}, b"")
    assert answer.date is None
    assert answer.retry_after_s is None
