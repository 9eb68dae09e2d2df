"""Memory does not grow with the number of records: a run streams."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from tests.support.rig import Rig

ROOT = Path(__file__).parents[2]
# A dry run of a first load in a process of its own, against the services of this one; prints the peak of what it held.
PROGRAM = """
import json, sys, tracemalloc
from types import SimpleNamespace
from airflow_provider_ipaas.ledger import SqlLedger
from tests.support.rig import Rig

salesforce_url, ipaas_url, ledger_url = sys.argv[1:]
rig = Rig(SimpleNamespace(salesforce_url=salesforce_url, ipaas_url=ipaas_url), SqlLedger.open(ledger_url))
tracemalloc.start()
summary = rig.run("account", dry_run=True, full=True, max_creates=None).ok.summary
_, peak = tracemalloc.get_traced_memory()
print(json.dumps({"peak": peak, "ours": summary["to_ipaas"]["seen"], "theirs": summary["to_salesforce"]["seen"]}))
"""
MIB = 1024 * 1024


def peak_of_a_run(rig: Rig, count: int, folder: Path) -> int:
    """Load *count* records into each service and return the peak memory of a run over them."""
    rig.sandbox.machine.reset()
    rig.control("POST", "ipaas/switches/preset/mild")
    rig.control("PATCH", "ipaas/switches", {"paging": "header", "first_page": "1", "page_size": 500})
    seed_n(count, rig.sandbox.machine.org.store, rig.sandbox.ipaas, companies=count)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            rig.sandbox.salesforce_url,
            rig.sandbox.ipaas_url,
            f"sqlite:///{folder}/ledger-{count}.db",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["ours"], found["theirs"]) == (count, count)
    return int(found["peak"])


def test_eight_times_the_records_take_hardly_more_memory(rig: Rig, tmp_path: Path) -> None:
    few = peak_of_a_run(rig, 1_000, tmp_path)
    many = peak_of_a_run(rig, 8_000, tmp_path)

    # A page of 2,000 rows is the most it holds; 8,000 Companies held whole would be three times the bound.
    assert many < 2 * few, (few // MIB, many // MIB)
