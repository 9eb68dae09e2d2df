"""The error catalogue: one row for each code that either service can give, and for the reasons of the sync's own.

Plain data that imports nothing: clients take from it what a refusal means, the sync what to do with a record, logs and
summaries what a person can do, and `docs/errors.md` is printed from it (`airflow-ipaas errors --markdown`).
"""

from __future__ import annotations

from airflow_provider_ipaas.catalogue.entry import MEANING, Entry, Handling, Service
from airflow_provider_ipaas.catalogue.lookup import ENTRIES, NOT_LISTED, about, find, listed_codes
from airflow_provider_ipaas.catalogue.reasons import NEXT_STEP
from airflow_provider_ipaas.catalogue.salesforce_login import RECONNECT

__all__ = [
    "ENTRIES",
    "MEANING",
    "NEXT_STEP",
    "NOT_LISTED",
    "RECONNECT",
    "Entry",
    "Handling",
    "Service",
    "about",
    "find",
    "listed_codes",
]
