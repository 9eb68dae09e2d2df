"""Airflow connection ids in, explanations of single records out: what the command `airflow-ipaas explain` asks."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL

from airflow_provider_ipaas.hooks._defined import check_defined, check_type
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.hooks.settings import sync_settings
from airflow_provider_ipaas.hooks.shape import shape_of
from airflow_provider_ipaas.ledger.preview import PreviewLedger
from airflow_provider_ipaas.mapping import CollectionMapping, load_mapping
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.explain import Explanation
from airflow_provider_ipaas.sync.explaining import explain_now
from airflow_provider_ipaas.sync.model import Collection, Run
from airflow_provider_ipaas.sync.params import RunParams

# The plan's own lines are for runs: who asks about one record gets them as its explanation.
_SILENT = logging.Logger("airflow-ipaas explain", logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look at, and through which connections; *direction* is the one that runs of the collection have."""

    salesforce_conn_id: str
    ipaas_conn_id: str
    mapping_dir: str | None = None
    default_mappings: bool = True
    direction: str = "both"
    elsewhere: str = ""


class Looking:
    """Both services and the ledger, for reading only."""

    def __init__(self, asked: Asked, ledger: PreviewLedger) -> None:
        self.asked = asked
        self.ledger = ledger
        self._salesforce = SalesforceConnectedAppHook(asked.salesforce_conn_id)
        self._ipaas = IPaaSHook(asked.ipaas_conn_id)
        for hook, conn_id in ((self._salesforce, asked.salesforce_conn_id), (self._ipaas, asked.ipaas_conn_id)):
            connection = check_defined(hook.get_connection, conn_id, hook.hook_name, asked.elsewhere)
            check_type(connection, hook.conn_type, hook.hook_name)
        self._clients: dict[str, Any] = {}

    def explain(self, collection: Collection, record_id: str) -> tuple[list[Explanation], str]:
        """Explain one record as a run by `record_ids` would take it up now; also return the mapping's fingerprint."""
        shape = shape_of(self._ipaas.settings)

        def load(name: Collection) -> CollectionMapping:
            folder, default = self.asked.mapping_dir, self.asked.default_mappings
            return load_mapping(name, folder, default_mappings=default, placement=shape)

        mapping = load(collection)
        params = {"record_ids": [record_id], "dry_run": True, "direction": self.asked.direction}
        run_key = f"explain:{uuid.uuid4().hex}"
        run = Run(run_key, "explain", run_key, collection, params=params, started_at=datetime.now(UTC))
        sync = Sync(
            collection=collection,
            run=self.ledger.start_run(run),
            params=RunParams.parse(params, collection),
            settings=sync_settings(self._salesforce, self._ipaas, collection),
            mapping=mapping,
            ledger=self.ledger,
            connect_salesforce=lambda: self._client("salesforce"),
            connect_ipaas=lambda: self._client("ipaas"),
            log=_SILENT,
            parent_mapping=load("account") if collection == "contact" else None,
        )
        return explain_now(sync), mapping.fingerprint

    def close(self) -> None:
        """Close what was opened."""
        for client in self._clients.values():
            client.close()

    def _client(self, name: str) -> Any:
        if name not in self._clients:
            # A renewal would use up a rotating refresh token: that is left to the runs.
            made = self._salesforce.get_client(renew=False) if name == "salesforce" else self._ipaas.get_client()
            self._clients[name] = made
        return self._clients[name]


@contextmanager
def looking(asked: Asked, ledger: str | URL) -> Iterator[Looking]:
    """Open both services for looking, with the knowledge of the ledger at a URL, which has to be there.

    Raises ConfigurationError for a connection that is missing, of another type or wrong.
    """
    preview = PreviewLedger.over(ledger)
    try:
        found = Looking(asked, preview)
        try:
            yield found
        finally:
            found.close()
    finally:
        preview.close()
