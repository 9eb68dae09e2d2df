"""From how many creates on a job of Bulk API 2.0 is worth it: calls and seconds by jobs and by batches of 200.

Companies that are new to Salesforce, a run of all steps, shown is its upsert into Salesforce: 150 ms a call, and a job takes the
org 14 s and the time of its rows (what users of Salesforce have seen at least, see docs/backfill.md), or no time.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from _report import Rows, machine, markdown, show, write_readme
from _world import World, world
from rich.console import Console

RESULTS = Path(__file__).resolve().parent / "results"
LATENCY_S = 0.15
JOB_S = 14
NEVER, ALWAYS = 0, 2


@dataclass(frozen=True, slots=True)
class Point:
    """What the upsert of one run took."""

    records: int
    by_job: bool
    job_s: int
    calls: int
    wall_s: float
    growth_mib: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[500, 1_000, 2_000, 5_000, 10_000])
    options = parser.parse_args()
    console = Console(width=140, soft_wrap=True)
    points = []
    for size in options.sizes:
        for by_job, job_s in ((False, 0), (True, 0), (True, JOB_S)):
            how = f"as jobs of {job_s} s" if by_job else "in batches"
            with console.status(f"{size:,} records {how} ..."), world(0, companies=size) as here:
                points.append(_measure(here, size, by_job=by_job, job_s=job_s))
    RESULTS.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "latency_s": LATENCY_S,
        "points": [asdict(point) for point in points],
    }
    (RESULTS / "bulk.json").write_text(json.dumps(content, indent=1) + "\n")
    head, rows = _table(points)
    about = machine()
    told = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['system']}, {about['cores']} cores, Python {about['python']}, by "
        "`PYTHONPATH=.:scripts .venv/bin/python benchmarks/bulk.py`.\n"
    )
    write_readme("bulk", told, markdown(head, rows))
    show(console, "Creates in Salesforce", head, rows)
    return 0


def _measure(here: World, size: int, *, by_job: bool, job_s: int) -> Point:
    here.settings = {"bulk_threshold": ALWAYS if by_job else NEVER}
    here.sandbox.control("POST", "/switches", {"salesforce": {"bulk_job_s": job_s}})
    delay = {"type": "delay", "delay_s": LATENCY_S}
    here.sandbox.control("POST", "/faults", {"service": "salesforce", "path": "/data/", "action": delay})
    cost = here.run(full=True)
    created = cost.counts("to_salesforce").get("created")
    if created != size:
        raise RuntimeError(f"{created} of {size} records were created.")
    step = cost.steps["upsert_salesforce"]
    calls = step.calls["salesforce"].total()
    return Point(size, by_job, job_s, calls, round(step.wall_s, 1), round(step.peak_mib - step.start_mib, 1))


def _table(points: list[Point]) -> tuple[list[str], Rows]:
    head = [
        "Creates", "Calls by batches", "Calls by jobs", "Seconds by batches", "by jobs that take no time", f"by jobs of {JOB_S} s",
        "Growth MiB by batches", "by jobs",
    ]  # fmt: skip
    rows: Rows = []
    for size in dict.fromkeys(point.records for point in points):
        batches, quick, slow = (point for point in points if point.records == size)
        rows.append([
            f"{size:,}", f"{batches.calls:,}", f"{slow.calls:,}", f"{batches.wall_s:.1f}", f"{quick.wall_s:.1f}",
            f"{slow.wall_s:.1f}", f"{batches.growth_mib:.0f}", f"{slow.growth_mib:.0f}",
        ])  # fmt: skip
    return head, rows


if __name__ == "__main__":
    sys.exit(main())
