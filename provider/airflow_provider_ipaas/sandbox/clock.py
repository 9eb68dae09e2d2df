"""The clock of one emulated service: real time, or whatever a test wants it to be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def system_now() -> datetime:
    """Return the machine's time, aware and in UTC."""
    return datetime.now(UTC)


class Clock:
    """Tell the time of one service; settable, advanceable, skewable.

    A clock runs with the machine's time until `set` pins it. `skew` is added on top of whatever the clock shows, so
    that two services that share a timeline can disagree.
    """

    def __init__(self, source: Callable[[], datetime] = system_now) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._pinned: datetime | None = None
        self._offset = timedelta()
        self._skew = timedelta()

    def now(self) -> datetime:
        """Return the service's time, aware and in UTC."""
        with self._lock:
            return self._unskewed() + self._skew

    def set(self, at: datetime, *, frozen: bool = True) -> None:
        """Show `at` from now on; with `frozen` false the clock goes on ticking from there."""
        if at.tzinfo is None:
            raise ValueError("The clock takes aware datetimes only.")
        at = at.astimezone(UTC)
        with self._lock:
            self._offset = at - self._source()
            self._pinned = at if frozen else None

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by`, whether it is frozen or ticking."""
        with self._lock:
            self._offset += by
            if self._pinned is not None:
                self._pinned += by

    def freeze(self, frozen: bool) -> None:
        """Stop the clock where it is, or let it tick on from there."""
        with self._lock:
            shown = self._unskewed()
            self._offset = shown - self._source()
            self._pinned = shown if frozen else None

    def skew(self, by: timedelta) -> None:
        """Let this clock be wrong by `by`; replaces an earlier skew."""
        with self._lock:
            self._skew = by

    def reset(self) -> None:
        """Return to the machine's time."""
        with self._lock:
            self._pinned = None
            self._offset = timedelta()
            self._skew = timedelta()

    def describe(self) -> dict[str, object]:
        """Return what the controls show of the clock."""
        with self._lock:
            shown = self._unskewed() + self._skew
            return {
                "now": shown.isoformat(),
                "frozen": self._pinned is not None,
                "skew_s": self._skew.total_seconds(),
            }

    def _unskewed(self) -> datetime:
        return self._pinned if self._pinned is not None else self._source() + self._offset
