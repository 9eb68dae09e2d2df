"""Everything in this directory runs on a PostgreSQL server that the session starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.postgres import fresh_postgres_url, postgres_cluster, postgres_url

__all__ = ["fresh_postgres_url", "postgres_cluster", "postgres_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.postgres)
