"""What the tests of the ledger share: an open ledger, its clock, and records to put into it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Claim, Item, Link, Run

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCOPE = "00D000000000001EAA:77"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[SqlLedger]:
    """Return an open, empty ledger that knows one run, `r1`, and whose clock stands still."""
    opened = SqlLedger.open(ledger_url, clock=lambda: NOW)
    opened.start_run(a_run("r1"))
    yield opened
    opened.close()


def a_run(run_key: str, **more: Any) -> Run:
    return Run(run_key, "dag", run_key, "account", scope=SCOPE, **more)


def an_item(record_id: str, **more: Any) -> Item:
    return Item("account", "salesforce", record_id, **more)


def a_link(salesforce_id: str, ipaas_id: str, **more: Any) -> Link:
    return Link(SCOPE, "account", salesforce_id, ipaas_id, **more)


def a_claim(source_id: str, run_key: str = "r1", **more: Any) -> Claim:
    return Claim(SCOPE, "account", "to_ipaas", source_id, run_key, **more)


def in_processes(work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Call *work*, a function of a module, in one fresh process per tuple of arguments, all at once."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        gate = manager.Barrier(len(calls))
        with context.Pool(len(calls)) as pool:
            return pool.starmap(_gated, [(gate, work, call) for call in calls], chunksize=1)


def _gated(gate: Any, work: Callable[..., Any], call: tuple[Any, ...]) -> Any:
    gate.wait(60)
    return work(*call)
