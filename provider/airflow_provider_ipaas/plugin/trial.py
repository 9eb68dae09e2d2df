"""Trying a connection: the doctor's examination of it alone, and the companies behind a login of iPaaS.com."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

from airflow_provider_ipaas.plugin.access import may_read_connection
from airflow_provider_ipaas.plugin.known import SALESFORCE, Known
from airflow_provider_ipaas.plugin.monitoring import monitored_ledger

if TYPE_CHECKING:
    from airflow_provider_ipaas.doctor import Diagnosis
    from airflow_provider_ipaas.hooks.companies import Company


def examine(known: Known, user: BaseUser) -> Diagnosis:
    """Examine a connection; nothing is written to the service, and whatever is wrong becomes a finding.

    The org is held against the ledger for those who may know where that is.
    """
    # Imported late: it loads clients, mapping and expressions, which only this button needs.
    from airflow_provider_ipaas.hooks.doctor import diagnose

    if known.kind != SALESFORCE:
        return diagnose(None, known.conn_id)
    ledger = monitored_ledger()
    return diagnose(known.conn_id, ledger_conn_id=ledger if may_read_connection(user, ledger) else None)


def companies_of(known: Known) -> tuple[Company, ...]:
    """Return the companies behind the login, with the subscriptions of the chosen one, or of all while none is chosen."""
    from airflow_provider_ipaas.hooks.companies import companies

    return companies(known.conn_id)
