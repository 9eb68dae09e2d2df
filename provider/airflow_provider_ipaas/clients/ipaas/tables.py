"""The `table_name` of each kind: from the profile, else looked up once among the service's tables."""

from __future__ import annotations

import threading
from typing import Any, Literal

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.ipaas import answers
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.ipaas.wire import Call, Wire
from airflow_provider_ipaas.errors import ConfigurationError


class TableNames:
    """Names of the tables as the external-id calls want them."""

    def __init__(self, wire: Wire, settings: IPaaSSettings) -> None:
        self._wire = wire
        self._settings = settings
        self._lock = threading.Lock()
        self._found: dict[str, str] = {}

    def name(self, kind: Literal["company", "customer"]) -> str:
        """Return the table name of *kind*; raises `ConfigurationError` when the service lists none or several."""
        known: str | None = getattr(self._settings.profile.table_names, kind)
        if known:
            return known
        with self._lock:
            if kind not in self._found:
                self._found[kind] = self._look_up(kind)
            return self._found[kind]

    def listed(self, kind: str) -> list[str]:
        """Return the names of all tables that the service lists for the type of *kind*, sorted."""
        wanted = getattr(self._settings.profile.mapping_collection_types, kind)
        call = Call("GET", "subscriptions", self._settings.profile.paths.tables, "look up the table names")
        rows = self._wire.send(call, _rows, missing=[])
        names = {
            row["name"]
            for row in rows
            if str(row.get("mapping_collection_type_id")) == str(wanted) and isinstance(row.get("name"), str)
        }
        return sorted(names)

    def _look_up(self, kind: str) -> str:
        names = self.listed(kind)
        if len(names) == 1:
            return names[0]
        wanted = getattr(self._settings.profile.mapping_collection_types, kind)
        listed = ", ".join(names) or "none"
        raise ConfigurationError(
            f"Connection `{self._settings.connection}`: iPaaS.com should list one table for the type {wanted} "
            f"({kind}), and lists: {listed}.",
            next_step=f'Set the name in `api_profile`: {{"table_names": {{"{kind}": "..."}}}}.',
        )


def _rows(answer: Answer) -> list[dict[str, Any]]:
    return answers.read_rows(answer.text)
