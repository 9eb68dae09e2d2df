"""Send one call of the iPaaS.com API: address, token, rate limit, retries that are safe, typed errors."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote

from airflow_provider_ipaas.clients.ipaas.answers import NotAnAnswer, read_record
from airflow_provider_ipaas.clients.ipaas.auth import ApiKey, PasswordTokens, Tokens
from airflow_provider_ipaas.clients.ipaas.exchange import Answer, Exchange
from airflow_provider_ipaas.clients.ipaas.faults import SERVICE, Effect, fault_of, is_expired_token, may_repeat
from airflow_provider_ipaas.clients.ipaas.limiter import RateLimiter
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.errors import AuthenticationError, MalformedAnswer, ServiceError, UnknownOutcome

log = logging.getLogger(__name__)

T = TypeVar("T")
Api = Literal["sso", "customers", "subscriptions"]

_ATTEMPTS = 5
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LONGEST_WAIT_ASKED_S = 120.0  # a service that asks for more gets a failed call, not a worker that sleeps


class _Raise:
    """Marks a call whose 404 is an error."""


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
        self._random = random.SystemRandom().random
        self._exchange = Exchange(settings.headers)
        rate = settings.requests_per_second
        self._limiter = RateLimiter(rate, clock=clock, sleep=sleep) if rate else None
        self._guid = str(uuid.uuid4())
        self._tokens: Tokens = (
            ApiKey(settings.password)
            if settings.auth_mode == "api_key"
            else PasswordTokens(self._auth_call, settings, self.server_now, on_secret)
        )

    @property
    def calls(self) -> int:
        """API calls sent so far, login calls not counted."""
        return self._exchange.calls

    def server_now(self) -> datetime:
        """Return the service's clock (UTC, aware)."""
        return self._exchange.server_now()

    def close(self) -> None:
        """Close the connections kept open."""
        self._exchange.close()

    def send(self, call: Call, parse: Callable[[Answer], T], missing: Any = RAISE) -> T:
        """Send *call* and return its parsed answer; a 404 gives *missing* where one is named.

        A 401 gets one new login. What may be repeated is repeated, bounded, with growing pauses.
        """
        renewed = False

        def once() -> T:
            nonlocal renewed
            token = self._tokens.current()
            answer = self._send_once(call, token)
            if not renewed and is_expired_token(answer.status, answer.text, answer.reason):
                renewed = True
                if (fresh := self._tokens.renew(token)) is not None:
                    answer = self._send_once(call, fresh)
            if answer.status == 404 and not isinstance(missing, _Raise):
                return cast("T", missing)
            return self._parsed(call, answer, parse)

        return self._repeated(once)

    def _auth_call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, bearer: str | None = None
    ) -> dict[str, Any]:
        call = Call(method, "sso", path, "log in", effect="put", body=body)
        return self._repeated(
            lambda: self._parsed(call, self._send_once(call, bearer, counted=False), lambda it: read_record(it.text))
        )

    def _repeated(self, once: Callable[[], T]) -> T:
        for attempt in range(1, _ATTEMPTS):
            try:
                return once()
            except ServiceError as error:
                asked_s = error.retry_after_s or 0.0
                if not may_repeat(error) or asked_s > _LONGEST_WAIT_ASKED_S:
                    raise
                ceiling_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
                pause_s = max(asked_s, self._random() * ceiling_s)
                log.warning("%s Trying again in %.1f s (attempt %d of %d).", error.message, pause_s, attempt, _ATTEMPTS)
                self._sleep(pause_s)
        return once()

    def _send_once(self, call: Call, token: str | None, *, counted: bool = True) -> Answer:
        if self._limiter:
            self._limiter.wait()
        return self._exchange.send(
            call.method,
            self._url(call),
            what=call.what,
            effect=call.effect,
            token=token,
            params={**call.params, self._settings.profile.query.tracking_guid: self._guid},
            body=call.body,
            counted=counted,
        )

    def _url(self, call: Call) -> str:
        base = getattr(self._settings.profile.base_paths, call.api).strip("/")
        path = call.path.format(**{name: _segment(value) for name, value in call.ids.items()})
        return "/".join(part for part in (self._settings.base_url.rstrip("/"), base, path.lstrip("/")) if part)

    def _parsed(self, call: Call, answer: Answer, parse: Callable[[Answer], T]) -> T:
        if not 200 <= answer.status < 300:
            raise self._fault(call, answer)
        try:
            return parse(answer)
        except NotAnAnswer as error:
            facts: dict[str, Any] = {"service": SERVICE, "status": answer.status, "record_id": call.record_id}
            message = f"iPaaS.com answered {answer.status} when asked to {call.what}, with {error}."
            if call.effect == "create":
                raise UnknownOutcome(message, sent_at=answer.sent_at, **facts) from None
            raise MalformedAnswer(message, **facts) from None

    def _fault(self, call: Call, answer: Answer) -> ServiceError:
        error = fault_of(
            status=answer.status,
            reason=answer.reason,
            body=answer.text,
            effect=call.effect,
            what=call.what,
            sent=call.body or (),
            record_id=call.record_id,
            retry_after_s=answer.retry_after_s,
        )
        if isinstance(error, UnknownOutcome):
            error.sent_at = answer.sent_at
        if isinstance(error, AuthenticationError) and not error.next_step:
            error.next_step = _MEND[self._settings.auth_mode].format(self._settings.connection)
        return error


_MEND = {
    "password": "Check the fields E-mail (`login`) and Password (`password`) of connection `{}`, and the user's rights.",
    "api_key": "Make a new API key in iPaaS.com and put it in the field `password` of connection `{}`.",
}


def _segment(value: str) -> str:
    """Percent-encode one path segment; what would climb or fall out of the path is no id."""
    if not value.strip("."):
        raise ServiceError(f"{value!r} is not an id of iPaaS.com.", service=SERVICE, code="bad_id", record_id=value)
    return quote(value, safe="")
