"""The ledger's tests again, on PostgreSQL."""

# ruff: noqa: F403 -- the tests are the ones of tests/ledger, whatever they are called
from __future__ import annotations

import pytest

from tests.ledger.support import ledger
from tests.ledger.test_claims import *
from tests.ledger.test_concurrency import *
from tests.ledger.test_counts import *
from tests.ledger.test_items import *
from tests.ledger.test_links import *
from tests.ledger.test_matching import *
from tests.ledger.test_parked import *
from tests.ledger.test_runs import *
from tests.ledger.test_schema import *
from tests.ledger.test_seen import *
from tests.ledger.test_texts import *
from tests.ledger.test_transactions import *
from tests.ledger.test_waiting import *

__all__ = ["ledger"]


@pytest.fixture
def ledger_url(fresh_postgres_url: str) -> str:
    """Return the URL of an empty database."""
    return fresh_postgres_url
