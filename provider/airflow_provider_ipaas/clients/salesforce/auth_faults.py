"""What a refused login means and what a person can do about it, by the documented OAuth errors."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_ipaas.catalogue import RECONNECT, Entry, Handling, about
from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, readable
from airflow_provider_ipaas.errors import AuthenticationError, GrantRefused, ServiceError, TransientServiceError

__all__ = ["RECONNECT", "consent_fault", "login_fault"]


def login_fault(answer: Answer, flow: str, connection: str, host: str, mask: Callable[[str], str]) -> ServiceError:
    """Return the error of a token call that was refused."""
    error, description = _read(answer)
    said = mask(": ".join(part for part in (error, readable(description)) if part)) or f"HTTP {answer.status}"
    entry = _entry(error, description, flow)
    throttled = answer.status in (408, 420, 429) or "rate exceeded" in description.lower()
    if entry.handling is Handling.RETRY or throttled or answer.status >= 500:
        # A 5xx that carries invalid_grant is still an outage: the grant is not lost.
        return TransientServiceError(
            f"The token endpoint of Salesforce ({host}) is not available now ({said}).",
            next_step="This is usually short-lived; a later run goes on.",
            service=SERVICE,
            status=answer.status,
            code=error or f"HTTP-{answer.status}",
            retry_after_s=answer.retry_after_s,
        )
    gone = flow == "web_server" and error == "invalid_grant" and entry.next_step == RECONNECT
    kind = GrantRefused if gone else AuthenticationError
    return kind(
        f"Connection `{connection}`: Salesforce refused the login, {entry.cause.format(host=host)} ({said}).",
        next_step=entry.advice(),
        service=SERVICE,
        status=answer.status,
        code=error or f"HTTP-{answer.status}",
    )


def consent_fault(error: str, description: str, connection: str) -> ServiceError:
    """Return the error of an authorization that ended without a code, by what the callback was given."""
    # The help page of the web server flow spells it `access-denied`.
    error = error.replace("-", "_")
    said = ": ".join(part for part in (error, readable(description)) if part)
    entry = _entry(error, description, "web_server")
    if entry.handling is Handling.RETRY:
        return TransientServiceError(
            f"Connection `{connection}`: Salesforce could not finish the authorization ({said}).",
            next_step="This is usually short-lived: press Connect again.",
            service=SERVICE,
            code=error,
        )
    message = f"Connection `{connection}`: Salesforce ended the authorization, {entry.cause.format(host='')} ({said})."
    return AuthenticationError(message, next_step=entry.advice(), service=SERVICE, code=error)


def _read(answer: Answer) -> tuple[str, str]:
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error") or ""), str(body.get("error_description") or "")


def _entry(error: str, description: str, flow: str) -> Entry:
    """Return the row about a refusal; one that names no error is none of a token endpoint."""
    return about("login", error or "HTTP-4xx", description, flow=flow)
