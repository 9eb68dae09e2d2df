"""What stands before a page about a connection: Airflow's right to edit it, and for actions a form of our own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException, Request

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.hooks.tokens import open_token_store, token_store_conn_id
from airflow_provider_ipaas.plugin import csrf
from airflow_provider_ipaas.plugin.access import (
    editable_connections,
    may_edit_connection,
    may_edit_connections,
    may_read_connection,
)
from airflow_provider_ipaas.plugin.known import listed

NOT_YOURS = "You need Airflow's right to edit this connection."
_STALE = (
    "The page that this came from is too old, or it was another site's. Nothing was done: go back to the connection and "
    "press the button again."
)
_MAX_FORM_BYTES = 8192


class StoreUnavailable(IPaaSSyncError):
    """The token store can't be opened."""


def editor(connection_id: str, user: GetUserDep) -> BaseUser:
    """Return the user, who may edit the connection that the path names."""
    if not may_edit_connection(user, connection_id):
        raise HTTPException(403, NOT_YOURS)
    return user


Editor = Annotated[BaseUser, Depends(editor)]


async def read_form(request: Request, _first: Editor) -> dict[str, str]:
    """Return the fields of a form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, "This is no form of these pages.")
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def acting(request: Request, user: Editor, form: Annotated[dict[str, str], Depends(read_form)]) -> BaseUser:
    """Return the user, who may edit the connection and has pressed a button on a page of ours."""
    if csrf.is_from_elsewhere(request) or not csrf.is_valid(form.get("csrf", ""), user):
        raise HTTPException(403, _STALE)
    return user


Acting = Annotated[BaseUser, Depends(acting)]


def bound_to(user: BaseUser) -> str:
    """Return what binds a Connect to the user who began it."""
    return f"airflow:{user.get_id()}"


def may_edit_any(user: BaseUser) -> bool:
    """Tell whether these pages have anything to show to the user."""
    return may_edit_connections(user) or bool(editable_connections(user, (it.conn_id for it in listed())))


def store_fault(user: BaseUser) -> StoreUnavailable | None:
    """Return why the token store can't be opened, None when it can; the reason is for those who may know where it is."""
    try:
        open_token_store()
    except IPaaSSyncError as error:
        conn_id = token_store_conn_id()
        if may_read_connection(user, conn_id):
            return StoreUnavailable(error.message, next_step=error.next_step)
        return StoreUnavailable(
            "The token store can't be opened.",
            next_step=f"Ask whoever administers Airflow: those who may read the connection `{conn_id}` see the reason here.",
        )
    return None


def check_store(user: BaseUser) -> None:
    """Raise StoreUnavailable when the token store can't be opened."""
    if (fault := store_fault(user)) is not None:
        raise fault
