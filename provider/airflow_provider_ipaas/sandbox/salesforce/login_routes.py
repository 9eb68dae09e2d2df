"""What a person meets in the browser: login, approval, logout."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from airflow_provider_ipaas.sandbox.salesforce import pages
from airflow_provider_ipaas.sandbox.salesforce.authorization import (
    AuthorizationRequest,
    CallbackError,
    parse_request,
)
from airflow_provider_ipaas.sandbox.salesforce.browser import COOKIE, BrowserSession, LoginError, ask
from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.forms import read_form
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.policies import browser_refusal
from airflow_provider_ipaas.sandbox.salesforce.users import INTEGRATION, User

_DENIED = OAuthError("access_denied", "end-user denied authorization")
_SILENT_FAILED = OAuthError("immediate_unsuccessful", "immediate unsuccessful")
_STALE = OAuthError("invalid_request", "this approval page is no longer valid, start again from the app", status=403)


def login_routes(org: Org) -> list[Route]:
    """Return the routes of the pages."""

    async def authorize(request: Request) -> Response:
        return _guarded(lambda: _authorize(org, request))

    async def decide(request: Request) -> Response:
        form = await read_form(request)
        return _guarded(lambda: _decide(org, request, form))

    async def login(request: Request) -> Response:
        if request.method == "POST":
            return _log_in(org, await read_form(request))
        return _login_page(org, request)

    async def logout(request: Request) -> Response:
        org.browsers.log_out(request.cookies.get(COOKIE))
        start_url = own_path(request.query_params.get("startURL", "/"))
        response = _redirect(f"/?{urlencode({'startURL': start_url})}")
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return response

    return [
        Route("/services/oauth2/authorize", authorize, methods=["GET"]),
        Route(pages.APPROVAL_PATH, decide, methods=["POST"]),
        Route("/", login, methods=["GET", "POST"]),
        Route(pages.LOGOUT_PATH, logout, methods=["GET"]),
    ]


def own_path(url: str) -> str:
    """Return `url` if it is a path of this host, else the home page: nobody is sent elsewhere by a login."""
    plain = url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()
    return url if plain else "/"


def _guarded(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except CallbackError as error:
        return _redirect(error.location)
    except OAuthError as error:
        return pages.error_page(error)


def _redirect(url: str) -> Response:
    return RedirectResponse(url, status_code=302, headers={"Cache-Control": "no-store"})


# Login


def _login_page(org: Org, request: Request) -> Response:
    session = org.browsers.find(request.cookies.get(COOKIE))
    if session is not None and "startURL" not in request.query_params:
        return pages.home_page(session.user)
    return pages.login_page(own_path(request.query_params.get("startURL", "/")), request.query_params.get("un", ""))


def _log_in(org: Org, form: dict[str, str]) -> Response:
    username, start_url = form.get("username", ""), own_path(form.get("startURL", "/"))
    try:
        cookie = org.browsers.log_in(username, form.get("pw", ""), start_url)
    except LoginError as error:
        return pages.login_page(start_url, username, str(error))
    response = _redirect(start_url)
    response.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="lax")
    return response


# Approval


def _authorize(org: Org, request: Request) -> Response:
    url = f"{request.url.path}?{request.url.query}"
    asked = parse_request(url, request.query_params, switches=org.store.switches, redirect_uris=org.oauth.redirect_uris)
    decision = "allow" if org.store.switches["auto_approve"] else request.query_params.get("sandbox_decision")
    if decision in {"allow", "deny"}:
        return _settle(org, asked, INTEGRATION, allowed=decision == "allow")
    session = org.browsers.find(request.cookies.get(COOKIE))
    if session is None or ("login" in asked.prompts and session.entered_for != url):
        return _ask_to_log_in(asked)
    refused = browser_refusal(session.user, org.store.switches)
    if refused is not None:
        return _redirect(asked.callback.refusal(refused))
    if _needs_no_question(org, asked, session.user):
        return _settle(org, asked, session.user, allowed=True, session=session)
    if asked.silent:
        return _redirect(asked.callback.refusal(_SILENT_FAILED))
    number = ask(session, asked)
    return pages.consent_page(session.user, asked.scopes, number=number, csrf=session.csrf, start_url=url)


def _ask_to_log_in(asked: AuthorizationRequest) -> Response:
    if asked.silent:
        return _redirect(asked.callback.refusal(_SILENT_FAILED))
    hint = {"un": asked.login_hint} if asked.login_hint else {}
    return _redirect(f"/?{urlencode({'startURL': asked.url, **hint})}")


def _needs_no_question(org: Org, asked: AuthorizationRequest, user: User) -> bool:
    if "consent" in asked.prompts:
        return False
    return bool(org.store.switches["admin_approved_only"]) or org.oauth.tokens.is_approved(user, asked.scopes)


def _decide(org: Org, request: Request, form: dict[str, str]) -> Response:
    session = org.browsers.find(request.cookies.get(COOKIE))
    if session is None or not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
        raise _STALE
    asked = session.asked.pop(form.get("request", ""), None)
    if asked is None or form.get("decision") not in {"allow", "deny"}:
        raise _STALE
    return _settle(org, asked, session.user, allowed=form["decision"] == "allow", session=session)


def _settle(
    org: Org, asked: AuthorizationRequest, user: User, *, allowed: bool, session: BrowserSession | None = None
) -> Response:
    """Send the browser back with a code or a refusal."""
    if session is not None:
        session.entered_for = ""
    refused = browser_refusal(user, org.store.switches) if allowed else _DENIED
    if refused is not None:
        return _redirect(asked.callback.refusal(refused))
    code = org.oauth.issue_code(user, asked.scopes, asked.callback.redirect_uri, asked.challenge)
    return _redirect(asked.callback.url(code=code))
