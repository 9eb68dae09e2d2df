"""The rate limit and the lanes: never more begun in a second, never more at once, order kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.lanes import in_lanes
from airflow_provider_ipaas.clients.ipaas.limiter import RateLimiter


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
