"""Run the services of docker-compose.airflow.yml on this machine, and disturb them. See `make test-distributed`.

For each number of workers: a fresh cluster loads the Accounts undisturbed, which is timed; then the Contacts, while the
worker of a running task is killed and Redis restarted; then both again, which must write nothing. At the end each number
of workers must have come to the same state, with nothing lost and nothing twice in either service.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from _airflow_api import ApiError
from _cluster import Cluster
from _processes import Processes, StartError, interrupt_on_termination, stop_sessions
from _sandbox import SandboxProcess
from _stack import phase
from _tables import writes
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID
from env_file import complete, read

ACCOUNTS, CONTACTS = "salesforce_ipaas_accounts", "salesforce_ipaas_contacts"
# Which collection of iPaaS.com mirrors which object of Salesforce, and what a create there is called.
PAIRS = {"Account": "companies", "Contact": "customers"}
_CREATE_CUSTOMER = "POST /customers/v2/Customer"
IPAAS_DELAY_S = 0.08
# Times after which the scheduler gives up a lost task or message, shorter than in the file: somebody waits for this.
_IMPATIENT = {"TASK_HEARTBEAT_TIMEOUT": "40"}
# One task at a time on each worker: what more of them gain is not hidden by what one does at once.
_ONE_BY_ONE = {"WORKER_CONCURRENCY": "1"}
_SETTINGS = {
    # Only the runs that are started here.
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__API__WORKERS": "1",
}
# What a service gives out anew each time.
_OWN = ("id", "external_ids", "SystemModstamp", "attributes", "created", "updated")


class DistributedFailed(Exception):
    """The cluster did what it should not; the message says what."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cluster came to: seconds of the undisturbed load, and the content of both services."""

    workers: int
    load_s: float
    state: dict[str, list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000, help="Accounts, with a Contact each")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4], help="numbers of workers, one cluster each")
    parser.add_argument("--timeout", type=int, default=7200, help="seconds that one run of a DAG may take")
    options = parser.parse_args()
    console = Console(width=120, soft_wrap=True)
    interrupt_on_termination()
    try:
        outcomes = [play(options.records, workers, console, options.timeout) for workers in options.workers]
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    except (StartError, ApiError, DistributedFailed, requests.RequestException) as error:
        console.print("[bold red]Failed.[/]")
        console.print(str(error), markup=False, highlight=False)
        return 1
    first = outcomes[0]
    for outcome in outcomes:
        compared = (
            f", {first.load_s / outcome.load_s:.2f} times as fast as {first.workers}" if outcome is not first else ""
        )
        console.print(
            f"{outcome.workers} workers: {options.records} Accounts in {outcome.load_s:.0f} s at "
            f"{IPAAS_DELAY_S * 1000:.0f} ms a call{compared}"
        )
    for outcome in outcomes[1:]:
        if outcome.state != first.state:
            console.print("[bold red]The end states differ.[/]")
            console.print(_difference(first, outcome), markup=False, highlight=False)
            return 1
    same = "The same end state each time, nothing" if len(outcomes) > 1 else "Nothing"
    console.print(f"[bold green]{same} lost, nothing twice.[/]")
    return 0


def _difference(one: Outcome, other: Outcome) -> str:
    """Show some records that only one of two clusters came to."""
    told = []
    for kind, here in one.state.items():
        there = other.state[kind]
        for workers, mine, theirs in ((one.workers, here, there), (other.workers, there, here)):
            only = list((Counter(mine) - Counter(theirs)).elements())
            told += [f"{len(only)} {kind} only with {workers} workers:", *only[:3]] if only else []
    return "\n".join(told)


def play(records: int, workers: int, console: Console, timeout_s: float) -> Outcome:
    """Load, disturb and check one cluster; raises `DistributedFailed` with what is wrong."""
    with running(records, workers, console) as (cluster, sandbox):
        started = time.monotonic()
        with phase(console, f"Load {records} Accounts on {workers} workers"):
            run(cluster, ACCOUNTS, {"full": True, "max_creates": records}, timeout_s)
        load_s = time.monotonic() - started
        with phase(console, "Load their Contacts, kill a worker, restart Redis"):
            run(
                cluster,
                CONTACTS,
                {"full": True, "max_creates": records},
                timeout_s,
                _disturb(cluster, sandbox, records),
            )
        with phase(console, "Run both again"):
            for dag_id in (ACCOUNTS, CONTACTS):
                if written := writes(run(cluster, dag_id, {"full": True}, timeout_s)):
                    raise DistributedFailed(f"A second run of {dag_id} wrote {written} records.")
        if problems := check(sandbox, records):
            raise DistributedFailed("\n".join(problems))
        return Outcome(workers, load_s, state(sandbox))


@contextmanager
def running(records: int, workers: int, console: Console) -> Iterator[tuple[Cluster, SandboxProcess]]:
    """Start a cluster and a sandbox with so many records; stop them and remove all they wrote."""
    with tempfile.TemporaryDirectory(prefix="airflow-", ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        # PostgreSQL may run as another user, who has to get to its data.
        home.chmod(0o711)
        complete(home / ".env")
        processes = Processes(home / "logs")
        sandbox = SandboxProcess(processes)
        try:
            with phase(console, "Start the sandbox"):
                sandbox.start(dict(os.environ), home, seed=str(records))
                sandbox.wait_until_ready(timeout_s=300)
                delay = {"type": "delay", "delay_s": IPAAS_DELAY_S}
                sandbox.control("POST", "/faults", {"service": "ipaas", "action": delay})
            connections = {f"AIRFLOW_CONN_{name.upper()}": text for name, text in sandbox.connections().items()}
            # The shares of an upsert stand in line behind each other where there is one worker.
            patience = {"TASK_QUEUED_TIMEOUT": str(60 + records // 20)}
            variables = {**read((home / ".env").read_text("utf-8")), **_IMPATIENT, **_ONE_BY_ONE, **patience}
            cluster = Cluster(home, processes, variables, {**_SETTINGS, **connections})
            with phase(console, f"Start the services of docker-compose.airflow.yml with {workers} workers"):
                cluster.start(workers)
                _until(lambda: all(cluster.api.dag_exists(dag_id) for dag_id in (ACCOUNTS, CONTACTS)), "no DAGs", 180)
            yield cluster, sandbox
        finally:
            processes.stop()


def run(
    cluster: Cluster,
    dag_id: str,
    conf: dict[str, Any],
    timeout_s: float,
    meanwhile: Callable[[str], None] = lambda _run_id: None,
) -> dict[str, Any]:
    """Run a DAG to its end and return its summary; raises `DistributedFailed` when the run is red."""
    api = cluster.api
    run_id = api.trigger(dag_id, conf)
    meanwhile(run_id)
    ended = api.wait_for_run(dag_id, run_id, timeout_s=timeout_s)
    if ended != "success":
        states = api.task_states(dag_id, run_id)
        failed = [task for task, state in states.items() if state == "failed"]
        log = [
            line
            for task in failed[:1]
            for try_number in (1, 2, 3)
            for line in api.task_log(dag_id, run_id, task, try_number)
        ]
        raise DistributedFailed("\n".join([f"The run of {dag_id} is {ended}: {states}", *log[-40:]]))
    summary: dict[str, Any] = api.xcom(dag_id, run_id, "report")
    return summary


def _disturb(cluster: Cluster, sandbox: SandboxProcess, records: int) -> Callable[[str], None]:
    """Kill the worker of a running task after a quarter of the creates, restart Redis after half of them."""

    def created() -> int:
        count: int = sandbox.control("GET", "/calls")["ipaas"]["endpoints"].get(_CREATE_CUSTOMER, 0)
        return count

    def meanwhile(run_id: str) -> None:
        _until(lambda: created() >= records // 4, "no creates", 600)
        worker = _worker_of_a_task(cluster, run_id)
        cluster.processes.kill(worker)
        cluster.start_service(worker)
        _until(lambda: created() >= records // 2, "no creates after a worker was killed", 600)
        redis = cluster.processes.running["redis"]
        stop_sessions([redis.pid])
        redis.wait()
        cluster.start_service("redis")
        cluster.wait_until_healthy("redis")

    return meanwhile


def _worker_of_a_task(cluster: Cluster, run_id: str) -> str:
    rows = cluster.api.task_instances(CONTACTS, run_id)
    sessions = {process.pid: name for name, process in cluster.processes.running.items()}
    for row in rows:
        if row["state"] == "running" and row["pid"]:
            return sessions[os.getsid(row["pid"])]
    raise DistributedFailed("No task was running when a worker was to be killed; take more records.")


def check(sandbox: SandboxProcess, records: int) -> list[str]:
    """Say what is lost or twice in either service."""
    problems = []
    for sobject, kind in PAIRS.items():
        ours = {row["Id"] for row in sandbox.control("GET", f"/salesforce/records/{sobject}")}
        theirs = [row for row in sandbox.control("GET", f"/ipaas/records/{kind}") if row["active"]]
        linked = Counter(
            link["external_id"]
            for row in theirs
            for link in row["external_ids"]
            if link["system_id"] == SALESFORCE_SYSTEM_ID
        )
        twice = [external_id for external_id, times in linked.items() if times > 1]
        counts = {"in Salesforce": len(ours), "in iPaaS.com": len(theirs)}
        problems += [
            f"{count} {kind} {where}, {records} expected" for where, count in counts.items() if count != records
        ]
        problems += [f"{len(ours - set(linked))} {sobject}s are not linked"] if ours - set(linked) else []
        problems += [f"{sobject}s linked to several {kind}: {twice[:5]}"] if twice else []
    return problems


def state(sandbox: SandboxProcess) -> dict[str, list[str]]:
    """Return the content of both services, without what each gives out anew."""
    paths = [f"/salesforce/records/{sobject}" for sobject in PAIRS] + [
        f"/ipaas/records/{kind}" for kind in PAIRS.values()
    ]
    return {path: sorted(json.dumps(_content(row)) for row in sandbox.control("GET", path)) for path in paths}


def _content(value: Any) -> Any:
    if isinstance(value, list):
        return [_content(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _content(item)
        for name, item in sorted(value.items())
        if name not in _OWN and not name.lower().endswith(("date", "datetime", "_id", "byid", "id__c"))
    }


def _until(ready: Callable[[], bool], problem: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            raise DistributedFailed(f"{problem} after {timeout_s:.0f} s")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
