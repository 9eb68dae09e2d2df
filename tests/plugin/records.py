"""Runs and waiting records, as the sync leaves them in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Collection, Run, Unresolved
from airflow_provider_ipaas.sync.report import empty_summary

ORG = "00DHs000001AbCdMAK"
SCOPE = f"{ORG}/5501"
START = datetime(2026, 5, 4, 10, 15, tzinfo=UTC)


def add_run(
    ledger: SqlLedger,
    dag_id: str,
    run_id: str,
    *,
    collection: Collection = "account",
    scope: str = SCOPE,
    started_at: datetime = START,
    reported: bool = True,
    **to_ipaas: Any,
) -> None:
    """Store a run; *to_ipaas* are counts of its summary."""
    run_key = f"{dag_id}:{run_id}"
    ledger.start_run(Run(run_key, dag_id, run_id, collection, scope=scope, started_at=started_at))
    if reported:
        summary = empty_summary(collection, run_id)
        summary["to_ipaas"] |= to_ipaas
        ledger.update_run(run_key, phase="reported", summary=summary)


def waiting(n: int, **more: Any) -> Unresolved:
    """Return a waiting Account; a greater *n* waits for a shorter time."""
    values: dict[str, Any] = {
        "scope": SCOPE,
        "collection": "account",
        "direction": "to_ipaas",
        "source_id": f"001Hs{n:010d}AAA",
        "reason": "possible_duplicate",
        "next_step": "Look at both records.",
        "first_at": START + timedelta(seconds=n),
        "last_at": START + timedelta(days=1),
    }
    return Unresolved(**(values | more))
