"""The token storm: many processes, tokens that end every two seconds, rotation on. Run by `make test-storm`."""

from __future__ import annotations

import os

import pytest
import requests

from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.ledger.support import in_processes
from tests.tokens.storm import work
from tests.tokens.support import TOKEN

pytestmark = [pytest.mark.storm, pytest.mark.timeout(900)]

PROCESSES = int(os.environ.get("STORM_PROCESSES", "8"))
SECONDS = float(os.environ.get("STORM_SECONDS", "60"))
TOKEN_LIFE_S = 2


def test_no_call_fails_no_used_token_is_shown_again_and_each_end_is_renewed_once(
    store_url: str, sandbox: Sandbox, record_property: pytest.RecordProperty
) -> None:
    sandbox.salesforce.switches.set("access_token_life_s", TOKEN_LIFE_S)
    sandbox.salesforce.switches.set("api_limit", 10_000_000)
    done = in_processes(work, [(store_url, sandbox.salesforce_url, SECONDS)] * PROCESSES)
    told = requests.get(f"{sandbox.salesforce_url}/_sandbox/salesforce/oauth", timeout=30).json()
    failures = [failure for each in done for failure in each.failures]
    calls = sum(each.calls for each in done)
    result = (
        f"{PROCESSES} processes, {sum(each.tasks for each in done):,} tasks, {calls:,} calls in {SECONDS:.0f} s; "
        f"{told['refreshes']} refreshes, {told['expiries']} expiries, {told['replays']} replays, {len(failures)} failed calls"
    )
    record_property("storm", result)
    print(f"\n{result}")
    assert failures == []
    assert told["replays"] == 0
    # Every token but the last has ended, and perhaps that one too by now.
    assert told["refreshes"] - told["expiries"] in (0, 1)
    assert told["expiries"] > SECONDS / TOKEN_LIFE_S / 4
    token_calls = [e for e in sandbox.journal.entries(service="salesforce") if e["path"] == TOKEN]
    assert {entry["status"] for entry in token_calls} == {200}
    assert [grant["revoked"] for grant in told["grants"]] == [False]
