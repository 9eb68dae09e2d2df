"""The org's connected app: its codes, and what its token endpoint answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.assertions import check_assertion, not_approved
from airflow_provider_ipaas.sandbox.salesforce.grants import Grant, Grants, Session
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.policies import check_token_call, is_permitted
from airflow_provider_ipaas.sandbox.salesforce.scopes import without_refresh
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.users import INTEGRATION, User, identity_url

JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CODE_LIFE: Final = timedelta(minutes=15)
# The org's default timeout; what introspection shows of an access token that no switch ends.
_DEFAULT_SESSION_LIFE: Final = timedelta(hours=2)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")

Client = tuple[str, str | None]


@dataclass(slots=True)
class Code:
    """An authorization code; `grant` is what came of its use."""

    user: User
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    issued: datetime
    used: bool = False
    grant: Grant | None = None


class OAuth:
    """Issue, check and end tokens."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self.tokens = Grants(store)
        self.public_key: str | None = None
        self.redirect_uris: list[str] = []
        self._codes: dict[str, Code] = {}

    def reset(self) -> None:
        """Return to one grant, the documented refresh token, and no access tokens."""
        self.tokens.reset()
        self._codes = {}
        self.public_key = None
        self.redirect_uris = []

    @property
    def grants(self) -> list[Grant]:
        """Return all grants, the oldest first."""
        return self.tokens.grants

    def expire_sessions(self) -> int:
        """End all access tokens; refresh tokens stay good."""
        return self.tokens.expire_sessions()

    def revoke_all(self) -> None:
        """Revoke every grant and every access token, as an administrator may."""
        self.tokens.revoke_all()

    def issue_code(self, user: User, scopes: tuple[str, ...], redirect_uri: str, challenge: str | None) -> str:
        """Return an authorization code for an approval."""
        code = "aPrx" + secrets.token_urlsafe(24)
        self.tokens.issued.append(code)
        self._codes[code] = Code(user, scopes, redirect_uri, challenge, self._store.clock.now())
        return code

    # The token endpoint

    def token(self, form: Mapping[str, str], client: Client | None, origin: str) -> dict[str, Any]:
        """Answer a token request; `client` is the Basic pair, `origin` the URL that was called."""
        grant_type = form.get("grant_type", "")
        if grant_type == JWT_GRANT:
            return self._bearer(form.get("assertion", ""), origin)
        if grant_type not in {"refresh_token", "client_credentials", "authorization_code"}:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        check_client(form, client, secret_optional=grant_type == "refresh_token" and not self._refresh_needs_secret())
        if grant_type == "client_credentials":
            check_token_call(INTEGRATION, self._store.switches, permitted_users_apply=False)
            return self._without_grant(INTEGRATION, "client_credentials", origin)
        if grant_type == "authorization_code":
            return self._exchange(form, origin)
        return self._refresh(form.get("refresh_token", ""), origin)

    def _refresh_needs_secret(self) -> bool:
        return bool(self._store.switches["refresh_needs_secret"])

    def _bearer(self, assertion: str, origin: str) -> dict[str, Any]:
        user = check_assertion(assertion, self.public_key, now=self._store.clock.now(), origin=origin)
        check_token_call(user, self._store.switches)
        if not is_permitted(user, self._store.switches):
            raise not_approved()
        return self._without_grant(user, "jwt_bearer", origin)

    def _without_grant(self, user: User, flow: str, origin: str) -> dict[str, Any]:
        self.tokens.logins[flow] += 1
        scopes = without_refresh(self._store.switches["app_scopes"])
        return _answer(self.tokens.open(user, scopes, None), origin)

    def _refresh(self, token: str, origin: str) -> dict[str, Any]:
        grant = self.tokens.refresh(token)
        check_token_call(grant.user, self._store.switches)
        self.tokens.note_refresh(grant)
        answer = _answer(self.tokens.open(grant.user, grant.scopes, grant), origin)
        if self._store.switches["refresh_token_rotation"]:
            answer["refresh_token"] = grant.refresh_token
        return answer

    def _exchange(self, form: Mapping[str, str], origin: str) -> dict[str, Any]:
        code = self._redeem(form.get("code", ""))
        if not form.get("redirect_uri"):
            raise OAuthError("redirect_uri_missing", "redirect_uri not provided")
        if form["redirect_uri"] != code.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        self.tokens.issued += filter(None, [form.get("code_verifier")])
        _check_verifier(code.challenge, form.get("code_verifier"))
        check_token_call(code.user, self._store.switches)
        code.grant = self.tokens.approve(code.user, code.scopes)
        self.tokens.logins["authorization_code"] += 1
        answer = _answer(self.tokens.open(code.user, code.scopes, code.grant), origin)
        if code.grant.refreshable:
            answer["refresh_token"] = code.grant.refresh_token
        return answer

    def _redeem(self, value: str) -> Code:
        """Take a code, good for one attempt; a second one ends what came of the first (RFC 6749, 4.1.2)."""
        code = self._codes.get(value)
        if code is None or code.used:
            if code is not None and code.grant is not None:
                self.tokens.end_grant(code.grant)
            raise OAuthError("invalid_grant", "invalid authorization code")
        code.used = True
        if self._store.clock.now() - code.issued > CODE_LIFE:
            raise OAuthError("invalid_grant", "expired authorization code")
        return code

    # Introspection

    def introspect(self, token: str, origin: str) -> dict[str, Any]:
        """Return what the introspection endpoint says of a token."""
        session = self.tokens.find(token)
        if session is not None:
            end = self.tokens.session_end(session) or self._store.clock.now() + _DEFAULT_SESSION_LIFE
            return _shown("access_token", session.user, session.scopes, session.issued, end, origin)
        grant = self.tokens.find_grant(token)
        if grant is None:
            return {"active": False}
        return _shown("refresh_token", grant.user, grant.scopes, grant.created, self.tokens.grant_end(grant), origin)


def check_client(form: Mapping[str, str], client: Client | None, *, secret_optional: bool = False) -> None:
    """Raise OAuthError unless consumer key and secret are right; a secret that is sent is checked anyway."""
    key, secret = client or (form.get("client_id", ""), form.get("client_secret"))
    if key != credentials.CONSUMER_KEY:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not (secret_optional and secret is None) and secret != credentials.CONSUMER_SECRET:
        raise OAuthError("invalid_client", "invalid client credentials")


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    if challenge is None:
        if verifier:  # "code_challenge is required if a code_verifier is specified in the token request"
            raise OAuthError("invalid_grant", "code verifier without code challenge")
        return
    if not verifier:
        raise OAuthError("invalid_grant", "missing code verifier")
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge_of(verifier), challenge):
        raise OAuthError("invalid_request", "invalid code verifier")


def _answer(session: Session, origin: str) -> dict[str, Any]:
    identity = identity_url(session.user, origin)
    issued_at = str(int(session.issued.timestamp() * 1000))
    digest = hmac.new(credentials.CONSUMER_SECRET.encode(), f"{identity}{issued_at}".encode(), hashlib.sha256)
    return {
        "access_token": session.token,
        "signature": base64.b64encode(digest.digest()).decode(),
        "scope": " ".join(session.scopes),
        "instance_url": origin,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def _shown(
    kind: str, user: User, scopes: tuple[str, ...], begin: datetime, end: datetime | None, origin: str
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "active": True,
        "scope": " ".join(scopes),
        "client_id": credentials.CONSUMER_KEY,
        "username": user.username,
        "sub": identity_url(user, origin),
        "token_type": kind,
        "iat": int(begin.timestamp()),
        "nbf": int(begin.timestamp()),
    }
    return shown if end is None else {**shown, "exp": int(end.timestamp())}
