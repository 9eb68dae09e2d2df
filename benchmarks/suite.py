"""What loads and polls cost by number of records, with the latencies of services far away and without. See `make bench`.

Each step of a run is a process of its own, over real sockets and an SQLite ledger, as in `calls.py`. The floor of a
step is its calls times their latency, divided by the calls at once (8 to iPaaS.com, 1 to Salesforce); shown is that of the
step that writes, or reads Salesforce where nothing is written.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from _report import Rows, machine, markdown, show, write_readme
from _svg import lines
from _world import RunCost, World, world
from rich.console import Console

RESULTS = Path(__file__).resolve().parent / "results"
LANES = 8
LATENCY_S = {"salesforce": 0.15, "ipaas": 0.08}
PATHS = {"salesforce": "/data/", "ipaas": "/customers/"}
WRITES_TO = {"to iPaaS.com": "upsert_ipaas", "to Salesforce": "upsert_salesforce"}


@dataclass(frozen=True, slots=True)
class Point:
    """What one run took. *ratio*: the seconds of the step that writes (or lists), by its floor; None without latency."""

    scenario: str
    records: int
    latency: bool
    written: int
    salesforce_calls: int
    ipaas_calls: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    ratio: float | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[2_000, 10_000, 20_000], help="without latencies; 20,000 take 6 minutes"
    )
    parser.add_argument("--far", type=int, nargs="*", default=[1_000], help="with latencies: 40 s a thousand records")
    options = parser.parse_args()
    console = Console(width=140, soft_wrap=True)
    points: list[Point] = []
    for latency, sizes in ((False, options.sizes), (True, options.far)):
        for size in sorted(sizes):
            for point in _play(console, size, latency=latency):
                points.append(point)
                _save(points)
    for title, head, rows in _publish(points):
        show(console, title, head, rows)
    return 0


def _play(console: Console, size: int, *, latency: bool) -> Iterator[Point]:
    few = max(1, size // 100)

    def run(name: str, what: str, **params: bool) -> Point:
        with console.status(f"{size:,} records{', with latencies' if latency else ''}: {name} ..."):
            _set_latency(here, latency=latency)
            cost = here.run(**params)
            _set_latency(here, latency=False)
        return _point(name, what, size, cost, latency=latency)

    with world(size) as here:
        here.lanes = LANES
        yield run("first load", "to iPaaS.com", full=True)
        here.run()  # reads whole, once, what the load has written
        yield run("nothing changed", "")
        for name, count in (("1 % changed", few), ("all changed", size)):
            here.edit_accounts(count)
            yield run(f"{name}, to iPaaS.com", "to iPaaS.com")
            here.run()
            here.edit_companies(count)
            yield run(f"{name}, to Salesforce", "to Salesforce")
            here.run()


def _set_latency(here: World, *, latency: bool) -> None:
    here.sandbox.control("DELETE", "/faults")
    for service, delay_s in LATENCY_S.items() if latency else ():
        action = {"type": "delay", "delay_s": delay_s}
        here.sandbox.control("POST", "/faults", {"service": service, "path": PATHS[service], "action": action})


def _point(name: str, what: str, size: int, cost: RunCost, *, latency: bool) -> Point:
    steps = cost.steps.values()
    ratio = None
    if latency:
        step = WRITES_TO.get(what, "extract_salesforce")
        calls = cost.steps[step].calls
        lanes = LANES if step == "upsert_ipaas" else 1
        service = "ipaas" if step == "upsert_ipaas" else "salesforce"
        floor = calls[service].total() * LATENCY_S[service] / lanes
        # Below a few seconds it is the start, the canary and the login that count.
        ratio = cost.steps[step].wall_s / floor if floor >= 0.5 else None
    counts = [cost.counts(way) for way in ("to_ipaas", "to_salesforce")]
    return Point(
        scenario=name,
        records=size,
        latency=latency,
        written=sum(each.get(kind, 0) for each in counts for kind in ("created", "updated")),
        salesforce_calls=cost.calls("salesforce").total(),
        ipaas_calls=cost.calls("ipaas").total(),
        wall_s=round(sum(each.wall_s for each in steps), 2),
        cpu_s=round(sum(each.cpu_s for each in steps), 2),
        peak_mib=round(max(each.peak_mib - each.start_mib for each in steps), 1),
        ratio=None if ratio is None else round(ratio, 2),
    )


def _save(points: list[Point]) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "lanes": LANES,
        "latency_s": LATENCY_S,
        "points": [asdict(point) for point in points],
    }
    (RESULTS / "suite.json").write_text(json.dumps(content, indent=1) + "\n")


def _publish(points: list[Point]) -> list[tuple[str, list[str], Rows]]:
    head = [
        "Run", "Records", "Latency", "Written", "Salesforce calls", "iPaaS.com calls", "Calls per 1,000 records", "Seconds",
        "CPU s", "Records/s", "Growth MiB", "Step by floor",
    ]  # fmt: skip
    rows = [
        [
            p.scenario, f"{p.records:,}", "yes" if p.latency else "no", f"{p.written:,}", f"{p.salesforce_calls:,}",
            f"{p.ipaas_calls:,}", f"{1000 * (p.salesforce_calls + p.ipaas_calls) / p.records:,.0f}", f"{p.wall_s:.1f}",
            f"{p.cpu_s:.1f}", f"{p.records / p.wall_s:,.0f}" if p.wall_s else "", f"{p.peak_mib:.0f}",
            "" if p.ratio is None else f"{p.ratio:.2f}",
        ]
        for p in points
    ]  # fmt: skip
    near = [p for p in points if not p.latency]
    names = list(dict.fromkeys(p.scenario for p in near))
    growth_head = [
        "Run",
        "Calls grow with N to the power of",
        "CPU seconds",
        "Memory at the greatest size by the smallest",
    ]
    growth: Rows = []
    for name in names:
        mine = sorted((p for p in near if p.scenario == name), key=lambda p: p.records)
        if len(mine) > 1:
            low, high = mine[-2], mine[-1]  # a small collection is read another way: the two greatest sizes
            span = math.log(high.records / low.records)
            calls = [p.salesforce_calls + p.ipaas_calls for p in (low, high)]
            growth.append([
                name, f"{math.log(calls[1] / calls[0]) / span:.2f}",
                f"{math.log(max(high.cpu_s, 0.01) / max(low.cpu_s, 0.01)) / span:.2f}", f"{high.peak_mib / max(low.peak_mib, 1):.2f}",
            ])  # fmt: skip
    about = machine()
    told = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['system']}, {about['cores']} cores, Python {about['python']}, "
        f"load average {about['load_average_1_min']}, by `PYTHONPATH=.:scripts .venv/bin/python benchmarks/suite.py`. "
        f"Latency: {LATENCY_S['salesforce'] * 1000:.0f} ms a call to Salesforce, {LATENCY_S['ipaas'] * 1000:.0f} ms to "
        f"iPaaS.com, {LANES} calls at once there.\n"
    )
    write_readme("suite", told, markdown(head, rows), markdown(growth_head, growth))
    series = {name: [(float(p.records), max(p.cpu_s, 0.01)) for p in near if p.scenario == name] for name in names}
    (RESULTS / "suite.svg").write_text(
        lines("Processor seconds of a run, all steps", "records", "seconds", {k: sorted(v) for k, v in series.items()})
    )
    return [("Runs", head, rows), ("Growth", growth_head, growth)]


if __name__ == "__main__":
    sys.exit(main())
