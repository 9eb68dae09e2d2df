"""How much memory a run's steps take by number of records, up to a million: a first load as a dry run.

Each step is a process of its own, over real sockets and an SQLite ledger. A dry run reads, translates, stores, plans and reports every
record, and writes to no service. A million Accounts (with as many Contacts) take the sandbox 6 GiB and the run about ten minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from _report import Rows, machine, markdown, show, write_readme
from _world import world
from rich.console import Console

RESULTS = Path(__file__).resolve().parent / "results"
STEPS = ("extract_salesforce", "prerequisites", "plan", "report")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    options = parser.parse_args()
    console = Console(width=140, soft_wrap=True)
    points = []
    for size in sorted(options.sizes):
        with console.status(f"{size:,} records ..."), world(size) as here:
            cost = here.run(full=True, dry_run=True)
        if (seen := cost.summary["to_ipaas"]["seen"]) != size:
            raise RuntimeError(f"The run has seen {seen:,} of {size:,} records.")
        steps = {
            name: {
                "growth_mib": round(cost.steps[name].peak_mib - cost.steps[name].start_mib, 1),
                "cpu_s": round(cost.steps[name].cpu_s, 1),
            }
            for name in STEPS
        }
        points.append({"records": size, "salesforce_calls": cost.calls("salesforce").total(), "steps": steps})
        console.print(points[-1])
    RESULTS.mkdir(exist_ok=True)
    about = machine()
    content = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": about, "points": points}
    (RESULTS / "memory.json").write_text(json.dumps(content, indent=1) + "\n")
    head = ["Records", "Salesforce calls", *(f"{name}, MiB" for name in STEPS), *(f"{name}, CPU s" for name in STEPS)]
    rows: Rows = [
        [
            f"{point['records']:,}", f"{point['salesforce_calls']:,}",
            *(f"{point['steps'][name]['growth_mib']:.0f}" for name in STEPS),
            *(f"{point['steps'][name]['cpu_s']:.1f}" for name in STEPS),
        ]
        for point in points
    ]  # fmt: skip
    sizes = " ".join(str(point["records"]) for point in points)
    told = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['system']}, {about['cores']} cores, Python {about['python']}, by "
        f"`PYTHONPATH=.:scripts .venv/bin/python benchmarks/memory.py --sizes {sizes}`.\n"
    )
    write_readme("flat", told, markdown(head, rows))
    show(console, "Growth of each step's process", head, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
