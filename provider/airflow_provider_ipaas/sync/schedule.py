"""When a refused record is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta

# Reasons of parked records that were refused by the target: they follow the schedule, the others are due every run.
REFUSED = "refused_before"
# Held by `first_contact: link_only`: due when a person says go, not by the clock.
AWAITING = "awaiting_first_contact"
NO_TIME = datetime(MAXYEAR, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The platform's own schedule: 20, 60, 120, 200 ... minutes after the first, second, third, fourth refusal."""

    base_minutes: int = 10
    max_hours: int = 24

    def next_attempt(self, now: datetime, attempts: int) -> datetime:
        """Return when a record refused *attempts* times is due: base * n * (n + 1) minutes later, at most *max_hours*."""
        return now + timedelta(minutes=min(self.base_minutes * attempts * (attempts + 1), 60 * self.max_hours))
