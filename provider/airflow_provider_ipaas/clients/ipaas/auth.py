"""Tokens of iPaaS.com: a password login scoped to one company and kept fresh, or a static API key."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import pendulum

from airflow_provider_ipaas.clients._session import can_be_sent
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.errors import AuthenticationError, ConfigurationError, MalformedAnswer, ServiceError

log = logging.getLogger(__name__)

_LIFETIME = timedelta(hours=1)  # documented; used only when an answer doesn't tell
_LONGEST = timedelta(days=365)
_MARGIN = timedelta(minutes=2)


class AuthCalls(Protocol):
    """The token calls as the transport makes them: the parsed answer, or a typed `ServiceError`."""

    def __call__(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, bearer: str | None = None
    ) -> dict[str, Any]: ...


class Tokens(Protocol):
    """Where a client gets its bearer from; safe to use from several threads."""

    def current(self) -> str:
        """Return a token that should work now."""

    def renew(self, rejected: str) -> str | None:
        """Return another token after the service rejected this one; None when there is no other."""

    def sign_in(self) -> Login | None:
        """Return who logs in, before any company is chosen; None where nobody does."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key made in the portal, sent as it is: already scoped to its company, no renewal."""

    key: str

    def current(self) -> str:
        """Return the key."""
        return self.key

    def renew(self, rejected: str) -> str | None:  # noqa: ARG002  (one of two token sources)
        """Return None: a key cannot be renewed."""
        return None

    def sign_in(self) -> None:
        """Return None: a key stands for no person."""

    def __repr__(self) -> str:
        return "ApiKey(***)"


@dataclass(frozen=True, slots=True)
class _Grant:
    access_token: str
    refresh_token: str
    renew_at: datetime

    def __repr__(self) -> str:
        return f"_Grant(renew_at={self.renew_at:%H:%M:%S})"


@dataclass(frozen=True, slots=True)
class Login:
    """Who logged in, with a token that is good for no company yet."""

    user_id: str
    name: str
    grant: _Grant


class PasswordTokens:
    """Log in, change to the company, and keep the company's token fresh; one login serves all threads.

    Login refusals are remembered: asking again with the same password could lock the account.
    """

    def __init__(
        self,
        call: AuthCalls,
        settings: IPaaSSettings,
        server_now: Callable[[], datetime],
        on_secret: Callable[[str], object],
    ) -> None:
        self._call = call
        self._settings = settings
        self._paths = settings.profile.paths
        self._server_now = server_now
        self._on_secret = on_secret
        self._lock = threading.RLock()
        self._grant: _Grant | None = None
        self._login: Login | None = None
        self._refused: AuthenticationError | ConfigurationError | None = None

    def current(self) -> str:
        """Return the company's token; log in or refresh first when needed."""
        with self._lock:
            if self._grant is None:
                return self._log_in()
            if self._server_now() >= self._grant.renew_at:
                return self._refresh(self._grant)
            return self._grant.access_token

    def renew(self, rejected: str) -> str | None:
        """Log in afresh, unless another thread has done so since *rejected* was handed out.

        No refresh here: a token may be rejected because permissions changed, and only a new login picks that up.
        """
        with self._lock:
            if self._grant is not None and self._grant.access_token != rejected:
                return self._grant.access_token
            log.info("iPaaS.com rejected the token before its end; logging in again.")
            return self._log_in()

    def sign_in(self) -> Login:
        """Log in without choosing a company, once; the first token of a company comes from this login."""
        with self._lock:
            if self._refused is not None:
                raise self._refused
            if self._login is None or self._server_now() >= self._login.grant.renew_at:
                self._login = self._first_login()
            return self._login

    def _log_in(self) -> str:
        self._grant = None
        login = self.sign_in()
        # One token of a company for each login: whoever asks again was refused, and needs a new one.
        self._login = None
        try:
            self._grant = self._change_company(login.grant)
        except (AuthenticationError, ConfigurationError) as error:
            self._refused = error
            raise
        return self._grant.access_token

    def _first_login(self) -> Login:
        body = {"email_address": self._settings.login, "password": self._settings.password}
        try:
            answer = self._call("POST", self._paths.login, body=body)
            return Login(str(answer.get("id") or ""), str(answer.get("name") or ""), self._read(answer, None))
        except ServiceError as error:
            refusal = self._login_refusal(error)
            if isinstance(refusal, AuthenticationError | ConfigurationError):
                self._refused = refusal
            raise refusal from None

    def _change_company(self, grant: _Grant) -> _Grant:
        path = self._paths.change_company.format(company_id=quote(self._settings.company_id, safe=""))
        try:
            answer = self._call("GET", path, bearer=grant.access_token)
        except ServiceError as error:
            raise self._company_refusal(error) from None
        return self._read(answer, grant)

    def _refresh(self, grant: _Grant) -> str:
        """Refresh, then change to the company again: whether a refreshed token keeps its company is not known."""
        body = {"access_token": grant.access_token, "refresh_token": grant.refresh_token}
        try:
            if not grant.refresh_token:
                raise AuthenticationError("The login answered without a refresh token.")
            self._grant = self._change_company(self._read(self._call("POST", self._paths.refresh, body=body), grant))
        except (ServiceError, ConfigurationError) as error:
            log.info("The token could not be refreshed (%s); logging in again.", type(error).__name__)
            return self._log_in()
        return self._grant.access_token

    def _read(self, answer: Mapping[str, Any], before: _Grant | None) -> _Grant:
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access, str) or not can_be_sent(access):
            raise MalformedAnswer("iPaaS.com answered a login call without a usable `access_token`.", service="ipaas")
        if not isinstance(refresh, str) or not refresh:
            refresh = before.refresh_token if before else ""
        for secret in (access, refresh):
            if secret:
                self._on_secret(secret)
        now = self._server_now()
        lifetime = _lifetime(answer.get("access_token_expiration"), now)
        return _Grant(access, refresh, now + lifetime - min(_MARGIN, lifetime / 5))

    def _login_refusal(self, error: ServiceError) -> Exception:
        """Turn a refused login into what a person can mend; what may pass by itself stays as it is."""
        where = f"Connection `{self._settings.connection}`"
        if error.transient:
            return error
        if error.code == "HTTP-404":
            return ConfigurationError(
                f"{where}: there is no login at the base URL {self._settings.base_url} (404).",
                next_step="Correct the field Base URL (`host`), or `base_paths.sso` and `paths.login` in `api_profile`.",
            )
        if error.code.startswith(("AUTH", "AUTZ", "VALD")) or error.status in (400, 401, 403):
            return self._wrong_password(error)
        return error

    def _wrong_password(self, error: ServiceError) -> AuthenticationError:
        return AuthenticationError(
            f"Connection `{self._settings.connection}`: iPaaS.com refused the login ({error.code}).",
            next_step="Correct the fields E-mail (`login`) and Password (`password`), and check that this user can log in.",
            service="ipaas",
            status=error.status,
            code=error.code,
        )

    def _company_refusal(self, error: ServiceError) -> Exception:
        where = f"Connection `{self._settings.connection}`"
        if error.transient:
            return error
        if error.code == "AUTH-1004" or error.code[:4] in ("NFND", "VALD") or error.status in (400, 404):
            return ConfigurationError(
                f"{where}: iPaaS.com knows no company {self._settings.company_id} for this user ({error.code}).",
                next_step="Correct the field Company id (`company_id`).",
            )
        return AuthenticationError(
            f"{where}: this user may not work in company {self._settings.company_id} ({error.code}).",
            next_step="Give the user access to the company in iPaaS.com, or correct the field Company id (`company_id`).",
            service="ipaas",
            status=error.status,
            code=error.code,
        )


def _lifetime(expiration: object, now: datetime) -> timedelta:
    """Return how long a token lives; a stamp without an offset is UTC, one that can't be right is not used."""
    if isinstance(expiration, str):
        try:
            end = pendulum.parse(expiration)
            if isinstance(end, datetime) and (lifetime := end - now) > timedelta():
                return min(timedelta(seconds=lifetime.total_seconds()), _LONGEST)
        except (ValueError, OverflowError):
            return _LIFETIME
    return _LIFETIME
