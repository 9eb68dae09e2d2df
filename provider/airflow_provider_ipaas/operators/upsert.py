"""The upserts: what the plan wants written, one service each."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.operators._run import SyncOperator
from airflow_provider_ipaas.sync.apply_ipaas import IPaaSApplier
from airflow_provider_ipaas.sync.apply_salesforce import SalesforceApplier
from airflow_provider_ipaas.sync.context import Sync
from airflow_provider_ipaas.sync.runs import is_writable


class IPaaSUpsertOperator(SyncOperator):
    """Write links, creates and updates to iPaaS.com."""

    def step(self, sync: Sync) -> dict[str, Any]:
        return dict(IPaaSApplier(sync).run()) if is_writable(sync) else {}


class SalesforceUpsertOperator(SyncOperator):
    """Write creates and updates to Salesforce."""

    def step(self, sync: Sync) -> dict[str, Any]:
        return dict(SalesforceApplier(sync).run()) if is_writable(sync) else {}
