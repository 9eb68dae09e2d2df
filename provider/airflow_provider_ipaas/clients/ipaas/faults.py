"""Which error an answer of iPaaS.com becomes: refused for good, worth another try, or of unknown outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from airflow_provider_ipaas.catalogue import NEXT_STEP, Handling, about
from airflow_provider_ipaas.clients.ipaas.answers import read_refusal
from airflow_provider_ipaas.errors import AuthenticationError, ServiceError, TransientServiceError, UnknownOutcome

SERVICE: Final = "ipaas"

# What a repetition does: nothing (read), the same again (put), or perhaps a second record (create).
Effect = Literal["read", "put", "create"]

_TERMINAL = frozenset({"AUTH", "AUTZ", "VALD", "BIZL", "NFND"})


def is_expired_token(status: int, body: str, reason: str) -> bool:
    """Say whether a new token may cure this answer."""
    if not 400 <= status < 500:
        return False
    refusal = read_refusal(body, reason)
    if refusal.family != "AUTH":
        return status == 401 and refusal.family not in _TERMINAL
    return about(SERVICE, refusal.code).handling is Handling.RENEW


def is_missing(status: int, body: str, reason: str) -> bool:
    """Say whether an answer means that there is no such record.

    The code decides where there is one: an unknown company (AUTH-1004) is no missing record. A web page is not an
    answer of the API at all: behind a wrong address every record would seem to be deleted.
    """
    if not 400 <= status < 500:
        return False
    family = read_refusal(body, reason).family
    return family == "NFND" or (status == 404 and family not in _TERMINAL and not body.lstrip().startswith("<"))


def fault_of(
    *,
    status: int,
    reason: str,
    body: str,
    effect: Effect,
    what: str,
    sent: Iterable[str] = (),
    record_id: str | None = None,
    retry_after_s: float | None = None,
    auth_mode: str = "",
    connection: str = "the connection",
) -> ServiceError:
    """Return the error of a refused call; *what* says what was tried, such as "create the company"."""
    refusal = read_refusal(body, reason, sent)
    code = refusal.code or f"HTTP-{status}"
    said = f": {refusal.message}" if refusal.message else "."
    message = f"iPaaS.com could not {what} ({code}){said}"
    entry = about(SERVICE, code, refusal.message, status=status, flow=auth_mode)
    facts: dict[str, Any] = {
        "next_step": entry.advice(connection=connection),
        "service": SERVICE,
        "status": status,
        "code": code,
        "fields": refusal.fields,
        "retry_after_s": retry_after_s,
        "record_id": record_id,
    }
    if refusal.family == "AUTH" or (status == 401 and refusal.family not in _TERMINAL):
        return AuthenticationError(message, **facts)
    if refusal.family in _TERMINAL:
        return ServiceError(message, **facts)
    if status == 429:
        return TransientServiceError(message, **facts)
    if refusal.family == "INTL" or status >= 500 or status == 408:
        if effect == "create":
            return UnknownOutcome(message, **{**facts, "next_step": NEXT_STEP["uncertain_create"]})
        return TransientServiceError(message, **facts)
    return ServiceError(message, **facts)
