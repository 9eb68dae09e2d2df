"""Seconds from trigger to the end of a run in a real Airflow with three changes, when everything is warm.

Starts the stack of `make airflow` with files of its own, syncs everything once, and measures Account runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _report import machine, markdown, show, write_readme
from rich.console import Console

from _stack import DAG_IDS, Stack, phase
from _tables import writes

TARGET_S = 20
CHANGES = 3
RUN_TIMEOUT_S = 600
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--port", type=int, default=8080, help="port of Airflow; the next free one when it is taken")
    options = parser.parse_args()
    console = Console(width=120)
    with Stack.build("bench", console, schedules=False, triggerer=False, port=options.port) as stack:
        stack.start(fresh=True)
        with phase(console, "Sync everything once, then once more to warm up"):
            _run(stack, {"full": True})
            _run(stack, {})
        runs = [_measured(stack, number) for number in range(options.runs)]
    median = statistics.median(run["seconds"] for run in runs)
    head = ["Run", "Seconds", "Written", "Load average before"]
    rows = [
        [str(number), f"{run['seconds']:.1f}", str(run["written"]), f"{run['load']:.1f}"]
        for number, run in enumerate(runs, start=1)
    ]
    show(console, f"{DAG_IDS[0]} with {CHANGES} changes", head, rows)
    verdict = f"Median {median:.1f} s on {os.cpu_count()} cores (target: within {TARGET_S} s)."
    console.print(verdict)
    write_readme("warm", f"{datetime.now(UTC):%Y-%m-%d}. {verdict}\n", markdown(head, rows))
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine(), "median_s": round(median, 1), "target_s": TARGET_S, "runs": runs}
    (RESULTS / "warm_run.json").write_text(json.dumps(content, indent=1) + "\n")
    return 0 if median <= TARGET_S else 1


def _measured(stack: Stack, number: int) -> dict[str, Any]:
    for record_id, _ in stack.sandbox.pairs("companies")[:CHANGES]:
        stack.sandbox.edit_salesforce("Account", record_id, {"Fax": f"+1 555 {number:04d}"})
    load = os.getloadavg()[0]
    seconds, summary = _run(stack, {})
    written = writes(summary)
    if written != CHANGES:
        raise RuntimeError(f"Run {number} wrote {written} records instead of {CHANGES}: {summary}")
    return {"seconds": round(seconds, 2), "written": written, "load": round(load, 1)}


def _run(stack: Stack, conf: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Trigger an Account run and wait for its end; return the seconds it took and its summary."""
    api, dag_id = stack.airflow.api, DAG_IDS[0]
    started = time.monotonic()
    run_id = api.trigger(dag_id, conf)
    state = api.wait_for_run(dag_id, run_id, timeout_s=RUN_TIMEOUT_S, poll_s=0.1)
    seconds = time.monotonic() - started
    if state != "success":
        raise RuntimeError(f"The run {run_id} ended as {state}; task logs: {stack.airflow.home / 'logs'}")
    return seconds, api.xcom(dag_id, run_id, "report")


if __name__ == "__main__":
    sys.exit(main())
