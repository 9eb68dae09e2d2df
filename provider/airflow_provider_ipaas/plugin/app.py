"""The FastAPI application that Airflow's API server mounts."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from airflow_provider_ipaas.plugin.monitoring import links_of, router
from airflow_provider_ipaas.plugin.pages import pages

_TITLES = {401: "Log in to Airflow", 403: "Not allowed", 404: "Not found", 405: "Not possible"}


def make_app() -> FastAPI:
    """Return the application; it has pages to read and nothing else."""
    app = FastAPI(title="Integration monitoring", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misspelt)
    return app


def _refused(request: Request, error: Exception) -> Response:
    """Send people without a login to Airflow's, and say everything else on a page."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 401 and _is_browser(request):
        # Without scheme and host, which a proxy may have changed, and the login takes only what it knows as its own.
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        query = urlencode({"next": address}, errors="replace")
        return RedirectResponse(f"{links_of(request).home}api/v2/auth/login?{query}", 303)
    title = _TITLES.get(status, "Not possible")
    return pages().show("message.html", status=status, links=links_of(request), title=title, text=_detail(error))


def _misspelt(request: Request, _error: Exception) -> Response:
    text = "The address of this page is not complete. Start from the overview."
    return pages().show("message.html", status=400, links=links_of(request), title="Not possible", text=text)


def _detail(error: Exception) -> str:
    return str(error.detail) if isinstance(error, HTTPException) else "Something went wrong."


def _is_browser(request: Request) -> bool:
    return "authorization" not in request.headers and "text/html" in request.headers.get("accept", "")
