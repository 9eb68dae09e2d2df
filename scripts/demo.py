"""Show the sync end to end on this machine, with no accounts anywhere. See `make demo`.

Starts a local Salesforce, a local iPaaS.com and Airflow, runs both DAGs three times (everything; what people edited in
between; nothing left to do), shows what each run reports and whether every edit arrived, and stops everything.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import requests
from rich.console import Console

from _airflow_api import AirflowApi, ApiError
from _edits import Edit, edit_both_sides, edits_table
from _processes import StartError
from _stack import DAG_IDS, Stack, phase
from _tables import Run, reasons, runs_table, writes

_RUN_TIMEOUT_S = 600
_REPORT_TASK = "report"
_LOG_LINES = 30


class DemoFailed(Exception):
    """The demo showed something it should not; the message says what."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument("--port", type=int, default=8080, help="port of Airflow; the next free one when it is taken")
    options = parser.parse_args()
    console = Console()
    try:
        # Scheduled runs would take the edits away from the runs shown here, so only these happen.
        with Stack.build("demo", console, schedules=False, triggerer=options.keep, port=options.port) as stack:
            stack.start(fresh=True)
            stack.print_access()
            problem = _show(stack)
            if options.keep:
                stack.print_access()
                console.print("\nSchedules are off; trigger the DAGs in Airflow. Stop with Ctrl-C.")
                stack.stay()
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    except (StartError, ApiError, DemoFailed, requests.RequestException) as error:
        console.print("[bold red]The demo failed.[/]")
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 1
    if problem:
        console.print(f"[bold red]The demo failed:[/] {problem}")
        return 1
    console.print("[bold green]Both services agree, and the third run wrote nothing.[/]")
    return 0


def _show(stack: Stack) -> str:
    """Run the demo and print its tables; return what is wrong with the outcome, empty for nothing."""
    console = stack.console
    runs: dict[str, list[Run]] = {dag_id: [] for dag_id in DAG_IDS}
    try:
        _run_both(stack, runs, "everything", {"full": True})
        with phase(console, "Edit records in both services as other users"):
            edits = edit_both_sides(stack.sandbox)
        _run_both(stack, runs, "the edits", {})
        _run_both(stack, runs, "nothing new", {})
    finally:
        for dag_id, done in runs.items():
            if done:
                console.print()
                console.print(runs_table(dag_id, done))
                if done[0].summary is not None:
                    for line in reasons(done[0].summary):
                        console.print(f"  run 1, {line}", style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print()
    console.print(edits_table(edits))
    return _judge(runs, edits)


def _run_both(stack: Stack, runs: dict[str, list[Run]], title: str, conf: dict[str, Any]) -> None:
    """Run one DAG after the other: Contacts need the Companies that the Accounts become."""
    api = stack.airflow.api
    for dag_id in DAG_IDS:
        started = time.monotonic()
        with phase(stack.console, f"Run {dag_id}, {title}"):
            run_id = api.trigger(dag_id, conf)
            state = api.wait_for_run(dag_id, run_id, timeout_s=_RUN_TIMEOUT_S)
        summary = api.xcom(dag_id, run_id, _REPORT_TASK)
        runs[dag_id].append(Run(title, state, time.monotonic() - started, summary))
        if state != "success":
            raise DemoFailed(_explain(stack, api, dag_id, run_id))


def _explain(stack: Stack, api: AirflowApi, dag_id: str, run_id: str) -> str:
    """Say which tasks failed, with the end of the log of the first."""
    states = api.task_states(dag_id, run_id)
    failed = [task_id for task_id, state in states.items() if state == "failed"]
    lines = [f"The run {run_id} of {dag_id} failed in: {', '.join(failed) or 'no task'}."]
    if failed:
        lines += [f"The end of the log of {failed[0]}:", *api.task_log(dag_id, run_id, failed[0])[-_LOG_LINES:]]
    lines.append(f"All task logs: {stack.airflow.home / 'logs'}; Airflow's own: {stack.processes.logs}")
    return "\n".join(lines)


def _judge(runs: dict[str, list[Run]], edits: list[Edit]) -> str:
    for dag_id, done in runs.items():
        if any(run.summary is None for run in done):
            return f"a run of {dag_id} left no report."
        last = done[-1].summary
        if last is not None and (written := writes(last)):
            return f"the third run of {dag_id} wrote {written} records although nothing had changed."
    if missing := [edit.what for edit in edits if not edit.arrived()]:
        return f"these edits did not arrive: {'; '.join(missing)}."
    return ""


if __name__ == "__main__":
    sys.exit(main())
