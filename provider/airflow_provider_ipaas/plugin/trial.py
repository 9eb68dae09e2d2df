"""Trying a connection, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.plugin.known import SALESFORCE, Known

_NEXT = " Next step: "


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to."""

    check: str
    status: Literal["ok", "warning", "error"]
    subject: str
    message: str
    next_step: str = ""


def try_connection(known: Known) -> list[Finding]:
    """Try a connection without changing anything at the service or in the token store."""
    hook = SalesforceConnectedAppHook(known.conn_id) if known.kind == SALESFORCE else IPaaSHook(known.conn_id)
    passed, text = hook.test_connection()
    message, _, next_step = text.partition(_NEXT)
    return [Finding("connection", "ok" if passed else "error", known.conn_id, message, next_step)]
