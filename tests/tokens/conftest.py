"""Everything in this directory runs on an SQLite file; `tests/postgres` runs the shared part on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tokens.support import _running_sandbox, clock, sandbox, store

__all__ = ["_running_sandbox", "clock", "sandbox", "store"]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """Return the URL of a store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'state' / 'tokens.db'}"
