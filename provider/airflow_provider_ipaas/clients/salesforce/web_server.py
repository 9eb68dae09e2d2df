"""The web-server flow with PKCE: where a person consents, and what is done with the code, the grant and its end.

Rules: a verifier of 43 to 128 characters, S256 only, a confidential client sends verifier and secret
(https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Credentials, Issued, TokenEndpoint

# `api` for the sync, `refresh_token` to stay connected.
SCOPES = ("api", "refresh_token")
_ABOUT_THE_APP = frozenset({"invalid_client", "invalid_client_id", "invalid_client_credentials"})


@dataclass(frozen=True, slots=True)
class Introspection:
    """What the org tells of a token; *expires_at* is None where it does not say."""

    active: bool
    username: str = ""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None


def new_verifier() -> str:
    """Return a PKCE code verifier: 64 random characters that need no escaping."""
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def authorize_url(credentials: Credentials, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Return the page of the org where a person signs in and consents; it holds nothing secret."""
    query = {
        "response_type": "code",
        "client_id": credentials.consumer_key,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        # A browser may be signed in to the org as somebody else than the integration user: let people choose.
        "prompt": "login consent",
    }
    return f"{credentials.endpoint('authorize')}?{urlencode(query)}"


def exchange(endpoint: TokenEndpoint, *, code: str, verifier: str, redirect_uri: str) -> Issued:
    """Turn an authorization code into a grant: one call, never repeated (a code works once)."""
    endpoint.transport.secrets.add(code)
    endpoint.transport.secrets.add(verifier)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    return endpoint.ask({**form, **endpoint.credentials.client_form()})


def refresh(endpoint: TokenEndpoint, refresh_token: str) -> Issued:
    """Renew an access token: one call. With rotation the answer's refresh token replaces the one given, which is dead."""
    endpoint.transport.secrets.add(refresh_token)
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return endpoint.ask({**form, **endpoint.credentials.client_form()})


def revoke(endpoint: TokenEndpoint, token: str) -> bool:
    """Revoke a token at Salesforce; a refresh token takes its access tokens along. False when it was gone already."""
    endpoint.transport.secrets.add(token)
    answer = endpoint.post(endpoint.credentials.endpoint("revoke"), {"token": token})
    if answer.status >= 500 or answer.status == 429:
        raise endpoint.refusal(answer)
    return answer.status == 200


def introspect(endpoint: TokenEndpoint, token: str, hint: str = "refresh_token") -> Introspection | None:
    """Ask the org about a token without using it up; None where the org does not tell (not every app may ask)."""
    endpoint.transport.secrets.add(token)
    form = {"token": token, "token_type_hint": hint, **endpoint.credentials.client_form()}
    answer = endpoint.post(endpoint.credentials.endpoint("introspect"), form)
    body = _object(answer)
    if answer.status == 200 and body is not None:
        return _introspection(body)
    if answer.status < 500 and not (body is not None and body.get("error") in _ABOUT_THE_APP):
        # Only a refusal of the app's key or secret says something about the connection.
        return None
    raise endpoint.refusal(answer)


def _introspection(body: dict[str, Any]) -> Introspection:
    scope = body.get("scope")
    username = body.get("username")
    return Introspection(
        active=body.get("active") is True,
        username=username if isinstance(username, str) else "",
        scopes=tuple(scope.split()) if isinstance(scope, str) else (),
        expires_at=_epoch_s(body.get("exp")),
    )


def _object(answer: Answer) -> dict[str, Any] | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _epoch_s(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
