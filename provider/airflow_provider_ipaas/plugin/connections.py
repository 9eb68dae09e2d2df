"""The pages of the connections: which there are and how they stand, and what can be done with one."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from airflow_provider_ipaas.hooks import consent
from airflow_provider_ipaas.plugin import csrf, notices
from airflow_provider_ipaas.plugin.access import editable_connections, may_edit_connections
from airflow_provider_ipaas.plugin.guards import Acting, Editor, bound_to, check_store, store_fault
from airflow_provider_ipaas.plugin.known import TYPES, known_connection, listed
from airflow_provider_ipaas.plugin.links import CALLBACK, links_of
from airflow_provider_ipaas.plugin.pages import PRIVATE, pages
from airflow_provider_ipaas.plugin.standing import Standing, standing
from airflow_provider_ipaas.plugin.trial import companies_of, examine

log = logging.getLogger(__name__)

router = APIRouter()


@router.get("/connections")
def overview(request: Request, user: GetUserDep) -> Response:
    """Show the connections that the user may edit, and how they stand."""
    known = listed()
    mine = editable_connections(user, (it.conn_id for it in known))
    if not mine and not may_edit_connections(user):
        raise HTTPException(403, "You may edit no connection to Salesforce or iPaaS.com.")
    fault = store_fault(user)
    return pages().show(
        "connections.html",
        links=links_of(request),
        lines=[standing(it, store_fault=fault) for it in known if it.conn_id in mine],
        types=TYPES,
    )


@router.get("/connections/{connection_id:path}")
def connection(request: Request, connection_id: str, user: Editor) -> Response:
    """Show one connection: what it is connected as, and what can be done with it."""
    links = links_of(request)
    if not connection_id:
        return RedirectResponse(links.connections, 303)
    fault = store_fault(user)
    found = standing(known_connection(connection_id), store_fault=fault, ask=True)
    response = pages().show(
        "connection.html",
        status=503 if fault is not None and found.problem is fault else 200,
        forms=_forms(found),
        links=links,
        it=found,
        csrf=csrf.issue(user),
        callback_url=callback_url(request),
        callback_fault=consent.callback_fault(callback_url(request)),
        just_connected=notices.is_left(request, connection_id),
    )
    notices.take_away(response, links)
    return response


@router.post("/connections/{connection_id:path}/connect")
def connect(request: Request, connection_id: str, user: Acting) -> Response:
    """Send the browser to the org, where a person signs in and consents."""
    known_connection(connection_id)
    check_store(user)
    url = consent.begin(connection_id, redirect_uri=callback_url(request), bound_to=bound_to(user))
    log.info("Connection `%s`: %s goes to Salesforce to connect it.", connection_id, user.get_name())
    return RedirectResponse(url, 303, PRIVATE)


@router.post("/connections/{connection_id:path}/reset")
def reset(request: Request, connection_id: str, user: Acting) -> Response:
    """Revoke the grant, delete the stored tokens, and say what is left to do."""
    known_connection(connection_id)
    check_store(user)
    result = consent.reset(connection_id)
    log.info("Connection `%s`: reset by %s.", connection_id, user.get_name())
    return pages().show("reset.html", links=links_of(request), conn_id=connection_id, result=result)


@router.post("/connections/{connection_id:path}/test")
def test_now(request: Request, connection_id: str, user: Acting) -> Response:
    """Examine the connection and show what was found."""
    known = known_connection(connection_id)
    return pages().show(
        "tested.html",
        forms="'self'",
        links=links_of(request),
        known=known,
        diagnosis=examine(known, user),
        csrf=csrf.issue(user),
    )


@router.post("/connections/{connection_id:path}/companies")
def companies(request: Request, connection_id: str, user: Acting) -> Response:
    """Show what Company id and System id of a connection to iPaaS.com can be filled in with."""
    known = known_connection(connection_id)
    found = companies_of(known)
    log.debug("Connection `%s`: its companies were listed for %s.", connection_id, user.get_name())
    return pages().show("companies.html", links=links_of(request), known=known, companies=found)


def callback_url(request: Request) -> str:
    """Return the callback URL to enter into the app: whole, as browsers outside see Airflow."""
    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    if base:
        return f"{base}{CALLBACK}"
    return f"{request.url.scheme}://{request.url.netloc}{links_of(request).callback}"


def _forms(found: Standing) -> str:
    """Return where the forms of a connection's page may lead.

    Chromium holds redirects against it too, and from its login an org may lead on to the host of any identity provider:
    https hosts, therefore, and the org itself where that is this machine.
    """
    if not found.connectable:
        return "'self'"
    parts = urlsplit(found.authorize_origin)
    return "'self' https:" + (f" {found.authorize_origin}" if parts.scheme == "http" else "")
