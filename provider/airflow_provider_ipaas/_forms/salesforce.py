"""The connection form of `salesforce_connected_app`."""

from __future__ import annotations

from typing import Any

CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "salesforce_connected_app",
    "hook-class-name": "airflow_provider_ipaas.hooks.salesforce.SalesforceConnectedAppHook",
    "hook-name": "Salesforce (Connected App)",
    "ui-field-behaviour": {
        "hidden-fields": ["port", "schema"],
        "relabeling": {
            "host": "API Url",
            "login": "Consumer Key",
            "password": "Consumer Secret",
        },
        "placeholders": {
            "host": "https://your-domain.my.salesforce.com",
            "login": "Consumer Key of the connected app or external client app",
            "password": "Consumer Secret (not needed for jwt_bearer)",
        },
    },
    "conn-fields": {
        "auth_flow": {
            "label": "Authentication",
            "description": (
                "client_credentials or jwt_bearer for servers (recommended: nothing expires); web_server: save, then press "
                "Connect under Browse > iPaaS.com connections."
            ),
            "schema": {
                "type": ["string", "null"],
                "enum": ["web_server", "client_credentials", "jwt_bearer"],
                "default": "web_server",
            },
        },
        "refresh_token": {
            "label": "Refresh token",
            "description": (
                "web_server only, and rarely needed: a refresh token that you have already. Connect needs none; what it "
                "gets is kept apart, encrypted."
            ),
            "schema": {"type": ["string", "null"], "format": "password"},
        },
        "token_url": {
            "label": "Token URL",
            "description": "Where tokens come from; empty: API Url + /services/oauth2/token.",
            "schema": {"type": ["string", "null"]},
        },
        "username": {
            "label": "Username",
            "description": "jwt_bearer only: the Salesforce user to act as.",
            "schema": {"type": ["string", "null"]},
        },
        "private_key": {
            "label": "Private key",
            "description": "jwt_bearer only: the RSA key (PEM) whose certificate was uploaded to the connected app.",
            "schema": {"type": ["string", "null"], "format": "password"},
        },
        "audience": {
            "label": "Audience",
            "description": (
                "jwt_bearer only: the login host; empty: https://login.salesforce.com, or https://test.salesforce.com "
                "for the API Url of a sandbox."
            ),
            "schema": {"type": ["string", "null"]},
        },
        "org_id": {
            "label": "Organization id",
            "description": "The id (00D...) of the org this connection is for; a token of another org is refused.",
            "schema": {"type": ["string", "null"]},
        },
        "api_version": {
            "label": "API version",
            # No default here: Airflow warns in every task's log of texts in extra that are too short to mask.
            "description": "The version of the REST API; empty: 64.0.",
            "schema": {"type": ["string", "null"]},
        },
        "account_poll_days": {
            "label": "Account poll days",
            "description": "How many days back each run checks for new and changed Accounts, 1 to 3650.",
            "schema": {"type": ["integer", "null"], "default": 7, "minimum": 1, "maximum": 3650},
        },
        "contact_poll_days": {
            "label": "Contact poll days",
            "description": "How many days back each run checks for new and changed Contacts, 1 to 3650.",
            "schema": {"type": ["integer", "null"], "default": 7, "minimum": 1, "maximum": 3650},
        },
        "retry_base_minutes": {
            "label": "Retry base minutes",
            "description": (
                "A record that a service refused is tried again after base x n x (n + 1) minutes, n being its attempts, 1 to "
                "1440."
            ),
            "schema": {"type": ["integer", "null"], "default": 10, "minimum": 1, "maximum": 1440},
        },
        "retry_max_hours": {
            "label": "Retry max hours",
            "description": "The longest time until a refused record is tried again, 1 to 168.",
            "schema": {"type": ["integer", "null"], "default": 24, "minimum": 1, "maximum": 168},
        },
        "external_id_field": {
            "label": "External id field",
            "description": "The unique external-id field on Account and Contact that holds the iPaaS.com id.",
            "schema": {"type": ["string", "null"], "default": "iPaaS_Id__c"},
        },
        "first_contact": {
            "label": "First contact",
            "description": (
                "link_only (recommended where both sides have data already): link what matches, create and change nothing "
                "until a run with confirm_first_contact; create: at once."
            ),
            "schema": {"type": ["string", "null"], "enum": ["create", "link_only"], "default": "create"},
        },
        "max_changed_percent": {
            "label": "Max changed percent",
            "description": (
                "A run that would change more of the linked records than this, and more than Max changed records, writes "
                "nothing; 100: no limit."
            ),
            "schema": {"type": ["integer", "null"], "default": 50, "minimum": 0, "maximum": 100},
        },
        "max_changed_records": {
            "label": "Max changed records",
            "description": "So many records may change in a run whatever their share.",
            "schema": {"type": ["integer", "null"], "default": 200, "minimum": 0},
        },
        "api_warn_percent": {
            "label": "API warn percent",
            "description": "A run warns in its log when the org has used so much of its API calls of 24 hours, 1 to 100.",
            "schema": {"type": ["integer", "null"], "default": 60, "minimum": 1, "maximum": 100},
        },
        "api_stop_percent": {
            "label": "API stop percent",
            "description": (
                "A run stops cleanly when the org has used so much of its API calls of 24 hours, 1 to 100; what was not written "
                "waits."
            ),
            "schema": {"type": ["integer", "null"], "default": 80, "minimum": 1, "maximum": 100},
        },
        "max_calls_per_run": {
            "label": "Max calls per run",
            "description": "So many calls to Salesforce may one run make, then it stops cleanly; 0: no limit.",
            "schema": {"type": ["integer", "null"], "default": 0, "minimum": 0},
        },
        "bulk_threshold": {
            "label": "Bulk threshold",
            "description": (
                "So many creates of one run in Salesforce go as jobs of Bulk API 2.0, by the external ID field; fewer go 200 at a "
                "time. 0: never."
            ),
            "schema": {"type": ["integer", "null"], "default": 2000, "minimum": 0},
        },
        "max_blanked_percent": {
            "label": "Max blanked percent",
            "description": "A run that would blank a field on more of the linked records than this writes nothing; 100: no limit.",
            "schema": {"type": ["integer", "null"], "default": 10, "minimum": 0, "maximum": 100},
        },
    },
}
