"""What Airflow learns about this provider. Imports nothing of Airflow: providers are found before it is configured."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas._forms import ipaas, salesforce
from airflow_provider_ipaas._version import __version__

_SALESFORCE = "Salesforce Connected App"
_IPAAS = "iPaaS.com"


def get_provider_info() -> dict[str, Any]:
    """Return the metadata behind the `apache_airflow_provider` entry point."""
    return {
        "package-name": "airflow-provider-ipaas",
        "name": "iPaaS.com",
        "description": (
            "Two-way sync between Salesforce and iPaaS.com: Accounts and Companies, Contacts and Customers."
        ),
        "versions": [__version__],
        "integrations": [
            {"integration-name": _IPAAS, "external-doc-url": "https://www.ipaas.com/", "tags": ["service"]},
            {
                "integration-name": _SALESFORCE,
                "external-doc-url": "https://developer.salesforce.com/docs/apis",
                "tags": ["service"],
            },
        ],
        "hooks": [
            {"integration-name": _IPAAS, "python-modules": ["airflow_provider_ipaas.hooks.ipaas"]},
            {"integration-name": _SALESFORCE, "python-modules": ["airflow_provider_ipaas.hooks.salesforce"]},
        ],
        "operators": [
            {"integration-name": _IPAAS, "python-modules": ["airflow_provider_ipaas.operators"]},
        ],
        "cli": ["airflow_provider_ipaas.cli.airflow_commands.get_commands"],
        "connection-types": [salesforce.CONNECTION_TYPE, ipaas.CONNECTION_TYPE],
        "config": {
            "ipaas": {
                "description": "Settings of the sync between Salesforce and iPaaS.com.",
                "options": {
                    "allowed_salesforce_hosts": {
                        "description": (
                            "Further hosts a Salesforce connection may name as API Url, token URL or audience, separated "
                            "by commas. Hosts under salesforce.com and loopback addresses are always allowed. Consumer "
                            "secrets are sent to these hosts: list only those you trust."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "crm.example.com,login.example.com",
                        "default": "",
                    },
                    "token_store_conn_id": {
                        "description": (
                            "Connection id of the PostgreSQL (or SQLite) database that keeps the tokens of Salesforce "
                            "connections with the flow web_server, encrypted with Airflow's Fernet keys. Every component "
                            "has to reach the same one."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "ipaas_ledger_emea",
                        "default": "ipaas_ledger",
                    },
                    "monitoring_ledger_conn_id": {
                        "description": (
                            "Connection id of the ledger that the page Integration monitoring shows, for DAGs that were "
                            "given another ledger_conn_id than the default."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "ipaas_ledger_emea",
                        "default": "ipaas_ledger",
                    },
                },
            },
        },
    }
