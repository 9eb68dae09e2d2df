"""The OAuth endpoints over HTTP."""

from __future__ import annotations

import base64
import binascii
import html
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.oauth import OAuthError

_NO_STORE = {"Cache-Control": "no-store"}
_FORM = "application/x-www-form-urlencoded"


def origin_of(request: Request) -> str:
    """Return the URL that was called, without a path."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if kind == _FORM else {}


def _basic(request: Request) -> tuple[str, str | None] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", None
    return key, secret


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def oauth_routes(org: Org) -> list[Route]:
    """Return the routes under /services/oauth2 and the identity URL."""

    async def token(request: Request) -> Response:
        try:
            answer = org.oauth.token(await _form(request), _basic(request), origin_of(request))
        except OAuthError as error:
            return JSONResponse(error.body, status_code=error.status, headers=_NO_STORE)
        return JSONResponse(answer, headers=_NO_STORE)

    async def revoke(request: Request) -> Response:
        form = dict(request.query_params) if request.method == "GET" else await _form(request)
        try:
            org.oauth.revoke(form.get("token", ""))
        except OAuthError as error:
            return JSONResponse(error.body, status_code=error.status, headers=_NO_STORE)
        return Response(status_code=200)

    async def introspect(request: Request) -> Response:
        form = await _form(request)
        client = _basic(request) or (form.get("client_id", ""), form.get("client_secret"))
        if client != (credentials.CONSUMER_KEY, credentials.CONSUMER_SECRET):
            error = OAuthError("invalid_client", "invalid client credentials")
            return JSONResponse(error.body, status_code=error.status, headers=_NO_STORE)
        return JSONResponse(org.oauth.introspect(form.get("token", "")), headers=_NO_STORE)

    async def userinfo(request: Request) -> Response:
        if not org.oauth.check(_bearer(request)):
            text = "Bad_OAuth_Token" if _bearer(request) else "Missing_OAuth_Token"
            return Response(text, status_code=403, media_type="text/html")
        return JSONResponse(_user(origin_of(request)))

    async def authorize(request: Request) -> Response:
        return _authorize(org, request)

    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
        Route("/services/oauth2/introspect", introspect, methods=["POST"]),
        Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
        Route("/services/oauth2/authorize", authorize, methods=["GET"]),
        Route("/id/{org_id}/{user_id}", userinfo, methods=["GET"]),
    ]


def _user(origin: str) -> dict[str, object]:
    user, organization = credentials.INTEGRATION_USER_ID, credentials.ORG_ID
    return {
        "sub": f"{origin}/id/{organization}/{user}",
        "user_id": user,
        "organization_id": organization,
        "preferred_username": credentials.USERNAME,
        "nickname": "integration",
        "name": "Integration User",
        "email": credentials.USERNAME,
        "email_verified": True,
        "given_name": "Integration",
        "family_name": "User",
        "zoneinfo": "Europe/Berlin",
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 3600000,
        "urls": {
            "rest": f"{origin}/services/data/v{{version}}/",
            "sobjects": f"{origin}/services/data/v{{version}}/sobjects/",
            "query": f"{origin}/services/data/v{{version}}/query/",
        },
    }


def _authorize(org: Org, request: Request) -> Response:
    params = request.query_params
    redirect_uri = params.get("redirect_uri", "")
    if params.get("client_id") != credentials.CONSUMER_KEY:
        return _error_page("invalid_client_id", "client identifier invalid")
    allowed = org.oauth.redirect_uris
    if not redirect_uri or (allowed and redirect_uri not in allowed):
        return _error_page("redirect_uri_mismatch", "redirect_uri must match configuration")
    state = {"state": params["state"]} if "state" in params else {}

    def back(**answer: str) -> Response:
        joint = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode({**answer, **state})}", status_code=302)

    if params.get("response_type") != "code":
        return back(error="unsupported_response_type", error_description="response type not supported")
    challenge = params.get("code_challenge")
    if params.get("code_challenge_method", "S256") != "S256":
        return back(error="invalid_request", error_description="unsupported code_challenge_method")
    if challenge is None and org.store.switches["pkce_required"]:
        return back(error="invalid_request", error_description="missing required code challenge")
    decision = "allow" if org.store.switches["auto_approve"] else params.get("sandbox_decision")
    if decision == "deny":
        return back(error="access_denied", error_description="end-user denied authorization")
    if decision == "allow":
        return back(code=org.oauth.authorize(redirect_uri, challenge))
    return _approval_page(request)


def _approval_page(request: Request) -> Response:
    def link(decision: str) -> str:
        return html.escape(str(request.url.include_query_params(sandbox_decision=decision)), quote=True)

    return HTMLResponse(
        "<!DOCTYPE html><html lang='en'><head><title>Allow Access? | Salesforce sandbox</title></head><body>"
        "<h1>Allow Access?</h1><p>The connected app asks to manage user data via APIs and to perform requests at any "
        f"time as {html.escape(credentials.USERNAME)}.</p>"
        f"<p><a id='oaapprove' href='{link('allow')}'>Allow</a> <a id='oadeny' href='{link('deny')}'>Deny</a></p>"
        "</body></html>"
    )


def _error_page(error: str, description: str) -> Response:
    text = f"OAuth Error: error={error}&amp;error_description={description}"
    return HTMLResponse(f"<!DOCTYPE html><html><body><p>{text}</p></body></html>", status_code=400)
