"""Which error a refusing answer of Salesforce becomes: for good, worth another try, or of unknown outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)

SERVICE = "salesforce"
# What a repetition does: nothing (read), the same again (idempotent), or perhaps a second record (create).
Effect = Literal["read", "idempotent", "create"]

LOCKED = "UNABLE_TO_LOCK_ROW"
_EXPIRED = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT"})
# A new token doesn't cure these; asking for one after each of them would never end.
_NOT_EXPIRED = (
    "This session is not valid for use with the REST API",
    "Connected app is not attached to Agent",
    "BlackTab",
)
_LATER = frozenset({"SERVER_UNAVAILABLE", "API_TEMPORARILY_UNAVAILABLE", LOCKED, "QUERY_TIMEOUT"})
# A 4xx status that says the request never got to where it would be processed.
_NOT_PROCESSED = frozenset({420, 429})
_LATER_STATUSES = frozenset({406, 408, 420, 429})
_MAX_MESSAGE = 300

_NEXT_STEPS = {
    "API_DISABLED_FOR_ORG": "Use an edition of Salesforce that has API access, or ask Salesforce to enable it for this org.",
    "API_CURRENTLY_DISABLED": "Give the integration user the permission API Enabled.",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "Set a new password for the integration user, best one that never expires.",
    "INSUFFICIENT_ACCESS": "Give the integration user access to these records (object permissions, View All Records).",
    "INVALID_FIELD": "Check the field's API name, and that the integration user may see it (field-level security).",
    "INVALID_TYPE": "Check the object's API name, and that the integration user may see it.",
    "NOT_FOUND": "Check the API names of object and external-id field, and that the integration user may see them.",
    "QUERY_TIMEOUT": "Narrow the query, for example with fewer poll days.",
    "UNSUPPORTED_API_VERSION": "Correct the field API version (`api_version`) of the connection.",
    "STORAGE_LIMIT_EXCEEDED": "Free or buy data storage in Salesforce.",
    LOCKED: "Another process holds the record; a later run tries again.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of an answer's body."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def read_refusal(answer: Answer) -> Refusal:
    """Read the first error of a body: the documented array, a single object, or nothing that can be read."""
    try:
        body = answer.json()
    except ValueError:
        return Refusal("", "")
    first = body[0] if isinstance(body, list) and body else body
    return refusal_of(first) if isinstance(first, Mapping) else Refusal("", "")


def refusal_of(item: Mapping[str, Any]) -> Refusal:
    """Read one error object; Collections say `statusCode`, everything else `errorCode`."""
    code = item.get("errorCode") or item.get("statusCode") or item.get("error") or ""
    message = item.get("message") or item.get("error_description") or ""
    fields = item.get("fields")
    named = tuple(name for name in fields if isinstance(name, str)) if isinstance(fields, list) else ()
    return Refusal(str(code), str(message), named)


def is_expired_token(answer: Answer) -> bool:
    """Say whether a new token may cure this answer."""
    if answer.status != 401:
        return False
    refusal = read_refusal(answer)
    return refusal.code in _EXPIRED and not any(text in refusal.message for text in _NOT_EXPIRED)


def readable(message: str) -> str:
    """Shorten a message to one line; query errors first repeat the query, which may hold a record's values."""
    if (found := re.search(r"ERROR at Row:\d+:Column:\d+\s*(.*)", message, re.DOTALL)) is not None:
        message = found.group(1)
    text = " ".join(message.split())
    if len(text) <= _MAX_MESSAGE:
        return text
    # Both ends tell: the field at the beginning, the limit at the end.
    return f"{text[: _MAX_MESSAGE - 101]}…{text[-100:]}"


def fault_of(answer: Answer, *, effect: Effect, what: str, sent_at: datetime | None = None) -> ServiceError:
    """Return the error of an answer that is no success; *what* says what was tried, such as "query Account"."""
    refusal = read_refusal(answer)
    code, status = refusal.code or f"HTTP-{answer.status}", answer.status
    said = readable(refusal.message)
    message = f"Salesforce could not {what} ({code}){f': {said}' if said else '.'}"
    facts: dict[str, Any] = {
        "service": SERVICE,
        "status": status,
        "code": code,
        "fields": refusal.fields,
        "next_step": _NEXT_STEPS.get(code, ""),
    }
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _over_limit(refusal, message, facts)
    if status == 401:
        return _not_accepted(refusal, what, facts)
    facts["retry_after_s"] = answer.retry_after_s
    if effect == "create" and (status == 408 or status >= 500):
        return UnknownOutcome(f"{message} The records may or may not have been created.", sent_at=sent_at, **facts)
    if status >= 500 or code in _LATER or status in _later_statuses(effect):
        return TransientServiceError(message, **facts)
    if status == 410:
        facts["next_step"] = _NEXT_STEPS["UNSUPPORTED_API_VERSION"]
    return ServiceError(message, **facts)


def _later_statuses(effect: Effect) -> frozenset[int]:
    return _NOT_PROCESSED if effect == "create" else _LATER_STATUSES


def _over_limit(refusal: Refusal, message: str, facts: dict[str, Any]) -> ServiceError:
    """Tell the limit on calls under way, which passes by itself, from the one on calls a day."""
    if "concurrent" in refusal.message.lower():
        facts["next_step"] = "Too many long calls run in this org at once; a later run tries again."
        return TransientServiceError(message, **facts)
    facts["next_step"] = (
        "The org has used up its API calls of the last 24 hours; a later run goes on where this one stopped."
    )
    return RequestLimitExceeded(message, **facts)


def _not_accepted(refusal: Refusal, what: str, facts: dict[str, Any]) -> ServiceError:
    said = readable(refusal.message)
    cause = f" ({facts['code']}{f': {said}' if said else ''})"
    if "REST API" in refusal.message:
        facts["next_step"] = "Give the connected app the scope `api`, and use the org's My Domain URL as API Url."
    else:
        facts["next_step"] = (
            "Check in Salesforce that the user is active, may use the API and that the app is approved."
        )
    return AuthenticationError(f"Salesforce does not accept the access token to {what}{cause}.", **facts)
