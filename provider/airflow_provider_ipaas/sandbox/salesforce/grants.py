"""Grants and access tokens: how they begin, how long they last, how they end."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError, dead_token
from airflow_provider_ipaas.sandbox.salesforce.policies import is_active, refresh_token_end
from airflow_provider_ipaas.sandbox.salesforce.scopes import REFRESH, parse_scopes
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.users import INTEGRATION, User

MAX_APPROVALS: Final = 5


class End(StrEnum):
    """How an access token ended."""

    AGE = "age"
    IDLE = "idle"
    CONTROL = "control"
    REPLACED = "replaced"
    REVOKED = "revoked"


EXPIRY: Final = frozenset({End.AGE, End.IDLE, End.CONTROL})


@dataclass(slots=True)
class Grant:
    """One approval of the app by a user: its current refresh token and the used ones.

    `remembered`: the user isn't asked again for the same scopes as long as the grant lives.
    """

    refresh_token: str
    user: User
    scopes: tuple[str, ...]
    created: datetime
    remembered: bool = True
    last_used: datetime | None = None
    used: set[str] = field(default_factory=set)
    revoked: bool = False

    @property
    def refreshable(self) -> bool:
        """Say whether the grant came with a refresh token."""
        return REFRESH in self.scopes


@dataclass(slots=True)
class Session:
    """An access token, opaque to its holder."""

    token: str
    user: User
    scopes: tuple[str, ...]
    grant: Grant | None
    issued: datetime
    last_used: datetime
    end: End | None = None


class Grants:
    """Keep the app's grants and access tokens."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        # Every token and code since the start, so that others can search their logs for them.
        self.issued: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Return to one grant, the documented refresh token, and no access tokens."""
        scopes = parse_scopes(None, self._store.switches["app_scopes"])
        # Nobody approved the documented token in a browser, so the first connection there asks.
        documented = Grant(credentials.REFRESH_TOKEN, INTEGRATION, scopes, self._now(), remembered=False)
        self.grants = [documented]
        self.sessions: dict[str, Session] = {}
        self._refreshes = 0
        self._replays = 0
        self.logins: Counter[str] = Counter()

    def _new_refresh_token(self) -> str:
        self.issued.append("5Aep861" + secrets.token_urlsafe(40))
        return self.issued[-1]

    # Access tokens

    def open(self, user: User, scopes: tuple[str, ...], grant: Grant | None) -> Session:
        """Issue an access token."""
        now = self._now()
        token = f"{credentials.ORG_ID[:15]}!AQ{secrets.token_urlsafe(48)}"
        self.issued.append(token)
        self.sessions[token] = Session(token, user, scopes, grant, now, now)
        return self.sessions[token]

    def find(self, token: str) -> Session | None:
        """Return the access token, if it is alive."""
        session = self.sessions.get(token)
        if session is None or self._settle(session) is not None:
            return None
        switches = self._store.switches
        return None if switches["app_blocked"] or not is_active(session.user, switches) else session

    def use(self, token: str) -> Session | None:
        """Return the access token, if it is alive, and count its use."""
        session = self.find(token)
        if session is not None:
            session.last_used = self._now()
        return session

    def session_end(self, session: Session) -> datetime | None:
        """Return when an access token ends if it isn't used any more; None: not by itself."""
        ends = []
        if (life := self._store.switches["access_token_life_s"]) is not None:
            ends.append(session.issued + timedelta(seconds=life))
        if (timeout := self._store.switches["session_timeout_s"]) is not None:
            ends.append(session.last_used + timedelta(seconds=timeout))
        return min(ends, default=None)

    def expire_sessions(self) -> int:
        """End all access tokens; refresh tokens stay good."""
        return sum(self._end(session, End.CONTROL) for session in self.sessions.values())

    def _settle(self, session: Session) -> End | None:
        """Return how an access token ended, after a look at the clock."""
        if session.end is None:
            now, switches = self._now(), self._store.switches
            life, timeout = switches["access_token_life_s"], switches["session_timeout_s"]
            if life is not None and now >= session.issued + timedelta(seconds=life):
                session.end = End.AGE
            elif timeout is not None and now > session.last_used + timedelta(seconds=timeout):
                session.end = End.IDLE
        return session.end

    def _end(self, session: Session, end: End) -> bool:
        """End an access token unless it has ended already."""
        if self._settle(session) is not None:
            return False
        session.end = end
        return True

    def _end_all_of(self, grant: Grant, end: End) -> None:
        for session in self.sessions.values():
            if session.grant is grant:
                self._end(session, end)

    # Grants

    def approve(self, user: User, scopes: tuple[str, ...]) -> Grant:
        """Add a grant; a user's sixth with a refresh token revokes the oldest."""
        grant = Grant(self._new_refresh_token(), user, scopes, self._now())
        self.grants.append(grant)
        alive = [g for g in self.grants if g.user is user and g.refreshable and not g.revoked]
        for oldest in alive[:-MAX_APPROVALS]:
            self.end_grant(oldest)
        return grant

    def is_approved(self, user: User, scopes: tuple[str, ...]) -> bool:
        """Say whether a user approved the app for these scopes, or more, before."""
        return any(
            g.remembered and g.user is user and not g.revoked and set(scopes) <= set(g.scopes) for g in self.grants
        )

    def refresh(self, token: str) -> Grant:
        """Return the grant of a refresh token, after its use; a token that was rotated away revokes everything."""
        replayed = next((g for g in self.grants if token in g.used), None)
        if replayed is not None:
            self._replays += 1
            self.end_grant(replayed)
            raise dead_token()
        grant = self.find_grant(token)
        if grant is None:
            raise dead_token()
        return grant

    def note_refresh(self, grant: Grant) -> None:
        """Count a refresh, and rotate the token where the app says so."""
        self._refreshes += 1
        grant.last_used = self._now()
        if self._store.switches["refresh_ends_access_token"]:
            self._end_all_of(grant, End.REPLACED)
        if self._store.switches["refresh_token_rotation"]:
            grant.used.add(grant.refresh_token)
            grant.refresh_token = self._new_refresh_token()

    def find_grant(self, token: str) -> Grant | None:
        """Return the living grant whose current refresh token this is."""
        grant = next((g for g in self.grants if g.refresh_token == token and g.refreshable and not g.revoked), None)
        if grant is None:
            return None
        end = self.grant_end(grant)
        return grant if end is None or self._now() < end else None

    def grant_end(self, grant: Grant) -> datetime | None:
        """Return when a grant's refresh token ends by the app's policy; None: not by itself."""
        return refresh_token_end(grant.created, grant.last_used, self._store.switches)

    def end_grant(self, grant: Grant) -> None:
        """Revoke a grant and its access tokens."""
        grant.revoked = True
        self._end_all_of(grant, End.REVOKED)

    def revoke(self, token: str) -> None:
        """Revoke one token; a refresh token takes its access tokens with it."""
        session = self.sessions.get(token)
        if session is not None and self._end(session, End.REVOKED):
            return
        grant = self.find_grant(token)
        if grant is None:
            raise OAuthError("invalid_token", "invalid token: the token is not valid")
        self.end_grant(grant)

    def revoke_all(self) -> None:
        """Revoke every grant and every access token, as an administrator may."""
        for grant in self.grants:
            self.end_grant(grant)
        for session in self.sessions.values():
            self._end(session, End.REVOKED)

    # What the control shows

    def report(self) -> dict[str, Any]:
        """Return what happened to tokens, without a token in it."""
        ends = Counter(self._settle(session) for session in self.sessions.values())
        return {
            "refreshes": self._refreshes,
            "replays": self._replays,
            "expiries": sum(ends[end] for end in EXPIRY),
            "logins": dict(self.logins),
            "grants": [_describe(grant) for grant in self.grants],
            "sessions_alive": ends[None],
        }

    def _now(self) -> datetime:
        return self._store.clock.now()


def _describe(grant: Grant) -> dict[str, Any]:
    return {
        "user": grant.user.username,
        "scopes": list(grant.scopes),
        "created": grant.created.isoformat(),
        "last_used": grant.last_used.isoformat() if grant.last_used else None,
        "revoked": grant.revoked,
        "rotations": len(grant.used),
    }
