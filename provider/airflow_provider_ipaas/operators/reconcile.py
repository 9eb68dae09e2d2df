"""The comparison of one collection with itself on both sides; it writes to neither service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.operators._run import CollectionOperator, task_logger
from airflow_provider_ipaas.sync.drift_report import DriftReport
from airflow_provider_ipaas.sync.reconcile import NothingToReconcile, reconcile

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ipaas.ledger import SqlLedger
    from airflow_provider_ipaas.sync.model import Run


class ReconcileOperator(CollectionOperator):
    """Compare everything of one collection in both services; leave the drift by cause in log and XCom.

    Fails, without a retry, when more has drifted than allowed; its `return_value` is there then too. With the DAG's
    param `repair` the drifted records become due, and the next run of the collection's sync DAG takes them up. Skips
    its task when the param `collection` names the other one, and before the first run of the sync DAG.

    :param max_drift: drifted records, not due now, that a green task may have.
    """

    def __init__(self, *, max_drift: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_drift = max_drift

    def open_run(self, _: SqlLedger, run: Run) -> Run:
        """Leave the run out of the ledger: it syncs nothing, and Integration monitoring lists runs that do."""
        return run

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish the numbers before failing, so that a red task has them too."""
        params = context["params"]
        chosen, repair = _checked(params.get("collection", "both"), params.get("repair", False))
        if chosen not in ("both", self.collection):
            raise AirflowSkipException(f"Param collection is {chosen}.")
        report = DriftReport(self.collection, context["dag_run"].run_id, repair)
        log = task_logger(self)
        try:
            reconcile(self.build(context), report)
        except NothingToReconcile as nothing:
            log.warning("%s", nothing)
            raise AirflowSkipException(str(nothing)) from None
        except IPaaSSyncError as error:
            raise self.readable(error) from None
        finally:
            context["ti"].xcom_push(key="return_value", value=report.summary())
        log.info("%s", report.table())
        try:
            report.judge(self.max_drift)
        except IPaaSSyncError as drift:
            log.error("%s", drift)
            raise AirflowFailException(str(drift)) from None
        return report.summary()


def _checked(collection: object, repair: object) -> tuple[str, bool]:
    """Check the params once more than the trigger form does. Raises AirflowFailException naming the param."""
    if collection not in ("both", "account", "contact"):
        raise AirflowFailException(f"Param collection is {collection!r}. Next step: Use both, account or contact.")
    if not isinstance(repair, bool):
        raise AirflowFailException(f"Param repair is {repair!r}. Next step: Give true or false.")
    return str(collection), repair
