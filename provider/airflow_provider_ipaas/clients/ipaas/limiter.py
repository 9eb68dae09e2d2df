"""How fast calls may begin, for all threads of a client: at most at a set rate, and no faster than the service takes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

# Two calls leave the worker a second apart and can still reach the service a little closer together: the first one
# may have had a connection to open. The window is wider than a second by this much.
_GUARD_S = 0.05
# After a refusal nobody calls for so long; a service that names a time is believed up to the second.
_HOLD_S, _MAX_HOLD_S = 1.0, 60.0
_FIRST, _LOWER, _SLOWEST = 0.9, 0.8, 0.2
# Per second without a refusal: a tenth of a call more, or two percent; the more, the longer there was none.
_RISE, _RISE_SHARE, _RISE_S = 0.1, 0.02, 10.0


class RateLimiter:
    """Let at most *per_second* calls begin within any one second; below 1, one call per `1 / per_second` seconds.

    It starts as if that many calls had just begun: the last second of a task that ended a moment ago counts too.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_second <= 0:
            raise ValueError("per_second must be above 0")
        self._calls = max(1, int(per_second))
        self._window_s = max(1.0, 1.0 / per_second) + _GUARD_S
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._begun: deque[float] = deque([clock()] * self._calls, maxlen=self._calls)

    def wait(self) -> None:
        """Return when one more call may begin, and count it as begun."""
        with self._lock:  # held while sleeping: callers leave in the order they came
            while (pause_s := self._begun[0] + self._window_s - self._clock()) > 0:
                self._sleep(pause_s)
            self._begun.append(self._clock())


class Throttle:
    """Find the rate that the service takes, once it has refused calls for their number (429).

    No quota of iPaaS.com is documented. What it took in the last second is the first guess; each further refusal lowers the
    rate, each second without one raises it a little. A refusal holds every thread back, so that calls that wait are not
    refused again and again.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._taken: deque[float] = deque(maxlen=1_000)  # when the last calls began that were taken
        self._next = 0.0  # when the next call may begin
        self._deaf_until = 0.0  # refusals of calls that were under way already tell nothing new
        self.rate: float | None = None  # calls a second; None: nothing was refused yet

    def wait(self) -> float:
        """Return when one more call may begin; tell when that is."""
        if self.rate is None:
            return self._clock()
        with self._lock:
            now = self._clock()
            begins = max(now, self._next)
            self._next = begins + 1 / self.rate
        # Not under the lock: a refusal has to be heard while others wait.
        if begins > now:
            self._sleep(begins - now)
        return begins

    def took(self, begun: float) -> None:
        """Hear that a call was taken that began then."""
        with self._lock:  # a refusal counts what is in there
            self._taken.append(begun)
            if self.rate is not None:
                quiet = max(1.0, (self._clock() - self._deaf_until) / _RISE_S)
                self.rate += quiet * max(_RISE, _RISE_SHARE * self.rate) / self.rate

    def refused(self, retry_after_s: float | None) -> float:
        """Hear of a refusal: hold back every thread, and go on slower; return for how many seconds."""
        hold_s = min(max(retry_after_s or 0.0, _HOLD_S), _MAX_HOLD_S)
        with self._lock:
            now = self._clock()
            if now >= self._deaf_until:
                taken = sum(1 for begun in self._taken if begun > now - 1)
                self.rate = max(_SLOWEST, _FIRST * taken if self.rate is None else _LOWER * self.rate)
                self._deaf_until = now + hold_s
            self._next = max(self._next, now + hold_s)
        return hold_s
