"""Shares of a big upsert, and what a long step says of itself."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ipaas.sync.model import Item
from airflow_provider_ipaas.sync.params import RunParams
from airflow_provider_ipaas.sync.progress import Progress
from airflow_provider_ipaas.sync.shares import LEAST, WHOLE, Share, shares_of


def an_item(number: int, **values: Any) -> Item:
    return Item("account", "salesforce", f"001{number}", **values)


def test_every_record_is_of_one_share() -> None:
    items = [an_item(n, name_key=f"name {n}") for n in range(1000)]
    counts = [sum(Share(number, 7).has(item) for item in items) for number in range(7)]
    assert sum(counts) == 1000
    assert min(counts) > 100
    assert all(WHOLE.has(item) for item in items)


def test_records_that_a_create_may_meet_are_of_the_same_share() -> None:
    same_name = [an_item(n, name_key="acme") for n in range(50)]
    same_mail = [an_item(n, email_key="a@b.example", name_key=f"n{n}") for n in range(50)]
    for group in (same_name, same_mail):
        assert len({number for number in range(5) for item in group if Share(number, 5).has(item)}) == 1


def test_a_share_comes_in_batches_in_order() -> None:
    items = [an_item(n, name_key=f"name {n}") for n in range(100)]
    share = Share(1, 3)
    batches = list(share.batches([items[:40], items[40:]], 8))
    assert [item for batch in batches for item in batch] == [item for item in items if share.has(item)]
    assert {len(batch) for batch in batches[:-1]} == {8}


@pytest.mark.parametrize(
    ("planned", "tasks", "rate", "count"),
    [
        (2 * LEAST - 1, 4, None, 0),
        (2 * LEAST, 4, None, 2),
        (100 * LEAST, 4, None, 4),
        (100 * LEAST, 1, None, 0),
        (100 * LEAST, 4, 2.5, 2),
        (100 * LEAST, 4, 1.9, 0),
    ],
)
def test_a_task_of_its_own_has_to_be_worth_it_and_to_have_a_call_per_second(
    planned: int, tasks: int, rate: float | None, count: int
) -> None:
    assert shares_of(planned, tasks, rate) == [Share(number, count) for number in range(count)]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def step(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO)
    return SimpleNamespace(clock=Clock(), log=logging.getLogger("step"), params=RunParams())


def test_a_long_step_says_every_half_minute_how_far_it_is(step: Any, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(step, "Written to iPaaS.com", 96_000)
    for _ in range(31):
        step.clock.now += timedelta(seconds=10)
        progress.add(400)
    assert caplog.messages[0] == "Written to iPaaS.com: 1,200 of 96,000 (1 %), 40/s, about 40 min left."
    assert caplog.messages[-1] == "Written to iPaaS.com: 12,000 of 96,000 (12 %), 40/s, about 35 min left."
    assert len(caplog.messages) == 10


def test_a_step_without_a_known_end_says_what_it_did(step: Any, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(step, "Read from Salesforce")
    progress.add(1)
    step.clock.now += timedelta(seconds=60)
    progress.add(299)
    assert caplog.messages == ["Read from Salesforce: 300 so far, 5.0/s."]


def test_more_than_was_planned_leaves_nothing(step: Any, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(step, "Planned", 10)
    step.clock.now += timedelta(seconds=40)
    progress.add(20)
    assert caplog.messages == ["Planned: 20 of 20 (100 %), 0.5/s, about 0 s left."]
