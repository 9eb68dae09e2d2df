"""A Salesforce client for the sync: connected-app tokens, queries, Collections, typed errors."""

from __future__ import annotations

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.clients.salesforce.token_endpoint import AuthFlow, Credentials, Token

__all__ = ["AuthFlow", "Credentials", "SalesforceClient", "Token"]
