"""Let a process die at a crash point, or note the crash points that it passes.

The methods of ledger and clients are wrapped in the test's own process; the caller's frame tells which call site of
the code is under way. Nothing of this is in the provider.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps
from types import FrameType
from typing import Any, Literal

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.ledger import SqlLedger
from tests.crash.points import PACKAGE, ROOMS, WRITES, all_points

When = Literal["before", "after"]
HOLDERS: dict[str, type] = {"ledger": SqlLedger, "salesforce": SalesforceClient, "ipaas": IPaaSClient}
_ROOMS = tuple(str(PACKAGE / room) + os.sep for room in ROOMS)


@dataclass(frozen=True, slots=True)
class Kill:
    """Where to die: at the *nth* call (from 1) of a point within a step, right before or right after it.

    At `ledger.transaction` that is right before or right after its commit.
    """

    step: str
    point: str
    when: When
    nth: int = 1


@dataclass
class Watch:
    """What this process has passed, in order, and where it is to die."""

    kill: Kill | None = None
    step: str = ""
    passed: list[tuple[str, str]] = field(default_factory=list)
    last_act: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, point: str) -> bool:
        """Note a call; tell whether it is the fatal one."""
        with self._lock:
            self.passed.append((self.step, point))
            kill = self.kill
            if kill is None or (self.step, point) != (kill.step, kill.point):
                return False
            return self.passed.count((self.step, point)) == kill.nth

    def die(self, when: When) -> None:
        if self.kill is not None and self.kill.when == when:
            self.last_act()
            os.kill(os.getpid(), signal.SIGKILL)


def install(watch: Watch) -> None:
    """Wrap every writing method of ledger and clients in this process."""
    for holder, kind in HOLDERS.items():
        for method in WRITES[holder]:
            wrap = _transaction if method == "transaction" else _call
            setattr(kind, method, wrap(getattr(kind, method), watch, method))


def _call(real: Callable[..., Any], watch: Watch, method: str) -> Callable[..., Any]:
    @wraps(real)
    def call(*args: Any, **named: Any) -> Any:
        point = _point(sys._getframe(1), method)
        fatal = point is not None and watch.begin(point)
        if fatal:
            watch.die("before")
        result = real(*args, **named)
        if fatal:
            watch.die("after")
        return result

    return call


def _transaction(real: Callable[..., Any], watch: Watch, method: str) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> AbstractContextManager[None]:
        return around(_point(sys._getframe(1), method), real(*args, **named))

    @contextmanager
    def around(point: str | None, transaction: AbstractContextManager[None]) -> Iterator[None]:
        fatal = False
        with transaction:
            yield
            fatal = point is not None and watch.begin(point)
            if fatal:
                watch.die("before")
        if fatal:
            watch.die("after")

    return call


def _point(frame: FrameType, method: str) -> str | None:
    """Name the crash point that a frame is at, None outside the rooms that have any.

    A call from within the rooms that the list does not know is named by its place: no scenario may pass one.
    """
    file = frame.f_code.co_filename
    if not file.startswith(_ROOMS):
        return None
    return _named(file, frame.f_lineno, method)


@cache
def _named(file: str, line: int, method: str) -> str:
    found = [point for point in all_points() if point.covers(file, line, method)]
    if not found:
        return f"not listed: {file}:{line} {method}"
    # Of calls within one another the inner one is under way.
    return min(found, key=lambda point: point.last_line - point.first_line).name
