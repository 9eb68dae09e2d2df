"""Calls, memory and records a second of sync runs, counted by a sandbox in a process of its own. See `make bench`.

Every step of a run is a process too, as in Airflow; Airflow itself is not part of what is measured here.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _report import Check, Rows, calls_table, machine, markdown, memory_table, rates_table, show, write_readme
from _world import Cost, RunCost, World, world
from rich.console import Console

RESULTS = Path(__file__).resolve().parent / "results"
SIZES = (1_000, 5_000, 10_000, 20_000)
LOOKBACK = 10_000  # the size of the poll whose calls are counted
CHANGED = 1_000
GET_ONE = "GET /customers/v2/Customer/Company/{id}"
LIST = "GET /customers/v2/Customer/Companies"  # filtered by name it is a look-up
FIND = "POST /customers/v2/External/LookupSpecial"
LINK = "POST /customers/v2/External/UpdateExternalId"
CREATE = "POST /customers/v2/Customer/Company"
UPDATE = "PUT /customers/v2/Customer/Company/{id}"
# Calls that a first create and a first update cost once: reading back the canary, and the name of the table.
CANARY = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="numbers of Accounts to load")
    parser.add_argument("--changed", type=int, default=CHANGED, help="records changed or created where that is counted")
    parser.add_argument("--profile", metavar="DIR", help="write the statistics of cProfile for each step there")
    options = parser.parse_args()
    console = Console(width=120, soft_wrap=True)
    checks: list[Check] = []
    with (
        console.status(f"{options.changed} records, external ids apart from the create ..."),
        world(options.changed) as here,
    ):
        checks += _changes(here, options.changed)
    with (
        console.status(f"{options.changed} records, external ids inside the create ..."),
        world(options.changed, nested_external_ids_on_write="stored") as here,
    ):
        checks.append(_creates(here.run(full=True), options.changed, "external ids stored inside the create", 0))
    sizes: list[dict[str, Any]] = []
    for size in sorted(options.sizes):
        with console.status(f"{size} records: first load, then a poll with nothing new ..."), world(size) as here:
            load = here.run(full=True, profile=_profile(options.profile, size, "load"))
            poll = here.run(profile=_profile(options.profile, size, "poll"))
        sizes.append({"records": size, "load": _steps(load), "poll": _steps(poll)})
        if size == LOOKBACK:
            checks.insert(0, _poll(poll, size))
        _save(checks, sizes)
        _publish(checks, sizes)
    _save(checks, sizes)
    for title, head, rows in _publish(checks, sizes):
        show(console, title, head, rows)
    return 0 if all(check.met for check in checks) else 1


def _changes(here: World, changed: int) -> list[Check]:
    created = _creates(here.run(full=True), changed, "external ids apart from the create", 1)
    here.edit_accounts(changed)
    accounts = here.run()
    here.edit_companies(changed)
    companies = here.run()
    return [_to_salesforce(companies, changed), _to_ipaas(accounts, changed), created]


def _poll(run: RunCost, records: int) -> Check:
    calls = run.calls("salesforce")
    written = _writes(run)
    return Check(
        f"Poll of a look-back window of {records:,} Accounts, nothing new",
        "at most 8 Salesforce calls, 0 writes",
        f"{calls.total()} Salesforce calls, {written} writes",
        calls.total() <= 8 and written == 0 and run.counts("to_ipaas") == {"unchanged": records},
        {"salesforce": dict(calls), "logins": dict(run.calls("salesforce", logins=True) - calls)},
        f"beside {run.calls('salesforce', logins=True).total() - calls.total()} logins; reading iPaaS.com: "
        f"{run.calls('ipaas')[LIST]} pages and {run.calls('ipaas')[GET_ONE]:,} records whole",
    )


def _to_salesforce(run: RunCost, changed: int) -> Check:
    calls = run.calls("salesforce", steps=["upsert_salesforce"])
    writes = Counter({name: n for name, n in calls.items() if name.startswith("PATCH")}).total()
    return Check(
        f"{changed:,} changed Companies to Salesforce",
        "at most 5 write calls beside a canary",
        f"{writes} write calls, one of them the canary",
        writes <= 5 * -(-changed // 1000) + 1 and run.counts("to_salesforce") == {"updated": changed},
        {"salesforce": dict(run.calls("salesforce"))},
        f"read before and after the writes: {calls.total() - writes} calls",
    )


def _to_ipaas(run: RunCost, changed: int) -> Check:
    calls = run.calls("ipaas", steps=["upsert_ipaas"])
    extract = run.calls("ipaas", steps=["extract_ipaas"])
    return Check(
        f"{changed:,} changed Accounts to iPaaS.com (a PUT replaces the record)",
        "by the upsert 1 write and 1 read for each record",
        f"{calls[UPDATE]:,} writes, {calls.total() - calls[UPDATE]:,} reads",
        calls[UPDATE] == changed
        and calls.total() <= 2 * changed + CANARY
        and run.counts("to_ipaas") == {"updated": changed},
        {"ipaas upsert": dict(calls), "ipaas extract": dict(extract)},
        f"2 of the reads are the canary's; the extract read {extract[LIST]} pages and {extract[GET_ONE]:,} records whole",
    )


def _creates(run: RunCost, records: int, reading: str, links: int) -> Check:
    calls = run.calls("ipaas", steps=["upsert_ipaas"])
    lookups, rest = calls[FIND] + calls[LIST], calls.total() - calls[FIND] - calls[LIST] - calls[CREATE] - calls[LINK]
    return Check(
        f"{records:,} new Accounts to iPaaS.com, {reading}",
        f"2 look-ups and {1 + links} write{'s' if links else ''} for each record",
        f"{lookups:,} look-ups, {calls[CREATE]:,} creates, {calls[LINK]:,} UpdateExternalId",
        lookups <= 2 * records
        and calls[CREATE] == records
        and calls[LINK] == links * records
        and rest <= CANARY
        and run.counts("to_ipaas") == {"created": records},
        {"ipaas upsert": dict(calls)},
        f"{rest} more for the canary and the name of the table",
    )


def _writes(run: RunCost) -> int:
    """Count the calls that change a record of either service."""
    calls = run.calls("salesforce") + run.calls("ipaas")
    asking = {FIND, "POST /services/data/v{version}/composite/sobjects/{sobject}"}
    return sum(n for name, n in calls.items() if not name.startswith("GET") and name not in asking)


def _steps(run: RunCost) -> dict[str, Any]:
    return {name: _cost(cost) for name, cost in run.steps.items()}


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "wall_s": round(cost.wall_s, 2),
        "cpu_s": round(cost.cpu_s, 2),
        "start_mib": round(cost.start_mib, 1),
        "peak_mib": round(cost.peak_mib, 1),
        "calls": {service: dict(calls) for service, calls in cost.calls.items() if calls},
    }


def _profile(folder: str | None, size: int, name: str) -> str:
    return str(Path(folder).absolute() / f"{size}.{name}") if folder else ""


def _save(checks: list[Check], sizes: list[dict[str, Any]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "checks": [check.as_dict() for check in checks],
        "sizes": sizes,
    }
    (RESULTS / "calls.json").write_text(json.dumps(content, indent=1) + "\n")


def _publish(checks: list[Check], sizes: list[dict[str, Any]]) -> list[tuple[str, list[str], Rows]]:
    """Put the tables into README.md; return them with their titles."""
    about = machine()
    told = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['system']}, {about['cores']} cores, Python {about['python']}, "
        f"load average {about['load_average_1_min']}, by `make bench`.\n"
    )
    calls = calls_table(checks)
    write_readme("calls", told, markdown(*calls))
    tables = [("Calls, as the sandbox counted them", *calls)]
    if sizes:
        count = f"{sizes[-1]['records']:,} Accounts"
        memory, rates = memory_table(sizes), rates_table(sizes)
        write_readme("memory", markdown(*memory))
        write_readme("rates", f"{count}:\n", markdown(*rates))
        tables += [("Growth of each step's process (MiB), by Accounts", *memory), (f"Time of {count}", *rates)]
    return tables


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(main())
