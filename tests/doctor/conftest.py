"""A doctor at work on the sandbox, over real sockets, without Airflow around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.salesforce import Credentials, SalesforceClient
from airflow_provider_ipaas.doctor import Diagnosis, Finding, IPaaSPatient, Patients, SalesforcePatient, examine
from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox

SALESFORCE, IPAAS = "salesforce_test", "ipaas_test"


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@dataclass
class Result:
    """A diagnosis, asked by check."""

    diagnosis: Diagnosis

    def of(self, check: str) -> list[Finding]:
        return [finding for finding in self.diagnosis.findings if finding.check == check]

    def one(self, check: str, subject: str | None = None) -> Finding:
        found = [finding for finding in self.of(check) if subject in (None, finding.subject)]
        assert len(found) == 1, (check, subject, self.diagnosis.findings)
        return found[0]

    @property
    def bad(self) -> dict[str, str]:
        """Everything that is not ok: subject by check; the last one where there are several."""
        return {it.check: it.subject for it in self.diagnosis.findings if it.status != "ok"}

    @property
    def left_out(self) -> dict[str, list[str]]:
        return self.diagnosis.left_out()


@dataclass
class Doctor:
    """Examine the sandbox with what a test changes about the connections."""

    sandbox: Sandbox
    salesforce: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, Any] = field(default_factory=dict)
    ipaas: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    mapping_dir: Path | None = None
    patients: dict[str, Any] = field(default_factory=dict)

    def examine(self) -> Result:
        ready = Patients(
            salesforce_conn_id=SALESFORCE,
            ipaas_conn_id=IPAAS,
            salesforce=self.salesforce_patient,
            ipaas=self.ipaas_patient,
            mappings=self.mappings,
        )
        return Result(examine(replace(ready, **self.patients)))

    def salesforce_patient(self) -> SalesforcePatient:
        url = self.sandbox.salesforce_url
        ready = SalesforcePatient(
            conn_id=SALESFORCE,
            api_url=url,
            token_url=f"{url}/services/oauth2/token",
            auth_flow="client_credentials",
            org_id=None,
            api_version="64.0",
            external_id_field="iPaaS_Id__c",
            connect=self._salesforce_client,
        )
        return replace(ready, **self.salesforce)

    def _salesforce_client(self) -> SalesforceClient:
        patient = self.salesforce_patient()
        login = Credentials(
            connection=SALESFORCE,
            flow=patient.auth_flow,
            token_url=patient.token_url,
            consumer_key=known.CONSUMER_KEY,
            consumer_secret=known.CONSUMER_SECRET,
            org_pins=(patient.org_id,) if patient.org_id else (),
        )
        return SalesforceClient(
            replace(login, **self.credentials),
            api_url=patient.api_url,
            api_version=patient.api_version,
            sleep=lambda _: None,
        )

    def ipaas_patient(self) -> IPaaSPatient:
        settings = IPaaSSettings(
            connection=IPAAS,
            base_url=self.sandbox.ipaas_url,
            login=known.IPAAS_USERNAME,
            password=known.IPAAS_PASSWORD,
            company_id=COMPANY_GUID,
            system_id="5501",
            profile=Profile.load(self.overrides),
        )
        settings = replace(settings, **self.ipaas)
        return IPaaSPatient(settings, lambda: IPaaSClient(settings, sleep=lambda _: None))

    def mappings(self) -> list[CollectionMapping]:
        return [load_mapping(name, self.mapping_dir, placement=IPaaSShape()) for name in ("account", "contact")]

    def switch(self, service: str, **values: Any) -> None:
        switches = self.sandbox.salesforce.switches if service == "salesforce" else self.sandbox.ipaas.switches
        for name, value in values.items():
            switches.set(name, value)


@pytest.fixture
def doctor(sandbox: Sandbox) -> Doctor:
    return Doctor(sandbox)


def broken(message: str = "The field is wrong.", next_step: str = "Correct it.") -> Any:
    """Return a loader that fails as a connection does that can't be used."""

    def load() -> Any:
        raise ConfigurationError(message, next_step=next_step)

    return load
