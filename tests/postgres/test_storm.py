"""The token storm on PostgreSQL."""

# ruff: noqa: F403 -- the test is the one of tests/tokens, whatever it is called
from __future__ import annotations

import pytest

from tests.tokens.support import _running_sandbox, sandbox
from tests.tokens.test_storm import *

__all__ = ["_running_sandbox", "sandbox"]

pytestmark = [pytest.mark.storm, pytest.mark.timeout(900)]


@pytest.fixture
def store_url(fresh_postgres_url: str) -> str:
    """Return the URL of an empty database."""
    return fresh_postgres_url
