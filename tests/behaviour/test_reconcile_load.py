"""Thousands of links: reconcile streams, asks by id only for what it doubts, and holds no more for more records."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Link, Seen
from tests.behaviour.comparing import compare, drift, pass_days, salesforce_now
from tests.behaviour.test_call_counts import DESCRIBE, GET, LIST, LOOK_BACK, QUERY, QUERY_ALL
from tests.behaviour.world import account, scope
from tests.support.rig import Rig

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
# One comparison in a process of its own, against the services of this one; prints what it found and the peak of memory.
PROGRAM = """
import json, sys, tracemalloc
from types import SimpleNamespace
from airflow_provider_ipaas.ledger import SqlLedger
from tests.behaviour.comparing import compare
from tests.support.rig import Rig

salesforce_url, ipaas_url, ledger_url = sys.argv[1:]
rig = Rig(SimpleNamespace(salesforce_url=salesforce_url, ipaas_url=ipaas_url), SqlLedger.open(ledger_url))
tracemalloc.start()
report = compare(rig)
_, peak = tracemalloc.get_traced_memory()
print(json.dumps({"peak": peak, "summary": report.summary()}))
"""


def load(rig: Rig, count: int, *, drifted: int) -> None:
    """Make linked pairs that were last changed 20 days ago; the last ones show a phone that no run has carried over."""
    rig.run("account").ok  # noqa: B018
    sync = rig.sync("account", "load", {})
    at = salesforce_now(rig) - timedelta(days=20)
    with rig.ledger.transaction():
        for number in range(count):
            fields = {"Name": f"Load {number:06}", "AccountNumber": f"L-{number}", "Phone": f"+1 217 {number:07}"}
            ours = rig.sandbox.salesforce.insert("Account", fields, at=at)
            phone = fields["Phone"] if number < count - drifted else "0"
            there = {"name": fields["Name"], "account_number": fields["AccountNumber"], "phone_number": phone}
            theirs = rig.sandbox.ipaas.insert("company", there, at=at)
            rig.sandbox.ipaas.link("company", theirs, ours)
            showing = sync.mapping.show_salesforce({**fields, "Phone": phone})
            rig.ledger.add_link(Link(scope(rig), "account", ours, str(theirs), showing, dict(showing)))
            seen = sync.ipaas_item({**there, "id": theirs, "addresses": []}, "seen", ours)
            row = Seen(str(theirs), content_hash=seen.content_hash, fate="unchanged")
            rig.ledger.save_seen(scope(rig), "account", "ipaas", [row])


def measured(rig: Rig, count: int, folder: Path, *, drifted: int) -> dict[str, Any]:
    rig.sandbox.machine.reset()
    rig.control("POST", "ipaas/switches/preset/mild")
    rig.control("PATCH", "ipaas/switches", {"paging": "header", "first_page": "1", "page_size": 500})
    url = f"sqlite:///{folder}/ledger-{count}.db"
    own = Rig(rig.sandbox, SqlLedger.open(url))
    load(own, count, drifted=drifted)
    own.ledger.close()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, rig.sandbox.salesforce_url, rig.sandbox.ipaas_url, url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_thousands_of_links_take_pages_and_hardly_more_memory(rig: Rig, tmp_path: Path) -> None:
    few = measured(rig, 4_000, tmp_path, drifted=12)
    many = measured(rig, 12_000, tmp_path, drifted=12)

    summary = many["summary"]
    assert (summary["linked"], summary["in_step"], summary["drifted"]) == (12_000, 11_988, 12)
    cause = summary["drift"]["changed_in_salesforce"]
    assert (cause["records"], cause["percent_of_linked"], len(cause["examples"])) == (12, 0.1, 10)
    # Two counts, six pages of 2,000 rows and the suspects by id; 24 pages of 500 rows and the suspects.
    assert summary["api_calls"] == {"salesforce": 3 + 6 + 1, "ipaas": 24 + 12}
    # A few pages are the most it holds, and how many depends on which thread came first (1 MiB more or less). Three
    # times the records held whole would be well over twice the peak.
    assert many["peak"] < 1.6 * few["peak"], (few["peak"] / MIB, many["peak"] / MIB)


def test_short_list_rows_cost_one_read_each_and_hidden_external_ids_one_more(rig: Rig) -> None:
    for _ in range(5):
        account(rig)
    rig.run("account").ok  # noqa: B018
    pass_days(rig)
    rig.switch("ipaas", external_ids_on_read="absent")
    rig.control("POST", "calls/reset")

    assert drift(compare(rig)) == {}

    counted = {service: Counter(rig.calls()[service]["endpoints"]) for service in ("salesforce", "ipaas")}
    del counted["salesforce"][DESCRIBE]
    assert counted["salesforce"] == {QUERY: 3}
    assert counted["salesforce"][QUERY_ALL] == 0
    assert {name: counted["ipaas"][name] for name in (LIST, GET, LOOK_BACK)} == {LIST: 1, GET: 5, LOOK_BACK: 5}
