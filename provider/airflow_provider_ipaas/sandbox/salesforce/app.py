"""The Starlette application of the emulated org."""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.front import Answer, json_answer
from airflow_provider_ipaas.sandbox.salesforce import collections, ingest, resources, rows
from airflow_provider_ipaas.sandbox.salesforce.auth_routes import oauth_routes
from airflow_provider_ipaas.sandbox.salesforce.context import Call, Handler, Org, rest
from airflow_provider_ipaas.sandbox.salesforce.errors import invalid_session, not_found, request_limit
from airflow_provider_ipaas.sandbox.salesforce.login_routes import login_routes

_ALL_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]
_LIMITED = re.compile(r"^/services/data/v")


def create_app(org: Org) -> Starlette:
    """Return the REST API, the OAuth endpoints and the pages of an org."""
    base = "/services/data/v{version}"

    def route(path: str, locks: Callable[[Call], Set[str]] | None = None, **handlers: Handler) -> list[Route]:
        endpoint = rest(org, handlers, locks)
        return [Route(base + path, endpoint, methods=_ALL_METHODS)]

    routes = [
        *oauth_routes(org),
        *login_routes(org),
        Route("/services/data", _versions),
        Route("/services/data/", _versions),
        *route("", GET=resources.resources),
        *route("/", GET=resources.resources),
        *route("/limits", GET=resources.limits),
        *route("/limits/", GET=resources.limits),
        *route("/query", GET=resources.query),
        *route("/query/", GET=resources.query),
        *route("/query/{locator}", GET=resources.query_more),
        *route("/queryAll", GET=resources.query_all),
        *route("/queryAll/", GET=resources.query_all),
        *route(
            "/composite/sobjects",
            locks=collections.locks,
            POST=collections.create,
            PATCH=collections.update,
            DELETE=collections.delete,
        ),
        *route("/composite/sobjects/{sobject}", GET=collections.retrieve, POST=collections.retrieve),
        *route("/composite/sobjects/{sobject}/{field}", locks=collections.locks, PATCH=collections.upsert),
        *route("/jobs/ingest", GET=ingest.listing, POST=ingest.create),
        *route("/jobs/ingest/", GET=ingest.listing, POST=ingest.create),
        *route("/jobs/ingest/{job}", GET=ingest.read, PATCH=ingest.change, DELETE=ingest.delete),
        *route("/jobs/ingest/{job}/batches", PUT=ingest.upload),
        *route("/jobs/ingest/{job}/batches/", PUT=ingest.upload),
        *route("/jobs/ingest/{job}/{results}", GET=ingest.results),
        *route("/jobs/ingest/{job}/{results}/", GET=ingest.results),
        *route("/sobjects", GET=resources.describe_global),
        *route("/sobjects/", GET=resources.describe_global),
        *route("/sobjects/{sobject}", GET=rows.basic, POST=rows.create),
        *route("/sobjects/{sobject}/", GET=rows.basic, POST=rows.create),
        *route("/sobjects/{sobject}/describe", GET=resources.describe),
        *route("/sobjects/{sobject}/describe/", GET=resources.describe),
        *route("/sobjects/{sobject}/updated", GET=resources.updated),
        *route("/sobjects/{sobject}/updated/", GET=resources.updated),
        *route("/sobjects/{sobject}/deleted", GET=resources.deleted),
        *route("/sobjects/{sobject}/deleted/", GET=resources.deleted),
        *route("/sobjects/{sobject}/Id", POST=rows.create_via_id),
        *route("/sobjects/{sobject}/{id}", GET=rows.read, HEAD=rows.read, PATCH=rows.update, DELETE=rows.delete),
        *route(
            "/sobjects/{sobject}/{field}/{value:path}",
            GET=rows.read_by_key,
            HEAD=rows.read_by_key,
            PATCH=rows.upsert,
            DELETE=rows.delete_by_key,
        ),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _no_such_resource})
    app.router.redirect_slashes = False
    return app


async def _versions(_request: Request) -> Response:
    return JSONResponse(resources.versions())


async def _no_such_resource(_request: Request, _error: Exception) -> Response:
    error = not_found()
    return JSONResponse(error.body(), status_code=error.status)


def add_limit_header(org: Org, scope: Scope, answer: Answer) -> None:
    """Say on every REST answer how much of the daily limit is used."""
    if _LIMITED.match(scope["path"]):
        usage = f"api-usage={org.store.api_used}/{org.store.switches['api_limit']}"
        answer.set_header(b"sforce-limit-info", usage.encode())
    if answer.header(b"content-type") == b"application/json":
        answer.set_header(b"content-type", b"application/json;charset=UTF-8")


def expired_answer() -> Answer:
    """Return the answer to an expired access token."""
    return json_answer(401, invalid_session().body())


def limit_answer() -> Answer:
    """Return the answer when the daily API requests are used up."""
    return json_answer(403, request_limit().body())
