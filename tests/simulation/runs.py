"""Runs about to be made, what they say, and how several go on at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from greenlet import getcurrent, greenlet

from airflow_provider_ipaas.sync.params import RunParams

from .oracle import Oracle
from .process import Script
from .salesforce import ORG_ID


class Log:
    """Takes the log lines of the sync; those that tell of a conflict count, and none may hold a value."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self.conflicts = 0

    def warning(self, text: str, *args: Any) -> None:
        self._oracle.overhear(text % args if args else text)
        if text.startswith("Conflict on"):
            key, _, salesforce_id, ipaas_id = args
            self.conflicts += 1
            self._oracle.conflict(key, salesforce_id, ipaas_id)
        if self._oracle.tracing:
            self._oracle.note(f"   log: {text % args if args else text}"[:300])

    info = debug = error = warning


@dataclass
class Planned:
    """One run about to be made."""

    collection: str
    run_id: str
    params: dict[str, Any]
    script: Script
    org_id: str = ORG_ID
    turn: Callable[[], None] | None = None
    errors: dict[str, BaseException] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    conflicts: int = 0
    again: bool = False  # after an attempt without a report, whose writes it tells of as well
    twin: str = ""  # the task that is run twice at once
    twin_seed: int = 0

    @cached_property
    def checked(self) -> RunParams:
        return RunParams.parse(self.params, self.collection)  # type: ignore[arg-type]


class Turns:
    """Runs several things at once, in one thread: called between two calls, it may let another one go on."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._parent = getcurrent()
        self._tasks: list[greenlet] = []

    def add(self, work: Callable[[], None]) -> None:
        self._tasks.append(greenlet(work, self._parent))

    def play(self) -> None:
        while alive := [task for task in self._tasks if not task.dead]:
            alive[0].switch()

    def __call__(self) -> None:
        others = [task for task in self._tasks if not task.dead and task is not getcurrent()]
        if others and self._rng.random() < 0.3:
            self._rng.choice(others).switch()
