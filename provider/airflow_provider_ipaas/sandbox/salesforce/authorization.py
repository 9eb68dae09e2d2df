"""The authorization request: what a browser brings to /services/oauth2/authorize, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.scopes import parse_scopes
from airflow_provider_ipaas.sandbox.switches import Switches

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_CALLBACK: Final = frozenset({"", "about", "blob", "data", "file", "ftp", "javascript", "vbscript", "ws", "wss"})
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the browser is sent back to."""

    redirect_uri: str
    state: str | None

    def url(self, **answer: str) -> str:
        """Return the callback URL with an answer; the state comes back as it was sent."""
        whole = answer if self.state is None else {**answer, "state": self.state}
        return f"{self.redirect_uri}{'&' if urlsplit(self.redirect_uri).query else '?'}{urlencode(whole)}"

    def refusal(self, error: OAuthError) -> str:
        """Return the callback URL with a refusal."""
        return self.url(**error.body)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request in order; `url` is its own path and query."""

    url: str
    callback: Callback
    scopes: tuple[str, ...]
    challenge: str | None
    prompts: frozenset[str]
    login_hint: str
    silent: bool


class CallbackError(Exception):
    """A refusal the callback is told of."""

    def __init__(self, callback: Callback, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.location = callback.refusal(OAuthError(error, description))


def parse_request(
    url: str, params: Mapping[str, str], *, switches: Switches, redirect_uris: Sequence[str]
) -> AuthorizationRequest:
    """Check a request.

    OAuthError for what must not reach the callback (an unknown app, a callback that isn't the app's): it is shown on a
    page; CallbackError for the rest.
    """
    if params.get("client_id") != credentials.CONSUMER_KEY:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    callback = Callback(_check_redirect_uri(params.get("redirect_uri", ""), redirect_uris), params.get("state"))
    if params.get("response_type") != "code":
        raise CallbackError(callback, "unsupported_response_type", "response type not supported")
    try:
        scopes = parse_scopes(params.get("scope"), switches["app_scopes"])
    except ValueError:
        raise CallbackError(callback, "invalid_scope", "the requested scope is not allowed") from None
    prompts = frozenset(params.get("prompt", "").split())
    return AuthorizationRequest(
        url=url,
        callback=callback,
        scopes=scopes,
        challenge=_check_challenge(callback, params, required=switches["pkce_required"]),
        prompts=prompts,
        login_hint=params.get("login_hint", ""),
        silent="none" in prompts or params.get("immediate", "").lower() == "true",
    )


def _check_redirect_uri(uri: str, registered: Sequence[str]) -> str:
    if not uri:
        raise OAuthError("redirect_uri_missing", "redirect_uri not provided")
    if not _may_be_callback(uri) or (registered and uri not in registered):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    return uri


def _may_be_callback(uri: str) -> bool:
    """Say whether an app may have this callback: https, a scheme of its own, or plain http on the own machine."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    if parts.fragment or any(character.isspace() for character in uri):
        return False
    if parts.scheme == "http":
        return host in _LOOPBACK
    return bool(host) if parts.scheme == "https" else parts.scheme not in _NO_CALLBACK


def _check_challenge(callback: Callback, params: Mapping[str, str], *, required: bool) -> str | None:
    challenge = params.get("code_challenge")
    if params.get("code_challenge_method", "S256") != "S256":
        raise CallbackError(callback, "invalid_request", "unsupported code_challenge_method")
    if challenge is None:
        if required:
            raise CallbackError(callback, "invalid_request", "missing required code challenge")
        return None
    if not _CHALLENGE.fullmatch(challenge):
        raise CallbackError(callback, "invalid_request", "invalid code challenge")
    return challenge
