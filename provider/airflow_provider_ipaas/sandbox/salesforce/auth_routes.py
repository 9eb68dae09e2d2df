"""The OAuth endpoints that programs call: tokens, revocation, introspection, identity."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce import scopes
from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.forms import basic, bearer, origin_of, read_form
from airflow_provider_ipaas.sandbox.salesforce.grants import Session
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.oauth import check_client
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.users import profile

_NO_STORE = {"Cache-Control": "no-store"}
_HINTS = frozenset({"", "access_token", "refresh_token"})


def oauth_routes(org: Org) -> list[Route]:
    """Return the routes under /services/oauth2, the identity URL and the discovery document."""
    return [*_token_routes(org), *_identity_routes(org)]


def _token_routes(org: Org) -> list[Route]:
    async def token(request: Request) -> Response:
        try:
            answer = org.oauth.token(await read_form(request), basic(request), origin_of(request))
        except OAuthError as error:
            return _refusal(error)
        return JSONResponse(answer, headers=_NO_STORE)

    async def revoke(request: Request) -> Response:
        form = dict(request.query_params) if request.method == "GET" else await read_form(request)
        try:
            if form.get("token_type_hint", "") not in _HINTS:
                raise OAuthError("unsupported_token_type", "this token type is not supported")
            org.oauth.tokens.revoke(form.get("token", ""))
        except OAuthError as error:
            return _refusal(error)
        return Response(status_code=200, headers=_NO_STORE)

    async def introspect(request: Request) -> Response:
        form = await read_form(request)
        try:
            check_client(form, basic(request))
            if not org.store.switches["introspection"]:
                raise OAuthError("invalid_request", "token introspection is not available")
            answer = org.oauth.introspect(form.get("token", ""), origin_of(request))
        except OAuthError as error:
            return _refusal(error)
        return JSONResponse(answer, headers=_NO_STORE)

    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
        Route("/services/oauth2/introspect", introspect, methods=["POST"]),
    ]


def _identity_routes(org: Org) -> list[Route]:
    async def userinfo(request: Request) -> Response:
        session = _identify(org, request)
        if isinstance(session, Response):
            return session
        return JSONResponse(profile(session.user, origin_of(request)), headers=_NO_STORE)

    async def identity(request: Request) -> Response:
        session = _identify(org, request)
        if isinstance(session, Response):
            return session
        if to_18(request.path_params["org_id"]) != credentials.ORG_ID:
            return PlainTextResponse("Wrong_Org", status_code=403)
        if to_18(request.path_params["user_id"]) != session.user.id:
            return PlainTextResponse("No_Access", status_code=404)
        return JSONResponse(profile(session.user, origin_of(request)), headers=_NO_STORE)

    async def discovery(request: Request) -> Response:
        return JSONResponse(_discovery(origin_of(request), org.store.switches["app_scopes"]))

    return [
        Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
        Route("/id/{org_id}/{user_id}", identity, methods=["GET"]),
        Route("/.well-known/openid-configuration", discovery, methods=["GET"]),
    ]


def _refusal(error: OAuthError) -> Response:
    return JSONResponse(error.body, status_code=error.status, headers=_NO_STORE)


def _identify(org: Org, request: Request) -> Session | Response:
    """Return whose token this is, or the refusal: text, and 403 instead of 401."""
    token = bearer(request)
    if not token:
        return PlainTextResponse("Missing_OAuth_Token", status_code=403)
    session = org.oauth.tokens.use(token)
    if session is None or not scopes.IDENTITY & set(session.scopes):
        return PlainTextResponse("Bad_OAuth_Token", status_code=403)
    return session


def _discovery(origin: str, app_scopes: list[str]) -> dict[str, object]:
    oauth = f"{origin}/services/oauth2"
    return {
        "issuer": origin,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "introspection_endpoint": f"{oauth}/introspect",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "scopes_supported": app_scopes,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "display_values_supported": ["page", "popup", "touch", "mobile"],
    }
