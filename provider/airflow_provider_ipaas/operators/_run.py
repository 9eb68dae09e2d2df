"""From an Airflow task to the sync core: params in, ports and mapping wired, counts and readable errors out."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_ipaas.errors import IPaaSSyncError, RequestLimitExceeded
from airflow_provider_ipaas.hooks._defined import check_defined
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.ledger import open_ledger
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.hooks.settings import sync_settings
from airflow_provider_ipaas.hooks.shape import shape_of
from airflow_provider_ipaas.mapping import load_mapping
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.model import Collection, Run
from airflow_provider_ipaas.sync.params import RunParams

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ipaas.ledger import SqlLedger


class CollectionOperator(BaseOperator):
    """A task on one collection of one pair of connections; what it does is the sync core's, this wires it to Airflow.

    :param collection: `account` or `contact`.
    :param salesforce_conn_id: connection of the type `salesforce_connected_app`.
    :param ipaas_conn_id: connection of the type `ipaas`.
    :param ledger_conn_id: PostgreSQL or SQLite connection; without one, an SQLite file where that is allowed.
    :param mapping_dir: directory with `account.yaml` and `contact.yaml`; None for the defaults alone.
    :param default_mappings: lay the files over the default mappings, or start from none.
    """

    template_fields: Sequence[str] = ("collection", "salesforce_conn_id", "ipaas_conn_id", "ledger_conn_id")
    ui_color = "#e8f2fb"

    def __init__(
        self,
        *,
        collection: Collection,
        salesforce_conn_id: str = SalesforceConnectedAppHook.default_conn_name,
        ipaas_conn_id: str = IPaaSHook.default_conn_name,
        ledger_conn_id: str = "ipaas_ledger",
        mapping_dir: str | None = None,
        default_mappings: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.collection = collection
        self.salesforce_conn_id = salesforce_conn_id
        self.ipaas_conn_id = ipaas_conn_id
        self.ledger_conn_id = ledger_conn_id
        self.mapping_dir = mapping_dir
        self.default_mappings = default_mappings

    def readable(self, error: IPaaSSyncError) -> AirflowException:
        """Log the error in a line of its own, for people; return what Airflow is to raise (terminal: no retry)."""
        task_logger(self).error("%s", error)
        kind = AirflowException if error.transient else AirflowFailException
        return kind(str(error))

    @property
    def tasks_at_once(self) -> int:
        """How many tasks of the run call iPaaS.com while this one does, itself included."""
        return 1

    def build(self, context: Context) -> Sync:
        """Check the params, open the ledger and start (or join) the run. Reads nothing of the services yet."""
        if self.collection not in ("account", "contact"):  # a template: chosen in the trigger form
            raise AirflowFailException(f"Param collection is {self.collection!r}: choose account or contact.")
        params = RunParams.parse(dict(context["params"]), self.collection)
        salesforce = SalesforceConnectedAppHook(self.salesforce_conn_id)
        ipaas = IPaaSHook(self.ipaas_conn_id)
        check_defined(salesforce.get_connection, self.salesforce_conn_id, salesforce.hook_name)
        check_defined(ipaas.get_connection, self.ipaas_conn_id, ipaas.hook_name)
        shape = shape_of(ipaas.settings)
        mapping = load_mapping(
            self.collection, self.mapping_dir, default_mappings=self.default_mappings, placement=shape
        )
        parents = None
        if self.collection == "contact":
            parents = load_mapping("account", self.mapping_dir, default_mappings=self.default_mappings, placement=shape)
        ledger = open_ledger(self.ledger_conn_id)
        run = self.open_run(
            ledger,
            Run(
                run_key=f"{context['dag_run'].dag_id}:{context['dag_run'].run_id}",
                dag_id=context["dag_run"].dag_id,
                run_id=context["dag_run"].run_id,
                collection=self.collection,
                params=dict(context["params"]),
                mapping_fingerprint=mapping.fingerprint,
                started_at=datetime.now(UTC),
            ),
        )
        return Sync(
            collection=self.collection,
            run=run,
            params=params,
            settings=sync_settings(salesforce, ipaas, self.collection),
            mapping=mapping,
            ledger=ledger,
            connect_salesforce=_once(salesforce.get_client),
            connect_ipaas=_once(lambda: ipaas.get_client(tasks=self.tasks_at_once, at_most=params.requests_per_second)),
            log=task_logger(self),
            parent_mapping=parents,
        )

    def open_run(self, ledger: SqlLedger, run: Run) -> Run:
        """Start the run in the ledger, or join the one that another task started."""
        return ledger.start_run(run)


class SyncOperator(CollectionOperator):
    """One step of a sync run."""

    @abstractmethod
    def step(self, sync: Sync) -> dict[str, Any]:
        """Do this operator's part of the run; return counts for the log and XCom."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step; errors that trying again can't help with fail the task at once."""
        sync: Sync | None = None
        try:
            sync = self.build(context)
            counts = self.step(sync)
            task_logger(self).info(
                "%s: %s", self.task_id, ", ".join(f"{k} {v}" for k, v in counts.items()) or "nothing to do"
            )
        except IPaaSSyncError as error:
            if sync is not None and isinstance(error, RequestLimitExceeded):
                sync.ledger.update_run(sync.run.run_key, facts={"stopped": "api_budget"})
            raise self.readable(error) from None
        finally:
            if sync is not None:
                self._note_calls(sync, context)
        return {"run_key": sync.run.run_key, **counts}

    def _note_calls(self, sync: Sync, context: Context) -> None:
        calls = sync.calls()
        if calls:
            ti = context["ti"]
            task = self.task_id if ti.map_index is None or ti.map_index < 0 else f"{self.task_id}:{ti.map_index}"
            key = f"calls:{task}:{ti.try_number}"
            sync.ledger.update_run(sync.run.run_key, facts={key: calls})


def task_logger(operator: BaseOperator) -> logging.Logger:
    """Return the logger whose lines land in the task's log."""
    return logging.getLogger(f"airflow.task.{type(operator).__name__}")


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    """Share one client per task: a Contacts run works on Accounts too."""
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get
