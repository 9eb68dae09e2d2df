"""Several calls at once, results in order: a bounded thread pool over a lazily read stream of items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_WINDOW_PER_LANE = 4


def in_lanes(call: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[tuple[T, R | Exception]]:
    """Run *call* for each item, at most *lanes* at once; yield in the items' order, errors as values.

    At most `4 * lanes` items are taken from *items* ahead of what the caller has consumed. When the caller stops
    early, what has not begun is dropped and what runs is waited for, so no call goes on behind the caller's back.
    """
    window: deque[tuple[T, Future[R | Exception]]] = deque()
    pool = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane")
    try:
        for item in items:
            if len(window) >= lanes * _WINDOW_PER_LANE:
                first, future = window.popleft()
                yield first, future.result()
            window.append((item, pool.submit(_caught, call, item)))
        while window:
            first, future = window.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _caught(call: Callable[[T], R], item: T) -> R | Exception:
    try:
        return call(item)
    except Exception as error:  # the caller gets it as a value, in the order of its item
        return error
