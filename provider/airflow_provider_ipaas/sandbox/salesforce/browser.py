"""People's browsers: who is logged in where, and which approvals they are being asked for."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.authorization import AuthorizationRequest
from airflow_provider_ipaas.sandbox.salesforce.policies import is_active
from airflow_provider_ipaas.sandbox.salesforce.users import User, find_user
from airflow_provider_ipaas.sandbox.switches import Switches

COOKIE: Final = "sid"
CHECK_LOGIN: Final = (
    "Please check your username and password. If you still can't log in, contact your Salesforce administrator."
)
DISABLED: Final = "Your access is disabled. Contact your Salesforce administrator."


@dataclass(slots=True)
class BrowserSession:
    """A browser in which a user is logged in.

    `entered_for` is the page the password was given for: `prompt=login` is satisfied there, and only there.
    """

    user: User
    csrf: str
    entered_for: str
    asked: dict[str, AuthorizationRequest] = field(default_factory=dict)


class LoginError(Exception):
    """A login that failed; the text is for the person."""


class Browsers:
    """Keep the sessions of the browsers."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._sessions: dict[str, BrowserSession] = {}
        self.logins = 0

    def reset(self) -> None:
        """Log everyone out."""
        self._sessions = {}
        self.logins = 0

    def log_in(self, username: str, password: str, page: str) -> str:
        """Check a password and return a new cookie; LoginError when it is wrong."""
        user = find_user(username)
        if user is None or not hmac.compare_digest(password.encode(), user.password.encode()):
            raise LoginError(CHECK_LOGIN)
        if not is_active(user, self._switches):
            raise LoginError(DISABLED)
        cookie = f"{credentials.ORG_ID[:15]}!{secrets.token_urlsafe(32)}"
        self._sessions[cookie] = BrowserSession(user, secrets.token_urlsafe(24), page)
        self.logins += 1
        return cookie

    def find(self, cookie: str | None) -> BrowserSession | None:
        """Return the session of a browser, if somebody is logged in there."""
        session = self._sessions.get(cookie or "")
        return session if session is not None and is_active(session.user, self._switches) else None

    def log_out(self, cookie: str | None) -> None:
        """Forget a browser."""
        self._sessions.pop(cookie or "", None)


def ask(session: BrowserSession, request: AuthorizationRequest) -> str:
    """Remember what a user is being asked for and return the number of the question."""
    number = secrets.token_urlsafe(12)
    session.asked[number] = request
    return number
