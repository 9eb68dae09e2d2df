"""Where a long step stands, told in the task's log every half minute; a backfill tells the ledger too."""

from __future__ import annotations

from datetime import timedelta

from .backfill import keep_up
from .context import Sync

EVERY = timedelta(seconds=30)


class Progress:
    """Counts what is done and says now and then how far that is; *total* is None where nobody knows it."""

    def __init__(self, sync: Sync, what: str, total: int | None = None) -> None:
        self._sync = sync
        self._what = what
        self._total = total
        self._done = 0
        self._began = self._told = sync.clock()

    def add(self, count: int) -> None:
        """Count so many more; tell at most every half minute."""
        self._done += count
        now = self._sync.clock()
        if now - self._told < EVERY:
            return
        self._told = now
        keep_up(self._sync)
        rate = self._done / (now - self._began).total_seconds()
        if self._total is None:
            self._sync.log.info("%s: %s so far, %s/s.", self._what, f"{self._done:,}", _rate(rate))
            return
        # More than was planned may come up on the way; less than nothing is never left.
        left = max(0, self._total - self._done)
        self._sync.log.info(
            "%s: %s of %s (%d %%), %s/s, about %s left.",
            self._what,
            f"{self._done:,}",
            f"{max(self._total, self._done):,}",
            100 * self._done // max(self._total, self._done, 1),
            _rate(rate),
            _span(left / rate if rate else 0.0),
        )


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
