"""One call of the emulated API: who calls, with what, and how the answer leaves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_ipaas.sandbox.ipaas.access import Grant
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, TooManyRequests, respond, respond_too_many
from airflow_provider_ipaas.sandbox.ipaas.fields import parse_object
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore

# A permission's name: a company-scoped token that has it. "token": any valid token. "open": none.
Need = str | Literal["token", "open"]


@dataclass(frozen=True, slots=True)
class Call:
    """What an endpoint gets to see."""

    store: IPaaSStore
    path: Mapping[str, str]
    query: QueryParams
    body: bytes
    grant: Grant | None

    @property
    def tracking_guid(self) -> str | None:
        """Return the correlation id that every call may carry."""
        return self.query.get("trackingGuid")

    @property
    def caller(self) -> Grant:
        """Return the caller's grant, on endpoints that need one."""
        if self.grant is None:
            raise ApiError("AUTH-1001", "The bearer token is missing or not valid.")
        return self.grant

    def object(self) -> dict[str, Any]:
        """Return the body as a JSON object; raises VALD-1003."""
        return parse_object(self.body)


Endpoint = Callable[[Call], Response]


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer; 204 has no body."""
    if status == 204:
        return Response(status_code=204, headers=headers)
    body = json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
    return Response(body, status, headers=headers, media_type="application/json")


def route(store: IPaaSStore, path: str, **methods: tuple[Endpoint, Need]) -> Route:
    """Return a route whose `methods` (get=, post=, put=) name an endpoint and what it needs of the caller."""
    by_method = {name.upper(): wired for name, wired in methods.items()}

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        handler, need = by_method[method]
        return _perform(store, request, await request.body(), handler, need)

    wired: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, wired, methods=list(by_method))


def _perform(store: IPaaSStore, request: Request, body: bytes, handler: Endpoint, need: Need) -> Response:
    try:
        with store.lock:
            store.count_call()
            grant = None if need == "open" else store.access.grant_of(request.headers.get("authorization"))
            if grant is not None and need != "token":
                store.access.check_data_call(grant, need, _client_header(request, store))
            return handler(Call(store, request.path_params, request.query_params, body, grant))
    except ApiError as error:
        return respond(error, store.switches)
    except TooManyRequests:
        return respond_too_many(store.switches)


def _client_header(request: Request, store: IPaaSStore) -> str | None:
    return request.headers.get(store.switches.text("client_header"))
