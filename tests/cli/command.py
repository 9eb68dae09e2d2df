"""`airflow-ipaas` as a process of its own, and the browser that a person opens its address in."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import requests

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY

COMMAND = [sys.executable, "-m", "airflow_provider_ipaas.cli"]
_SECRETS = (known.CONSUMER_SECRET, known.IPAAS_PASSWORD, known.REFRESH_TOKEN, API_KEY)
_PATIENCE_S = 120


@dataclass
class Ended:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Command:
    """A running command; its output goes to files, so that it can be read meanwhile."""

    def __init__(self, arguments: tuple[str, ...], directory: Path, env: dict[str, str], **more: Any) -> None:
        self._out, self._err = directory / "stdout", directory / "stderr"
        with self._out.open("w") as out, self._err.open("w") as err:
            streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": out, "stderr": err, **more}
            # Whoever runs the tests in the background may ignore Ctrl-C, and children inherit that.
            stops = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
            self.process = subprocess.Popen([*COMMAND, *arguments], env=env, text=True, preexec_fn=stops, **streams)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def address(self) -> str:
        """Return the page that it asks a person to open, once it waits for the answer."""
        deadline = time.monotonic() + _PATIENCE_S
        while "Ctrl-C stops." not in (text := self._out.read_text("utf-8")):
            assert self.process.poll() is None, text + self._err.read_text("utf-8")
            assert time.monotonic() < deadline, text
            time.sleep(0.05)
        return next(line for line in text.splitlines() if "/services/oauth2/authorize?" in line)

    def type(self, text: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def end(self) -> Ended:
        """Wait until it has ended; no secret may be in what it printed."""
        status = self.process.wait(_PATIENCE_S)
        ended = Ended(status, self._out.read_text("utf-8"), self._err.read_text("utf-8"))
        assert "Traceback" not in ended.text, ended.text
        assert [secret for secret in _SECRETS if secret in ended.text] == []
        return ended


class Browser:
    """A person at any browser: opens the page of the org and decides; what the page sends back is kept."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.callback = ""

    @property
    def code(self) -> str:
        return parse_qs(urlsplit(self.callback).query)["code"][0]

    def decide(self, address: str, decision: str = "allow") -> str:
        """Open the page, press the button, and return the address that the browser is sent to."""
        page = self.http.get(f"{address}&sandbox_decision={decision}", allow_redirects=False, timeout=30)
        assert page.status_code == 302, page.text
        self.callback = page.headers["Location"]
        return self.callback

    def follow(self) -> requests.Response:
        """Go where the page has sent the browser to."""
        return self.http.get(self.callback, timeout=30)


@dataclass
class Host:
    """A host that the command runs on: an AIRFLOW_HOME and connections in the environment."""

    home: Path
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
        return {
            **inherited,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "COLUMNS": "120",
            "NO_COLOR": "1",
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in self.connections.items()},
            **self.env,
        }

    def start(self, *arguments: str, **more: Any) -> Command:
        return Command(arguments, self.home, self.environment(), **more)

    def run(self, *arguments: str, typed: str = "") -> Ended:
        with self.start(*arguments) as command:
            if typed:
                command.type(typed)
            assert command.process.stdin is not None
            command.process.stdin.close()
            return command.end()
