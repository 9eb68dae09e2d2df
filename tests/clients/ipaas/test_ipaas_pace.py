"""The rate limit and the lanes: never more begun in a second, never more at once, order kept."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.clients._lanes import in_lanes
from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.limiter import RateLimiter, Throttle
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.clients.ipaas.conftest import settings_of


class Time:
    """A clock that moves when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def clock(self) -> float:
        return self.now


@given(
    st.one_of(st.integers(1, 20), st.floats(0.1, 20)),
    st.lists(st.floats(0, 1.5), min_size=1, max_size=60),
)
def test_no_second_sees_more_calls_begin(per_second: float, works: list[float]) -> None:
    time = Time()
    limiter = RateLimiter(per_second, clock=time.clock, sleep=time.sleep)
    calls = max(1, int(per_second))
    begun = [1000.0] * calls  # a task that ended right now
    for work_s in works:
        limiter.wait()
        begun.append(time.now)
        time.now += work_s
    window_s = max(1.0, 1 / per_second)
    assert all(later - earlier > window_s for earlier, later in zip(begun, begun[calls:], strict=False))


def test_a_limiter_starts_with_its_second_used_up() -> None:
    time = Time()
    RateLimiter(3, clock=time.clock, sleep=time.sleep).wait()
    assert time.now - 1000 == pytest.approx(1.05)


def test_threads_share_the_limit() -> None:
    time = Time()
    limiter = RateLimiter(4, clock=time.clock, sleep=time.sleep)
    begun: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        for _ in range(5):
            limiter.wait()
            with lock:
                begun.append(time.now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 20
    assert time.now - 1000 == pytest.approx(5 * 1.05)


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_limit_is_above_zero(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        RateLimiter(wrong)


def test_every_request_waits_for_the_limit_logins_too(connect: Callable[..., IPaaSClient], naps: Any) -> None:
    client = connect(requests_per_second=1)
    for number in range(3):
        client.get("company", str(number + 1))
    assert naps.clock() == pytest.approx(5 * 1.05)


def test_lanes_keep_the_order_and_give_errors_as_values() -> None:
    def call(number: int) -> int:
        if number % 3 == 0:
            raise KeyError(number)
        return number * 10

    results = list(in_lanes(call, range(50), 4))
    assert [item for item, _ in results] == list(range(50))
    for item, result in results:
        assert isinstance(result, KeyError) if item % 3 == 0 else result == item * 10


def test_lanes_run_at_once_and_never_more() -> None:
    together = threading.Barrier(4, timeout=10)
    lock = threading.Lock()
    under_way, most = 0, 0

    def call(_: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()
        with lock:
            under_way -= 1

    assert [result for _, result in in_lanes(call, range(12), 4)] == [None] * 12
    assert most == 4


def test_lanes_read_their_items_lazily() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    results = in_lanes(lambda number: number, items(), 2)
    assert [next(results)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert taken <= 5 + 2 * 4 + 1
    results.close()  # type: ignore[attr-defined]


def test_a_caller_that_stops_leaves_nothing_running() -> None:
    before = threading.active_count()
    release = threading.Event()
    done: list[int] = []

    def call(number: int) -> None:
        if number:
            release.wait(10)
        done.append(number)

    results = in_lanes(call, range(100), 2)
    next(results)
    release.set()
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() <= before
    assert len(done) < 100


def test_an_error_of_the_items_reaches_the_caller() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise RuntimeError("the list broke off")

    with pytest.raises(RuntimeError, match="the list broke off"):
        list(in_lanes(lambda number: number, items(), 2))


def test_the_client_says_how_many_lanes_it_has(connect: Callable[..., IPaaSClient]) -> None:
    client = connect(max_concurrency=3)
    assert client.lanes == 3
    assert list(client.parallel(str, [1, 2])) == [(1, "1"), (2, "2")]


class Quota:
    """A service that takes so many calls in any *window_s* seconds."""

    def __init__(self, time: Time, calls: int, window_s: float = 1.0) -> None:
        self.time, self.calls, self.window_s = time, calls, window_s
        self.taken: list[float] = []
        self.refused = 0

    def call(self) -> bool:
        self.time.now += 0.01
        if sum(1 for at in self.taken if at > self.time.now - self.window_s) >= self.calls:
            self.refused += 1
            return False
        self.taken.append(self.time.now)
        return True


def worked_off(throttle: Throttle, quota: Quota, calls: int, *, retry_after_s: float | None = None) -> float:
    """Make calls one after the other, each until it is taken; return how long the one that waited longest did."""
    longest = 0.0
    for _ in range(calls):
        waited = 0.0
        begun = throttle.wait()
        while not quota.call():
            waited += throttle.refused(retry_after_s)
            begun = throttle.wait()
        throttle.took(begun)
        longest = max(longest, waited)
    return longest


def test_a_throttle_does_nothing_before_a_refusal() -> None:
    time = Time()
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    for _ in range(100):
        throttle.took(throttle.wait())
    assert (time.now, throttle.rate) == (1000.0, None)


@pytest.mark.parametrize("calls", [1, 5, 20, 60])
def test_a_throttle_finds_the_rate_of_the_service(calls: int) -> None:
    time = Time()
    quota = Quota(time, calls)
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    longest = worked_off(throttle, quota, 60 * calls)
    # Most of what the service takes is made use of, few calls are refused, and none for long.
    assert time.now - 1000 < 60 / 0.65
    assert quota.refused < 0.1 * len(quota.taken) + 30
    assert longest <= 10


def test_a_throttle_gets_along_with_a_quota_per_minute() -> None:
    time = Time()
    quota = Quota(time, 100, 60.0)
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    assert worked_off(throttle, quota, 500, retry_after_s=20) <= 120
    time = Time()
    quota = Quota(time, 100, 60.0)
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    assert worked_off(throttle, quota, 500) <= 120


def test_a_throttle_forgets_a_refusal_that_was_for_once() -> None:
    time = Time()
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    throttle.took(throttle.wait())
    throttle.refused(None)
    for _ in range(3_000):
        throttle.took(throttle.wait())
        time.now += 0.01
    assert throttle.rate is not None
    assert throttle.rate > 100
    assert time.now - 1000 < 120


def test_a_throttle_believes_a_time_that_is_told_up_to_a_minute() -> None:
    time = Time()
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    assert [throttle.refused(told) for told in (None, 0.0, 7.0, 86_400.0)] == [1.0, 1.0, 7.0, 60.0]
    throttle.wait()
    assert time.now - 1000 == pytest.approx(60)


def test_a_burst_of_refusals_counts_once() -> None:
    time = Time()
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    for _ in range(40):
        throttle.took(throttle.wait())
    for _ in range(8):
        throttle.refused(None)
    assert throttle.rate == pytest.approx(36)


def test_a_load_gets_through_a_service_that_takes_few_calls(sandbox: Sandbox) -> None:
    sandbox.ipaas.switches.set("rate_limit", 20)
    client = IPaaSClient(settings_of(sandbox.ipaas_url, max_concurrency=8))
    answers = list(client.parallel(lambda number: client.get("company", number), [str(n) for n in range(1, 61)]))
    client.close()
    assert [answer for _, answer in answers] == [None] * 60


def test_calls_may_be_taken_while_a_refusal_counts_them() -> None:
    throttle = Throttle(sleep=lambda _: None)
    for _ in range(1_000):
        throttle.took(throttle.wait())
    failed: list[Exception] = []

    def lane(*, refused: bool) -> None:
        try:
            for _ in range(1_000):
                if refused:
                    throttle._deaf_until = 0.0
                    throttle.refused(None)
                else:
                    throttle.took(throttle.wait())
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=lane, kwargs={"refused": number == 0}) for number in range(4)]
    often, before = 1e-6, sys.getswitchinterval()
    sys.setswitchinterval(often)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert failed == []
