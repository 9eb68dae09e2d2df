"""One HTTP exchange with iPaaS.com: sessions per thread, timeouts, the service's clock, no redirects."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import requests.auth

from airflow_provider_ipaas.clients.ipaas.faults import SERVICE, Effect
from airflow_provider_ipaas.errors import TransientServiceError, UnknownOutcome

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: *headers* by lower-case name, *sent_at* by the service's clock."""

    status: int
    reason: str
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    sent_at: datetime
    retry_after_s: float | None = None

    def header(self, name: str) -> str | None:
        """Return a header, whatever the case of its name."""
        return self.headers.get(name.lower())


class _Bearer(requests.auth.AuthBase):
    """Set the bearer as `auth`, so that a .netrc file can't put another one in its place."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Exchange:
    """Sends requests and counts them; safe to use from several threads."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {"Accept": "application/json", **headers}
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []
        self._ahead = timedelta()
        self._calls = 0

    @property
    def calls(self) -> int:
        """How many counted requests were sent."""
        return self._calls

    def server_now(self) -> datetime:
        """Return the service's clock by its last `Date` header; the worker's before the first answer."""
        return datetime.now(UTC) + self._ahead

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for session in self._sessions:
                session.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        what: str,
        effect: Effect,
        token: str | None,
        params: Mapping[str, str],
        body: Mapping[str, Any] | None,
        counted: bool,
    ) -> Answer:
        """Send one request; a lost answer raises `UnknownOutcome` for a create, else `TransientServiceError`."""
        sent_at = self.server_now()
        if counted:
            with self._lock:
                self._calls += 1
        try:
            response = self._session().request(
                method,
                url,
                params=params,
                json=body,
                auth=_Bearer(token),
                headers=self._headers,
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _lost(error, what, effect, sent_at) from None
        self._set_clock(response)
        return Answer(
            status=response.status_code,
            reason=response.reason or "",
            text=_text(response),
            headers={name.lower(): value for name, value in response.headers.items()},
            sent_at=sent_at,
            retry_after_s=_retry_after_s(response.headers.get("Retry-After"), self.server_now()),
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            with self._lock:
                self._sessions.append(session)
        return session

    def _set_clock(self, response: requests.Response) -> None:
        try:
            date = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        self._ahead = date.astimezone(UTC) - datetime.now(UTC)


def _text(response: requests.Response) -> str:
    """Decode as UTF-8 unless the answer names a charset: JSON without one is UTF-8."""
    if "charset" not in response.headers.get("Content-Type", "").lower():
        response.encoding = "utf-8"
    return response.text


def _lost(error: requests.RequestException, what: str, effect: Effect, sent_at: datetime) -> TransientServiceError:
    kind = type(error).__name__
    if isinstance(error, requests.ConnectTimeout) or _refused(error):
        return TransientServiceError(f"iPaaS.com could not be reached to {what} ({kind}).", service=SERVICE)
    message = f"The answer was lost when iPaaS.com was asked to {what} ({kind})."
    if effect == "create":
        return UnknownOutcome(message, service=SERVICE, sent_at=sent_at)
    return TransientServiceError(message, service=SERVICE)


def _refused(error: BaseException | None) -> bool:
    """Say whether no connection was made at all: refused, no route, unknown host."""
    text = repr(error)
    return "NewConnectionError" in text or "NameResolutionError" in text


def _retry_after_s(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds())
    except ValueError:
        return None
