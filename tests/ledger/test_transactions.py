"""Transactions: one per thread, all or nothing."""

from __future__ import annotations

import threading

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Seen
from tests.ledger.support import NOW, SCOPE, a_claim, a_link, an_item


class Stop(Exception):
    """Something that goes wrong between two writes."""


def test_everything_inside_is_one_transaction(ledger: SqlLedger) -> None:
    def fail() -> None:
        with ledger.transaction():
            ledger.add_link(a_link("001A", "c1"))
            with ledger.transaction():
                ledger.claim([a_claim("1")])
                ledger.save_seen(SCOPE, "account", "ipaas", [Seen("1")])
            ledger.update_run("r1", phase="planned")
            assert ledger.count_links(SCOPE, "account") == 1
            raise Stop

    with pytest.raises(Stop):
        fail()
    assert ledger.count_links(SCOPE, "account") == 0
    assert ledger.claims(SCOPE, "account", "to_ipaas", ["1"]) == {}
    assert ledger.seen(SCOPE, "account", "ipaas", ["1"]) == {}
    run = ledger.run("r1")
    assert run is not None
    assert run.phase == "started"


def test_a_transaction_that_failed_inside_is_never_committed(ledger: SqlLedger) -> None:
    def swallow() -> None:
        with ledger.transaction():
            ledger.add_link(a_link("001A", "c1"))
            try:
                with ledger.transaction():
                    ledger.add_link(a_link("001B", "c2"))
                    raise Stop
            except Stop:
                pass

    with pytest.raises(LedgerError, match="undone"):
        swallow()
    assert ledger.count_links(SCOPE, "account") == 0


def test_after_a_failed_statement_the_transaction_takes_no_more(ledger: SqlLedger) -> None:
    def go_on() -> None:
        with ledger.transaction():
            ledger.add_link(a_link("001A", "c1"))
            with pytest.raises(LedgerError, match="r9"):
                ledger.add_items("r9", [an_item("1")])
            with pytest.raises(LedgerError, match="failed already"):
                ledger.add_link(a_link("001B", "c2"))

    with pytest.raises(LedgerError, match="undone"):
        go_on()
    assert ledger.count_links(SCOPE, "account") == 0
    assert ledger.add_link(a_link("001C", "c3")) is not None


def test_one_bad_row_of_a_batch_leaves_none_behind(ledger: SqlLedger) -> None:
    items = [an_item(str(n)) for n in range(5_000)]
    items[4_999].record = {"x": object()}
    with pytest.raises(LedgerError):
        ledger.add_items("r1", items)
    assert ledger.count_items("r1", collection="account", side="salesforce") == 0


def test_another_thread_does_not_see_or_join_an_open_transaction(ledger: SqlLedger) -> None:
    seen: list[object] = []

    def read() -> None:
        seen.append(ledger.fact(SCOPE, "x"))

    with ledger.transaction():
        ledger.set_fact(SCOPE, "x", 1)
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(30)
    assert seen == [None]
    read()
    assert seen[1:] == [(1, NOW)]


def test_values_of_records_stay_out_of_errors(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError) as caught:
        ledger.add_items("r1", [an_item("1", email_key="jane@example.com", record={"Phone": {"5551234"}})])
    assert "5551234" not in str(caught.value)
    assert "jane" not in str(caught.value)
    assert caught.value.__suppress_context__
