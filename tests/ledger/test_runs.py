"""Runs, pins, watermarks and facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger
from tests.ledger.support import NOW, SCOPE, a_run


def test_start_run_inserts_once_and_returns_what_is_stored(ledger: SqlLedger) -> None:
    first = ledger.start_run(a_run("r2", params={"full": True}, mapping_fingerprint="m1"))
    ledger.update_run("r2", phase="prepared")
    second = ledger.start_run(a_run("r2", params={"full": False}, mapping_fingerprint="m2"))
    assert first.params == second.params == {"full": True}
    assert (first.phase, second.phase) == ("started", "prepared")
    assert second.mapping_fingerprint == "m1"
    assert second.started_at == NOW
    assert ledger.run("r2") == second


def test_a_run_nobody_started_is_none_and_cannot_be_changed(ledger: SqlLedger) -> None:
    assert ledger.run("r9") is None
    with pytest.raises(LedgerError, match="r9"):
        ledger.update_run("r9", phase="planned")


def test_update_run_changes_what_is_given_and_merges_facts(ledger: SqlLedger) -> None:
    ledger.update_run("r1", facts={"fence": "a", "calls": {"x": 1}})
    after = ledger.update_run("r1", scope="other", phase="planned", facts={"calls": {"y": 2}}, summary={"seen": 3})
    assert after.facts == {"fence": "a", "calls": {"y": 2}}
    assert (after.scope, after.phase, after.summary) == ("other", "planned", {"seen": 3})
    assert ledger.run("r1") == after
    assert ledger.update_run("r1", mapping_fingerprint="m").phase == "planned"


def test_a_reported_run_can_start_again(ledger: SqlLedger) -> None:
    ledger.update_run("r1", phase="planned", facts={"fence": "a"})
    assert ledger.restart_run("r1").facts == {"fence": "a"}
    ledger.update_run("r1", phase="reported", summary={"seen": 1})
    again = ledger.restart_run("r1")
    assert (again.phase, again.facts, again.summary) == ("started", {}, None)
    assert ledger.run("r1") == again
    assert ledger.prune(NOW + timedelta(days=30))["items"] == 0
    with pytest.raises(LedgerError, match="r9"):
        ledger.restart_run("r9")


def test_a_pin_stays_as_it_was_first_set(ledger: SqlLedger) -> None:
    assert ledger.pinned("salesforce") is None
    assert ledger.pin("salesforce", "00D1") == "00D1"
    assert ledger.pin("salesforce", "00D2") == "00D1"
    assert ledger.pinned("salesforce") == "00D1"


def test_a_watermark_never_goes_back(ledger: SqlLedger) -> None:
    """Two runs at once: the one that began earlier may report last."""
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW, "r1")
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW - timedelta(microseconds=1), "r1")
    assert ledger.watermark(SCOPE, "account", "salesforce") == NOW
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW + timedelta(microseconds=1), "r1")
    assert ledger.watermark(SCOPE, "account", "salesforce") == NOW + timedelta(microseconds=1)


def test_watermarks_are_kept_by_scope_collection_and_side(ledger: SqlLedger) -> None:
    assert ledger.watermark(SCOPE, "account", "salesforce") is None
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW, "r1")
    ledger.set_watermark(SCOPE, "account", "ipaas", NOW + timedelta(microseconds=1), "r1")
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW + timedelta(hours=1), "r1")
    assert ledger.watermark(SCOPE, "account", "salesforce") == NOW + timedelta(hours=1)
    assert ledger.watermark(SCOPE, "account", "ipaas") == NOW + timedelta(microseconds=1)
    assert ledger.watermark(SCOPE, "contact", "salesforce") is None
    assert ledger.watermark("elsewhere", "account", "salesforce") is None


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [], "text", 0, False, None])
def test_facts_are_any_json_with_the_time_they_were_stored(ledger: SqlLedger, value: object) -> None:
    ledger.set_fact(SCOPE, "canary", {"old": True})
    ledger.set_fact(SCOPE, "canary", value)
    assert ledger.fact(SCOPE, "canary") == (value, NOW)
    assert ledger.fact(SCOPE, "other") is None
    ledger.drop_fact(SCOPE, "canary")
    assert ledger.fact(SCOPE, "canary") is None


def test_a_time_without_zone_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError, match="can't be stored"):
        ledger.set_watermark(SCOPE, "account", "salesforce", NOW.replace(tzinfo=None), "r1")
    assert ledger.watermark(SCOPE, "account", "salesforce") is None
