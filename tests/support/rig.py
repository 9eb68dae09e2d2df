"""The sync core over real sockets and a real ledger, task by task, without Airflow around it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.salesforce.auth import Credentials
from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import IPaaSSyncError, RequestLimitExceeded
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.mapping import IPaaSShape, load_mapping
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.apply_salesforce import SalesforceApplier
from airflow_provider_ipaas.sync.brake import plan_run
from airflow_provider_ipaas.sync.context import Sync, SyncSettings
from airflow_provider_ipaas.sync.extract_ipaas import extract_ipaas
from airflow_provider_ipaas.sync.extract_salesforce import extract_salesforce
from airflow_provider_ipaas.sync.model import Run
from airflow_provider_ipaas.sync.params import RunParams
from airflow_provider_ipaas.sync.parents import parents_ready, sync_parents
from airflow_provider_ipaas.sync.prepare import prepare
from airflow_provider_ipaas.sync.report import report
from airflow_provider_ipaas.sync.runs import is_closed, is_writable, reopen

if TYPE_CHECKING:
    from airflow_provider_ipaas.sandbox.server import Sandbox

SYSTEM_ID = "5501"
OUTCOMES = ("created", "updated", "unchanged", "skipped", "parked", "failed")
Step = Callable[[Sync], Any]

STEPS: dict[str, Step] = {
    "extract_salesforce": lambda sync: (reopen(sync), extract_salesforce(sync)),
    "extract_ipaas": lambda sync: (reopen(sync), extract_ipaas(sync)),
    "prerequisites": lambda sync: is_closed(sync) or (prepare(sync), sync_parents(sync)),
    "plan": lambda sync: is_closed(sync) or plan_run(sync, parents_ready=parents_ready(sync)),
    "upsert_ipaas": lambda sync: is_writable(sync) and IPaaSApplier(sync).run(),
    "upsert_salesforce": lambda sync: is_writable(sync) and SalesforceApplier(sync).run(),
}


@dataclass
class Result:
    """What a run came to: its summary, and the errors of its tasks by name."""

    summary: dict[str, Any]
    errors: dict[str, Exception] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        return self.summary[key]

    def counts(self, direction: str) -> dict[str, int]:
        """The outcomes that are not zero."""
        return {name: self.summary[direction][name] for name in OUTCOMES if self.summary[direction][name]}

    @property
    def ok(self) -> Result:
        assert not self.errors, self.errors
        for direction in ("to_ipaas", "to_salesforce"):
            counts = self.summary[direction]
            assert counts["seen"] == sum(counts[name] for name in OUTCOMES), counts
        return self


class Rig:
    """Both services of the sandbox, a ledger file, and runs of either collection."""

    def __init__(self, sandbox: Sandbox, ledger: SqlLedger) -> None:
        self.sandbox = sandbox
        self.ledger = ledger
        self.profile_overrides: dict[str, Any] = {}
        self.settings: dict[str, Any] = {}
        self.mapping_dir: Path | None = None
        self.default_country: str | None = None
        self.offset = timedelta()
        self.lanes = 4
        self.sleep: Callable[[float], None] = lambda _: None
        self._runs = 0
        self.log = logging.getLogger("rig")

    # Runs

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def sync(self, collection: str, run_id: str, params: dict[str, Any]) -> Sync:
        """Build what one task works with, the way an operator does."""
        checked = RunParams.parse(params, collection)
        profile = Profile.load(self.profile_overrides)
        shape = IPaaSShape(
            addresses=profile.addresses,
            address_required=tuple(p for p in profile.address_required if p not in ("first_name", "last_name")),
            default_country=self.default_country,
            server_fields=profile.server_fields,
        )
        mapping = load_mapping(collection, self.mapping_dir, placement=shape)
        parents = load_mapping("account", self.mapping_dir, placement=shape) if collection == "contact" else None
        run_key = f"{collection}:{run_id}"
        run = self.ledger.start_run(Run(run_key, collection, run_id, collection, params=params, started_at=self.now()))
        settings = {
            "salesforce_conn_id": "salesforce_connected_app_default",
            "ipaas_conn_id": "ipaas_default",
            "system_id": SYSTEM_ID,
            "profile_fingerprint": profile.fingerprint,
            "list_rows": profile.list_rows,
            "external_ids_on_write": profile.external_ids_on_write,
            "external_ids_on_read": profile.external_ids_on_read,
            "relationships": profile.relationships == "on",
            **self.settings,
        }
        salesforce, ipaas = once(self.salesforce_client), once(lambda: self.ipaas_client(profile))
        return Sync(
            collection=collection,
            run=run,
            params=checked,
            settings=SyncSettings(**settings),
            mapping=mapping,
            ledger=self.ledger,
            connect_salesforce=salesforce,
            connect_ipaas=ipaas,
            log=self.log,
            clock=self.now,
            parent_mapping=parents,
        )

    def salesforce_client(self) -> SalesforceClient:
        credentials = Credentials(
            connection="salesforce_connected_app_default",
            flow="client_credentials",
            token_url=f"{self.sandbox.salesforce_url}/services/oauth2/token",
            consumer_key=known.CONSUMER_KEY,
            consumer_secret=known.CONSUMER_SECRET,
        )
        return SalesforceClient(credentials, api_url=self.sandbox.salesforce_url, sleep=self.sleep)

    def ipaas_client(self, profile: Profile) -> IPaaSClient:
        settings = IPaaSSettings(
            system_id=SYSTEM_ID,
            login=known.IPAAS_USERNAME,
            password=known.IPAAS_PASSWORD,
            company_id=COMPANY_GUID,
            base_url=self.sandbox.ipaas_url,
            max_concurrency=self.lanes,
            default_country=self.default_country or "",
            profile=profile,
        )
        return IPaaSClient(settings, sleep=self.sleep)

    def step(self, name: str, sync: Sync) -> Any:
        """Run one task's step and note its calls."""
        try:
            return STEPS[name](sync)
        except RequestLimitExceeded:
            sync.ledger.update_run(sync.run.run_key, facts={"stopped": "api_budget"})
            raise
        finally:
            calls = sync.calls()
            if calls:
                sync.ledger.update_run(sync.run.run_key, facts={f"calls:{name}:1": calls})

    def run(self, collection: str, *, run_id: str | None = None, **params: Any) -> Result:
        """Run all tasks as the DAG would: an error stops what depends on it, the report always runs."""
        self._runs += 1
        run_id = run_id or f"run{self._runs}"
        errors: dict[str, Exception] = {}
        for name in STEPS:
            if errors and not (name == "upsert_salesforce" and set(errors) <= {"upsert_ipaas"}):
                continue
            try:
                self.step(name, self.sync(collection, run_id, params))
            except IPaaSSyncError as error:
                errors[name] = error
        return Result(report(self.sync(collection, run_id, params)), errors)

    # Services, as other people and administrators change them

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Call a control of the sandbox."""
        answer = requests.request(method, f"{self.sandbox.salesforce_url}/_sandbox/{path}", json=json, timeout=30)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def switch(self, service: str, **values: Any) -> None:
        self.control("POST", "switches", {service: values})

    def calls(self) -> dict[str, Any]:
        return self.control("GET", "calls")

    @contextmanager
    def fault(self, **rule: Any) -> Iterator[None]:
        self.control("POST", "faults", rule)
        try:
            yield
        finally:
            self.control("DELETE", "faults")


def once(make: Callable[[], Any]) -> Callable[[], Any]:
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get
