"""The FastAPI application that Airflow's API server mounts."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.plugin import callback, connections, monitoring, record
from airflow_provider_ipaas.plugin.links import CALLBACK, links_of
from airflow_provider_ipaas.plugin.pages import pages
from airflow_provider_ipaas.plugin.problems import problem_page

_TITLES = {401: "Log in to Airflow", 403: "Not allowed", 404: "Not found", 405: "Not possible"}


def make_app() -> FastAPI:
    """Return the application; it has pages for people and nothing else."""
    app = FastAPI(title="airflow-provider-ipaas", docs_url=None, redoc_url=None, openapi_url=None)
    for pages_of in (monitoring, record, connections, callback):
        app.include_router(pages_of.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(IPaaSSyncError, problem_page)
    app.add_exception_handler(RequestValidationError, _misspelt)
    return app


def _refused(request: Request, error: Exception) -> Response:
    """Send people without a login to Airflow's, and say everything else on a page."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    links = links_of(request)
    if status == 401 and request.url.path.endswith(CALLBACK):
        # Logging in and coming back here would put code and state into addresses and logs once more.
        return pages().show("logged_out.html", status=401, links=links)
    if status == 401 and _is_browser(request):
        return RedirectResponse(links.login(_address(request)), 303)
    return _message(request, status, _TITLES.get(status, "Not possible"), _detail(error))


def _address(request: Request) -> str:
    """Return what to show after the login: without scheme and host, which a proxy may have changed.

    What a form was sent to is no page; the connection's is.
    """
    if request.method != "GET":
        return request.url.path.rpartition("/")[0]
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _misspelt(request: Request, _error: Exception) -> Response:
    return _message(request, 400, "Not possible", "The address of this page is not complete. Start from the overview.")


def _message(request: Request, status: int, title: str, text: str) -> Response:
    links = links_of(request)
    about_connections = request.url.path.startswith((links.connections, links.callback))
    base = "connections_base.html" if about_connections else "base.html"
    return pages().show("message.html", status=status, links=links, base=base, title=title, text=text)


def _detail(error: Exception) -> str:
    return str(error.detail) if isinstance(error, HTTPException) else "Something went wrong."


def _is_browser(request: Request) -> bool:
    return "authorization" not in request.headers and "text/html" in request.headers.get("accept", "")
