"""Where the pages lead: to Airflow's own pages and to records in Salesforce."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import quote, urlencode

from airflow.models.dagrun import DagRun
from fastapi import Request

from airflow_provider_ipaas.ledger.monitoring import Reading, RunRef, WaitingRecord

log = logging.getLogger(__name__)

# The tasks whose logs people want to read, in the order in which they run.
LOGS = ("plan", "upsert_ipaas", "upsert_salesforce", "report")
UPSERT = {"to_ipaas": "upsert_ipaas", "to_salesforce": "upsert_salesforce"}
# Reasons that a record gets while it is written; the plan gives the others.
_WRITING = frozenset(
    {
        "refused_before",
        "superseded",
        "uncertain_create",
        "create_in_progress",
        "row_locked",
        "not_attempted",
        "api_budget",
    }
)
CALLBACK = "/ipaas/oauth/callback"
_SALESFORCE_ID = re.compile(r"00[A-Za-z0-9]{13}(?:[A-Za-z0-9]{3})?")
# How runs note the org that a connection answered for.
_PIN = "salesforce:"


def _segment(value: str) -> str:
    return quote(value, safe="", errors="replace")


class AirflowLinks:
    """Addresses of Airflow's own pages, and of ours, below the path that Airflow lives at."""

    def __init__(self, root: str) -> None:
        self.home = f"{root}/"
        self.overview = f"{root}/ipaas/monitoring"
        self.connections = f"{root}/ipaas/connections"
        self.callback = f"{root}{CALLBACK}"
        self.airflow_connections = f"{root}/connections"
        self._root = root

    def run(self, dag_id: str, run_id: str) -> str:
        return f"{self._root}/dags/{_segment(dag_id)}/runs/{_segment(run_id)}"

    def log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return the page of a task of the run, which opens at its log."""
        return f"{self.run(dag_id, run_id)}/tasks/{task_id}"

    def writes(self, dag_id: str, run_id: str, direction: str) -> str:
        """Return the log of the task that writes in a direction."""
        return self.log(dag_id, run_id, UPSERT[direction])

    def decision(self, run: RunRef, record: WaitingRecord) -> str:
        """Return the log of the task that decided on a record in its last run."""
        if run.collection != record.collection:
            task = "prerequisites"  # an Account that Contacts need
        elif record.code or record.reason in _WRITING:
            task = UPSERT[record.direction]
        else:
            task = "plan"
        return self.log(run.dag_id, run.run_id, task)

    def numbers(self, dag_id: str, run_id: str) -> str:
        """Return our page of one run."""
        return f"{self.overview}/run?{urlencode({'dag_id': dag_id, 'run_id': run_id}, errors='replace')}"

    def record(self, record_id: str = "") -> str:
        """Return our page of one record, or where the search for one is sent to."""
        query = f"?{urlencode({'id': record_id}, errors='replace')}" if record_id else ""
        return f"{self.overview}/record{query}"

    def runs(self, page: int) -> str:
        return f"{self.overview}?{urlencode({'runs': page})}"

    def group(self, *, page: int = 1, **key: str) -> str:
        """Return the page of one group of waiting records, or of those of it with one code."""
        query = urlencode({**key, "page": page}, errors="replace")
        return f"{self.overview}/waiting?{query}"

    def connection(self, conn_id: str, action: str = "") -> str:
        """Return the page of a connection, or where its forms are sent to."""
        return f"{self.connections}/{_segment(conn_id)}{f'/{action}' if action else ''}"

    def login(self, address: str) -> str:
        """Return Airflow's login, which leads on to *address*; it takes only addresses that it knows as its own."""
        return f"{self.home}api/v2/auth/login?{urlencode({'next': address}, errors='replace')}"


def links_of(request: Request) -> AirflowLinks:
    """Return the links below the path that Airflow lives at."""
    return AirflowLinks(str(request.scope.get("app_root_path", "")).rstrip("/"))


class OfRun(Protocol):
    """Anything that names a run of Airflow."""

    @property
    def dag_id(self) -> str: ...

    @property
    def run_id(self) -> str: ...


def run_states(runs: Iterable[OfRun]) -> dict[tuple[str, str], str]:
    """Return what Airflow says of these runs; one that it no longer knows is missing."""
    wanted = {(run.dag_id, run.run_id) for run in runs}
    if not wanted:
        return {}
    found = DagRun.find(dag_id=sorted({dag for dag, _ in wanted}), run_id=sorted({run for _, run in wanted}))
    return {(run.dag_id, run.run_id): str(run.state) for run in found if (run.dag_id, run.run_id) in wanted}


def salesforce_url(reading: Reading, scope: str) -> str | None:
    """Return the API Url of the connection that reaches the org of *scope*, None where none can be read."""
    org_id = scope.partition("/")[0]
    for conn_id in reading.pinned_to(org_id, _PIN):
        # Imported late: it loads simple-salesforce, and only pages with records need it.
        from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook

        try:
            return SalesforceConnectedAppHook(conn_id).settings.api_url
        except Exception as error:
            # Renamed, deleted or wrong by now: the page is worth showing without links.
            log.debug("No links to Salesforce by connection `%s`: %s", conn_id, type(error).__name__)
    return None


def record_url(base: str | None, record_id: str | None) -> str | None:
    """Return the address of a Salesforce record; the org forwards it to its own page."""
    if base is None or record_id is None or _SALESFORCE_ID.fullmatch(record_id) is None:
        return None
    return f"{base}/{record_id}"
