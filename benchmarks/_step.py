"""One task's step of a sync run, in a process of its own as Airflow runs it; prints what it cost as JSON.

Argument: a JSON object with `salesforce_url`, `ipaas_url`, `ledger` (URL), `collection`, `run_id`, `step`, `params`
and optionally `profile` (file for cProfile's statistics), `lanes` (calls to iPaaS.com at once) and `settings` (of the sync).
"""

from __future__ import annotations

import cProfile
import json
import logging
import resource
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.report import report
from tests.support.rig import Rig

if TYPE_CHECKING:
    from airflow_provider_ipaas.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a sandbox in another process answers; all that runs need of it."""

    salesforce_url: str
    ipaas_url: str


def main() -> None:
    job = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.WARNING)
    ledger = SqlLedger.open(job["ledger"])
    rig = Rig(cast("Sandbox", Addresses(job["salesforce_url"], job["ipaas_url"])), ledger)
    rig.lanes = job.get("lanes", rig.lanes)
    rig.settings = job.get("settings", {})
    rig.sleep = time.sleep  # pauses are part of what a run takes
    profile = cProfile.Profile() if job.get("profile") else None
    before_kib = _peak_kib()
    started, cpu_started = time.monotonic(), time.process_time()
    sync = rig.sync(job["collection"], job["run_id"], job["params"])
    with profile or nullcontext():
        answer: Any = report(sync) if job["step"] == "report" else rig.step(job["step"], sync)
    wall_s, cpu_s = time.monotonic() - started, time.process_time() - cpu_started
    if profile:
        profile.dump_stats(job["profile"])
    summary = answer if job["step"] == "report" else None
    ledger.close()
    costs = {"wall_s": wall_s, "cpu_s": cpu_s, "start_kib": before_kib, "peak_kib": _peak_kib(), "summary": summary}
    print(json.dumps(costs))


def _peak_kib() -> int:
    """Return the most memory this program has had resident so far."""
    try:
        # Unlike getrusage, this leaves out what the parent had resident before the fork.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


if __name__ == "__main__":
    main()
