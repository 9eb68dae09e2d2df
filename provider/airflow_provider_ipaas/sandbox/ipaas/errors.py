"""Errors as the service reports them: a stable code, a message and a help link."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.ipaas.reason_phrase import EXTENSION, HEADER
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

HELP: Final = "https://help.sandbox.example/errors"
_STATUS: Final = {"AUTH": 401, "AUTZ": 403, "VALD": 400, "NFND": 404, "INTL": 500}


class ApiError(Exception):
    """A call the service refuses; `code` is one of its documented error codes."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class TooManyRequests(Exception):
    """More calls in a second than the service takes."""


def not_found(what: str) -> ApiError:
    """Return the error of a record that does not exist."""
    return ApiError("NFND-1005", f"The iPaaS.com id was not found: {what}.")


class ReasonPhraseResponse(Response):
    """An answer whose reason phrase carries the error.

    A server without the reason-phrase extension can't send one; there the text goes into the body instead, so that
    it is never lost.
    """

    def __init__(self, status_code: int, reason: str) -> None:
        self._reason = reason.encode("ascii", "replace").decode()
        super().__init__(status_code=status_code, headers={HEADER: self._reason})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer with its reason phrase, or as plain text where the server knows no such thing."""
        if EXTENSION in (scope.get("extensions") or {}):
            await super().__call__(scope, receive, send)
        else:
            await PlainTextResponse(self._reason, self.status_code)(scope, receive, send)


def respond(error: ApiError, switches: Switches) -> Response:
    """Return the answer for an error as the switches want it."""
    family = error.code.partition("-")[0]
    status = error.status or (switches.number("bizl_status") if family == "BIZL" else _STATUS[family])
    if status == 404 and switches.is_on("not_found_body", "empty"):
        return Response(status_code=404)
    text = f"{error.code}: {error.message}"
    if switches.is_on("error_in", "reason_phrase"):
        return ReasonPhraseResponse(status, " ".join(text.split()))
    shape = switches.text("error_shape")
    link = f"{HELP}/{error.code}"
    if shape == "text":
        return PlainTextResponse(f"{text} See {link}", status)
    body: dict[str, Any] = {"code": error.code, "message": error.message, "help_link": link}
    if shape == "wrapped":
        body = {"errors": [{"error_code": error.code, "error_message": error.message, "help_url": link}]}
    return JSONResponse(body, status)


def respond_too_many(switches: Switches) -> Response:
    """Return the 429 answer, with Retry-After when switched on."""
    headers = {"Retry-After": "1"} if switches.is_on("rate_limit_retry_after", "sent") else {}
    return PlainTextResponse("Too many requests.", 429, headers=headers)
