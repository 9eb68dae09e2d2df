"""Two-way sync between Salesforce and iPaaS.com for Apache Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .backfill import backfill_dag
    from .factory import sync_dag
    from .maintenance import maintenance_dag
    from .reconcile import reconcile_dag
    from .schema_drift import schema_drift_dag

__all__ = ["__version__", "backfill_dag", "maintenance_dag", "reconcile_dag", "schema_drift_dag", "sync_dag"]


def __getattr__(name: str) -> Any:
    # Lazy: Airflow imports this package while it discovers providers, long before DAGs are wanted.
    if name == "sync_dag":
        from .factory import sync_dag

        return sync_dag
    if name == "backfill_dag":
        from .backfill import backfill_dag

        return backfill_dag
    if name == "maintenance_dag":
        from .maintenance import maintenance_dag

        return maintenance_dag
    if name == "schema_drift_dag":
        from .schema_drift import schema_drift_dag

        return schema_drift_dag
    if name == "reconcile_dag":
        from .reconcile import reconcile_dag

        return reconcile_dag
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
