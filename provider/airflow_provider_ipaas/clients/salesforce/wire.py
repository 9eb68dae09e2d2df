"""Calls to one org: token, timeouts, retries by what may be repeated, limits, answers read or refused."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from airflow_provider_ipaas.catalogue import about
from airflow_provider_ipaas.clients._http import Answer, RetryPolicy, Transport, may_repeat, with_retries
from airflow_provider_ipaas.clients.salesforce.auth import Login
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, Effect, fault_of, is_expired_token
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Token
from airflow_provider_ipaas.errors import IPaaSSyncError, MalformedAnswer, ServiceError, UnknownOutcome

log = logging.getLogger(__name__)
T = TypeVar("T")

# URI and headers together may have 16,384 bytes (status 414 or 431 beyond).
MAX_REQUEST_HEAD_BYTES = 16_000
# Lookaround: `per-app-api-usage=17/250(appName=x)` may follow and would match too.
_USAGE = re.compile(r"(?<![\w-])api-usage\s*=\s*(\d{1,18})\s*/\s*(\d{1,18})(?!\d)", re.IGNORECASE | re.ASCII)
# A new token that is refused too ends it. One that another process had fetched may have ended since: one more, then.
_RENEWALS = 2
# Worth a later run, but repeating it at once would only time out again.
_NOT_AT_ONCE = frozenset({"QUERY_TIMEOUT"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its path under the versioned base, and what a repetition of it would do. A body of bytes is CSV."""

    method: str
    path: str
    what: str
    effect: Effect = "read"
    params: Mapping[str, str] | None = None
    body: Any = None


class NotAnAnswer(ValueError):
    """A success status over something else than what the API answers; says what it is, without quoting it."""


class Wire:
    """Send calls with a token that is fetched on first use; safe to use from several threads."""

    def __init__(
        self,
        auth: Login,
        transport: Transport,
        *,
        api_url: str,
        api_version: str,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.transport = transport
        self.base_path = f"/services/data/v{api_version}"
        self.policy = policy or RetryPolicy()
        self.sleep = sleep
        self.limit_used: int | None = None
        self.limit_max: int | None = None
        self._api_url = api_url
        self._auth = auth
        self._token: Token | None = None
        self._lock = threading.Lock()

    @property
    def token(self) -> Token:
        """The token in use; logs in when there is none yet."""
        with self._lock:
            if self._token is None:
                self._token = self._log_in()
            return self._token

    def _log_in(self, rejected: Token | None = None) -> Token:
        token = self._auth.login(rejected)
        if token.issued_at is not None and not self.transport.clock.known:
            self.transport.clock.observe(token.issued_at)
        return token

    def _renew(self, rejected: Token) -> Token:
        """Log in again, unless another thread has done so since *rejected* was handed out."""
        with self._lock:
            if self._token is None or self._token.access_token == rejected.access_token:
                log.info("Salesforce no longer accepts the access token; getting another one.")
                self._token = self._log_in(rejected)
            return self._token

    def server_now(self) -> datetime:
        """Return the org's clock as its answers tell it; ask for the list of versions, which isn't counted, if none did."""
        now = self.transport.clock.now()
        if now is None:
            url = f"{self._api_url}/services/data/"
            with_retries(lambda: self._versions(url), policy=self.policy, sleep=self.sleep)
            now = self.transport.clock.now()
        if now is None:
            raise MalformedAnswer(
                "Salesforce does not tell the time: its answers carry no Date header.",
                next_step="Check the proxy between this worker and Salesforce; it must pass the Date header on.",
                service=SERVICE,
            )
        return now

    def _versions(self, url: str) -> Answer:
        answer = self.transport.send("GET", url, may_repeat=True, counted=False)
        if answer.status != 200:
            raise fault_of(answer, effect="read", what="list its API versions")
        return answer

    def send(self, call: Call, read: Callable[[Answer], T]) -> T:
        """Make a call and return what *read* makes of its answer; repeat it as far as its effect allows.

        *read* raises NotAnAnswer for a body that isn't what the API answers: a read is repeated then, and so is an
        idempotent write, which ends in UnknownOutcome if it keeps happening; a create is UnknownOutcome at once.
        """
        body = call.body
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode("ascii")
        try:
            return with_retries(
                lambda: self._attempt(call, body, read), policy=self.policy, sleep=self.sleep, when=self._may_repeat
            )
        except _LoginFailed as failed:
            raise failed.error from None

    @staticmethod
    def _may_repeat(error: BaseException) -> bool:
        if isinstance(error, _MalformedWrite):
            return error.may_repeat
        return may_repeat(error) and not (isinstance(error, ServiceError) and error.code in _NOT_AT_ONCE)

    def _attempt(self, call: Call, body: bytes | None, read: Callable[[Answer], T]) -> T:
        token = _logged_in(lambda: self.token)
        sent_at = self.transport.clock.now()
        answer = self._exchange(call, body, token)
        for _ in range(_RENEWALS):
            if not is_expired_token(answer):
                break
            # A 401 means that nothing was processed, so even a create may be sent again.
            token = _logged_in(lambda rejected=token: self._renew(rejected))  # type: ignore[misc]  # a default that mypy does not infer
            answer = self._exchange(call, body, token)
            if not token.shared:
                break
        if not 200 <= answer.status < 300:
            raise fault_of(answer, effect=call.effect, what=call.what, sent_at=sent_at)
        try:
            return read(answer)
        except NotAnAnswer as error:
            raise self._malformed(call, answer, str(error), sent_at) from None

    def _exchange(self, call: Call, body: bytes | None, token: Token) -> Answer:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in (call.params or {}).items())
        path = call.path if call.path.startswith("/services/") else f"{self.base_path}/{call.path}"
        url = f"{token.instance_url}{path}{f'?{query}' if query else ''}"
        headers = {"Authorization": f"Bearer {token.access_token}"}
        if body is not None:
            headers["Content-Type"] = "text/csv" if isinstance(call.body, bytes) else "application/json"
        self._check_length(call, len(url) + len(token.access_token) + 300)
        answer = self.transport.send(call.method, url, headers=headers, body=body, may_repeat=call.effect != "create")
        if (usage := _USAGE.search(answer.headers.get("Sforce-Limit-Info") or "")) is not None:
            self.limit_used, self.limit_max = int(usage.group(1)), int(usage.group(2))
        return answer

    @staticmethod
    def _check_length(call: Call, size: int) -> None:
        if size > MAX_REQUEST_HEAD_BYTES:
            raise ServiceError(
                f"Salesforce can't be asked to {call.what}: the request line of {size:,} bytes is over the limit of "
                f"{MAX_REQUEST_HEAD_BYTES:,}.",
                next_step=about(SERVICE, "QUERY_TOO_LONG").advice(),
                service=SERVICE,
                code="QUERY_TOO_LONG",
            )

    def _malformed(self, call: Call, answer: Answer, what: str, sent_at: datetime | None) -> ServiceError:
        facts: dict[str, Any] = {"service": SERVICE, "status": answer.status, "code": "MALFORMED_ANSWER"}
        said = f"Salesforce answered the call to {call.what} with {what} (status {answer.status})"
        next_step = about(SERVICE, "MALFORMED_ANSWER").advice(host="Salesforce")
        if call.effect == "read":
            return MalformedAnswer(f"{said}.", next_step=next_step, **facts)
        message = f"{said}; it may or may not have been done."
        return _MalformedWrite(
            message, may_repeat=call.effect == "idempotent", sent_at=sent_at, next_step=next_step, **facts
        )


class _LoginFailed(Exception):
    """Carry a failed login past the retries of the call: it was retried already, as far as a login may be."""

    def __init__(self, error: IPaaSSyncError) -> None:
        super().__init__(str(error))
        self.error = error


def _logged_in(log_in: Callable[[], Token]) -> Token:
    try:
        return log_in()
    except IPaaSSyncError as error:
        raise _LoginFailed(error) from None


class _MalformedWrite(UnknownOutcome):
    """A write answered by something unreadable: repeated by the wire as far as allowed, of unknown outcome outside."""

    def __init__(self, message: str, *, may_repeat: bool, sent_at: datetime | None, **facts: Any) -> None:
        super().__init__(message, sent_at=sent_at, **facts)
        self.may_repeat = may_repeat


def read_json(answer: Answer) -> Any:
    """Parse a body. Raises NotAnAnswer for a web page, cut JSON or nothing at all."""
    try:
        return answer.json()
    except ValueError:
        start = answer.body.lstrip()[:1]
        what = "nothing" if not start else "a web page" if start == b"<" else "JSON that can't be read"
        raise NotAnAnswer(what) from None


def read_object(answer: Answer) -> dict[str, Any]:
    """Parse a body that is a JSON object. Raises NotAnAnswer."""
    body = read_json(answer)
    if not isinstance(body, dict):
        raise NotAnAnswer("JSON that is no object")
    return body
