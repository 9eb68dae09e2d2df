"""Errors as pages: what happened, the next step, and the way back."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from airflow_provider_ipaas.errors import IPaaSSyncError, LedgerError
from airflow_provider_ipaas.hooks._connection import ConnectionNotFound
from airflow_provider_ipaas.plugin.guards import StoreUnavailable
from airflow_provider_ipaas.plugin.links import CALLBACK, links_of
from airflow_provider_ipaas.plugin.pages import pages
from airflow_provider_ipaas.tokens import ForeignAuthorization

_TITLES = {403: "Not allowed", 404: "No such connection", 502: "Salesforce does not answer"}


def status_of(error: IPaaSSyncError) -> int:
    """Return the status of the page that shows an error."""
    if isinstance(error, ConnectionNotFound):
        return 404
    if isinstance(error, ForeignAuthorization):
        return 403
    if isinstance(error, LedgerError | StoreUnavailable):
        return 503
    return 502 if error.transient else 400


def problem_page(request: Request, error: Exception) -> Response:
    """Show an error of ours."""
    if not isinstance(error, IPaaSSyncError):
        raise error
    status = status_of(error)
    connecting = request.url.path.endswith((CALLBACK, "/connect"))
    title = "Not connected to Salesforce" if connecting else _TITLES.get(status, "Not possible")
    conn_id = getattr(request.state, "conn_id", None) or request.path_params.get("connection_id")
    return pages().show(
        "problem.html",
        status=status,
        links=links_of(request),
        title=title,
        error=error,
        conn_id=None if status == 404 else conn_id,
    )
