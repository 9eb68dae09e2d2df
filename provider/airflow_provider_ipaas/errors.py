"""The errors of both services and of the configuration, each saying whether trying again can help."""

from __future__ import annotations

from datetime import datetime

# Long enough for a list of twenty problems; what services and files say may have any length.
_LONGEST = 6_000


class IPaaSSyncError(Exception):
    """The root: *message* says what and where, *next_step* what a person can do about it.

    Both are text that logs and databases take, whatever was put in: of bounded length, without half surrogate pairs
    and NUL.
    """

    transient = False

    def __init__(self, message: str, *, next_step: str = "") -> None:
        self.message = _storable(message)
        self.next_step = _storable(next_step)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} Next step: {self.next_step}" if self.next_step else self.message


def _storable(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 501]}…{text[-500:]}"
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")


class ConfigurationError(IPaaSSyncError):
    """A connection, param or file is wrong; names it, the field and the mend."""


class WrongOrgError(ConfigurationError):
    """The credentials lead to another org than the one a connection is pinned to."""


class ServiceError(IPaaSSyncError):
    """A call that a service refused, with its facts as attributes; the base class means *terminal*."""

    def __init__(
        self,
        message: str,
        *,
        next_step: str = "",
        service: str = "",
        status: int | None = None,
        code: str = "",
        fields: tuple[str, ...] = (),
        retry_after_s: float | None = None,
        record_id: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.service = service
        self.status = status
        self.code = code
        self.fields = fields
        self.retry_after_s = retry_after_s
        self.record_id = record_id


class TransientServiceError(ServiceError):
    """Trying later can help: overload, a lock, a lost connection on a call that may be repeated."""

    transient = True


class UnknownOutcome(TransientServiceError):
    """A write whose answer was lost: it may or may not have been done. Find out first, then write."""

    def __init__(self, message: str, *, sent_at: datetime | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.sent_at = sent_at


class AuthenticationError(ServiceError):
    """The service does not accept our credentials; nothing will work until a person mends them."""


class GrantRefused(AuthenticationError):
    """The grant that a person gave has expired or was revoked; only connecting again helps."""


class RequestLimitExceeded(ServiceError):
    """The org's daily API limit is used up; stop cleanly, a later run goes on."""


class MalformedAnswer(TransientServiceError):
    """A success status over a body that is not what the API answers (an HTML page, cut JSON)."""


class LedgerError(IPaaSSyncError):
    """The ledger can't be opened, read or written."""
