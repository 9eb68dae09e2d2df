"""Records that wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Direction, Unresolved
from tests.ledger.support import NOW, SCOPE

HOUR = timedelta(hours=1)


def a_row(
    source_id: str, direction: Direction = "to_ipaas", reason: str = "ambiguous_match", **more: object
) -> Unresolved:
    return Unresolved(SCOPE, "account", direction, source_id, reason, **more)  # type: ignore[arg-type]


def due(ledger: SqlLedger, now: datetime = NOW, **more: int) -> list[str]:
    return [row.source_id for batch in ledger.due(SCOPE, "account", "to_ipaas", now, **more) for row in batch]


def test_a_waiting_row_comes_back_whole_and_keeps_its_first_time(ledger: SqlLedger) -> None:
    row = a_row(
        "1",
        target_id="c1",
        code="BIZL",
        message="No.",
        next_step="Mend.",
        attempts=2,
        content_hash="h",
        mapping_fingerprint="m",
        details={"ids": ["c1", "c2"]},
        first_at=NOW - HOUR,
        last_at=NOW,
        next_at=NOW + HOUR,
    )
    ledger.save_unresolved([row])
    assert ledger.unresolved(SCOPE, "account", "to_ipaas", ["1", "2"]) == {"1": row}
    ledger.save_unresolved([a_row("1", reason="other", first_at=NOW + HOUR, last_at=NOW)])
    expected = a_row("1", reason="other", first_at=NOW - HOUR, last_at=NOW)
    assert ledger.unresolved(SCOPE, "account", "to_ipaas", ["1"]) == {"1": expected}
    assert ledger.unresolved(SCOPE, "account", "to_salesforce", ["1"]) == {}


def test_the_first_time_of_a_new_row_is_filled_in(ledger: SqlLedger) -> None:
    ledger.save_unresolved([a_row("1"), a_row("2", last_at=NOW - HOUR)])
    rows = ledger.unresolved(SCOPE, "account", "to_ipaas", ["1", "2"])
    assert (rows["1"].first_at, rows["2"].first_at) == (NOW, NOW - HOUR)
    assert ledger.oldest_unresolved(SCOPE, "account", "to_ipaas") == NOW - HOUR
    assert ledger.oldest_unresolved(SCOPE, "account", "to_salesforce") is None


def test_due_rows_come_oldest_first_and_one_without_a_time_is_due(ledger: SqlLedger) -> None:
    ledger.save_unresolved(
        [
            a_row("late", first_at=NOW - HOUR, next_at=NOW),
            a_row("early", first_at=NOW - 3 * HOUR, next_at=NOW - HOUR),
            a_row("untimed", first_at=NOW - 2 * HOUR),
            a_row("not yet", first_at=NOW - 9 * HOUR, next_at=NOW + timedelta(microseconds=1)),
            a_row("other way", "to_salesforce", first_at=NOW - HOUR, next_at=NOW),
        ]
    )
    for batch in (1, 2, 500):
        assert due(ledger, batch=batch) == ["early", "untimed", "late"]
    assert due(ledger, NOW + HOUR) == ["not yet", "early", "untimed", "late"]


def test_the_caller_may_put_off_or_clear_the_rows_it_was_given(ledger: SqlLedger) -> None:
    ledger.save_unresolved([a_row(f"{n:03}", first_at=NOW - HOUR, next_at=NOW) for n in range(250)])
    given = []
    for batch in ledger.due(SCOPE, "account", "to_ipaas", NOW, batch=20):
        given += [row.source_id for row in batch]
        for row in batch[::2]:
            row.next_at = NOW + HOUR
        ledger.save_unresolved(batch)
        ledger.clear_unresolved(SCOPE, "account", "to_ipaas", [row.source_id for row in batch[1::2]])
    assert given == [f"{n:03}" for n in range(250)]
    assert due(ledger) == []
    assert len(due(ledger, NOW + HOUR)) == 125
