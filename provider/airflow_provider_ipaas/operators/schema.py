"""The daily look at the fields that a mapping uses; it writes to neither service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.operators._run import CollectionOperator, task_logger
from airflow_provider_ipaas.sync.extract_salesforce import check_org, scope_of
from airflow_provider_ipaas.sync.schema import Change, Snapshot, changes, first_look, snapshot

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ipaas.ledger import SqlLedger
    from airflow_provider_ipaas.sync.context import Sync
    from airflow_provider_ipaas.sync.model import Run


class SchemaDriftOperator(CollectionOperator):
    """Compare the Salesforce fields that a mapping uses with what they were at the last look.

    Each change is told once: with its severity in the log, and in the `return_value`. The task fails, without a retry,
    when something has changed for the worse (`error` or `warning`). Skips before the sync DAG has reached Salesforce.
    """

    def open_run(self, _: SqlLedger, run: Run) -> Run:
        """Leave the run out of the ledger: it syncs nothing, and Integration monitoring lists runs that do."""
        return run

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish the changes before failing, so that a red task has them too."""
        log = task_logger(self)
        try:
            sync = self.build(context)
            found, now = self._look(sync)
        except IPaaSSyncError as error:
            raise self.readable(error) from None
        told = {"collection": self.collection, "changes": [change.as_dict() for change in found]}
        context["ti"].xcom_push(key="return_value", value=told)
        for change in found:
            level = {"error": log.error, "warning": log.warning, "info": log.info}[change.severity]
            level("%s: %s Next step: %s", change.severity, change.text, change.next_step)
        # Kept once it was told: a task that dies before tells it again.
        sync.ledger.set_fact(sync.scope, self._key, now)
        worse = [change for change in found if change.severity != "info"]
        if worse:
            texts = " ".join(change.text for change in worse[:5])
            raise AirflowFailException(
                f"{len(worse)} of the fields that the mapping of collection {self.collection} uses changed: {texts} "
                "The log has all with the next steps. Each change is told once."
            )
        log.info("%s: %d fields looked at, %d changed.", sync.sobject, len(now), len(found))
        return told

    def _look(self, sync: Sync) -> tuple[list[Change], Snapshot]:
        if sync.ledger.pinned(f"salesforce:{self.salesforce_conn_id}") is None:
            raise AirflowSkipException("No run of the sync DAG has reached Salesforce yet.")
        sync.run.scope = scope_of(check_org(sync), sync.settings.system_id)
        facts = sync.salesforce.describe(sync.sobject)
        now = snapshot(sync.mapping, facts)
        stored = sync.ledger.fact(sync.scope, self._key)
        if stored is None:
            return first_look(sync.mapping, facts), now
        return changes(sync.mapping, stored[0], now), now

    @property
    def _key(self) -> str:
        return f"schema:{self.collection}"
