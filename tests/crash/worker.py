"""Runs tasks of the shipped DAG in processes of their own, which may die in the middle.

Reads JSON from standard input and answers each line with one. {"jobs": [...]} are done at the same time, each by a fork
of this process, which has imported Airflow already; {"warm": job} is done by this process itself. A job: env (connections), collection, run_id,
params, steps (task ids), states (of the tasks before them), kill (the fields of `Kill`, or null), try_number.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import structlog

from airflow_provider_ipaas import reconcile_dag, sync_dag
from airflow_provider_ipaas.operators.reconcile import ReconcileOperator
from airflow_provider_ipaas.operators.schema import SchemaDriftOperator
from tests.crash.killing import Kill, Watch, install
from tests.crash.points import all_points

DAGS = {
    collection: sync_dag(collection, dag_id=f"crash_{collection}", schedule=None)  # type: ignore[arg-type]
    for collection in ("account", "contact")
}
# Tasks of other DAGs, by collection.
OTHERS = {
    "reconcile": {c: ReconcileOperator(task_id="reconcile", collection=c) for c in DAGS},
    "schema_drift": {c: SchemaDriftOperator(task_id="schema_drift", collection=c) for c in DAGS},
}
DAGS["reconcile"] = reconcile_dag(dag_id="crash_reconcile", schedule=None)
# What a task waits for, where it does not run whatever happened (as the trigger rules of the DAG say).
NEEDS = {
    "prerequisites": ("extract_salesforce", "extract_ipaas"),
    "plan": ("prerequisites",),
    "upsert_ipaas": ("plan",),
}


class Instance:
    """The part of a task instance that the operators use."""

    map_index = -1

    def __init__(self, states: Mapping[str, str], try_number: int) -> None:
        self.try_number = try_number
        self.pushed: dict[str, Any] = {}
        self._states = states

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value

    def get_task_states(self, *, dag_id: str, run_ids: list[str]) -> dict[str, Mapping[str, str]]:
        return {run_ids[0]: self._states}


def work(job: Mapping[str, Any], watch: Watch) -> dict[str, Any]:
    """Run the steps of a job as Airflow would; return the errors by step, the summary and the points passed."""
    dag = DAGS[job["collection"]]
    states: dict[str, str] = dict(job.get("states") or {})
    errors: dict[str, str] = {}
    summary: Any = None
    for step in job["steps"]:
        if any(states.get(other, "success") != "success" for other in NEEDS.get(step, ())):
            states[step] = "upstream_failed"
            continue
        watch.step = step
        instance = Instance(states, job["try_number"])
        run = SimpleNamespace(dag_id=dag.dag_id, run_id=job["run_id"])
        try:
            task = OTHERS[step][job["collection"]] if step in OTHERS else dag.get_task(step)
            task.execute({"params": job["params"], "dag_run": run, "ti": instance})
            states[step] = "success"
        except Exception as error:
            states[step] = "failed"
            errors[step] = str(error) if "Airflow" in type(error).__name__ else traceback.format_exc()
        summary = instance.pushed.get("return_value", summary)
    return {"errors": errors, "states": states, "summary": summary, "passed": watch.passed}


def child(job: Mapping[str, Any], pipe: int) -> None:
    """Do a job and write the answer into the pipe."""
    try:
        os.environ.update(job["env"])
        watch = Watch(Kill(**job["kill"]) if job["kill"] else None)
        install(watch)
        answer = work(job, watch)
    except BaseException:
        answer = {"broken": traceback.format_exc()}
    with os.fdopen(pipe, "w") as out:
        json.dump(answer, out)


def start(job: Mapping[str, Any]) -> tuple[int, int]:
    """Fork a worker for a job; return its process id and the pipe with its answer."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(job, writing)
        os._exit(0)
    os.close(writing)
    return pid, reading


def end(pid: int, pipe: int) -> dict[str, Any]:
    """Wait for a worker; return its exit status and its answer, which one that was killed did not give."""
    with os.fdopen(pipe) as answer:
        text = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {"status": status, **(json.loads(text) if text else {})}


def serve() -> None:
    """Answer lines until standard input ends."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what anything prints is no answer
    all_points()  # read once, not by each fork
    for line in sys.stdin:
        told = json.loads(line)
        if "warm" in told:
            os.environ.update(told["warm"]["env"])
            out.write(json.dumps(work(told["warm"], Watch())) + "\n")
            # Forks share the memory of what they do not touch; the collector touches everything.
            gc.collect()
            gc.freeze()
            continue
        started = [start(job) for job in told["jobs"]]
        out.write(json.dumps([end(*each) for each in started]) + "\n")


if __name__ == "__main__":
    serve()
