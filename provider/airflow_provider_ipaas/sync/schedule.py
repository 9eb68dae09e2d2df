"""When a refused record is tried again, and which reasons wait for what."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, timedelta

# The platform's own schedule: 20, 60, 120, 200 ... minutes after the first, second, third, fourth refusal.
DAY = timedelta(days=1)

# Reasons of parked records that were refused by the target: they follow the schedule, the others are due every run.
REFUSED = "refused_before"
# Held by `first_contact: link_only`: due when a person says go, not by the clock.
AWAITING = "awaiting_first_contact"
NO_TIME = datetime(MAXYEAR, 1, 1, tzinfo=UTC)


def next_attempt(now: datetime, attempts: int) -> datetime:
    """Return when a record refused *attempts* times is due: 10 * n * (n + 1) minutes later, at most a day."""
    return now + min(timedelta(minutes=10 * attempts * (attempts + 1)), DAY)
