"""Which error a refusing answer of Salesforce becomes: for good, worth another try, or of unknown outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from airflow_provider_ipaas.catalogue import NEXT_STEP, Handling, about
from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)

SERVICE: Final = "salesforce"
# What a repetition does: nothing (read), the same again (idempotent), or perhaps a second record (create).
Effect = Literal["read", "idempotent", "create"]

# Worth a later try, whatever the status.
_LATER = frozenset({Handling.RETRY, Handling.RETRY_RECORD})
# A 4xx status that says the request never got to where it would be processed.
_NOT_PROCESSED = frozenset({420, 429})
_LATER_STATUSES = frozenset({406, 408, 420, 429})
_MAX_MESSAGE = 300


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
    return about(SERVICE, refusal.code, refusal.message).handling is Handling.RENEW


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
    entry = about(SERVICE, code, refusal.message, status=status)
    said = readable(refusal.message)
    message = f"Salesforce could not {what} ({code}){f': {said}' if said else '.'}"
    facts: dict[str, Any] = {
        "service": SERVICE,
        "status": status,
        "code": code,
        "fields": refusal.fields,
        "next_step": entry.advice(),
    }
    if entry.handling is Handling.STOP_CLEANLY:
        return RequestLimitExceeded(message, **facts)
    if status == 401:
        cause = f" ({code}{f': {said}' if said else ''})"
        return AuthenticationError(f"Salesforce does not accept the access token to {what}{cause}.", **facts)
    facts["retry_after_s"] = answer.retry_after_s
    if effect == "create" and (status == 408 or status >= 500):
        facts["next_step"] = NEXT_STEP["uncertain_create"]
        return UnknownOutcome(f"{message} The records may or may not have been created.", sent_at=sent_at, **facts)
    later = code in entry.codes and not code.startswith("HTTP-") and entry.handling in _LATER
    if status >= 500 or later or status in _later_statuses(effect):
        return TransientServiceError(message, **facts)
    return ServiceError(message, **facts)


def _later_statuses(effect: Effect) -> frozenset[int]:
    return _NOT_PROCESSED if effect == "create" else _LATER_STATUSES
