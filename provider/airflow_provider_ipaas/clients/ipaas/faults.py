"""Which error an answer of iPaaS.com becomes: refused for good, worth another try, or of unknown outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from airflow_provider_ipaas.clients.ipaas.answers import read_refusal
from airflow_provider_ipaas.errors import AuthenticationError, ServiceError, TransientServiceError, UnknownOutcome

SERVICE = "ipaas"

# What a repetition does: nothing (read), the same again (put), or perhaps a second record (create).
Effect = Literal["read", "put", "create"]

_TERMINAL = frozenset({"AUTH", "AUTZ", "VALD", "BIZL", "NFND"})
# AUTH codes that a new token doesn't cure; the other AUTH codes say the token is missing, wrong or expired.
_NOT_EXPIRED = frozenset({"AUTH-1003", "AUTH-1004"})

_NEXT_STEPS = {
    "AUTH-1003": "Give the user (or the API key) access to this API in iPaaS.com.",
    "AUTH-1004": "Correct the connection's field Company id (`company_id`).",
    "AUTZ-1001": "The billing plan in iPaaS.com does not allow this; ask its administrator.",
    "AUTZ-1002": "Give the user's role (or the API key) this permission in iPaaS.com.",
    "AUTZ-1003": "Only an administrator may do this in iPaaS.com; give the user that role.",
    "AUTZ-1004": "The plan in iPaaS.com awaits payment or its trial is over; ask its administrator.",
    "VALD-1017": "Correct the connection's field System id (`system_id`).",
    "VALD-1023": "Correct the connection's field System id (`system_id`).",
    "VALD-1011": "Create the custom field in iPaaS.com (Data Management, Custom Fields) or take it out of the mapping.",
    "VALD-1045": "Country code and country name disagree; correct the address or map the country.",
    "VALD-1046": "iPaaS.com does not know this country; correct the address or map the country.",
    "BIZL-1003": "Another record carries this external id; remove it there or correct the link.",
    "BIZL-1004": "A record with this unique value exists already; correct the value or link the two records.",
    "BIZL-1005": "Another record carries this external id; remove it there or correct the link.",
    "BIZL-1006": "A record with this unique value exists already; correct the value or link the two records.",
}


def is_expired_token(status: int, body: str, reason: str) -> bool:
    """Say whether a new token may cure this answer."""
    if not 400 <= status < 500:
        return False
    refusal = read_refusal(body, reason)
    if refusal.family != "AUTH":
        return status == 401 and refusal.family not in _TERMINAL
    return refusal.code not in _NOT_EXPIRED


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
) -> ServiceError:
    """Return the error of a refused call; *what* says what was tried, such as "create the company"."""
    refusal = read_refusal(body, reason, sent)
    code = refusal.code or f"HTTP-{status}"
    said = f": {refusal.message}" if refusal.message else "."
    message = f"iPaaS.com could not {what} ({code}){said}"
    next_step = _NEXT_STEPS.get(code, "")
    facts: dict[str, object] = {
        "service": SERVICE,
        "status": status,
        "code": code,
        "fields": refusal.fields,
        "retry_after_s": retry_after_s,
        "record_id": record_id,
    }
    if refusal.family == "AUTH" or (status == 401 and refusal.family not in _TERMINAL):
        return AuthenticationError(message, next_step=next_step, **facts)  # type: ignore[arg-type]
    if refusal.family in _TERMINAL:
        return ServiceError(message, next_step=next_step, **facts)  # type: ignore[arg-type]
    if status == 429:
        return TransientServiceError(message, next_step="Lower `requests_per_second` of the connection.", **facts)  # type: ignore[arg-type]
    if refusal.family == "INTL" or status >= 500 or status == 408:
        if effect == "create":
            return UnknownOutcome(message, **facts)  # type: ignore[arg-type]
        return TransientServiceError(message, **facts)  # type: ignore[arg-type]
    return ServiceError(message, next_step=next_step, **facts)  # type: ignore[arg-type]
