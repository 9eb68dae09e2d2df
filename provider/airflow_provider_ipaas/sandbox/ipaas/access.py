"""Users, tokens and API keys of the emulated service."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from airflow_provider_ipaas.sandbox.credentials import IPAAS_PASSWORD, IPAAS_USERNAME
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

USER_ID: Final = 77
API_KEY: Final = "sandbox-api-key"
COMPANY_GUID: Final = "7c1f6a52-3d0e-4b8a-9a47-5501c0ffee77"
OTHER_COMPANY_GUID: Final = "0e9d6b1c-52a4-4f3b-8f0d-2b7a11c0de42"
COMPANY_NAME: Final = "Sandbox Trading"
SECOND_COMPANY_GUID: Final = "3b5e8c1d-9f27-4a60-8c35-d1a2c0ffee91"
SECOND_COMPANY_NAME: Final = "Sandbox Outlet"

PERMISSIONS: Final = frozenset(
    {
        "companies.read", "companies.write", "customers.read", "customers.write", "external_ids.read",
        "external_ids.write", "relationships.read", "relationships.write", "custom_fields.write", "subscriptions.read",
        "subscriptions.write",
    }
)  # fmt: skip


class HasNow(Protocol):
    """What the emulator needs of a clock."""

    def now(self) -> datetime:
        """Return the service's time, aware and in UTC."""


@dataclass(slots=True)
class User:
    """One person or integration user of the service."""

    number: int
    name: str
    email: str
    password: str = field(repr=False)
    permissions: frozenset[str] = PERMISSIONS
    companies: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Grant:
    """What one access token or API key allows; permissions are those of the moment it was issued."""

    user: User
    permissions: frozenset[str]
    expires: datetime | None
    company: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    is_api_key: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """A freshly issued pair of tokens."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    grant: Grant
    expires: datetime


class Access:
    """Who may call, and with what."""

    def __init__(self, clock: HasNow, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        # Every token since the start, so that others can search their logs for them.
        self.issued: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Return to the one default user and API key; every token dies."""
        companies = {COMPANY_GUID: COMPANY_NAME, SECOND_COMPANY_GUID: SECOND_COMPANY_NAME}
        user = User(USER_ID, "Integration User", IPAAS_USERNAME, IPAAS_PASSWORD, companies=companies)
        self.users: dict[int, User] = {USER_ID: user}
        self._tokens: dict[str, Grant] = {}
        self._refresh: dict[str, datetime] = {}
        self.add_api_key(API_KEY)

    def add_user(self, email: str, password: str, *, name: str = "", permissions: Iterable[str] | None = None) -> User:
        """Add a user of the default company."""
        number = max(self.users) + 1
        granted = PERMISSIONS if permissions is None else _known(permissions)
        user = User(number, name or email, email, password, granted, {COMPANY_GUID: COMPANY_NAME})
        self.users[number] = user
        return user

    def set_permissions(self, number: int, permissions: Iterable[str]) -> None:
        """Change what a user may do; tokens that are out keep what they had."""
        self._user(number).permissions = _known(permissions)

    def set_companies(self, number: int, companies: Mapping[str, str]) -> None:
        """Change which companies (GUID to name) a user may work in."""
        self._user(number).companies = {guid.lower(): name for guid, name in companies.items()}

    def add_api_key(
        self, key: str, *, permissions: Iterable[str] | None = None, expires: datetime | None = None
    ) -> None:
        """Make an API key: company scoped from the start, never prolonged."""
        granted = PERMISSIONS if permissions is None else _known(permissions)
        user = self.users[USER_ID]
        self._tokens[key] = Grant(user, granted, expires, company=COMPANY_GUID, is_api_key=True)

    def remove_api_key(self, key: str) -> None:
        """Delete an API key."""
        grant = self._tokens.get(key)
        if grant is not None and grant.is_api_key:
            del self._tokens[key]

    def expire(self, which: str = "access") -> int:
        """Let all `access` tokens, `refresh` tokens or API `keys` expire now, or `all` of them; returns how many."""
        now, count = self._clock.now(), 0
        wanted = {"access": (False,), "keys": (True,), "refresh": (), "all": (False, True)}[which]
        for grant in self._tokens.values():
            if grant.is_api_key in wanted:
                grant.expires = now
                count += 1
        if which in {"refresh", "all"}:
            count += len(self._refresh)
            self._refresh = dict.fromkeys(self._refresh, now)
        return count

    def login(self, email: str, password: str) -> Issued:
        """Issue a login token, or refuse."""
        for user in self.users.values():
            if user.email.casefold() == email.strip().casefold() and secrets.compare_digest(
                user.password.encode(), password.encode()
            ):
                return self.issue(user, None)
        status = self._switches.number("bad_login_status")
        raise ApiError("AUTH-1002", "The e-mail address or the password is not right.", status=status)

    def refresh(self, access_token: str, refresh_token: str) -> Issued:
        """Issue a new access token for a pair that was issued together."""
        grant = self._tokens.get(access_token)
        expires = self._refresh.get(refresh_token)
        if grant is None or expires is None or grant.refresh_token != refresh_token or expires <= self._clock.now():
            raise ApiError("AUTH-1002", "The refresh token is not valid any more. Log in again.")
        company = grant.company if self._switches.is_on("refresh_scope", "company") else None
        if self._switches.is_on("refresh_rotation", "kept"):
            return self.issue(grant.user, company, refresh_token=refresh_token)
        del self._refresh[refresh_token]
        return self.issue(grant.user, company)

    def issue(self, user: User, company: str | None, *, refresh_token: str | None = None) -> Issued:
        """Make a pair of tokens."""
        now = self._clock.now()
        expires = now + timedelta(seconds=self._switches.number("token_lifetime_s"))
        access_token = secrets.token_urlsafe(48)
        if refresh_token is None:
            refresh_token = secrets.token_urlsafe(32)
            self._refresh[refresh_token] = now + timedelta(seconds=self._switches.number("refresh_token_lifetime_s"))
        grant = Grant(user, user.permissions, expires, company, refresh_token)
        self.issued += [access_token, refresh_token]
        self._tokens[access_token] = grant
        return Issued(access_token, refresh_token, grant, expires)

    def grant_of(self, authorization: str | None) -> Grant:
        """Return what the bearer of a request may do; raises AUTH errors."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError("AUTH-1001", "The bearer token is missing or not valid.")
        grant = self._tokens.get(token.strip())
        if grant is None or (grant.expires is not None and grant.expires <= self._clock.now()):
            raise ApiError("AUTH-1002", "The access token is not valid. Log in again.")
        return grant

    def change_company(self, grant: Grant, guid: str) -> Issued:
        """Issue a token for one of the user's companies."""
        if grant.is_api_key and self._switches.is_on("api_key_change_company", "refused"):
            raise ApiError("AUTH-1003", "An API key has no access to this API.")
        if guid.lower() not in grant.user.companies:
            raise ApiError("AUTH-1004", f"The company id {guid} was not found.")
        return self.issue(grant.user, guid.lower())

    def check_data_call(self, grant: Grant, permission: str, client_header: str | None) -> None:
        """Raise unless the grant allows a call of the data APIs."""
        if grant.company is None:
            raise ApiError("AUTH-1003", "This token has no access to this API. Change to a company first.")
        if not self._switches.is_on("client_header", "off") and (client_header or "").lower() != grant.company:
            raise ApiError("AUTH-1004", "The company id of the request was not found.")
        plan = self._switches.text("plan")
        if plan == "unpaid":
            raise ApiError("AUTZ-1004", "The plan awaits payment, or its trial is over.")
        if plan == "too_small":
            raise ApiError("AUTZ-1001", "The company's plan does not include this.")
        if permission not in grant.permissions:
            raise ApiError("AUTZ-1002", f"The user lacks the permission {permission}.")

    def _user(self, number: int) -> User:
        if number not in self.users:
            raise KeyError(f"user {number}")
        return self.users[number]


def _known(permissions: Iterable[str]) -> frozenset[str]:
    granted = frozenset(permissions)
    if unknown := granted - PERMISSIONS:
        raise ValueError(f"Unknown permissions: {', '.join(sorted(unknown))}.")
    return granted
