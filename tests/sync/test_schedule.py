"""When a refused record is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_ipaas.sync.schedule import RetrySchedule

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "minutes"),
    [
        (RetrySchedule(), {1: 20, 2: 60, 3: 120, 4: 200, 11: 1320, 12: 1440, 10**9: 1440}),
        (RetrySchedule(base_minutes=1, max_hours=1), {1: 2, 2: 6, 7: 56, 8: 60, 9: 60}),
        (RetrySchedule(base_minutes=1440, max_hours=168), {1: 2880, 2: 8640, 3: 10080}),
    ],
)
def test_the_pause_grows_up_to_its_limit(schedule: RetrySchedule, minutes: dict[int, int]) -> None:
    found = {n: (schedule.next_attempt(NOW, n) - NOW).total_seconds() / 60 for n in minutes}
    assert found == minutes
