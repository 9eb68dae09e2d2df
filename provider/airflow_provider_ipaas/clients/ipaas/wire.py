"""Send one call of the iPaaS.com API: address, token, rate limit, retries that are safe, typed errors."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote, urlencode

from airflow_provider_ipaas.catalogue import about
from airflow_provider_ipaas.clients._http import Answer, RetryPolicy, Transport, with_retries
from airflow_provider_ipaas.clients.ipaas.answers import NotAnAnswer, read_record
from airflow_provider_ipaas.clients.ipaas.auth import ApiKey, Login, PasswordTokens, Tokens
from airflow_provider_ipaas.clients.ipaas.faults import SERVICE, Effect, fault_of, is_expired_token, is_missing
from airflow_provider_ipaas.clients.ipaas.limiter import RateLimiter, Throttle
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.errors import MalformedAnswer, ServiceError, UnknownOutcome

log = logging.getLogger(__name__)
T = TypeVar("T")
Api = Literal["sso", "customers", "subscriptions"]

MALFORMED, BAD_ID = "MALFORMED_ANSWER", "bad_id"
_RETRIES = RetryPolicy(attempts=5, first_wait_s=0.5)
# How long one attempt at a call waits for a service that refuses it for the number of calls.
_PATIENCE_S = 120.0
_TELL_EVERY = timedelta(seconds=30)


class _Raise:
    """Marks a call that makes "not found" an error."""


RAISE = _Raise()


@dataclass(frozen=True, slots=True)
class Call:
    """One API call; *path* is a template filled with *ids*, *what* completes "iPaaS.com could not ..."."""

    method: str
    api: Api
    path: str
    what: str
    effect: Effect = "read"
    ids: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    record_id: str | None = None


class Wire:
    """The one place that talks to the service; safe to use from several threads."""

    def __init__(
        self,
        settings: IPaaSSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        on_secret: Callable[[str], object] = str,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._on_secret = on_secret
        # The clock of the service runs on real time; *clock* and *sleep* are those of the rate limit.
        self._http = Transport(SERVICE, name="iPaaS.com", pool_size=settings.max_concurrency + 1)
        self._http.secrets.add(settings.password)
        rate = settings.requests_per_second
        self._limiter = RateLimiter(rate, clock=clock, sleep=sleep) if rate else None
        self._throttle = Throttle(clock=clock, sleep=sleep)
        self._told_pace: datetime | None = None
        self._guid = str(uuid.uuid4())
        self._tokens: Tokens = (
            ApiKey(settings.password)
            if settings.auth_mode == "api_key"
            else PasswordTokens(self._auth_call, settings, self._now, self._keep_secret)
        )

    @property
    def calls(self) -> int:
        """API calls sent so far, login calls not counted."""
        return self._http.calls

    def server_now(self) -> datetime:
        """Return the service's clock (UTC, aware); asks the service for it when no answer has told it yet."""
        if not self._http.clock.known:
            with_retries(self._ask_time, policy=_RETRIES, sleep=self._sleep)
        return self._now()

    def _ask_time(self) -> None:
        """Learn the time from any answer: that of the login where there is one, else that of the bare address."""
        self._tokens.current()
        if self._http.clock.known:
            return
        try:
            self._paced_send("GET", self._settings.base_url.rstrip("/") + "/", may_repeat=True)
        except ServiceError:
            if not self._http.clock.known:
                raise

    def _now(self) -> datetime:
        return self._http.clock.now() or datetime.now(UTC)

    def _keep_secret(self, value: str) -> None:
        self._http.secrets.add(value)
        self._on_secret(value)

    def close(self) -> None:
        """Close the connections kept open."""
        self._http.close()

    def send(self, call: Call, parse: Callable[[Answer], T], missing: Any = RAISE) -> T:
        """Send *call* and return its parsed answer; "not found" gives *missing* where one is named.

        A 401 gets one new login. What may be repeated is repeated, bounded, with growing pauses.
        """
        renewed = False

        def once() -> T:
            nonlocal renewed
            token = self._tokens.current()
            sent_at = self._http.clock.now()
            answer = self._send_once(call, token)
            if not renewed and is_expired_token(answer.status, answer.text, answer.reason):
                renewed = True
                if (fresh := self._tokens.renew(token)) is not None:
                    answer = self._send_once(call, fresh)
            if not isinstance(missing, _Raise) and is_missing(answer.status, answer.text, answer.reason):
                return cast("T", missing)
            return self._parsed(call, answer, parse, sent_at)

        return with_retries(once, policy=_RETRIES, sleep=self._sleep)

    def sign_in(self) -> Login | None:
        """Log in as far as that goes without a company; None with an API key, which stands for no person."""
        return with_retries(self._tokens.sign_in, policy=_RETRIES, sleep=self._sleep)

    def enter(self) -> None:
        """Get a token of the company now rather than with the next call."""
        with_retries(self._tokens.current, policy=_RETRIES, sleep=self._sleep)

    def send_as(self, login: Login, call: Call, parse: Callable[[Answer], T]) -> T:
        """Send *call* with the token of a bare login."""
        token = login.grant.access_token
        return with_retries(
            lambda: self._parsed(call, self._send_once(call, token, counted=False), parse),
            policy=_RETRIES,
            sleep=self._sleep,
        )

    def _auth_call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, bearer: str | None = None
    ) -> dict[str, Any]:
        call = Call(method, "sso", path, "log in", effect="put", body=body)
        # Not repeated here: it runs inside the call that needs the token, and is repeated with it.
        answer = self._send_once(call, bearer, counted=False)
        return self._parsed(call, answer, lambda it: read_record(it.text))

    def _send_once(self, call: Call, token: str | None, *, counted: bool = True) -> Answer:
        query = urlencode({**call.params, self._settings.profile.query.tracking_guid: self._guid}, errors="replace")
        headers = dict(self._settings.headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        return self._paced_send(
            call.method,
            f"{self._url(call)}?{query}",
            headers=headers,
            body=None if call.body is None else json.dumps(call.body).encode(),
            may_repeat=call.effect != "create",
            counted=counted,
        )

    def _paced_send(self, method: str, url: str, *, may_repeat: bool, **more: Any) -> Answer:
        """Send one request at the pace the service takes; one that is refused for the number of calls goes again.

        Such a refusal was no attempt at the call: a create is as safe to repeat as a read.
        """
        waited_s = 0.0
        while True:
            if self._limiter:
                self._limiter.wait()
            begun = self._throttle.wait()
            answer = self._http.send(method, url, may_repeat=may_repeat, **more)
            if answer.status != 429:
                self._throttle.took(begun)
                return answer
            waited_s += self._throttle.refused(answer.retry_after_s)
            self._tell_pace()
            if waited_s > _PATIENCE_S:
                return answer

    def _tell_pace(self) -> None:
        now = datetime.now(UTC)
        if self._told_pace is None or now - self._told_pace >= _TELL_EVERY:
            self._told_pace = now
            log.warning(
                "iPaaS.com takes no more calls just now (429); going on at about %.1f a second. Where it always does at this "
                "rate, set requests_per_second of connection %s.",
                self._throttle.rate or 0.0,
                self._settings.connection,
            )

    def _url(self, call: Call) -> str:
        base = getattr(self._settings.profile.base_paths, call.api).strip("/")
        path = call.path.format(**{name: _segment(value) for name, value in call.ids.items()})
        return "/".join(part for part in (self._settings.base_url.rstrip("/"), base, path.lstrip("/")) if part)

    def _parsed(self, call: Call, answer: Answer, parse: Callable[[Answer], T], sent_at: datetime | None = None) -> T:
        if not 200 <= answer.status < 300:
            raise self._fault(call, answer, sent_at)
        try:
            return parse(answer)
        except NotAnAnswer as error:
            facts: dict[str, Any] = {
                "service": SERVICE,
                "status": answer.status,
                "code": MALFORMED,
                "record_id": call.record_id,
                "next_step": about(SERVICE, MALFORMED).advice(host="iPaaS.com"),
            }
            message = f"iPaaS.com answered {answer.status} when asked to {call.what}, with {error}."
            if call.effect == "create":
                raise UnknownOutcome(message, sent_at=sent_at, **facts) from None
            raise MalformedAnswer(message, **facts) from None

    def _fault(self, call: Call, answer: Answer, sent_at: datetime | None) -> ServiceError:
        error = fault_of(
            status=answer.status,
            reason=answer.reason,
            body=self._http.secrets.mask(answer.text),
            effect=call.effect,
            what=call.what,
            sent=call.body or (),
            record_id=call.record_id,
            retry_after_s=answer.retry_after_s,
            auth_mode=self._settings.auth_mode,
            connection=f"connection `{self._settings.connection}`",
        )
        if isinstance(error, UnknownOutcome):
            error.sent_at = sent_at
        return error


def _segment(value: str) -> str:
    """Percent-encode one path segment; what would climb or fall out of the path is no id."""
    if not value.strip("."):
        raise ServiceError(
            f"{value!r} is not an id of iPaaS.com.",
            next_step=about(SERVICE, BAD_ID).advice(),
            service=SERVICE,
            code=BAD_ID,
            record_id=value,
        )
    return quote(value, safe="", errors="replace")
