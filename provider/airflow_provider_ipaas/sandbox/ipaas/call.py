"""One call of the emulated API: who calls, with what, and how the answer leaves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from airflow_provider_ipaas.sandbox.ipaas.access import Grant
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, TooManyRequests, not_found, respond, respond_too_many
from airflow_provider_ipaas.sandbox.ipaas.fields import parse_object
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

# A permission's name: a company-scoped token that has it. "token": any valid token. "open": none.
Need = str | Literal["token", "open"]
# A switch and the value it must have for something to be served; None: always.
Reading = tuple[str, str] | None


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


@dataclass(frozen=True, slots=True)
class Wired:
    """One method of a path: what answers it, what the caller needs, under which reading it exists."""

    endpoint: Endpoint
    need: Need
    when: Reading = None

    def exists(self, switches: Switches) -> bool:
        """Say whether the service has it, as the switches stand."""
        return self.when is None or switches.is_on(*self.when)


class ApiRoute(Route):
    """A path of the API with its methods."""

    def __init__(self, store: IPaaSStore, path: str, wired: Mapping[str, Wired]) -> None:
        self.wired = wired

        async def endpoint(request: Request) -> Response:
            return _perform(store, request, await request.body(), wired)

        run: Callable[[Request], Awaitable[Response]] = endpoint
        super().__init__(path, run, methods=list(wired))


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer; 204 has no body."""
    if status == 204:
        return Response(status_code=204, headers=headers)
    body = json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
    return Response(body, status, headers=headers, media_type="application/json")


def route(store: IPaaSStore, path: str, **methods: tuple[Endpoint, Need] | tuple[Endpoint, Need, Reading]) -> ApiRoute:
    """Return a route whose `methods` (get=, post=, put=) name an endpoint, what it needs of the caller, its reading."""
    return ApiRoute(store, path, {name.upper(): Wired(*wired) for name, wired in methods.items()})


def _perform(store: IPaaSStore, request: Request, body: bytes, methods: Mapping[str, Wired]) -> Response:
    wired = methods["GET" if request.method == "HEAD" else request.method]
    try:
        with store.lock:
            store.count_call()
            grant = None if wired.need == "open" else store.access.grant_of(request.headers.get("authorization"))
            if grant is not None and wired.need != "token":
                store.access.check_data_call(grant, wired.need, _client_header(request, store))
            if not wired.exists(store.switches):
                return _absent(request, methods, store.switches)
            account = store.of_company(grant.company if grant else None)
            return wired.endpoint(Call(account, request.path_params, request.query_params, body, grant))
    except ApiError as error:
        return respond(error, store.switches)
    except TooManyRequests:
        return respond_too_many(store.switches)


def _absent(request: Request, methods: Mapping[str, Wired], switches: Switches) -> Response:
    served = [name for name, wired in methods.items() if wired.exists(switches)]
    if not served:
        raise not_found(request.url.path)
    return PlainTextResponse("Method Not Allowed", 405, headers={"Allow": ", ".join(served)})


def _client_header(request: Request, store: IPaaSStore) -> str | None:
    return request.headers.get(store.switches.text("client_header"))
