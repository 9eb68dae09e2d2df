"""`airflow-ipaas connect` from the terminal to the stored grant, with the sandbox as Salesforce and a real port."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest
import requests
import typer

from airflow_provider_ipaas.cli.connect import Way, _way
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.cli.command import Browser, Host

CONNECTED = [("sf", "connected", known.USERNAME)]


def stored(home: Path) -> list[tuple[str, str, str]]:
    """Return connection, state and user of each grant in the host's token store."""
    path = home / "ipaas" / "tokens.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT connection_id, state, username FROM ipaas_token ORDER BY 1").fetchall()
    finally:
        connection.close()


class TestListening:
    def test_a_person_who_presses_allow_is_connected(self, host: Host, port: int, sandbox: Sandbox) -> None:
        sandbox.org.oauth.redirect_uris = [f"http://localhost:{port}/callback"]
        browser = Browser()
        with host.start("connect", "sf", "--port", str(port)) as command:
            browser.decide(command.address())
            # What else arrives at the port consumes nothing.
            stray = requests.get(f"http://127.0.0.1:{port}/callback?code={browser.code}&state=another", timeout=30)
            page = browser.follow()
            ended = command.end()
        assert ended.status == 0
        assert f"http://localhost:{port}/callback has to be among the app's Callback URLs" in ended.out
        assert "the integration user" in ended.out
        report = ended.out.partition("Connection `sf` is connected to Salesforce.")[2]
        store = f"encrypted in {host.home}/ipaas/tokens.db"
        for told in (known.USERNAME, known.ORG_ID, "api, refresh_token", "(airflow-ipaas connect)", store):
            assert told in report
        # The only thing to say besides: this host has no metadata database that a ledger could be defined in.
        assert ended.err.count("\n\n") == 1
        assert ended.err.startswith(
            "Warning: Airflow's metadata database can't be read here (no such table: connection)"
        )
        assert browser.code not in ended.text
        assert stray.status_code == 400
        assert page.status_code == 200
        assert f"connected as {known.USERNAME} of org {known.ORG_ID}" in page.text
        assert stored(host.home) == CONNECTED

    def test_deny_is_an_error_that_says_what_to_do(self, host: Host, port: int) -> None:
        browser = Browser()
        with host.start("connect", "sf", "--port", str(port)) as command:
            browser.decide(command.address(), "deny")
            page = browser.follow()
            ended = command.end()
        assert ended.status == 1
        assert "Connection `sf`: Salesforce ended the authorization, Deny was pressed" in ended.err
        assert "Next step:" in ended.err
        assert page.status_code == 400
        assert "Deny was pressed" in page.text
        assert stored(host.home) == []

    def test_a_code_that_salesforce_refuses_is_shown_on_the_page_too(
        self, host: Host, port: int, sandbox: Sandbox
    ) -> None:
        browser = Browser()
        with host.start("connect", "sf", "--port", str(port)) as command:
            browser.decide(command.address())
            sandbox.salesforce.switches.set("ip_restricted", True)
            page = browser.follow()
            ended = command.end()
        assert ended.status == 1
        assert "the address of this worker is not allowed" in ended.err
        assert "the address of this worker is not allowed" in page.text
        assert browser.code not in ended.text + page.text
        assert stored(host.home) == []

    def test_nobody_comes(self, host: Host, port: int) -> None:
        ended = host.run("connect", "sf", "--port", str(port), "--timeout", "1")
        assert ended.status == 1
        assert "No answer came within 1 seconds; nothing was changed." in ended.err

    def test_ctrl_c_stops_it_without_a_trace(self, host: Host, port: int) -> None:
        with host.start("connect", "sf", "--port", str(port)) as command:
            command.address()
            command.process.send_signal(signal.SIGINT)
            ended = command.end()
        assert ended.status == 130
        assert ended.err.endswith("Stopped. Whether it is connected: airflow-ipaas status sf\n")
        assert stored(host.home) == []


class TestPasting:
    def test_the_pasted_address_connects(self, host: Host) -> None:
        browser = Browser()
        with host.start("connect", "sf", "--paste") as command:
            command.type(browser.decide(command.address()))
            ended = command.end()
        assert ended.status == 0
        assert "http://localhost:1717/callback has to be among" in ended.out
        assert "Connection `sf` is connected to Salesforce." in ended.out
        assert browser.code not in ended.text
        assert stored(host.home) == CONNECTED

    def test_a_port_that_is_taken_leads_to_pasting_until_it_is_the_right_one(self, host: Host) -> None:
        browser = Browser()
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = other.getsockname()[1]
            with host.start("connect", "sf", "--port", str(taken)) as command:
                address = command.address()
                command.type("http://localhost/callback?code=of-an-older-one&state=older")
                command.type(address)
                command.type(f'"{browser.decide(address)}"')
                ended = command.end()
        assert ended.status == 0
        assert f"port {taken} can't be listened on, it is taken" in ended.out
        assert "It belongs to another Connect." in ended.err
        assert "There is no answer of Salesforce in it." in ended.err
        assert "of-an-older-one" not in ended.text
        assert stored(host.home) == CONNECTED

    def test_nothing_is_pasted(self, host: Host) -> None:
        ended = host.run("connect", "sf", "--paste")
        assert ended.status == 1
        assert "No address with the answer arrived on standard input; nothing was changed." in ended.err

    def test_a_terminal_does_not_show_it(self, host: Host) -> None:
        browser = Browser()
        terminal, end = pty.openpty()
        try:
            with host.start("connect", "sf", "--paste", stdin=end, stderr=end, start_new_session=True) as command:
                callback = browser.decide(command.address())
                shown = read_until(terminal, "Address (it is not shown)")
                os.write(terminal, f"{callback}\n".encode())
                assert command.end().status == 0
                shown += read_until(terminal, "\n")
        finally:
            os.close(terminal)
            os.close(end)
        assert browser.code not in shown
        assert stored(host.home) == CONNECTED


def read_until(terminal: int, text: str) -> str:
    """Read what a terminal shows until *text* is there."""
    shown = b""
    deadline = time.monotonic() + 60
    while text.encode() not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096)
    return shown.decode()


class TestRefusals:
    def test_an_unknown_connection_gets_every_way_to_define_it(self, host: Host) -> None:
        ended = host.run("connect", "salesforce_emea")
        assert ended.status == 1
        assert ended.out == ""
        for told in (
            "`salesforce_emea`",
            "AIRFLOW_CONN_SALESFORCE_EMEA",
            "AIRFLOW_HOME",
            "Browse > iPaaS.com connections",
        ):
            assert told in ended.err
        assert "metadata database can't be read here (no such table: connection)" in ended.err

    def test_a_connection_of_another_type(self, host: Host) -> None:
        ended = host.run("connect", "ipaas_default")
        assert ended.status == 1
        assert ended.err.startswith("Connection `ipaas_default` is of type `ipaas`")
        assert "`salesforce_connected_app`" in ended.err

    def test_a_flow_that_needs_nobodys_consent(self, host: Host) -> None:
        host.connections["sf"]["extra"] = {"auth_flow": "client_credentials"}
        ended = host.run("connect", "sf")
        assert ended.status == 1
        assert ended.err.startswith("Connection `sf` logs in by client_credentials, which needs nobody's consent.")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--redirect-uri", "localhost:1717"), "Give a whole URL"),
            (("--redirect-uri", "http://airflow.example.com/callback"), "https callback URLs only"),
            (("--redirect-uri", "http://localhost:1717/callback?x=1"), "neither query nor fragment"),
            (("--port", "0"), "'--port'"),
            (("--timeout", "601"), "'--timeout'"),
        ],
    )
    def test_wrong_usage_is_exit_status_2(self, host: Host, arguments: tuple[str, ...], message: str) -> None:
        ended = host.run("connect", "sf", *arguments)
        assert ended.status == 2
        assert message in ended.err


class TestWays:
    """Where the answer is waited for, by the options and the session."""

    @pytest.fixture(autouse=True)
    def _no_ssh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SSH_CONNECTION", raising=False)

    @pytest.mark.parametrize(
        ("port", "uri", "way"),
        [
            (None, None, Way("http://localhost:1717/callback", "/callback", ("localhost", 1717))),
            (8123, None, Way("http://localhost:8123/callback", "/callback", ("localhost", 8123))),
            (None, "http://127.0.0.1:9/OAuth", Way("http://127.0.0.1:9/OAuth", "/OAuth", ("127.0.0.1", 9))),
            (None, "http://[::1]:9/", Way("http://[::1]:9/", "/", ("::1", 9))),
            # A port that is forwarded, or that a proxy with a name of its own leads to.
            (9, "http://localhost:1717/x", Way("http://localhost:1717/x", "/x", ("localhost", 9))),
            (9, "https://dev.example.com/x", Way("https://dev.example.com/x", "/x", ("localhost", 9))),
            (
                None,
                "https://dev.example.com/x",
                Way("https://dev.example.com/x", "/x", None, "dev.example.com is not this machine"),
            ),
        ],
    )
    def test_options_decide(self, port: int | None, uri: str | None, way: Way) -> None:
        assert _way(port, uri, paste=False) == way

    def test_paste_decides_first(self) -> None:
        assert _way(9, None, paste=True) == Way("http://localhost:9/callback", "/callback", None)

    def test_a_browser_is_elsewhere_in_an_ssh_session(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
        assert _way(None, None, paste=False).listen_on is None
        assert "SSH session" in _way(None, None, paste=False).why
        assert _way(1717, None, paste=False).listen_on == ("localhost", 1717)

    @pytest.mark.parametrize(
        "uri", ["http://localhost:port/x", "http://localhost:99999/x", "ftp://x/y", "http:// x/", ""]
    )
    def test_what_is_no_url_is_wrong_usage(self, uri: str) -> None:
        if uri:
            with pytest.raises(typer.BadParameter):
                _way(None, uri, paste=False)
        else:
            assert _way(None, uri, paste=False).redirect_uri == "http://localhost:1717/callback"
