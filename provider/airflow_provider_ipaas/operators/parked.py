"""List, show, replay and drop the records that wait, from Airflow's trigger form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.hooks._defined import check_defined
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.ledger import ledger_url, open_ledger
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.ledger import showing
from airflow_provider_ipaas.ledger.monitoring import Reading, Selection, reading
from airflow_provider_ipaas.operators._run import task_logger
from airflow_provider_ipaas.sync.extract_salesforce import scope_of
from airflow_provider_ipaas.sync.parked import parse_limit

if TYPE_CHECKING:
    from airflow.sdk import Context

# What is shown in one log at most.
_SHOWN = 200
Asked = Mapping[str, Any]


class ParkedOperator(BaseOperator):
    """Do what the params of the run ask for with the records that wait for this pair of connections.

    The params: `action` (`parked_list`, `parked_show`, `parked_replay`, `parked_drop`), `record_ids`, `reason`, `code`,
    `collection`, `limit` and `show_values`. The log has it in plain lines, the `return_value` for programs; values of
    records are in the log only, and only where `show_values` asks for them. Fails, without a retry, where nothing fits.

    :param salesforce_conn_id: connection of the type `salesforce_connected_app`; its org is that of the records.
    :param ipaas_conn_id: connection of the type `ipaas`.
    :param ledger_conn_id: where the ledger lives.
    """

    template_fields: Sequence[str] = ("salesforce_conn_id", "ipaas_conn_id", "ledger_conn_id")
    ui_color = "#fdf1d8"

    def __init__(
        self,
        *,
        salesforce_conn_id: str = SalesforceConnectedAppHook.default_conn_name,
        ipaas_conn_id: str = IPaaSHook.default_conn_name,
        ledger_conn_id: str = "ipaas_ledger",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.salesforce_conn_id = salesforce_conn_id
        self.ipaas_conn_id = ipaas_conn_id
        self.ledger_conn_id = ledger_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Do it; what a person asked wrongly is told in one line."""
        actions: dict[str, Callable[[Asked, Context], dict[str, Any]]] = {
            "parked_list": self._list,
            "parked_show": self._show,
            "parked_replay": self._replay,
            "parked_drop": self._drop,
        }
        asked = dict(context["params"])
        action = str(asked.get("action"))
        try:
            if action not in actions:
                raise ConfigurationError(f"There is no action {action!r}.", next_step=f"Use {', '.join(actions)}.")
            return actions[action](asked, context)
        except IPaaSSyncError as error:
            task_logger(self).error("%s", error)
            raise AirflowFailException(str(error)) from None

    def _list(self, asked: Asked, _: Context) -> dict[str, Any]:
        limit = parse_limit(asked.get("limit"))
        with reading(ledger_url(self.ledger_conn_id)) as ledger:
            if ledger is None or (selection := self._selection(ledger, asked)) is None:
                groups, records = [], []
            else:
                groups = ledger.groups(selection)
                wanted = limit or (_SHOWN if selection.ids else 0)
                records = ledger.records(selection, limit=min(wanted, _SHOWN)) if wanted else []
        now = datetime.now(UTC)
        self._say([*showing.record_lines(records, now), *showing.group_lines(groups, now)])
        return {
            "total": sum(group.count for group in groups),
            "groups": [showing.group_dict(group) for group in groups],
            "records": [showing.record_dict(record) for record in records],
        }

    def _show(self, asked: Asked, _: Context) -> dict[str, Any]:
        limit = min(parse_limit(asked.get("limit")) or _SHOWN, _SHOWN)
        with reading(ledger_url(self.ledger_conn_id)) as ledger:
            selection = self._chosen(ledger, asked)
            found = ledger.shown(selection, limit=limit) if ledger else []
        if not found:
            raise _nothing(selection)
        for one in found:
            self._say(showing.shown_lines(one, datetime.now(UTC), values=asked.get("show_values") is True))
        return {"records": [showing.shown_dict(one, values=False) for one in found]}

    def _replay(self, asked: Asked, context: Context) -> dict[str, Any]:
        selection, limit = self._to_change(asked)
        done = open_ledger(self.ledger_conn_id).replay(selection, limit=limit, **_who(context))
        self._say(showing.replayed_lines(done))
        return asdict(done)

    def _drop(self, asked: Asked, context: Context) -> dict[str, Any]:
        selection, limit = self._to_change(asked)
        done = open_ledger(self.ledger_conn_id).drop(selection, limit=limit, **_who(context))
        self._say(showing.dropped_lines(done))
        return asdict(done)

    def _to_change(self, asked: Asked) -> tuple[Selection, int | None]:
        """Return what is to be changed; there has to be some of it."""
        limit = parse_limit(asked.get("limit"))
        with reading(ledger_url(self.ledger_conn_id)) as ledger:
            selection = self._chosen(ledger, asked)
            if ledger is None or not ledger.count(selection):
                raise _nothing(selection)
        return selection, limit

    def _chosen(self, ledger: Reading | None, asked: Asked) -> Selection:
        selection = self._selection(ledger, asked) if ledger else Selection.parse(asked)
        if selection is None:
            raise _nothing(Selection.parse(asked))
        if not selection.is_narrow:
            raise ConfigurationError(
                "No records were chosen, so nothing was done.", next_step="Fill in record_ids, reason or code."
            )
        return selection

    def _selection(self, ledger: Reading, asked: Asked) -> Selection | None:
        """Return what is asked for, of this pair alone; None before its first run."""
        ipaas = IPaaSHook(self.ipaas_conn_id)
        check_defined(ipaas.get_connection, self.ipaas_conn_id, ipaas.hook_name)
        org_id = ledger.pinned(f"salesforce:{self.salesforce_conn_id}")
        selection = Selection.parse(asked, scope=scope_of(org_id, ipaas.settings.system_id) if org_id else None)
        if org_id is None:
            task_logger(self).warning("Connection %s has not synced yet.", self.salesforce_conn_id)
        return selection if org_id else None

    def _say(self, lines: Sequence[str]) -> None:
        for line in lines:
            task_logger(self).info("%s", line)


def _nothing(selection: Selection) -> ConfigurationError:
    return ConfigurationError(
        f"Nothing waits that fits: {selection.said()}.", next_step="The action parked_list shows what waits."
    )


def _who(context: Context) -> dict[str, str]:
    """Return the person and the run that the journal names."""
    run = context["dag_run"]
    return {"actor": run.triggering_user_name or "nobody (scheduled)", "run_key": f"{run.dag_id}:{run.run_id}"}
