"""Reconcile over real sockets, and the worlds that it has to see through."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ipaas.sync.drift_report import DriftReport
from airflow_provider_ipaas.sync.model import Collection
from airflow_provider_ipaas.sync.reconcile import reconcile
from tests.behaviour.world import account, later, partner
from tests.support.rig import Rig

OLD = timedelta(days=9)  # outside a window of 7 days, inside what the runs of `settled` have covered


def compare(rig: Rig, collection: Collection = "account", *, repair: bool = False) -> DriftReport:
    """Run reconcile on one collection as its task would."""
    report = DriftReport(collection, "weekly", repair)
    reconcile(rig.sync(collection, "weekly", {}), report)
    return report


def drift(report: DriftReport) -> dict[str, int]:
    """Return the records by cause."""
    return {name: cause["records"] for name, cause in report.summary()["drift"].items()}


def explained(report: DriftReport) -> dict[str, int]:
    return {name: cause["records"] for name, cause in report.summary()["explained"].items()}


def examples(report: DriftReport, cause: str) -> list[tuple[str | None, str | None]]:
    summary = report.summary()
    found = {**summary["drift"], **summary["explained"]}[cause]["examples"]
    return [(pair["salesforce_id"], pair["ipaas_id"]) for pair in found]


def settled(rig: Rig, collection: Collection = "account", **fields: Any) -> tuple[str, str]:
    """Create an Account, sync it, and let 20 days go by in which runs found nothing new; return both ids."""
    ours = account(rig, **fields)
    rig.run(collection).ok  # noqa: B018
    theirs = partner(rig, "account", ours)
    pass_days(rig, collection)
    return ours, theirs


def pass_days(rig: Rig, collection: Collection = "account") -> None:
    later(rig, days=20)
    rig.run(collection).ok  # noqa: B018


def salesforce_now(rig: Rig) -> datetime:
    return rig.sandbox.clocks["salesforce"].now()


def commit_late(rig: Rig, *operations: dict[str, Any], age: timedelta = OLD) -> None:
    """Let changes become visible now that were stamped long ago, further back than any run looks."""
    transactions = rig.sandbox.salesforce.transactions
    transactions.begin(list(operations), started=salesforce_now(rig) - age)
    transactions.commit()


def edit_late(rig: Rig, record_id: str, **fields: Any) -> None:
    commit_late(rig, {"op": "update", "id": record_id, "fields": fields})
