"""The window and the watermark as pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.sync.windows import OVERLAP, Window, look_back, next_watermark

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SPANS = st.timedeltas(timedelta(days=-4000), timedelta(days=4000))
DAYS = st.integers(1, 3650)


def test_the_first_window_is_poll_days_long_and_whole() -> None:
    assert look_back(NOW, 7, None, full=False) == Window(NOW - 7 * DAY, NOW - 7 * DAY, NOW)


def test_a_recent_watermark_splits_the_window() -> None:
    mark = NOW - timedelta(minutes=15)
    assert look_back(NOW, 7, mark, full=False) == Window(NOW - 7 * DAY, mark - OVERLAP, NOW)


def test_an_old_watermark_starts_the_window() -> None:
    mark = NOW - 30 * DAY
    assert look_back(NOW, 7, mark, full=False) == Window(mark - OVERLAP, mark - OVERLAP, NOW)


def test_full_has_no_start() -> None:
    assert look_back(NOW, 7, NOW - DAY, full=True) == Window(None, None, NOW)


@given(SPANS, DAYS)
def test_a_window_starts_at_the_earlier_of_both_and_is_read_whole_from_the_watermark_on(
    since: timedelta, days: int
) -> None:
    mark = NOW + since
    window = look_back(NOW, days, mark, full=False)

    assert window.start == min(mark - OVERLAP, NOW - days * DAY)
    assert window.whole_from is not None
    assert window.start <= window.whole_from <= max(window.start, NOW)
    # Nothing after the watermark is read as Id and stamp only, even where the clock was set back.
    assert window.whole_from <= max(mark - OVERLAP, window.start)


@given(st.none() | SPANS, SPANS, DAYS)
def test_a_watermark_never_goes_back_nor_past_fence_or_now(
    since: timedelta | None, fence_after: timedelta, days: int
) -> None:
    old = NOW + since if since is not None else None
    fence = NOW + fence_after
    new = next_watermark(old, fence, look_back(NOW, days, old, full=False))

    assert new is not None
    if old is None:
        assert new == min(fence, NOW)
    else:
        assert new == max(old, min(fence, NOW))


@given(SPANS, SPANS)
def test_a_start_after_the_watermark_leaves_it(start_after: timedelta, fence_after: timedelta) -> None:
    old = NOW - DAY
    start = NOW + start_after
    new = next_watermark(old, NOW + fence_after, Window(start, start, NOW))

    if start > old:
        assert new == old
    else:
        assert new == max(old, min(NOW + fence_after, NOW))


@given(st.lists(st.tuples(st.timedeltas(timedelta(), 20 * DAY), st.timedeltas(timedelta(), DAY)), max_size=8), DAYS)
def test_windows_of_successive_runs_leave_no_gap(steps: list[tuple[timedelta, timedelta]], days: int) -> None:
    """Whatever the pauses and however far the fences lag: each window begins before the last mark."""
    now, mark = NOW, None
    for pause, lag in steps:
        now += pause
        window = look_back(now, days, mark, full=False)
        if mark is not None:
            assert window.start is not None
            assert window.start <= mark - OVERLAP
        mark = next_watermark(mark, now - lag, window)
