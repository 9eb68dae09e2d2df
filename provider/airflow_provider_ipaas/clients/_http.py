"""One HTTP exchange done well: timeouts, pooling, refused redirects, typed errors, the server's clock, bounded retries."""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from airflow_provider_ipaas.catalogue import about
from airflow_provider_ipaas.clients._json import parse_json
from airflow_provider_ipaas.clients._session import is_loopback, keep_headers, new_session, proxies_for
from airflow_provider_ipaas.errors import ServiceError, TransientServiceError, UnknownOutcome

log = logging.getLogger(__name__)
T = TypeVar("T")

__all__ = [
    "ANSWER_LOST",
    "NOT_SENT",
    "Answer",
    "RetryPolicy",
    "Secrets",
    "ServerClock",
    "Timeouts",
    "Transport",
    "diagnosis",
    "is_loopback",
    "may_repeat",
    "with_retries",
]

NOT_SENT = "NOT_SENT"
ANSWER_LOST = "ANSWER_LOST"
REDIRECT = "REDIRECT"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Offsets that differ by less than this are the same clock seen through the whole seconds of the Date header.
_CLOCK_STEP_S = 5.0


class Secrets:
    """Remember values that must never be shown and take them out of any text."""

    def __init__(self, on_add: Callable[[str], None] | None = None) -> None:
        """*on_add* hears each new value, so that a logging system can mask it too."""
        self._values: set[str] = set()
        self._on_add = on_add

    def add(self, value: str | None) -> None:
        """Remember *value*; very short ones would blank out ordinary words and are left."""
        if value and len(value) >= 5 and value not in self._values:
            self._values.add(value)
            if self._on_add is not None:
                self._on_add(value)

    def mask(self, text: str) -> str:
        """Return *text* with every remembered value replaced by `***`."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} values)"


class ServerClock:
    """Tell the server's time from what its answers said, whatever the worker's clock shows."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset: float | None = None
        self._lock = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether any answer told the time yet."""
        return self._offset is not None

    def observe(self, moment: datetime) -> None:
        """Take in a time that the server has just told.

        A Date header is cut to whole seconds and travels: the offset it gives is never too great, so the greatest
        one is the best. A clock that was set back shows as a step.
        """
        offset = moment.timestamp() - self._monotonic()
        with self._lock:
            if self._offset is None or offset > self._offset or self._offset - offset > _CLOCK_STEP_S:
                self._offset = offset

    def now(self) -> datetime | None:
        """Return the server's time (UTC, aware); None before any answer."""
        if self._offset is None:
            return None
        return datetime.fromtimestamp(self._offset + self._monotonic(), UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whole."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become replacement characters."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the body. Raises ValueError for anything that is not JSON."""
        return parse_json(self.body)

    @property
    def date(self) -> datetime | None:
        """The server's time of the answer; None when it does not tell."""
        return _http_date(self.headers.get("Date"))

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks to wait, from seconds or from a date; None when it does not ask."""
        value = (self.headers.get("Retry-After") or "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        until = _http_date(value)
        if until is None:
            return None
        return max(0.0, (until - (self.date or datetime.now(UTC))).total_seconds())


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    # In the first and the last year there is, counting on would leave the calendar.
    return moment if 1 < moment.year < 9999 else None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a connection, and for the next bytes of an answer."""

    connect_s: float = 10.0
    read_s: float = 120.0


class Transport:
    """Send single HTTP requests; safe to use from several threads. What an answer means is the caller's business."""

    def __init__(
        self,
        service: str,
        *,
        name: str,
        timeouts: Timeouts | None = None,
        pool_size: int = 10,
        clock: ServerClock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        secrets: Secrets | None = None,
        address: str = "the address in the connection",
    ) -> None:
        """*service* goes into errors as a key (`salesforce`), *name* into their messages (`Salesforce`).

        *address* names the field a person has to correct when nothing answers there.
        """
        self.service = service
        self.name = name
        self.clock = clock or ServerClock(monotonic)
        self.secrets = secrets or Secrets()
        self._monotonic = monotonic
        self._timeouts = timeouts or Timeouts()
        self._address = address
        self._calls = 0
        self._lock = threading.Lock()
        self._session = new_session(pool_size)

    @property
    def calls(self) -> int:
        """Requests sent so far, those sent with `counted=False` left out."""
        return self._calls

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        may_repeat: bool,
        counted: bool = True,
        read_timeout_s: float | None = None,
    ) -> Answer:
        """Send one request, once, and return its answer whatever its status.

        Raises TransientServiceError when it surely was not sent, or was lost but *may_repeat*; UnknownOutcome when the
        answer to one that may not be repeated was lost; ServiceError for a redirect, which is never followed.
        """
        parts = urlsplit(url)
        started = self._monotonic()
        sent_at = self.clock.now()
        try:
            with self._session.request(
                method,
                url,
                headers=dict(headers or {}),
                data=body,
                timeout=(self._timeouts.connect_s, read_timeout_s or self._timeouts.read_s),
                allow_redirects=False,
                auth=keep_headers,
                proxies=proxies_for(parts.hostname),
            ) as response:
                answer = _answer(response)
        except requests.exceptions.RequestException as error:
            log.debug("%s %s: %s after %.0f ms", method, parts.path, type(error).__name__, self._ms(started))
            lost = self._lost(error, parts.hostname or "", may_repeat, sent_at)
            self._count(counted and lost.code != NOT_SENT)
            raise lost from None
        self._count(counted)
        log.debug("%s %s: %d in %.0f ms", method, parts.path, answer.status, self._ms(started))
        if (date := answer.date) is not None:
            self.clock.observe(date)
        if answer.status in _REDIRECTS:
            raise self._redirected(answer, parts.hostname or "")
        return answer

    def _count(self, counted: bool) -> None:
        if counted:
            with self._lock:
                self._calls += 1

    def _ms(self, started: float) -> float:
        return (self._monotonic() - started) * 1000

    def _lost(
        self, error: requests.exceptions.RequestException, host: str, may_repeat: bool, sent_at: datetime | None
    ) -> ServiceError:
        cause, sent = diagnosis(error)
        if not sent:
            return TransientServiceError(
                f"{self.name} can't be reached at {host}: {cause}.",
                next_step=_advice(NOT_SENT, host=host, address=self._address),
                service=self.service,
                code=NOT_SENT,
            )
        if may_repeat:
            return TransientServiceError(
                f"The answer of {self.name} ({host}) was lost: {cause}.",
                next_step=_advice(ANSWER_LOST),
                service=self.service,
                code=ANSWER_LOST,
            )
        return UnknownOutcome(
            f"The answer of {self.name} ({host}) to a write was lost: {cause}; it may or may not have been done.",
            sent_at=sent_at,
            service=self.service,
            code=ANSWER_LOST,
        )

    def _redirected(self, answer: Answer, host: str) -> ServiceError:
        target = _host_of(answer.headers.get("Location") or "") or "another path"
        return ServiceError(
            f"{self.name} ({host}) redirects to {target} ({answer.status}); redirects are not followed.",
            next_step=_advice(REDIRECT),
            service=self.service,
            status=answer.status,
            code=REDIRECT,
        )


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return "an address that can't be read"


def _advice(code: str, **places: str) -> str:
    return about("salesforce", code).advice(**places)


def _answer(response: requests.Response) -> Answer:
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict(response.headers)
    return Answer(response.status_code, response.reason or "", headers, response.content)


def diagnosis(error: BaseException) -> tuple[str, bool]:
    """Return the cause in words, and whether the request may have reached the server."""
    chain = list(_causes(error))
    for link in chain:
        if isinstance(link, NameResolutionError):
            return "its name can't be resolved", False
        if isinstance(link, requests.exceptions.ProxyError):
            return "the proxy refused the connection", False
        if isinstance(link, NewConnectionError):
            return "the connection was refused" if "refused" in str(link) else "no connection", False
        # After the subclass above, which urllib3 derives from it.
        if isinstance(link, ConnectTimeoutError):
            return "no connection in time", False
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"its certificate can't be verified ({link.verify_message})", False
        if isinstance(link, ssl.SSLError) and _in_handshake(link):
            return "no TLS connection (is it plain http?)", False
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return "the address is not a valid URL", False
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time", True
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "its compressed body can't be read", True
    return "the connection broke off", True


def _in_handshake(error: ssl.SSLError) -> bool:
    reason = str(getattr(error, "reason", "") or "")
    return any(word in reason for word in ("VERSION", "HANDSHAKE", "CERTIFICATE", "PROTOCOL", "HTTP_REQUEST"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk what an error was made from: its arguments, urllib3's `reason`, its cause and context."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        candidates = (*link.args, getattr(link, "reason", None), link.__cause__, link.__context__)
        waiting += [item for item in candidates if isinstance(item, BaseException)]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a call is repeated."""

    attempts: int = 4
    first_wait_s: float = 1.0
    max_wait_s: float = 30.0
    max_retry_after_s: float = 60.0

    def backoff_s(self, attempt: int) -> float:
        """Return how long to wait after the *attempt*-th failure: exponential, with full jitter."""
        return random.uniform(0, min(self.max_wait_s, self.first_wait_s * 2 ** (attempt - 1)))  # noqa: S311  (no secret)

    def wait_s(self, state: RetryCallState) -> float:
        """Return what the server asked for, capped, else the backoff."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, ServiceError) else None
        return self.backoff_s(state.attempt_number) if asked is None else min(asked, self.max_retry_after_s)


def may_repeat(error: BaseException) -> bool:
    """Say whether the same call may simply be sent again."""
    return isinstance(error, TransientServiceError) and not isinstance(error, UnknownOutcome)


def with_retries(
    call: Callable[[], T],
    *,
    policy: RetryPolicy,
    sleep: Callable[[float], None],
    when: Callable[[BaseException], bool] = may_repeat,
) -> T:
    """Run *call* until it returns, raises what *when* refuses, or has used up its attempts; raise its last error."""
    retrying = Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=policy.wait_s,
        retry=retry_if_exception(when),
        sleep=sleep,
        before_sleep=_log_retry,
        reraise=True,
    )
    return retrying(call)


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = getattr(error, "code", "") or type(error).__name__
    wait_s = state.next_action.sleep if state.next_action else 0.0
    log.info("Trying again in %.1f s after %s (attempt %d).", wait_s, code, state.attempt_number)
