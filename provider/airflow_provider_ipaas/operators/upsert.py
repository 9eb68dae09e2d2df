"""The upserts: what the plan wants written, one service each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.operators._run import SyncOperator
from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.apply_salesforce import SalesforceApplier
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.runs import is_writable
from airflow_provider_ipaas.sync.shares import Share

if TYPE_CHECKING:
    from airflow.sdk import Context


class IPaaSUpsertOperator(SyncOperator):
    """Write links, creates and updates to iPaaS.com.

    With *tasks* above 1, a run with much to write is shared out: this operator writes until the canaries are through,
    and its `return_value` lists the shares of the rest, for `IPaaSUpsertShareOperator` to be expanded over; an empty
    list where it wrote everything itself. Its counts are in XCom under `counts` then.

    :param tasks: most tasks that the writes of a run are shared out among.
    """

    def __init__(self, *, tasks: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if tasks < 1:
            raise ValueError(f"tasks is {tasks}; it has to be 1 or more.")
        self.tasks = tasks
        self._shares: list[Share] = []

    def step(self, sync: Sync) -> dict[str, Any]:
        if not is_writable(sync):
            return {}
        applier = IPaaSApplier(sync)
        rate = IPaaSHook(self.ipaas_conn_id).rate(sync.params.requests_per_second) if self.tasks > 1 else None
        self._shares = applier.lead(self.tasks, rate)
        if self._shares:
            sync.log.info("The rest is shared out among %d tasks: upsert_ipaas_shares.", len(self._shares))
        return dict(applier.settler.counts)

    def execute(self, context: Context) -> Any:
        """Write; return the counts, or with *tasks* above 1 the shares that are left."""
        counts = super().execute(context)
        if self.tasks == 1:
            return counts
        context["ti"].xcom_push(key="counts", value=counts)
        return [{"number": share.number, "of": share.of} for share in self._shares]


class IPaaSUpsertShareOperator(SyncOperator):
    """Write one share of what an `IPaaSUpsertOperator` left; expanded over its `return_value`.

    Each task has `max_concurrency` lanes of its own and its part of `requests_per_second`.

    :param share: `{"number": 0, "of": 4}`: which part, counted from 0, of how many.
    """

    def __init__(self, *, share: dict[str, int], **kwargs: Any) -> None:
        super().__init__(**{"map_index_template": "{{ task.share['number'] + 1 }} of {{ task.share['of'] }}", **kwargs})
        self.share = share

    @property
    def tasks_at_once(self) -> int:
        return int(self.share["of"])

    def step(self, sync: Sync) -> dict[str, Any]:
        share = Share(int(self.share["number"]), int(self.share["of"]))
        return dict(IPaaSApplier(sync).run(share)) if is_writable(sync) else {}


class SalesforceUpsertOperator(SyncOperator):
    """Write creates and updates to Salesforce."""

    def step(self, sync: Sync) -> dict[str, Any]:
        return dict(SalesforceApplier(sync).run()) if is_writable(sync) else {}
