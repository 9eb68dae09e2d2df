"""Codes of the clients' own: what happens on the way to either service, and answers that are none."""

from __future__ import annotations

from functools import partial

from .entry import Handling, row

_row = partial(row, "transport")
_LATER = "This is usually short-lived; a later run goes on."

TRANSPORT = (
    _row(
        "NOT_SENT",
        Handling.RETRY,
        "The service cannot be reached: its name, the network, its certificate or the proxy; nothing was sent",
        "Check {address}, and that this worker may reach {host} (DNS, firewall, proxy).",
    ),
    _row("ANSWER_LOST", Handling.FIND_OUT, "The connection broke off, or no answer came in time", _LATER),
    _row(
        "MALFORMED_ANSWER",
        Handling.FIND_OUT,
        "A success whose body is not what the service answers: a web page, cut JSON, other records",
        "Check any proxy between this worker and {host}; a later run tries again.",
    ),
    _row(
        "MALFORMED_TOKEN",
        Handling.RETRY,
        "The login endpoint answered with something else than a token",
        "Check the fields API Url (`host`) and Token URL (`token_url`), and any proxy in between.",
    ),
    _row(
        "REDIRECT",
        Handling.STOP,
        "The service redirects elsewhere; redirects are not followed, for the token would go along",
        "Enter the address that the service finally answers at in the connection.",
    ),
    _row(
        "QUERY_TOO_LONG",
        Handling.STOP,
        "A query would be longer than the 16,384 bytes that Salesforce takes in a request line",
        "Ask for fewer values or fields at once.",
    ),
    _row(
        "TOKEN_CLAIMED",
        Handling.STOP,
        "Another process has been renewing the access token for too long",
        "A later run goes on; if this stays, look for a stuck task.",
    ),
    _row(
        "bad_id",
        Handling.FAIL_RECORD,
        "What should be an id of iPaaS.com cannot be one",
        "Look at the id that is stored for this record.",
    ),
)
