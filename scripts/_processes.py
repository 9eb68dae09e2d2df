"""Start programs in sessions of their own and stop every process of those sessions, whatever they forked."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_POLL_S = 0.1
_KILL_TIMEOUT_S = 5.0


class StartError(Exception):
    """Something could not be started or went wrong; the message is for the person at the keyboard."""


def free_port(preferred: int, *, taken: Collection[int] = (), tries: int = 50) -> int:
    """Return *preferred* or the next port above it that nobody listens on."""
    for port in range(preferred, preferred + tries):
        if port not in taken and not _is_listened_on(port) and _can_bind(port):
            return port
    raise StartError(f"No free port between {preferred} and {preferred + tries - 1}.")


def _is_listened_on(port: int) -> bool:
    # Some systems let a program bind a loopback port that another one serves on all addresses.
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def members(sessions: Iterable[int]) -> list[psutil.Process]:
    """List the living processes of these sessions."""
    wanted = set(sessions)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(process.pid) in wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def stop_sessions(sessions: Sequence[int], *, patience_s: float = 10.0) -> int:
    """Ask every process of the sessions to end, wait, kill the rest; return how many had to be killed.

    The leaders are asked first, so that they can wind up their children in order; then everybody, a second time for the
    leaders, which tells Airflow's executor not to wait for its tasks.
    """
    started = time.monotonic()
    for leader in sessions:
        with contextlib.suppress(OSError):
            os.kill(leader, signal.SIGTERM)
    left = _wait_for_end(sessions, started + patience_s / 2)
    _signal(left, signal.SIGTERM)
    left = _wait_for_end(sessions, started + patience_s)
    killed = len(left)
    # A process may fork between the listing and the signal: look again until nobody is left.
    deadline = time.monotonic() + _KILL_TIMEOUT_S
    while left and time.monotonic() < deadline:
        _signal(left, signal.SIGKILL)
        time.sleep(_POLL_S)
        left = members(sessions)
    if left:
        raise StartError(f"Could not stop the processes {', '.join(str(process.pid) for process in left)}.")
    return killed


def _wait_for_end(sessions: Sequence[int], deadline: float) -> list[psutil.Process]:
    """Return who is still there at the deadline."""
    while (left := members(sessions)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return left


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


@dataclass
class Processes:
    """The programs of one stack, each in its own session with its output in a log file.

    A guard process stops them as well when this process is killed: the pipe to the guard breaks then.
    """

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _guard: subprocess.Popen[bytes] | None = None

    def log_file(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def clear_logs(self) -> None:
        """Forget the logs of the last time."""
        for log in self.logs.glob("*.log"):
            log.unlink()

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        account: pwd.struct_passwd | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program in the background, as another user when root names an *account*."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log_file(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=[] if account else None,
            )
        self.running[name] = process
        self._tell_guard(process.pid)
        return process

    def run(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        timeout_s: float,
        account: pwd.struct_passwd | None = None,
    ) -> None:
        """Run a program to its end; raise `StartError` with the end of its output when it fails."""
        process = self.start(name, command, env, cwd, account=account)
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise StartError(f"{name} did not end within {timeout_s:.0f} s.\n{self.tail(name)}") from error
        if status != 0:
            raise StartError(f"{name} failed.\n{self.tail(name)}")
        del self.running[name]

    def check_alive(self) -> None:
        """Raise `StartError` when one of the programs has ended by itself."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise StartError(f"{name} ended with status {process.returncode}.\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 25) -> str:
        """Return the end of a program's log and where the whole is."""
        path = self.log_file(name)
        text = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        return "\n".join([*text[-lines:], f"(the whole log: {path})"])

    def kill(self, name: str) -> None:
        """Kill a program with everything it started, as a machine that loses its power does."""
        process = self.running.pop(name)
        # A process may fork between the listing and the signal: look again until nobody is left.
        while left := members([process.pid]):
            _signal(left, signal.SIGKILL)
            # A dead child stays a zombie until it is waited for; `members` leaves those out.
            time.sleep(_POLL_S)
        process.wait()

    def stop(self) -> int:
        """Stop everything; return how many processes had to be killed."""
        sessions = [process.pid for process in self.running.values()]
        with _undisturbed():
            killed = stop_sessions(sessions)
            for process in self.running.values():
                process.wait()
            self.running.clear()
            if self._guard is not None and self._guard.stdin is not None:
                self._guard.stdin.close()
                self._guard.wait()
                self._guard = None
        return killed

    def _tell_guard(self, session: int) -> None:
        if self._guard is None:
            self._guard = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("_guard.py"))],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        if self._guard.stdin is None:
            raise StartError("The guard process has no input.")
        self._guard.stdin.write(f"{session}\n".encode())
        self._guard.stdin.flush()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore further Ctrl-C: winding up takes seconds, and half of it would leave processes behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt_on_termination() -> None:
    """Let a termination or a closed terminal wind up like Ctrl-C."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
