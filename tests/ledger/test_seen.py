"""What was last seen of a record."""

from __future__ import annotations

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Seen
from tests.ledger.support import NOW, SCOPE


def test_seen_rows_are_replaced_by_record_id(ledger: SqlLedger) -> None:
    whole = Seen("1", "2026-01-01T00:00:00Z", "hash", "e@x.org", "name", "n-1", "001A", True, "skipped:x", "m")
    ledger.save_seen(SCOPE, "contact", "ipaas", [Seen("1", baseline=False), Seen("2"), whole])
    assert ledger.seen(SCOPE, "contact", "ipaas", ["1", "2", "3"]) == {"1": whole, "2": Seen("2")}
    ledger.save_seen(SCOPE, "contact", "ipaas", [Seen("1", content_hash="new")])
    assert ledger.seen(SCOPE, "contact", "ipaas", ["1"]) == {"1": Seen("1", content_hash="new")}
    assert ledger.seen(SCOPE, "contact", "salesforce", ["1"]) == {}


def test_seen_rows_are_found_by_each_key(ledger: SqlLedger) -> None:
    rows = [
        Seen("1", email_key="e", name_key="n", number_key="k", external_id="x"),
        Seen("2", email_key="e"),
        Seen("3", email_key="other"),
    ]
    ledger.save_seen(SCOPE, "contact", "ipaas", rows)
    assert ledger.seen_by(SCOPE, "contact", "ipaas", "email_key", ["e", "gone"]) == {"e": rows[:2]}
    assert ledger.seen_by(SCOPE, "contact", "ipaas", "name_key", ["n"]) == {"n": rows[:1]}
    assert ledger.seen_by(SCOPE, "contact", "ipaas", "number_key", ["k"]) == {"k": rows[:1]}
    assert ledger.seen_by(SCOPE, "contact", "ipaas", "external_id", ["x"]) == {"x": rows[:1]}
    assert ledger.seen_by(SCOPE, "contact", "ipaas", "external_id", []) == {}


def test_forgotten_rows_are_gone_and_others_stay(ledger: SqlLedger) -> None:
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen(str(number)) for number in range(2_000)])
    ledger.forget_seen(SCOPE, "account", "ipaas", [str(number) for number in range(1, 2_000)])
    assert list(ledger.seen(SCOPE, "account", "ipaas", map(str, range(2_000)))) == ["0"]


def test_any_external_id(ledger: SqlLedger) -> None:
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen("1")])
    assert ledger.any_external_id(SCOPE, "account", "ipaas") is False
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen("2", external_id="001A")])
    assert ledger.any_external_id(SCOPE, "account", "ipaas") is True
    assert ledger.any_external_id(SCOPE, "account", "salesforce") is False


def test_what_a_row_showed_stays_until_a_row_says_otherwise(ledger: SqlLedger) -> None:
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen("1", content_hash="a", row_hash="r", read_at=NOW), Seen("2")])
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen("1", content_hash="b"), Seen("2", row_hash="s")])
    seen = ledger.seen(SCOPE, "account", "ipaas", ["1", "2"])
    assert seen["1"] == Seen("1", content_hash="b", row_hash="r", read_at=NOW)
    assert seen["2"] == Seen("2", row_hash="s")
