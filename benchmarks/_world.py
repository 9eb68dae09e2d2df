"""A sandbox in a process of its own, a ledger file, and runs whose steps are processes too, with what each cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from _processes import Processes
from _sandbox import SandboxProcess
from airflow_provider_ipaas.ledger import SqlLedger

HERE = Path(__file__).resolve().parent
STEPS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas", "upsert_salesforce", "report")
OUTCOMES = ("created", "updated", "unchanged", "skipped", "parked", "failed")


@dataclass
class Cost:
    """What one step of a run took."""

    wall_s: float
    cpu_s: float
    start_mib: float
    peak_mib: float
    calls: dict[str, Counter[str]]


@dataclass
class RunCost:
    """What one run took, step by step, and its summary."""

    steps: dict[str, Cost] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)

    def calls(self, service: str, *, steps: Iterable[str] = STEPS, logins: bool = False) -> Counter[str]:
        """Return the calls of some steps by endpoint."""
        total: Counter[str] = Counter()
        for name in steps:
            cost = self.steps[name]
            total += cost.calls[service]
            if logins:
                total += cost.calls[f"{service} logins"]
        return total

    def counts(self, direction: str) -> dict[str, int]:
        return {name: self.summary[direction][name] for name in OUTCOMES if self.summary[direction][name]}


class World:
    """Both services with *records* Accounts (and as many Contacts), and an empty ledger."""

    def __init__(self, records: int, folder: Path, sandbox: SandboxProcess) -> None:
        self.records = records
        self.sandbox = sandbox
        self.ledger_url = f"sqlite:///{folder / 'ledger.db'}"
        self.folder = folder
        self.lanes = 4
        self.settings: dict[str, Any] = {}
        self._runs = 0
        SqlLedger.open(self.ledger_url).close()

    def run(self, *, profile: str = "", **params: Any) -> RunCost:
        """Run all steps one after the other; raise when one fails or records are refused."""
        self._runs += 1
        cost = RunCost()
        for step in STEPS:
            cost.steps[step], summary = self._step(step, params, profile)
            cost.summary = summary or cost.summary
        for direction in ("to_ipaas", "to_salesforce"):
            counts = cost.summary[direction]
            if counts["failed"] or counts["seen"] != sum(counts[name] for name in OUTCOMES):
                raise RuntimeError(f"The run went wrong: {direction} {counts}")
        return cost

    def _step(self, step: str, params: dict[str, Any], profile: str) -> tuple[Cost, dict[str, Any] | None]:
        job = {
            "salesforce_url": self.sandbox.salesforce_url,
            "ipaas_url": self.sandbox.ipaas_url,
            "ledger": self.ledger_url,
            "collection": "account",
            "run_id": f"run{self._runs}",
            "step": step,
            "params": {"max_creates": None, "allow_mass_change": True, **params},
            "lanes": self.lanes,
            "settings": self.settings,
            "profile": f"{profile}.{step}.prof" if profile else "",
        }
        self.sandbox.control("POST", "/calls/reset")
        done = subprocess.run(
            [sys.executable, str(HERE / "_step.py"), json.dumps(job)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        if done.returncode != 0:
            raise RuntimeError(f"Step {step} failed, see above.")
        counted = self.sandbox.control("GET", "/calls")
        calls = {service: Counter(counted[service]["endpoints"]) for service in ("salesforce", "ipaas")}
        calls |= {f"{service} logins": Counter(counted[service]["logins"]) for service in ("salesforce", "ipaas")}
        told = json.loads(done.stdout)
        cost = Cost(told["wall_s"], told["cpu_s"], told["start_kib"] / 1024, told["peak_kib"] / 1024, calls)
        return cost, told["summary"]

    # Other people's edits

    def edit_accounts(self, limit: int) -> int:
        """Change *limit* linked Accounts as another user."""
        return _edit(
            lambda pair: self.sandbox.edit_salesforce("Account", pair[0], {"Phone": f"+1 999 {pair[1]:07d}"}),
            self.sandbox.pairs("companies")[:limit],
        )

    def edit_companies(self, limit: int) -> int:
        """Change *limit* linked Companies as another user."""
        return _edit(
            lambda pair: self.sandbox.edit_ipaas("companies", pair[1], {"url": f"https://edited{pair[1]}.example.com"}),
            self.sandbox.pairs("companies")[:limit],
        )


def _edit(edit: Any, pairs: list[tuple[str, int]]) -> int:
    with ThreadPoolExecutor(1) as pool:
        list(pool.map(edit, pairs))
    return len(pairs)


@contextmanager
def world(records: int, *, companies: int = 0, **switches: Any) -> Iterator[World]:
    """Start a sandbox with *records* Accounts and other *companies* in a process; *switches* are those of iPaaS.com."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        processes = Processes(folder / "logs")
        try:
            sandbox = SandboxProcess(processes)
            sandbox.start(dict(os.environ), folder, seed="empty")
            sandbox.wait_until_ready()
            if switches:
                sandbox.control("POST", "/switches", {"ipaas": switches})
            requests.post(
                f"{sandbox.salesforce_url}/_sandbox/seed",
                json={"records": records, "companies": companies},
                timeout=300,
            ).raise_for_status()
            yield World(records, folder, sandbox)
        finally:
            processes.stop()
