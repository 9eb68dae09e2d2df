"""The look-back extraction of each side."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.operators._run import SyncOperator
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.extract_ipaas import extract_ipaas
from airflow_provider_ipaas.sync.extract_salesforce import extract_salesforce
from airflow_provider_ipaas.sync.runs import reopen


class SalesforceExtractOperator(SyncOperator):
    """Read the look-back window of one Salesforce object into the ledger."""

    def step(self, sync: Sync) -> dict[str, Any]:
        reopen(sync)
        return extract_salesforce(sync)


class IPaaSExtractOperator(SyncOperator):
    """List one collection of iPaaS.com and read what is new or changed into the ledger."""

    def step(self, sync: Sync) -> dict[str, Any]:
        reopen(sync)
        return extract_ipaas(sync)
