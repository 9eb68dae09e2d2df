"""What people do with the records that wait, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.ledger.monitoring import Reading, reading
from airflow_provider_ipaas.ledger.parked import Dropped, Replayed
from airflow_provider_ipaas.sync.model import Claim, Collection, Direction, JournalEntry, Link, Seen, Unresolved
from airflow_provider_ipaas.sync.parked import OWES_ID, UNKNOWN_CREATE, Selection
from tests.ledger.support import NOW, SCOPE

HOUR = timedelta(hours=1)


def a_row(n: int, reason: str = "refused_before", direction: Direction = "to_ipaas", **more: Any) -> Unresolved:
    values: dict[str, Any] = {
        "target_id": f"t{n}",
        "code": "VALD-1025" if reason == "refused_before" else None,
        "content_hash": f"hash {n}",
        "first_at": NOW - HOUR + timedelta(seconds=n),
        "next_at": NOW + HOUR,
    }
    collection: Collection = more.pop("collection", "account")
    return Unresolved(more.pop("scope", SCOPE), collection, direction, f"{n:05}", reason, **(values | more))


@pytest.fixture
def look(ledger: SqlLedger, ledger_url: str) -> Iterator[Reading]:
    """Read the ledger as the pages and commands do."""
    with reading(ledger_url) as opened:
        assert opened is not None
        yield opened


def ids(ledger: SqlLedger, ledger_url: str, **chosen: Any) -> list[str]:
    with reading(ledger_url) as opened:
        assert opened is not None
        return [row.source_id for row in opened.records(Selection(**chosen), limit=1000)]


def test_records_are_found_by_everything_that_a_person_may_know(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.save_unresolved(
        [
            a_row(1),
            a_row(2, code="STRING_TOO_LONG"),
            a_row(3, "ambiguous_match"),
            a_row(4, direction="to_salesforce"),
            a_row(5, collection="contact"),
            a_row(6, scope="another"),
        ]
    )
    every = ["00001", "00002", "00003", "00004", "00005", "00006"]
    for chosen, found in (
        ({}, every),
        ({"scope": SCOPE}, every[:5]),
        ({"collection": "contact"}, ["00005"]),
        ({"direction": "to_salesforce"}, ["00004"]),
        ({"reason": "ambiguous_match"}, ["00003"]),
        ({"code": "string_too_long"}, ["00002"]),
        ({"ids": ("00001", "t3", "nobody")}, ["00001", "00003"]),
        ({"reason": "refused_before", "ids": ("00001", "00003")}, ["00001"]),
    ):
        assert ids(ledger, ledger_url, **chosen) == found, chosen


def test_codes_are_found_whatever_services_put_into_them(ledger: SqlLedger, ledger_url: str) -> None:
    odd = ["a\\b", "nul\x00", "half \ud83d", "100%_", "Ünlisted"]
    ledger.save_unresolved([a_row(n, code=code) for n, code in enumerate(odd)])
    for n, code in enumerate(odd):
        assert ids(ledger, ledger_url, code=code) == [f"{n:05}"]
    assert ids(ledger, ledger_url, code="\x00") == []


def test_groups_keep_five_thousand_records_readable(ledger: SqlLedger, look: Reading, ledger_url: str) -> None:
    rows = [a_row(n, "max_creates", next_step="Read the plan.") for n in range(4000)]
    rows += [a_row(n, code="A" if n % 3 else "B", next_step=f"Mend {n % 2}.") for n in range(4000, 5000)]
    ledger.save_unresolved(rows)
    with reading(ledger_url) as opened:
        assert opened is not None
        most, others = opened.groups()
        assert opened.count() == 5000
        assert opened.count(Selection(code="a")) == 667
    assert (most.reason, most.count, most.codes, most.next_step) == ("max_creates", 4000, (), "Read the plan.")
    assert (others.count, others.codes, others.next_step) == (1000, (("A", 667), ("B", 333)), None)
    assert (most.oldest, most.next_at) == (NOW - HOUR, NOW + HOUR)


def test_a_group_with_one_that_is_due_at_once_is_due_at_once(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.save_unresolved([a_row(1), a_row(2)])
    ledger.replay(Selection(ids=("00001",)), actor="ann")
    with reading(ledger_url) as opened:
        assert opened is not None
        (group,) = opened.groups()
    assert group.next_at is None


def due(ledger: SqlLedger, direction: Direction = "to_ipaas") -> list[str]:
    return [row.source_id for batch in ledger.due(SCOPE, "account", direction, NOW) for row in batch]


def test_a_replay_makes_due_what_was_chosen_and_nothing_else(ledger: SqlLedger) -> None:
    ledger.save_unresolved([*(a_row(n) for n in range(2000)), a_row(7000, "superseded", next_at=NOW)])
    assert due(ledger) == ["07000"]
    replayed = ledger.replay(Selection(reason="refused_before"), actor="ann", limit=1500)
    assert replayed == Replayed(1500, {"refused_before": 1500}, waited=1500)
    assert sorted(due(ledger)) == [*(f"{n:05}" for n in range(1500)), "07000"]
    assert ledger.replay(Selection(reason="superseded"), actor="ann") == Replayed(1, {"superseded": 1}, waited=0)
    assert ledger.replay(Selection(code="nothing has it"), actor="ann") == Replayed(0, {}, waited=0)


def test_both_halves_of_a_pair_go_together(ledger: SqlLedger) -> None:
    ledger.save_unresolved(
        [
            a_row(1, "conflict", target_id="00002"),
            a_row(2, "conflict", "to_salesforce", target_id="00001"),
            a_row(3, "conflict", "to_salesforce", target_id="00009"),
            a_row(2, "superseded", "to_salesforce", target_id="00001", collection="contact"),
        ]
    )
    assert ledger.replay(Selection(direction="to_ipaas"), actor="ann").count == 2
    assert (due(ledger), due(ledger, "to_salesforce")) == (["00001"], ["00002"])
    assert ledger.drop(Selection(ids=("00001",), collection="account"), actor="ann").count == 2
    assert due(ledger, "to_salesforce") == []
    assert set(ledger.unresolved(SCOPE, "account", "to_salesforce", ["00002", "00003"])) == {"00003"}


def test_a_drop_marks_as_skipped_what_has_not_changed_since(ledger: SqlLedger) -> None:
    seen = [Seen(f"{n:05}", "s", f"hash {n}", fate="parked:refused_before") for n in range(3)]
    seen[1].content_hash = "changed since"
    seen[2].content_hash = ""
    ledger.save_seen(SCOPE, "account", "salesforce", seen)
    ledger.save_unresolved([*(a_row(n) for n in range(2)), a_row(2, content_hash="")])
    assert ledger.drop(Selection(reason="refused_before"), actor="ann") == Dropped(3, {"refused_before": 3}, {})
    fates = {
        row.record_id: row.fate
        for row in ledger.seen(SCOPE, "account", "salesforce", ["00000", "00001", "00002"]).values()
    }
    assert fates == {"00000": "skipped:dropped", "00001": "parked:refused_before", "00002": "parked:refused_before"}


def test_a_drop_keeps_what_may_have_been_created_and_what_is_owed(ledger: SqlLedger) -> None:
    ledger.claim(
        [
            Claim(SCOPE, "account", "to_ipaas", "00001", "r1", "unknown"),
            Claim(SCOPE, "account", "to_ipaas", "00002", "r1", "done"),
        ]
    )
    ledger.save_unresolved([a_row(1, "not_attempted"), a_row(2, "not_attempted"), a_row(3, "external_id_missing")])
    dropped = ledger.drop(Selection(), actor="ann")
    assert dropped == Dropped(1, {"not_attempted": 1}, {UNKNOWN_CREATE: 1, OWES_ID: 1})
    assert set(ledger.unresolved(SCOPE, "account", "to_ipaas", ["00001", "00002", "00003"])) == {"00001", "00003"}


def test_the_oldest_are_dropped_first(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.save_unresolved([a_row(n) for n in range(5)])
    assert ledger.drop(Selection(code="VALD-1025"), actor="ann", limit=2).count == 2
    assert ids(ledger, ledger_url) == ["00002", "00003", "00004"]


def test_who_replayed_and_dropped_is_in_the_journal(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.save_unresolved([a_row(1), a_row(2)])
    ledger.add_link(Link(SCOPE, "account", "00001", "t1", {"name": "A"}, {"name": "B", "phone": "1"}, settled_at=NOW))
    ledger.journal(
        [JournalEntry("r1", SCOPE, "account", "to_salesforce", "t1", "00001", "update", "outcome", "updated")]
    )
    ledger.replay(Selection(ids=("00001",)), actor="ann", run_key="r1")
    with reading(ledger_url) as opened:
        assert opened is not None
        (shown,) = opened.shown(Selection(ids=("00001",)), limit=9)
    assert [(line.op, line.run_key, line.actor) for line in shown.journal] == [
        ("replay", "r1", "ann"),
        ("update", "r1", None),
    ]
    assert (shown.link_state, shown.settled_at, shown.run, shown.create_state) == ("active", NOW, None, None)
    assert shown.values == {
        "name": {"salesforce_before": "A", "ipaas_before": "B"},
        "phone": {"salesforce_before": None, "ipaas_before": "1"},
    }
    assert "phone" not in repr(shown)


def test_runs_are_found_by_their_keys(ledger: SqlLedger, look: Reading) -> None:
    found = look.runs_by_key(["r1", None, "pruned"])
    assert {key: (ref.dag_id, ref.run_id, ref.collection) for key, ref in found.items()} == {
        "r1": ("dag", "r1", "account")
    }
    line = look.run("dag", "r1")
    assert line is not None
    assert line.phase == "started"
    assert look.run("dag", "none") is None
