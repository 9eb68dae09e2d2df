"""The operators, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .extract import IPaaSExtractOperator, SalesforceExtractOperator
    from .maintenance import DoctorOperator, MappingCheckOperator
    from .parked import ParkedOperator
    from .plan import PlanSyncOperator, SyncPrerequisitesOperator
    from .reconcile import ReconcileOperator
    from .report import SyncReportOperator
    from .schema import SchemaDriftOperator
    from .upsert import IPaaSUpsertOperator, IPaaSUpsertShareOperator, SalesforceUpsertOperator

__all__ = [
    "DoctorOperator",
    "IPaaSExtractOperator",
    "IPaaSUpsertOperator",
    "IPaaSUpsertShareOperator",
    "MappingCheckOperator",
    "ParkedOperator",
    "PlanSyncOperator",
    "ReconcileOperator",
    "SalesforceExtractOperator",
    "SalesforceUpsertOperator",
    "SchemaDriftOperator",
    "SyncPrerequisitesOperator",
    "SyncReportOperator",
]

_HOME = {
    "DoctorOperator": "maintenance",
    "MappingCheckOperator": "maintenance",
    "ParkedOperator": "parked",
    "IPaaSExtractOperator": "extract",
    "SalesforceExtractOperator": "extract",
    "PlanSyncOperator": "plan",
    "SyncPrerequisitesOperator": "plan",
    "IPaaSUpsertOperator": "upsert",
    "IPaaSUpsertShareOperator": "upsert",
    "SalesforceUpsertOperator": "upsert",
    "ReconcileOperator": "reconcile",
    "SchemaDriftOperator": "schema",
    "SyncReportOperator": "report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
