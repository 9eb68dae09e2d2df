"""What the monitoring pages read, on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, inspect

from airflow_provider_ipaas.ledger.monitoring import reading
from tests.plugin.test_reading import (
    test_another_version_is_told_and_not_upgraded,
    test_connections_of_an_org_are_those_that_answered_for_it,
    test_errors_of_the_database_are_told_without_statements,
    test_groups_count_by_reason_and_name_the_codes,
    test_it_can_not_write,
    test_it_reads_while_a_run_writes_and_sees_one_moment,
    test_records_of_a_group_come_oldest_first,
    test_runs_come_newest_first_and_by_pages,
)

__all__ = [
    "test_another_version_is_told_and_not_upgraded",
    "test_connections_of_an_org_are_those_that_answered_for_it",
    "test_errors_of_the_database_are_told_without_statements",
    "test_groups_count_by_reason_and_name_the_codes",
    "test_it_can_not_write",
    "test_it_reads_while_a_run_writes_and_sees_one_moment",
    "test_records_of_a_group_come_oldest_first",
    "test_runs_come_newest_first_and_by_pages",
]


@pytest.fixture
def url(fresh_postgres_url: str) -> str:
    """Return the URL of an empty database."""
    return fresh_postgres_url


def test_an_empty_database_is_no_ledger_and_stays_empty(url: str) -> None:
    with reading(url) as ledger:
        assert ledger is None
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
