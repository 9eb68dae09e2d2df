"""The org's connected app: grants, access tokens, and the rules by which they end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore

JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
MAX_APPROVALS: Final = 5
CODE_LIFE: Final = timedelta(minutes=15)
_JWT_MAX_LIFE: Final = timedelta(minutes=3)


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(slots=True)
class Grant:
    """One approval of the app by the user: its current refresh token and the used ones."""

    refresh_token: str
    used: set[str] = field(default_factory=set)
    revoked: bool = False


@dataclass(slots=True)
class Session:
    """An access token, opaque to its holder."""

    token: str
    grant: Grant | None
    last_used: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code."""

    redirect_uri: str
    challenge: str | None
    issued: datetime


class OAuth:
    """Issue, check and end tokens."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self.public_key: str | None = None
        self.redirect_uris: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Return to one grant, the documented refresh token, and no sessions."""
        self.grants = [Grant(credentials.REFRESH_TOKEN)]
        self.sessions: dict[str, Session] = {}
        self._codes: dict[str, Code] = {}
        self.public_key = None
        self.redirect_uris = []

    # Sessions

    def check(self, token: str) -> bool:
        """Say whether an access token is alive, and count its use."""
        session = self.sessions.get(token)
        if session is None or session.ended or (session.grant is not None and session.grant.revoked):
            return False
        now = self._store.clock.now()
        timeout = self._store.switches["session_timeout_s"]
        if timeout is not None and now - session.last_used > timedelta(seconds=timeout):
            session.ended = True
            return False
        session.last_used = now
        return True

    def expire_sessions(self) -> int:
        """End all access tokens; refresh tokens stay good."""
        alive = [session for session in self.sessions.values() if not session.ended]
        for session in alive:
            session.ended = True
        return len(alive)

    def revoke_all(self) -> None:
        """Revoke every grant and every access token, as an administrator may."""
        for grant in self.grants:
            grant.revoked = True
        self.expire_sessions()

    def revoke(self, token: str) -> None:
        """Revoke one token; a refresh token takes its access tokens with it."""
        session = self.sessions.get(token)
        if session is not None and not session.ended:
            session.ended = True
            return
        grant = next((g for g in self.grants if g.refresh_token == token and not g.revoked), None)
        if grant is None:
            raise OAuthError("invalid_token", "invalid token: the token is not valid")
        grant.revoked = True

    # The token endpoint

    def token(self, form: Mapping[str, str], client: tuple[str, str | None] | None, origin: str) -> dict[str, Any]:
        """Answer a token request; `client` is the Basic pair, `origin` the URL that was called."""
        grant_type = form.get("grant_type", "")
        if grant_type == JWT_GRANT:
            self._check_assertion(form.get("assertion", ""), origin)
            return self._issue(None, origin)
        if grant_type not in {"refresh_token", "client_credentials", "authorization_code"}:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        key, secret = client or (form.get("client_id", ""), form.get("client_secret"))
        if key != credentials.CONSUMER_KEY:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        optional = grant_type == "refresh_token" and not self._store.switches["refresh_needs_secret"]
        if not (optional and secret is None) and secret != credentials.CONSUMER_SECRET:
            raise OAuthError("invalid_client", "invalid client credentials")
        if grant_type == "client_credentials":
            return self._issue(None, origin)
        if grant_type == "authorization_code":
            return self._exchange(form, origin)
        return self._refresh(form.get("refresh_token", ""), origin)

    def _refresh(self, token: str, origin: str) -> dict[str, Any]:
        grant = next((g for g in self.grants if token in {g.refresh_token, *g.used}), None)
        if grant is None or grant.revoked:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if token in grant.used:
            grant.revoked = True
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if self._store.switches["refresh_ends_access_token"]:
            for session in self.sessions.values():
                session.ended = session.ended or session.grant is grant
        rotating = self._store.switches["refresh_token_rotation"]
        if rotating:
            grant.used.add(grant.refresh_token)
            grant.refresh_token = _new_refresh_token()
        return self._issue(grant, origin, show_refresh_token=rotating)

    def _exchange(self, form: Mapping[str, str], origin: str) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise OAuthError("invalid_grant", "invalid authorization code")
        if self._store.clock.now() - code.issued > CODE_LIFE:
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge is not None:
            verifier = form.get("code_verifier")
            if not verifier:
                raise OAuthError("invalid_grant", "missing code verifier")
            if challenge_of(verifier) != code.challenge:
                raise OAuthError("invalid_request", "invalid code verifier")
        grant = Grant(_new_refresh_token())
        self.grants.append(grant)
        alive = [g for g in self.grants if not g.revoked]
        for oldest in alive[:-MAX_APPROVALS]:
            oldest.revoked = True
        return self._issue(grant, origin, show_refresh_token=True)

    def authorize(self, redirect_uri: str, challenge: str | None) -> str:
        """Approve the app and return an authorization code."""
        code = "aPrx" + secrets.token_urlsafe(24)
        self._codes[code] = Code(redirect_uri, challenge, self._store.clock.now())
        return code

    def _check_assertion(self, assertion: str, origin: str) -> None:
        if self.public_key is None:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        try:
            options: Any = {
                "verify_exp": False,
                "verify_aud": False,
                "verify_iat": False,
                "require": ["iss", "sub", "aud", "exp"],
            }
            claims = jwt.decode(assertion, self.public_key, algorithms=["RS256"], options=options)
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        now = self._store.clock.now()
        try:
            expires = datetime.fromtimestamp(float(claims["exp"]), now.tzinfo)
        except (TypeError, ValueError, OverflowError):
            raise OAuthError("invalid_grant", "invalid assertion") from None
        if not now < expires <= now + _JWT_MAX_LIFE:
            raise OAuthError("invalid_grant", "invalid assertion")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not any(str(audience).rstrip("/") in {*AUDIENCES, origin} for audience in audiences):
            raise OAuthError("invalid_grant", "Audience validation failed")
        if claims["iss"] != credentials.CONSUMER_KEY:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if claims["sub"] != credentials.USERNAME:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")

    def _issue(self, grant: Grant | None, origin: str, *, show_refresh_token: bool = False) -> dict[str, Any]:
        now = self._store.clock.now()
        token = f"{credentials.ORG_ID[:15]}!AQ{secrets.token_urlsafe(48)}"
        self.sessions[token] = Session(token, grant, now)
        identity = f"{origin}/id/{credentials.ORG_ID}/{credentials.INTEGRATION_USER_ID}"
        issued_at = str(int(now.timestamp() * 1000))
        digest = hmac.new(credentials.CONSUMER_SECRET.encode(), f"{identity}{issued_at}".encode(), hashlib.sha256)
        answer = {
            "access_token": token,
            "signature": base64.b64encode(digest.digest()).decode(),
            "scope": "refresh_token api" if grant else "api",
            "instance_url": origin,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        if grant is not None and show_refresh_token:
            answer["refresh_token"] = grant.refresh_token
        return answer

    def introspect(self, token: str) -> dict[str, Any]:
        """Return what the introspection endpoint says of a token."""
        active = any(g.refresh_token == token and not g.revoked for g in self.grants)
        session = self.sessions.get(token)
        alive = session is not None and not session.ended and not (session.grant and session.grant.revoked)
        if not active and not alive:
            return {"active": False}
        return {
            "active": True,
            "scope": "api refresh_token",
            "client_id": credentials.CONSUMER_KEY,
            "username": credentials.USERNAME,
            "token_type": "access_token" if alive else "refresh_token",
        }


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _new_refresh_token() -> str:
    return "5Aep861" + secrets.token_urlsafe(40)
