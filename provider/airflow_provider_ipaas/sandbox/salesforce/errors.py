"""Errors in the words and shapes of the REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class SalesforceError(Exception):
    """A refusal of the whole request or of one record.

    `extra` is added to the single-record body (duplicate details); Collections items show code, message and fields.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Sequence[str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
        self.extra = dict(extra or {})

    def body(self) -> list[dict[str, Any]]:
        """Return the answer's body: an array with one error."""
        entry: dict[str, Any] = {**self.extra, "message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]

    def item(self) -> dict[str, Any]:
        """Return the error as it appears in a Collections result."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    """Return the 404 of an unknown object, record or external-id field."""
    return SalesforceError("NOT_FOUND", message, status=404)


def entity_is_deleted() -> SalesforceError:
    """Return the error of a write to, or a read of, a deleted record."""
    return SalesforceError("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=[])


def invalid_session() -> SalesforceError:
    """Return the 401 of an expired or unknown access token."""
    return SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def no_api_access() -> SalesforceError:
    """Return the 401 of an access token that is alive but has no scope for the REST API; a refresh doesn't help."""
    return SalesforceError("INVALID_SESSION_ID", "This session is not valid for use with the REST API", status=401)


def request_limit() -> SalesforceError:
    """Return the 403 of an org whose daily API requests are used up."""
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def no_such_column(field: str, sobject: str) -> SalesforceError:
    """Return the error of a write that names an unknown or hidden field."""
    return SalesforceError("INVALID_FIELD", f"No such column '{field}' on sobject of type {sobject}", fields=[field])


def unable_to_lock() -> SalesforceError:
    """Return the error of a row that another transaction holds."""
    return SalesforceError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", fields=[])


def json_parser_error(message: str) -> SalesforceError:
    """Return the error of a body that is no JSON or of the wrong shape."""
    return SalesforceError("JSON_PARSER_ERROR", message)
