"""One task of a run as a process of its own: it makes calls, and may die, or be told that a call failed, at each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ipaas.errors import (
    AuthenticationError,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)
from airflow_provider_ipaas.sync.ledger_port import LedgerPort

from .ledger import MemoryLedger

if TYPE_CHECKING:
    from .clock import Clock

T = TypeVar("T")
Fault = tuple[Any, ...]
CALL_S = 0.2  # what a call takes
MEANWHILE = "users act in the middle of a run"


class Crash(BaseException):
    """The process was killed: nothing of it runs any more."""


@dataclass
class Script:
    """What goes wrong in one run: faults by place among its service calls, deaths by number of the ledger call.

    A place is the number of the call, or a method and which of its calls: `create:0`.
    """

    calls: dict[int | str, Fault] = field(default_factory=dict)
    ledger: dict[int, str] = field(default_factory=dict)
    seed: int = 0
    abandoned: bool = False  # the run that dies is not taken up again, and has no report

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.made = self.ledger_made = 0
        self.by_method: dict[str, int] = {}
        self.calls_to: Counter[str] = Counter()  # by service
        self.fault: Fault = ("",)  # of the call under way
        self.waiting: list[Fault] = []
        self.hit: Counter[str] = Counter()  # what took effect, by kind; what users do meanwhile is no fault

    @property
    def hits(self) -> int:
        """Count the faults that took effect."""
        return self.hit.total() - self.hit[MEANWHILE]

    def next(self, method: str) -> Fault:
        """Count a call and return what is to happen at it."""
        number, own = self.made, self.by_method.get(method, 0)
        self.made += 1
        self.by_method[method] = own + 1
        return self.calls.get(number) or self.calls.get(f"{method}:{own}") or ("",)


class Process:
    """The life of one attempt at one task."""

    def __init__(
        self, script: Script, clock: Clock, users: Callable[[Fault], None], turn: Callable[[], None] | None = None
    ) -> None:
        self.script = script
        self.clock = clock
        self.users = users
        self.turn = turn
        self.dead = False
        self.counts = {"salesforce": 0, "ipaas": 0}
        # Between the read right before a write and the write nobody else gets a word in: no service compares and sets.
        self._reading_back = False
        # In Salesforce the journal is written in between.
        self._compared = False
        # Nor between the look at the claims right before a create and the create.
        self._looked = False

    def call(self, service: str, method: str, work: Callable[[], T], effect: str = "read") -> T:
        """Make one call to a service."""
        self._alive()
        script = self.script
        fault = script.next(method)
        self.counts[service] += 1
        script.calls_to[service] += 1
        self.clock.advance(CALL_S)
        kind = fault[0]
        if kind == "users":
            script.waiting.append(fault)
        self._let_others_in(service, method)
        script.fault = fault  # others may have made calls meanwhile
        if kind in ("crash", "busy", "limit", "auth"):
            self._fail(service, kind)
        result = work()
        if kind == "crash_after":
            self._die("dies after a call")
        if kind == "lost":
            script.hit[f"answer of a {effect} is lost"] += 1
            raise _lost(service, effect)
        return result

    def ledger_call(self, work: Callable[..., T], args: Any, named: Any, *, inside: bool) -> T:
        """Make one call of the ledger; *inside* a transaction nobody else gets a turn."""
        self._alive()
        number = self.script.ledger_made
        self.script.ledger_made += 1
        if self.turn is not None and not inside and not self._compared:
            self.turn()
        when = self.script.ledger.get(number)
        if when == "before":
            self._die("dies before a call of the ledger")
        result = work(*args, **named)
        self._looked = work.__name__ == "claims"
        if when == "after":
            self._die("dies after a call of the ledger")
        return result

    def _alive(self) -> None:
        if self.dead:
            raise Crash

    def _die(self, where: str) -> None:
        self.script.hit[where] += 1
        self.dead = True
        raise Crash

    def _let_others_in(self, service: str, method: str) -> None:
        gap = method == "update" or self._reading_back or (self._looked and method in ("create", "upsert", "job"))
        self._looked = False
        self._compared = service == "salesforce" and method == "retrieve"
        self._reading_back = service == "ipaas" and method == "update"
        if gap:
            return
        waiting, self.script.waiting = self.script.waiting, []
        for fault in waiting:
            self.script.hit[MEANWHILE] += 1
            self.users(fault)
        if self.turn is not None:
            self.turn()

    def _fail(self, service: str, kind: str) -> None:
        if kind == "crash":
            self._die("dies before a call")
        self.script.hit[f"{service} refuses a call: {kind}"] += 1
        if kind == "auth":
            raise AuthenticationError("The token is not accepted.", service=service, status=401, code="AUTH")
        if kind == "limit" and service == "salesforce":
            raise RequestLimitExceeded(
                "The daily limit is reached.", service=service, status=403, code="REQUEST_LIMIT_EXCEEDED"
            )
        raise TransientServiceError("The service is busy.", service=service, status=503, code="HTTP-503")


def _lost(service: str, effect: str) -> ServiceError:
    kind = UnknownOutcome if effect == "create" else TransientServiceError
    return kind("The answer was lost.", service=service, status=504, code="HTTP-504")


class LedgerHandle:
    """The ledger as one process has it."""

    def __init__(self, process: Process, ledger: MemoryLedger) -> None:
        self._process = process
        self._ledger = ledger

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._process._alive()
        with self._ledger.transaction():
            yield


def _handed_on(name: str) -> Callable[..., Any]:
    def method(self: LedgerHandle, *args: Any, **named: Any) -> Any:
        work = getattr(self._ledger, name)
        return self._process.ledger_call(work, args, named, inside=self._ledger.in_transaction)

    return method


for _name in [name for name in vars(LedgerPort) if not name.startswith("_") and name != "transaction"]:
    setattr(LedgerHandle, _name, _handed_on(_name))
