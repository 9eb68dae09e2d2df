"""The last task of a run: the summary, and a colour that tells the truth whatever failed before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.operators._run import SyncOperator, task_logger
from airflow_provider_ipaas.sync.report import empty_summary, judge, report

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ipaas.sync.context import Sync

# "removed": a share of an upsert that an earlier attempt of a cleared run had, and this one does not.
_GOOD = frozenset({"success", "skipped", "None", "running", "removed"})


class SyncReportOperator(SyncOperator):
    """Close the run and leave its summary in XCom, then fail when the run must not be green.

    :param max_failed_records: refused records, both directions together, that a green run may have.
    """

    def __init__(self, *, max_failed_records: int = 0, **kwargs: Any) -> None:
        # The run's state comes from this leaf: it has to run whatever failed, once, and fail by itself.
        kwargs = {**kwargs, "trigger_rule": TriggerRule.ALL_DONE, "retries": 0}
        super().__init__(**kwargs)
        self.max_failed_records = max_failed_records

    def step(self, sync: Sync) -> dict[str, Any]:
        return report(sync)

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish the summary before failing, so that a red run has its numbers too."""
        failed = self._failed_tasks(context)
        dag_run = context["dag_run"]
        problem = ""
        try:
            summary = self.step(self.build(context))
        except IPaaSSyncError as error:
            problem = str(self.readable(error))
            dry_run = context["params"].get("dry_run") is True
            summary = empty_summary(self.collection, dag_run.run_id, dry_run=dry_run)
        except Exception:
            # A bug must not cost the summary's place in XCom: programs read it from there, also of a red run.
            context["ti"].xcom_push(key="return_value", value=empty_summary(self.collection, dag_run.run_id))
            raise
        context["ti"].xcom_push(key="return_value", value=summary)
        try:
            judge(summary, failed_tasks=failed, max_failed_records=self.max_failed_records)
        except IPaaSSyncError as error:
            task_logger(self).error("%s", error)
            raise AirflowFailException(f"{problem} {error}".strip()) from None
        if problem:
            raise AirflowFailException(problem)
        return summary

    def _failed_tasks(self, context: Context) -> list[str]:
        dag_run = context["dag_run"]
        states = context["ti"].get_task_states(dag_id=dag_run.dag_id, run_ids=[dag_run.run_id])
        found = states.get(dag_run.run_id, {})
        return sorted(task for task, state in found.items() if task != self.task_id and str(state) not in _GOOD)
