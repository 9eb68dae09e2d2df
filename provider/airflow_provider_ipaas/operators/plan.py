"""Between reading and writing: what the plan compares with, the parents, and the plan itself."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.operators._run import SyncOperator
from airflow_provider_ipaas.sync.brake import plan_run
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.parents import parents_ready, sync_parents
from airflow_provider_ipaas.sync.prepare import prepare
from airflow_provider_ipaas.sync.runs import is_closed


class SyncPrerequisitesOperator(SyncOperator):
    """Read the counterparts of what changed, and sync the Accounts that new Customers need first."""

    def step(self, sync: Sync) -> dict[str, Any]:
        if is_closed(sync):
            return {}
        counts: dict[str, Any] = prepare(sync)
        parents = sync_parents(sync)
        return {**counts, **{f"parents_{name}" if name != "parents" else name: n for name, n in parents.items()}}


class PlanSyncOperator(SyncOperator):
    """Decide every captured record, in both directions at once; fails when a brake stops the run."""

    def step(self, sync: Sync) -> dict[str, Any]:
        if is_closed(sync):
            return {}
        counts = plan_run(sync, parents_ready=parents_ready(sync))
        return {
            f"{what}_{direction}": number
            for what, by_direction in (("creates", counts.creates), ("updates", counts.updates))
            for direction, number in by_direction.items()
        }
