"""The whole examination: every check of every room in its order, and the diagnosis."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_provider_ipaas.doctor.api_profile import ApiProfileExam, merged
from airflow_provider_ipaas.doctor.checks import Check, run
from airflow_provider_ipaas.doctor.findings import Diagnosis, Finding, Notes
from airflow_provider_ipaas.doctor.ipaas import IPaaSExam
from airflow_provider_ipaas.doctor.lengths import LengthsExam
from airflow_provider_ipaas.doctor.patients import Patients
from airflow_provider_ipaas.doctor.salesforce import SalesforceExam
from airflow_provider_ipaas.doctor.salesforce_fields import FieldsExam
from airflow_provider_ipaas.doctor.salesforce_rules import RulesExam
from airflow_provider_ipaas.mapping import CollectionMapping


def examine(patients: Patients) -> Diagnosis:
    """Look at everything there is, one check after the other. Raises nothing for what is wrong with a patient."""
    salesforce = SalesforceExam(patients.salesforce, patients.pinned_org_id) if patients.salesforce else None
    ipaas = IPaaSExam(patients.ipaas) if patients.ipaas else None
    subjects = {"salesforce": patients.salesforce_conn_id or "", "ipaas": patients.ipaas_conn_id or ""}
    with contextlib.ExitStack() as stack:
        for exam in (salesforce, ipaas):
            if exam is not None:
                stack.callback(exam.close)
        findings, left_out = run(
            _checks(patients, salesforce, ipaas),
            subjects=lambda check: subjects.get(check.partition(".")[0]) or check,
        )
    return Diagnosis(
        checked_at=datetime.now(UTC),
        salesforce_conn_id=patients.salesforce_conn_id,
        ipaas_conn_id=patients.ipaas_conn_id,
        findings=tuple(findings),
        not_checked=tuple(left_out),
        api_profile=_api_profile(ipaas, findings),
    )


def _checks(patients: Patients, salesforce: SalesforceExam | None, ipaas: IPaaSExam | None) -> list[Check]:
    mappings = _Mappings(patients)
    api_profile = ApiProfileExam(ipaas, mappings) if ipaas else None
    checks: list[Check] = []
    if salesforce is not None:
        checks += [*salesforce.checks(), Check("mapping", mappings.look)]
        checks += [*FieldsExam(salesforce, mappings).checks(), *RulesExam(salesforce).checks()]
    if ipaas is not None and api_profile is not None:
        checks += [*ipaas.checks(), *api_profile.checks()]
    if salesforce is not None:
        checks += LengthsExam(salesforce, api_profile, mappings).checks()
    return checks


class _Mappings:
    """The mappings, loaded once."""

    def __init__(self, patients: Patients) -> None:
        self._patients = patients
        self._loaded: Sequence[CollectionMapping] | None = None

    def __call__(self) -> Sequence[CollectionMapping]:
        if self._loaded is None:
            self._loaded = self._patients.mappings()
        return self._loaded

    def look(self, note: Notes) -> Iterator[Finding]:
        """Load the mappings; a mistake in a file is one finding with file, line and mend."""
        for mapping in self():
            rules = len(mapping.fields)
            yield note.ok(f"mapping of {mapping.collection}", f"It can be used, with {rules} fields.")


def _api_profile(ipaas: IPaaSExam | None, findings: Sequence[Finding]) -> dict[str, Any] | None:
    """Return the whole field with every override taken up; None when there is none. Hints are left to people."""
    found = [finding.override for finding in findings if finding.override and finding.status != "ok"]
    return merged(ipaas.settings.profile.overrides, *found) if ipaas is not None and found else None
