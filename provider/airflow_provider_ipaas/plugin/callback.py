"""Where Salesforce sends the browser back to: one address for all connections, told apart by the `state`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks import consent
from airflow_provider_ipaas.plugin import notices
from airflow_provider_ipaas.plugin.access import may_edit_connection
from airflow_provider_ipaas.plugin.guards import NOT_YOURS, bound_to, check_store, may_edit_any
from airflow_provider_ipaas.plugin.links import links_of
from airflow_provider_ipaas.plugin.pages import PRIVATE

router = APIRouter()

_MAX_LENGTH = 2000
_NO_CODE_CHARS = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Salesforce gave the browser to bring along."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    error: str
    description: str


async def taken_from_address(request: Request) -> Answer:
    """Return the answer, and take it out of the request.

    Airflow logs a request with its query when all is done, and reads it from here.
    """
    given = request.query_params
    values = {name: given.get(name, "")[:_MAX_LENGTH] for name in ("state", "code", "error", "error_description")}
    request.scope["query_string"] = b""
    return Answer(
        values["state"],
        values["code"],
        _NO_CODE_CHARS.sub("", values["error"])[:60],
        "".join(char for char in values["error_description"] if char.isprintable()),
    )


@router.get("/oauth/callback")
def callback(request: Request, answer: Annotated[Answer, Depends(taken_from_address)], user: GetUserDep) -> Response:
    """Turn what Salesforce answered into a stored grant, for the connection and the user that the state belongs to."""
    if not may_edit_any(user):
        raise HTTPException(403, "You need Airflow's right to edit connections.")
    check_store(user)
    conn_id = consent.connection_of(answer.state) if answer.state else None
    if conn_id is None:
        raise ConfigurationError(
            "This answer belongs to no Connect that was begun here.",
            next_step="Open the connection and press Connect again.",
        )
    if not may_edit_connection(user, conn_id):
        raise HTTPException(403, NOT_YOURS)
    request.state.conn_id = conn_id
    if answer.error:
        raise consent.refusal(consent.cancel(answer.state, bound_to=bound_to(user)), answer.error, answer.description)
    if not answer.code:
        raise ConfigurationError(
            f"Connection `{conn_id}`: Salesforce sent neither a code nor an error.", next_step="Press Connect again."
        )
    consent.finish(answer.state, answer.code, bound_to=bound_to(user), by=user.get_name())
    links = links_of(request)
    response = RedirectResponse(links.connection(conn_id), 303, PRIVATE)
    notices.leave(request, response, links, conn_id)
    return response
