"""Everything in this directory runs on an SQLite file; `tests/postgres` runs the shared part on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.support import ledger

__all__ = ["ledger"]


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """Return the URL of a ledger that does not exist yet."""
    return f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"
