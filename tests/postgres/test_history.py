"""What is known of one record, and a ledger that only looks on, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from tests.ledger.test_history import (
    test_a_pair_is_known_by_either_id,
    test_the_last_run_is_one_of_a_window_and_says_what_it_left_out,
    test_the_last_write_of_each_field_comes_from_the_journal,
    test_what_it_knows_by_can_not_write,
    test_what_waits_on_either_side_says_when_and_what_to_do,
    test_who_looks_on_knows_what_is_known_and_leaves_nothing,
)

__all__ = [
    "test_a_pair_is_known_by_either_id",
    "test_the_last_run_is_one_of_a_window_and_says_what_it_left_out",
    "test_the_last_write_of_each_field_comes_from_the_journal",
    "test_what_it_knows_by_can_not_write",
    "test_what_waits_on_either_side_says_when_and_what_to_do",
    "test_who_looks_on_knows_what_is_known_and_leaves_nothing",
]


@pytest.fixture
def url(fresh_postgres_url: str) -> str:
    """Return the URL of an empty database."""
    return fresh_postgres_url


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger.open(url)) as opened:
        yield opened
