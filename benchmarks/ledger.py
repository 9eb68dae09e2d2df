"""Rows a second into and out of the ledger, on SQLite and PostgreSQL, in batches as the sync core uses it.

See `make bench`. PostgreSQL's server programs have to be installed (`--only sqlite` goes without).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from _report import machine, markdown, show, write_readme
from rich.console import Console

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.context import batches
from airflow_provider_ipaas.sync.model import Item, JournalEntry, Link, Run, Seen
from tests.support.postgres import running_cluster

SCOPE, RUN = "00D000000000001AAA/5501", "account:run1"
RECORD = {
    "Name": "Load Account", "AccountNumber": "LA-1", "Phone": "+1 217 0000001", "Website": "https://a.example.com",
    "BillingStreet": "1 Load Street", "BillingCity": "Springfield", "BillingState": "Illinois",
    "BillingPostalCode": "00001", "BillingCountry": "United States", "SystemModstamp": "2026-01-01T00:00:00.000+0000",
}  # fmt: skip
SHOWING = {key.lower(): value for key, value in RECORD.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="the median of these is shown")
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="measure one, and leave README.md alone")
    options = parser.parse_args()
    databases = [options.only] if options.only else ["sqlite", "postgres"]
    measured = {name: _rounds(name, options.rows, options.rounds) for name in databases}
    head = ["Operation", "Rows in a batch", *(f"{_NAMES[name]}, rows/s" for name in databases)]
    rows = []
    for operation, (size, _) in measured[databases[0]][0].items():
        seconds = [statistics.median(each[operation][1] for each in measured[name]) for name in databases]
        rows.append([operation, str(size), *(f"{options.rows / each:,.0f}" for each in seconds)])
    show(Console(width=120), f"Ledger, {options.rows:,} rows, median of {options.rounds}", head, rows)
    if options.only:
        return
    about = (
        f"{options.rows:,} rows, median of {options.rounds} rounds, load average {machine()['load_average_1_min']}:\n"
    )
    write_readme("ledger", about, markdown(head, rows))


_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def _rounds(database: str, rows: int, rounds: int) -> list[dict[str, tuple[int, float]]]:
    with ExitStack() as stack:
        if database == "postgres":
            cluster = stack.enter_context(running_cluster())
            urls = [cluster.new_database() for _ in range(rounds)]
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
            urls = [f"sqlite:///{folder}/{number}.db" for number in range(rounds)]
        return [_round(url, rows) for url in urls]


def _round(url: str, count: int) -> dict[str, tuple[int, float]]:
    ledger = SqlLedger.open(url)
    ledger.start_run(Run(RUN, "account", "run1", "account", started_at=datetime.now(UTC)))
    try:
        return {name: (size, _time(work)) for name, size, work in _operations(ledger, count)}
    finally:
        ledger.close()


def _operations(ledger: SqlLedger, count: int) -> Iterable[tuple[str, int, Callable[[], Any]]]:
    now = datetime.now(UTC)
    ids = [f"001{number:012d}AAA" for number in range(count)]
    items = [
        Item("account", "salesforce", i, stamp=f"2026-01-01T{n:08d}", record={"Id": i, **RECORD}, content_hash="0" * 64,
             name_key=f"load account {n}", number_key=f"la-{n}", captured_at=now)
        for n, i in enumerate(ids)
    ]  # fmt: skip
    seen = [Seen(i, "2026-01-01", "0" * 64, None, f"load account {n}", f"la-{n}", None) for n, i in enumerate(ids)]
    links = [Link(SCOPE, "account", i, str(n), SHOWING, SHOWING, settled_at=now) for n, i in enumerate(ids)]
    entries = [JournalEntry(RUN, SCOPE, "account", "to_ipaas", i, None, "create", "intent") for i in ids]

    def each(rows: list[Any], size: int, work: Callable[[list[Any]], Any]) -> Callable[[], None]:
        return lambda: [work(batch) for batch in batches(rows, size)] and None

    yield "capture items", 500, each(items, 500, lambda b: ledger.add_items(RUN, b))
    yield "walk items", 500, lambda: sum(len(b) for b in ledger.items(RUN, collection="account", side="salesforce"))
    yield "save items", 500, each(items, 500, lambda b: ledger.save_items(RUN, b))
    yield "save last seen", 500, each(seen, 500, lambda b: ledger.save_seen(SCOPE, "account", "salesforce", b))
    yield "read last seen by id", 500, each(ids, 500, lambda b: ledger.seen(SCOPE, "account", "salesforce", b))
    yield "journal", 32, each(entries, 32, ledger.journal)
    yield "add links", 32, each(links, 32, ledger.put_links)
    stored: list[Link] = []
    for batch in batches(ids, 500):
        stored += ledger.links(SCOPE, "account", "salesforce", batch).values()
    yield "read links by id", 500, each(ids, 500, lambda b: ledger.links(SCOPE, "account", "salesforce", b))
    yield "renew links", 32, each(stored, 32, ledger.put_links)


def _time(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    main()
