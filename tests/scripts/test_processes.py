"""Whatever a started program forks ends with it, also when the starter is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from _processes import Processes, StartError, free_port, members, stop_sessions

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
# Starts a child that ignores the request to end, as some of Airflow's children do, and says when both are up.
STUBBORN_TREE = """
import os, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("child", flush=True)
    while True:
        time.sleep(0.1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("parent", flush=True)
while True:
    time.sleep(0.1)
"""


def _wait_for(path: Path, *words: str) -> None:
    deadline = time.monotonic() + 30
    while not (path.exists() and all(word in path.read_text("utf-8") for word in words)):
        assert time.monotonic() < deadline, f"{words} never showed up in {path}"
        time.sleep(0.05)


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(tmp_path / "logs")


def test_kills_the_children_that_ignore_the_request(processes: Processes, tmp_path: Path) -> None:
    process = processes.start("tree", [sys.executable, "-c", STUBBORN_TREE], os.environ, tmp_path)
    _wait_for(processes.log_file("tree"), "parent", "child")
    assert len(members([process.pid])) == 2
    assert stop_sessions([process.pid], patience_s=1.0) == 1
    assert members([process.pid]) == []
    processes.stop()


def test_stops_everything_and_may_be_called_again(processes: Processes, tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = [processes.start(name, sleeper, os.environ, tmp_path).pid for name in ("a", "b")]
    assert len(members(started)) == 2
    assert processes.stop() == 0
    assert members(started) == []
    assert processes.stop() == 0


def test_says_which_program_ended_and_shows_its_output(processes: Processes, tmp_path: Path) -> None:
    process = processes.start("broken", [sys.executable, "-c", "raise SystemExit('no luck')"], os.environ, tmp_path)
    process.wait()
    with pytest.raises(StartError, match=r"(?s)broken ended with status 1.*no luck.*broken\.log"):
        processes.check_alive()
    processes.stop()


def test_a_failing_command_shows_its_output(processes: Processes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('half way'); raise SystemExit(3)"]
    with pytest.raises(StartError, match=r"(?s)migrate failed.*half way"):
        processes.run("migrate", command, os.environ, tmp_path, timeout_s=60)
    processes.stop()


def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    starter = f"""
import os, sys, time
from pathlib import Path
sys.path.insert(0, {str(SCRIPTS)!r})
from _processes import Processes
processes = Processes(Path({str(tmp_path)!r}))
process = processes.start("tree", [sys.executable, "-c", {STUBBORN_TREE!r}], os.environ, Path({str(tmp_path)!r}))
print(process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        session = int(killed.stdout.readline())
        _wait_for(tmp_path / "tree.log", "parent", "child")
        killed.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while members([session]):
        assert time.monotonic() < deadline, "the guard left processes behind"
        time.sleep(0.1)


def test_skips_ports_that_are_listened_on_or_promised() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        chosen = free_port(port)
        assert chosen > port
        assert free_port(chosen, taken=[chosen]) > chosen


def test_a_killed_program_takes_what_it_started_along(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "logs")
    try:
        started = processes.start("tree", ["sh", "-c", "sleep 600 & sleep 600 & wait"], dict(os.environ), tmp_path)
        deadline = time.monotonic() + 30
        while len(members([started.pid])) < 3 and time.monotonic() < deadline:
            pass
        assert len(members([started.pid])) == 3
        processes.kill("tree")
        assert members([started.pid]) == []
        assert started.returncode == -signal.SIGKILL
        assert processes.running == {}
    finally:
        processes.stop()
