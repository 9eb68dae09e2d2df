"""The loopback port that the browser is sent back to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import psutil
import pytest
import requests

from airflow_provider_ipaas.cli._answer import Answer
from airflow_provider_ipaas.cli._listener import Listener, PortUnavailable

STATE = "the-state"


class Visits:
    """Requests of a browser, each in a thread of its own: the one that counts is answered late."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.page: requests.Response | None = None
        self._thread: threading.Thread | None = None

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.base}{path}", timeout=30)

    def begin(self, path: str) -> None:
        def visit() -> None:
            self.page = self.get(path)

        self._thread = threading.Thread(target=visit)
        self._thread.start()

    def end(self) -> requests.Response:
        assert self._thread is not None
        self._thread.join(30)
        assert self.page is not None
        return self.page


@pytest.fixture
def listener(port: int) -> Iterator[Listener]:
    with Listener("localhost", port, "/callback") as listening:
        listening.expect(STATE)
        yield listening


@pytest.fixture
def visits(port: int) -> Visits:
    return Visits(port)


def test_the_answer_is_taken_and_its_browser_shown_the_outcome(listener: Listener, visits: Visits) -> None:
    visits.begin(f"/callback?code=aPrx%3D%3D&state={STATE}")
    assert listener.wait(30) == Answer(STATE, "aPrx==")
    listener.reply("Connected", "As <you> & nobody else.", ok=True)
    page = visits.end()
    assert page.status_code == 200
    assert "As &lt;you&gt; &amp; nobody else." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "Python" not in page.headers["Server"]


def test_an_error_is_an_answer_too(listener: Listener, visits: Visits) -> None:
    visits.begin(f"/callback?error=access_denied&error_description=no%1b%5B2J+thanks&state={STATE}")
    # Control characters would reach the terminal.
    assert listener.wait(30) == Answer(STATE, error="access_denied", description="no[2J thanks")
    listener.reply("Not connected", "Deny was pressed.", ok=False)
    assert visits.end().status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/favicon.ico", 404),
        ("/", 404),
        ("/callback/", 404),
        ("/callback", 400),
        (f"/callback?state={STATE}", 400),
        ("/callback?code=x", 400),
        ("/callback?code=x&state=another", 400),
        ("/callback?code=x&state=%E2%82%AC", 400),
        (f"/callback?code=x&code=y&state={STATE}", 400),
        (f"/callback?code=x&error=y&state={STATE}", 400),
        (f"/callback?code={'x' * 9000}&state={STATE}", 400),
    ],
)
def test_anything_else_consumes_nothing(listener: Listener, visits: Visits, path: str, status: int) -> None:
    assert visits.get(path).status_code == status
    assert listener.wait(0) is None
    visits.begin(f"/callback?code=good&state={STATE}")
    assert listener.wait(30) == Answer(STATE, "good")
    listener.reply("Connected", "", ok=True)
    assert visits.end().status_code == 200


def test_a_second_answer_is_not_taken(listener: Listener, visits: Visits) -> None:
    visits.begin(f"/callback?code=first&state={STATE}")
    assert listener.wait(30) == Answer(STATE, "first")
    assert visits.get(f"/callback?code=second&state={STATE}").status_code == 409
    assert listener.wait(0) is None
    listener.reply("Connected", "", ok=True)
    assert visits.end().status_code == 200


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_only_get_is_served(listener: Listener, port: int, method: str) -> None:
    answer = requests.request(method, f"http://127.0.0.1:{port}/callback?code=x&state={STATE}", timeout=30)
    assert answer.status_code == 501
    assert listener.wait(0) is None


def test_nothing_is_printed(listener: Listener, visits: Visits, port: int, capfd: pytest.CaptureFixture[str]) -> None:
    visits.get(f"/callback?code=secret-code&state={STATE}x")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(100)
    visits.begin(f"/callback?code=secret-code&state={STATE}")
    assert listener.wait(30) is not None
    listener.reply("Connected", "", ok=True)
    visits.end()
    assert capfd.readouterr() == ("", "")


def test_a_connection_that_was_opened_in_advance_holds_nobody_up(listener: Listener, visits: Visits, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30):
        visits.begin(f"/callback?code=x&state={STATE}")
        assert listener.wait(30) is not None
        listener.reply("Connected", "", ok=True)
        assert visits.end().status_code == 200


def test_only_loopback_is_listened_on(listener: Listener, port: int) -> None:
    sockets = psutil.Process().net_connections("inet")
    heard = {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN and one.laddr.port == port}
    assert "127.0.0.1" in heard
    assert heard <= {"127.0.0.1", "::1"}


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortUnavailable, match="it is taken"):
            Listener("localhost", other.getsockname()[1], "/callback")


def test_the_port_is_free_again_afterwards(port: int) -> None:
    for _ in range(2):
        with Listener("127.0.0.1", port, "/callback") as listening:
            listening.expect(STATE)
            assert listening.wait(0) is None
