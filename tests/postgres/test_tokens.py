"""The token store's tests again, on PostgreSQL."""

# ruff: noqa: F403 -- the tests are the ones of tests/tokens, whatever they are called
from __future__ import annotations

import pytest

from tests.tokens.support import _running_sandbox, clock, sandbox, store
from tests.tokens.test_shared_login import *
from tests.tokens.test_store import *
from tests.tokens.test_tables import *

__all__ = ["_running_sandbox", "clock", "sandbox", "store"]


@pytest.fixture
def store_url(fresh_postgres_url: str) -> str:
    """Return the URL of an empty database."""
    return fresh_postgres_url
