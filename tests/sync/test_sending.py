"""Cutting a batch that one row spoils: every other row arrives, in few calls."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import (
    AuthenticationError,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)
from airflow_provider_ipaas.sync.model import Item
from airflow_provider_ipaas.sync.ports import WriteResult
from airflow_provider_ipaas.sync.sending import Part, in_halves

BATCH = 200
FULL = 2 * log2(BATCH)


class Service:
    """Refuses a whole call for any bad row in it."""

    def __init__(self, bad: set[int], error: ServiceError | None = None) -> None:
        self.bad = bad
        self.error = error or ServiceError("no", status=400, code="JSON_PARSER_ERROR")
        self.calls: list[list[int]] = []

    def __call__(self, items: Sequence[Item]) -> list[WriteResult]:
        rows = [int(item.record_id) for item in items]
        self.calls.append(rows)
        if self.bad & set(rows):
            raise self.error
        return [WriteResult(str(row), True) for row in rows]


def batch(size: int = BATCH) -> list[Item]:
    return [Item("account", "ipaas", str(number)) for number in range(size)]


def written(parts: list[Part]) -> list[int]:
    return [int(item.record_id) for items, answer in parts if not isinstance(answer, ServiceError) for item in items]


def refused(parts: list[Part]) -> list[int]:
    return [int(item.record_id) for items, answer in parts if isinstance(answer, ServiceError) for item in items]


def test_a_good_batch_is_one_call() -> None:
    service = Service(set())
    assert written(list(in_halves(batch(), service))) == list(range(BATCH))
    assert len(service.calls) == 1


@pytest.mark.parametrize("place", range(BATCH))
def test_one_bad_row_of_two_hundred_is_found_in_few_calls(place: int) -> None:
    service = Service({place})
    parts = list(in_halves(batch(), service))
    assert refused(parts) == [place]
    assert written(parts) == [row for row in range(BATCH) if row != place]
    assert len(service.calls) <= FULL + 1


@given(size=st.integers(1, BATCH), bad=st.sets(st.integers(0, BATCH - 1), max_size=12))
def test_every_row_gets_one_answer_in_order(size: int, bad: set[int]) -> None:
    service = Service(bad)
    parts = list(in_halves(batch(size), service))
    assert refused(parts) == sorted(row for row in bad if row < size)
    assert [int(item.record_id) for items, _ in parts for item in items] == list(range(size))
    assert len(service.calls) <= max(1, len(bad)) * FULL + 1
    sent_well = [row for rows in service.calls if not bad & set(rows) for row in rows]
    assert len(sent_well) == len(set(sent_well)), "a row was written twice"


@pytest.mark.parametrize(
    "error",
    [
        TransientServiceError("later", status=503, code="SERVER_UNAVAILABLE"),
        UnknownOutcome("lost", code="ANSWER_LOST"),
        AuthenticationError("who", status=400, code="INVALID_SESSION_ID"),
        RequestLimitExceeded("enough", status=403, code="REQUEST_LIMIT_EXCEEDED"),
        ServiceError("forbidden", status=403, code="INSUFFICIENT_ACCESS"),
        ServiceError("no code", status=400),
    ],
    ids=lambda error: type(error).__name__ + error.code,
)
def test_what_no_row_is_to_blame_for_ends_it(error: ServiceError) -> None:
    service = Service({3}, error)
    with pytest.raises(type(error)):
        list(in_halves(batch(), service))
    assert len(service.calls) == 1


def test_what_was_answered_before_an_end_is_known() -> None:
    limit = RequestLimitExceeded("enough", status=403, code="REQUEST_LIMIT_EXCEEDED")

    def send(items: Sequence[Item]) -> list[WriteResult]:
        rows = [int(item.record_id) for item in items]
        if 60 in rows and len(rows) < 60:
            raise limit
        if 60 in rows:
            raise ServiceError("no", status=400, code="JSON_PARSER_ERROR")
        return [WriteResult(str(row), True) for row in rows]

    parts = in_halves(batch(), send)
    assert written([next(parts)]) == list(range(50))
    with pytest.raises(RequestLimitExceeded):
        next(parts)
