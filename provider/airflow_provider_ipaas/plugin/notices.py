"""A notice that is shown once, on the page that a redirect leads to: a cookie, since addresses are kept and shared."""

from __future__ import annotations

import hashlib

from fastapi import Request
from fastapi.responses import Response

from airflow_provider_ipaas.plugin.links import AirflowLinks

_COOKIE = "ipaas_connected"
_LIFE_S = 120


def leave(request: Request, response: Response, links: AirflowLinks, conn_id: str) -> None:
    """Leave the notice that *conn_id* has just been connected."""
    response.set_cookie(
        _COOKIE,
        _mark(conn_id),
        max_age=_LIFE_S,
        path=links.connections,
        secure=request.url.scheme == "https",
        httponly=True,
        # The browser comes from Salesforce, so it would not send a strict one.
        samesite="lax",
    )


def is_left(request: Request, conn_id: str) -> bool:
    """Tell whether *conn_id* has just been connected."""
    return request.cookies.get(_COOKIE) == _mark(conn_id)


def take_away(response: Response, links: AirflowLinks) -> None:
    """Show the notice no more."""
    response.delete_cookie(_COOKIE, path=links.connections, httponly=True, samesite="lax")


def _mark(conn_id: str) -> str:
    return hashlib.sha256(conn_id.encode("utf-8", "replace")).hexdigest()[:16]
