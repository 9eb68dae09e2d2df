"""How fast Accounts are read from the same sandbox, by this package and by what people would use instead.

Every peer runs in a process, and where it has dependencies of its own in an environment, of its own (`peers/`). The
rounds are interleaved. Seconds are those of the reading, from the first query on, without imports, login and describe;
processor seconds are the peer's. Calls are all that a peer makes.
See `make bench`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from _report import machine, markdown, show, write_readme
from _svg import bars
from _world import World, world
from rich.console import Console

from airflow_provider_ipaas.sandbox import credentials as known

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "peers"
FIELDS = [
    "Id", "Name", "AccountNumber", "Phone", "Fax", "Website", "Description", "BillingStreet", "BillingCity",
    "BillingState", "BillingPostalCode", "BillingCountry", "SystemModstamp", "LastModifiedById",
]  # fmt: skip
LATENCY_S = 0.15
UPSERTS = 1000


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to read: its runner, how it is called, and what is different about it."""

    runner: str
    name: str
    note: str
    own: bool = False  # has an environment of its own


PEERS = (
    Peer("bare", "requests and a loop", "parses pages, keeps nothing"),
    Peer("ours_client", "this client", "page stream, pages checked, token renewed when it ends"),
    Peer("simple", "simple-salesforce", "`query_all_iter`"),
    Peer("hook_loop", "SalesforceHook", "`make_query`: all records in one list"),
    Peer("ours_extract", "this extract", "read, translated, hashed, in the ledger (SQLite)"),
    Peer("tap", "tap-salesforce", "singer records to a file", own=True),
    Peer("airbyte", "airbyte-source-salesforce", "all fields of the object (it takes no fewer), to a file", own=True),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="the median of these is shown")
    options = parser.parse_args()
    console = Console(width=130, soft_wrap=True)
    for peer in PEERS:
        if peer.own:
            with console.status(f"Installing {peer.name} ..."):
                _environment(peer)
    results: dict[str, dict[str, Any]] = {peer.runner: {} for peer in PEERS}
    with world(options.records) as here:
        for latency_s in (0.0, LATENCY_S):
            if latency_s:
                rule = {"service": "salesforce", "path": "/data/", "action": {"type": "delay", "delay_s": latency_s}}
                here.sandbox.control("POST", "/faults", rule)
            with console.status(f"{options.records:,} Accounts at {latency_s * 1000:.0f} ms a call ..."):
                measured = [[_run(here, peer, options.records) for peer in PEERS] for _ in range(options.rounds)]
            for number, peer in enumerate(PEERS):
                results[peer.runner][f"{latency_s:g}"] = _median([each[number] for each in measured])
        here.sandbox.control("DELETE", "/faults")
        single = _run(here, Peer("single_upserts", "", ""), UPSERTS)
    _publish(console, options.records, options.rounds, results, single)
    return 0


def _environment(peer: Peer) -> Path:
    """Return the Python of a peer's environment; make that on first use."""
    folder, wanted = CACHE / peer.runner, HERE / "peers" / "requirements" / f"{peer.runner}.txt"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True, stdout=subprocess.DEVNULL)
        stamp.write_text(wanted.read_text())
    return python


def _run(here: World, peer: Peer, records: int) -> dict[str, float]:
    url = here.sandbox.salesforce_url
    given = {
        "grant_type": "client_credentials",
        "client_id": known.CONSUMER_KEY,
        "client_secret": known.CONSUMER_SECRET,
    }
    token = requests.post(f"{url}/services/oauth2/token", data=given, timeout=30).json()["access_token"]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        job, result = Path(folder) / "job.json", Path(folder) / "result.json"
        told = {
            "url": url,
            "token": token,
            "client_id": known.CONSUMER_KEY,
            "client_secret": known.CONSUMER_SECRET,
            "refresh_token": known.REFRESH_TOKEN,
            "fields": FIELDS,
            "folder": folder,
            "result": str(result),
            "upserts": records,
        }
        job.write_text(json.dumps(told))
        python = str(_environment(peer)) if peer.own else sys.executable
        here.sandbox.control("POST", "/calls/reset")
        done = subprocess.run(
            [python, str(HERE / "peers" / f"{peer.runner}.py"), str(job)], capture_output=True, text=True, check=False
        )
        if not result.exists():
            raise RuntimeError(f"{peer.name} failed ({done.returncode}): {done.stderr[-2000:]}")
        measured: dict[str, float] = json.loads(result.read_text())
        if measured["records"] < records:
            raise RuntimeError(f"{peer.name} read {measured['records']} of {records} records.")
    return {**measured, "calls": here.sandbox.control("GET", "/calls")["salesforce"]["api"]}


def _median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}


def _publish(
    console: Console, records: int, rounds: int, results: dict[str, dict[str, Any]], single: dict[str, float]
) -> None:
    bare, far = results["bare"]["0"], f"{LATENCY_S:g}"
    head = [
        "Reader",
        "Records/s",
        "of the bare loop",
        "Records/CPU s",
        f"Records/s at {LATENCY_S * 1000:.0f} ms",
        "Calls",
        "What it does",
    ]
    rows = []
    for peer in PEERS:
        near, slow = results[peer.runner]["0"], results[peer.runner][far]
        rows.append([
            peer.name, f"{records / near['wall_s']:,.0f}", f"{bare['wall_s'] / near['wall_s']:.0%}",
            f"{records / near['cpu_s']:,.0f}", f"{records / slow['wall_s']:,.0f}", f"{near['calls']:.0f}", peer.note,
        ])  # fmt: skip
    show(console, f"{records:,} Accounts, read", head, rows)
    ours, client, tap, airbyte = (results[n] for n in ("ours_extract", "ours_client", "tap", "airbyte"))
    pages = -(-records // 2000)
    floor = pages * LATENCY_S
    ratios = [
        ["Page stream of the client: times the bare loop's seconds", "at most 1.2", f"{client['0']['wall_s'] / bare['wall_s']:.2f}"],
        [f"Page stream at {LATENCY_S * 1000:.0f} ms a call: times the bare loop's seconds", "at most 1.2", f"{client[far]['wall_s'] / results['bare'][far]['wall_s']:.2f}"],
        ["Whole extract: times as fast as tap-salesforce", "at least 5", f"{tap['0']['wall_s'] / ours['0']['wall_s']:.1f}"],
        ["Whole extract: times as fast as airbyte-source-salesforce", "above 1", f"{airbyte['0']['wall_s'] / ours['0']['wall_s']:.1f}"],
        [f"Page stream at {LATENCY_S * 1000:.0f} ms a call: times the floor ({pages} pages)", "", f"{client[far]['wall_s'] / floor:.2f}"],
        [f"Whole extract at {LATENCY_S * 1000:.0f} ms a call: times the floor of its calls", "at most 1.2", f"{ours[far]['wall_s'] / (ours[far]['calls'] * LATENCY_S):.2f}"],
        [f"{UPSERTS:,} single upserts by simple-salesforce: calls", "", f"{single['calls']:.0f}"],
    ]  # fmt: skip
    show(console, "Ratios", ["What", "Target", "Measured"], ratios)
    about = machine()
    told = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['system']}, {about['cores']} cores, Python {about['python']}, "
        f"load average {about['load_average_1_min']}, medians of {rounds} interleaved rounds, {records:,} Accounts with {len(FIELDS)} fields, by "
        "`PYTHONPATH=.:scripts .venv/bin/python benchmarks/peers.py`.\n"
    )
    write_readme("peers", told, markdown(head, rows), markdown(["What", "Target", "Measured"], ratios))
    content = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": about, "records": records,
               "peers": results, "single_upserts": single}  # fmt: skip
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "peers.json").write_text(json.dumps(content, indent=1) + "\n")
    groups = {
        "no latency": [(p.name, records / results[p.runner]["0"]["wall_s"]) for p in PEERS],
        f"{LATENCY_S * 1000:.0f} ms a call": [(p.name, records / results[p.runner][far]["wall_s"]) for p in PEERS],
    }
    ours_names = {p.name for p in PEERS if p.runner.startswith("ours")}
    (HERE / "results" / "peers.svg").write_text(bars("Accounts read a second", groups, ours_names))


if __name__ == "__main__":
    sys.exit(main())
