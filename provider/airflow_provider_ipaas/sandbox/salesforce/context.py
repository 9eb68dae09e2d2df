"""What every handler of the REST API needs of its request."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce import scopes
from airflow_provider_ipaas.sandbox.salesforce.browser import Browsers
from airflow_provider_ipaas.sandbox.salesforce.errors import (
    SalesforceError,
    invalid_session,
    json_parser_error,
    no_api_access,
    not_found,
    request_limit,
)
from airflow_provider_ipaas.sandbox.salesforce.forms import bearer
from airflow_provider_ipaas.sandbox.salesforce.grants import Session
from airflow_provider_ipaas.sandbox.salesforce.jobs import Jobs
from airflow_provider_ipaas.sandbox.salesforce.oauth import OAuth
from airflow_provider_ipaas.sandbox.salesforce.query import Queries
from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.writes import WriteOptions, Writer

OLDEST_VERSION, NEWEST_VERSION = 31, 64
_ALLOW_SAVE = re.compile(r"allowSave\s*=\s*true", re.IGNORECASE)
_VERSION = re.compile(r"\d{2}\.0")


@dataclass(slots=True)
class Org:
    """The emulated org: its records, its tokens, its users' browsers, its open queries."""

    store: SalesforceStore
    oauth: OAuth
    browsers: Browsers
    queries: Queries
    jobs: Jobs

    @classmethod
    def build(cls, store: SalesforceStore) -> Org:
        """Assemble an org on a store."""
        return cls(store, OAuth(store), Browsers(store.switches), Queries(store), Jobs(store))

    def settle(self) -> None:
        """Do what has become due, in the records and of the jobs."""
        self.store.settle()
        self.jobs.work()

    def reset(self) -> None:
        """Return everything to the beginning."""
        self.store.reset()
        self.oauth.reset()
        self.browsers.reset()
        self.queries.expire_locators()
        self.jobs.reset()


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated REST call."""

    org: Org
    request: Request
    session: Session
    version: str
    body: bytes
    held_by_others: frozenset[str] = frozenset()

    @property
    def store(self) -> SalesforceStore:
        """Return the org's records."""
        return self.org.store

    @property
    def method(self) -> str:
        """Return the method, after the `_HttpMethod` override of a POST."""
        override = self.request.query_params.get("_HttpMethod")
        return override if override and self.request.method == "POST" else self.request.method

    def path(self, name: str) -> str:
        """Return a path parameter."""
        return str(self.request.path_params[name])

    def definition(self) -> ObjectDef:
        """Return the object the URL names; NOT_FOUND when there is none."""
        found = self.store.schema.get(self.path("sobject").lower())
        if found is None:
            raise not_found()
        return found

    def json(self) -> Any:
        """Return the parsed body; JSON_PARSER_ERROR when it is none."""
        kind = self.request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise SalesforceError(
                "UNSUPPORTED_MEDIA_TYPE", f"Content type {kind} isn't supported for this resource", status=415
            )
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            raise json_parser_error("Invalid UTF-8 at [line:1, column:1]") from None
        except json.JSONDecodeError as error:
            found = self.body[error.pos : error.pos + 1].decode("latin-1")
            what = f"Unexpected character ('{found}')" if found else "Unexpected end-of-input"
            raise json_parser_error(f"{what} at [line:{error.lineno}, column:{error.colno}]") from None

    def json_object(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise json_parser_error("The HTTP entity body is required to be a JSON object at [line:1, column:1]")
        return body

    def writer(self) -> Writer:
        """Return a writer that follows the call's headers and faults."""
        header = self.request.headers.get("sforce-duplicate-rule-header", "")
        return Writer(
            self.store,
            WriteOptions(
                by=self.session.user.id,
                version=self.version,
                allow_save=bool(_ALLOW_SAVE.search(header)),
                refusals=self.request.scope.get("sandbox.refusals", ()),
                held_by_others=self.held_by_others,
            ),
        )

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter."""
        return self.request.query_params.get(name, "").lower() == "true"


def _refuse_constant(name: str) -> None:
    raise json_parser_error(f"Non-standard token '{name}' at [line:1, column:1]")


Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def rest(org: Org, handlers: Mapping[str, Handler], locks: Callable[[Call], Set[str]] | None = None) -> Endpoint:
    """Return an endpoint that authenticates, dispatches on the method and words the errors.

    *locks* names what a write holds while it goes on.
    """

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            call = _admit(org, request, body)
            handler = handlers.get(call.method)
            if handler is None:
                raise SalesforceError(
                    "METHOD_NOT_ALLOWED",
                    f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted(handlers))}",
                    status=405,
                )
            seconds = org.store.switches["write_ms"] / 1000
            if locks is None or not seconds:
                return handler(replace(call, held_by_others=frozenset(org.store.locks.held)))
            with org.store.locks.hold(locks(call)) as held_by_others:
                await asyncio.sleep(seconds)
                return handler(replace(call, held_by_others=held_by_others))
        except SalesforceError as error:
            return JSONResponse(error.body(), status_code=error.status)

    return endpoint


def _admit(org: Org, request: Request, body: bytes) -> Call:
    version = str(request.path_params["version"])
    if not _VERSION.fullmatch(version) or int(version[:2]) > NEWEST_VERSION:
        raise not_found()
    if int(version[:2]) < OLDEST_VERSION:
        raise SalesforceError("UNSUPPORTED_API_VERSION", "Cannot use API version", status=410)
    session = org.oauth.tokens.use(bearer(request))
    if session is None:
        raise invalid_session()
    if not scopes.REST & set(session.scopes):
        raise no_api_access()
    if not org.store.switches["api_enabled"]:
        raise SalesforceError("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403)
    if org.store.api_used >= org.store.switches["api_limit"]:
        raise request_limit()
    org.store.api_used += 1
    return Call(org, request, session, version, body)
