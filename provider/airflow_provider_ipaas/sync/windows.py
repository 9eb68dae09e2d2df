"""The look-back window: how far back a run reads, and where the next one starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Window:
    """What one extract reads, by the service's clock.

    *start* to *whole_from*: Id and stamp only, and the rows not yet processed in that version; from *whole_from* on:
    whole rows. Without a start: everything (`full`).
    """

    start: datetime | None
    whole_from: datetime | None
    now: datetime


def look_back(now: datetime, poll_days: int, watermark: datetime | None, *, full: bool) -> Window:
    """Compute the window: from the earlier of (watermark - 15 minutes) and (now - poll_days), to now."""
    if full:
        return Window(None, None, now)
    edge = now - timedelta(days=poll_days)
    if watermark is None:
        return Window(edge, edge, now)
    since = watermark - OVERLAP
    return Window(min(since, edge), max(min(since, now), min(since, edge)), now)


def next_watermark(old: datetime | None, fence: datetime, window: Window) -> datetime | None:
    """Return where the watermark may stand after a complete run: at the fence, never back, never over a gap."""
    if window.start is not None and old is not None and window.start > old:
        return old
    new = min(fence, window.now)
    return new if old is None or new > old else old
