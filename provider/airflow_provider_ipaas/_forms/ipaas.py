"""The connection form of `ipaas`."""

from __future__ import annotations

from typing import Any

CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "ipaas",
    "hook-class-name": "airflow_provider_ipaas.hooks.ipaas.IPaaSHook",
    "hook-name": "iPaaS.com",
    "ui-field-behaviour": {
        "hidden-fields": ["port", "schema"],
        "relabeling": {
            "host": "Base URL",
            "login": "E-mail",
            "password": "Password or API key",
        },
        "placeholders": {
            "host": "https://api.ipaas.com",
            "login": "integration@example.com (leave empty with an API key)",
            "password": "Password of this user, or the API key",
        },
    },
    "conn-fields": {
        "auth_mode": {
            "label": "Authentication",
            "description": "password: log in as a user of the company; api_key: the key goes in the password field.",
            "schema": {"type": ["string", "null"], "enum": ["password", "api_key"], "default": "password"},
        },
        "company_id": {
            "label": "Company id",
            "description": (
                "The GUID of the company in iPaaS.com; needed to log in with a password. Browse > iPaaS.com connections lists "
                "the companies of the login."
            ),
            "schema": {"type": ["string", "null"]},
        },
        "system_id": {
            "label": "System id",
            "description": (
                "The subscription id of Salesforce in iPaaS.com: the system that every external id names. Listed there, too."
            ),
            # A number, not a text: Airflow warns in every task's log of texts in extra that are too short to mask.
            "schema": {"type": ["integer", "null"], "minimum": 1},
        },
        "max_concurrency": {
            "label": "Concurrent calls",
            "description": (
                "How many calls a task may have under way at once, 1 to 64; a big upsert is shared out among several tasks."
            ),
            "schema": {"type": ["integer", "null"], "default": 8, "minimum": 1, "maximum": 64},
        },
        "requests_per_second": {
            "label": "Calls per second",
            "description": "At most this many calls begin in any one second; empty: no limit.",
            "schema": {"type": ["number", "null"]},
        },
        "deep_check_hours": {
            "label": "Deep check hours",
            "description": (
                "Rows of a list may hide edits of addresses and custom fields: of collections with more than 1,000 records "
                "each is read whole at least once in so many hours, 0 to 720 (0: in every run)."
            ),
            "schema": {"type": ["integer", "null"], "default": 24, "minimum": 0, "maximum": 720},
        },
        "default_country": {
            "label": "Default country",
            "description": "Sent for an address whose country is blank in Salesforce, in the form iPaaS.com expects.",
            "schema": {"type": ["string", "null"]},
        },
        "headers": {
            "label": "Extra request headers",
            "description": 'A JSON object sent with every call, for example {"X-Client-Id": "..."}.',
            "schema": {"type": ["object", "null"], "format": "json"},
        },
        "api_profile": {
            "label": "API profile overrides",
            "description": 'A JSON object with the items that differ from the shipped profile, for example {"put": "merge"}.',
            "schema": {"type": ["object", "null"], "format": "json"},
        },
    },
}
