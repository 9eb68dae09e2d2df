"""One task of a run in a process of its own, which may be told to die in the middle of it.

Arguments: JSON with salesforce_url, ipaas_url, ledger, collection, run_id, steps, params, and kill: [holder, method,
nth, "before" or "after"] or null. Perhaps signal: the number of the signal to die by (SIGKILL); told: whether the process
hears a SIGTERM and ends in order, as a task of Airflow does; most_bytes: how long any file may get, as on a full disk;
no_memory: at the point that kill names, the process gets no more memory instead of a signal.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sys
from types import SimpleNamespace
from typing import Any

from airflow_provider_ipaas.ledger import SqlLedger
from tests.support.rig import Rig


def die_at(holder: Any, name: str, nth: int, when: str, by: int) -> None:
    """Let the nth call of a method send this process a signal, before or after it is done."""
    real = getattr(holder, name)
    count = iter(range(1, 1_000_000))

    def call(*args: Any, **named: Any) -> Any:
        last = next(count) == nth
        if last and when == "before":
            os.kill(os.getpid(), by)
        result = real(*args, **named)
        if last:
            os.kill(os.getpid(), by)
        return result

    setattr(holder, name, call)


def starve_at(holder: Any, name: str, nth: int) -> None:
    """Take the memory away when a method is called the nth time: what the process holds is all it gets.

    CPython's Thread.start() waits for ever for a thread that found no memory to begin with; such a process is ended from
    outside, by an execution timeout or a person. Here a watchdog does it, which needs no memory itself.
    """
    faulthandler.dump_traceback_later(60, exit=True)
    real = getattr(holder, name)
    count = iter(range(1, 1_000_000))

    def call(*args: Any, **named: Any) -> Any:
        if next(count) == nth:
            resource.setrlimit(resource.RLIMIT_AS, (1, resource.RLIM_INFINITY))
            bytearray(2**30)
        return real(*args, **named)

    setattr(holder, name, call)


def main(told: dict[str, Any]) -> None:
    if told.get("told"):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if told.get("most_bytes"):
        # Python ignores SIGXFSZ: the write fails, as it does where no room is left.
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["most_bytes"], told["most_bytes"]))
    services: Any = SimpleNamespace(salesforce_url=told["salesforce_url"], ipaas_url=told["ipaas_url"])
    rig = Rig(services, SqlLedger.open(told["ledger"]))
    for step in told["steps"]:
        sync = rig.sync(told["collection"], told["run_id"], told["params"])
        if told["kill"]:
            where, name, nth, when = told["kill"]
            holders: dict[str, Any] = {"ledger": sync.ledger, "ipaas": sync.ipaas, "salesforce": sync.salesforce}
            if told.get("no_memory"):
                starve_at(holders[where], name, nth)
            else:
                die_at(holders[where], name, nth, when, told.get("signal", signal.SIGKILL))
        rig.step(step, sync)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
