"""The doctor: looks at both services as a sync would use them, and says what is wrong and how to mend it.

It only reads. It knows settings, clients and mappings; where they come from is the business of `hooks/doctor.py`.
"""

from __future__ import annotations

from airflow_provider_ipaas.doctor.examination import examine
from airflow_provider_ipaas.doctor.findings import Diagnosis, Finding, NotChecked
from airflow_provider_ipaas.doctor.patients import IPaaSPatient, Patients, SalesforcePatient
from airflow_provider_ipaas.doctor.uses import one_way

__all__ = ["Diagnosis", "Finding", "IPaaSPatient", "NotChecked", "Patients", "SalesforcePatient", "examine", "one_way"]
