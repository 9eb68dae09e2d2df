"""A strict rate limit over the beginnings of calls, shared by all threads of a client."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

# Two calls leave the worker a second apart and can still reach the service a little closer together: the first one
# may have had a connection to open. The window is wider than a second by this much.
_GUARD_S = 0.05


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
