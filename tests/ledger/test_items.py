"""The items of a run: what wins when one is added twice, and walking over them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, bulk
from airflow_provider_ipaas.sync.model import Item, Role
from tests.ledger.support import NOW, a_run, an_item

WHOLE = Item(
    collection="account",
    side="salesforce",
    record_id="001A",
    role="parent",
    stamp="2026-01-01T00:00:00.000+0000",
    record={"Name": "A", "nested": {"x": [1.5, True, None]}},
    missing="merged",
    master_id="001B",
    content_hash="hash",
    email_key="e",
    name_key="n",
    number_key="k",
    external_id="c9",
    captured_at=NOW,
    state="done",
    op="update",
    link_to="c1",
    target_id="c2",
    link_id=7,
    link_version=3,
    payload={"changes": {"name": "B"}},
    outcome="failed",
    reason="why",
    code="VALD-1002",
    message="No.",
    next_step="Mend it.",
    warnings=("address_incomplete", "phone_not_sent"),
    conflicts_resolved=2,
    conflicts_parked=1,
)


def one(ledger: SqlLedger, record_id: str = "001A") -> Item:
    return ledger.items_by_id("r1", "account", "salesforce", [record_id])[record_id]


def walk(ledger: SqlLedger, **more: object) -> list[str]:
    batches = ledger.items("r1", collection="account", side="salesforce", **more)  # type: ignore[arg-type]
    return [item.record_id for batch in batches for item in batch]


def test_an_item_comes_back_whole(ledger: SqlLedger) -> None:
    ledger.add_items("r1", [WHOLE])
    assert one(ledger) == WHOLE


def test_save_items_writes_every_column_of_existing_rows_only(ledger: SqlLedger) -> None:
    ledger.add_items("r1", [an_item("001A", stamp="s")])
    ledger.save_items("r1", [WHOLE, an_item("001Z")])
    assert one(ledger) == WHOLE
    assert walk(ledger) == ["001A"]
    ledger.save_items("r1", [an_item("001A")])
    assert one(ledger) == an_item("001A")


def test_content_and_stamp_of_the_new_one_win_while_nothing_is_decided(ledger: SqlLedger) -> None:
    ledger.add_items("r1", [an_item("001A", stamp="1", record={"a": 1}, email_key="old")])
    ledger.add_items("r1", [an_item("001A", stamp="2", record={"a": 2}, name_key="new")])
    assert one(ledger) == an_item("001A", stamp="2", record={"a": 2}, name_key="new")


@pytest.mark.parametrize("state", ["planned", "done"])
def test_a_decided_item_is_not_touched(ledger: SqlLedger, state: str) -> None:
    decided = replace(WHOLE, state=state, role="candidate")  # type: ignore[arg-type]
    ledger.add_items("r1", [decided])
    ledger.add_items("r1", [an_item("001A", stamp="later", role="seen")])
    assert one(ledger) == decided


@pytest.mark.parametrize(
    ("stored", "new", "role"),
    [
        ("seen", "candidate", "seen"),
        ("seen", "counterpart", "seen"),
        ("seen", "parent", "seen"),
        ("parent", "candidate", "parent"),
        ("parent", "counterpart", "parent"),
        ("parent", "seen", "seen"),
        ("counterpart", "seen", "seen"),
        ("counterpart", "parent", "parent"),
        ("candidate", "counterpart", "counterpart"),
        ("counterpart", "candidate", "counterpart"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_role_is_never_lowered(ledger: SqlLedger, stored: Role, new: Role, role: Role, together: bool) -> None:
    items = [an_item("001A", role=stored, stamp="1"), an_item("001A", role=new, stamp="2")]
    for batch in [items] if together else [[item] for item in items]:
        ledger.add_items("r1", batch)
    assert one(ledger) == an_item("001A", role=role, stamp="2")


def test_items_belong_to_a_run_that_exists(ledger: SqlLedger) -> None:
    for write in (ledger.add_items, ledger.save_items):
        with pytest.raises(LedgerError, match="r9"):
            write("r9", [an_item("001A")])
    assert list(ledger.items("r9", collection="account", side="salesforce")) == []
    assert ledger.items_by_id("r9", "account", "salesforce", ["001A"]) == {}
    assert ledger.items_by_key("r9", "account", "salesforce", "email_key", ["e"]) == {}
    assert ledger.count_items("r9", collection="account", side="salesforce") == 0


def test_the_walk_goes_by_stamp_then_record_id_those_without_stamp_first(ledger: SqlLedger) -> None:
    stamps = {"b": None, "a": None, "z": "2026-01-01", "y": "2026-01-02", "c": "2026-01-02", "A": "2026-01-02"}
    ledger.add_items("r1", [an_item(record_id, stamp=stamp) for record_id, stamp in stamps.items()])
    for batch in (1, 2, 3, 100):
        assert walk(ledger, batch=batch) == ["a", "b", "z", "A", "c", "y"]


def test_the_walk_keeps_to_side_collection_run_roles_state_and_links(ledger: SqlLedger) -> None:
    ledger.start_run(a_run("r2"))
    ledger.add_items("r2", [an_item("elsewhere")])
    ledger.add_items(
        "r1",
        [
            an_item("1", role="seen", state="planned"),
            an_item("2", role="parent", state="planned", stamp="s", link_to="c1"),
            an_item("3", role="candidate", stamp="s"),
            Item("account", "ipaas", "other side"),
            Item("contact", "salesforce", "other collection"),
        ],
    )
    assert walk(ledger) == ["1", "2", "3"]
    assert walk(ledger, roles=("seen", "parent")) == ["1", "2"]
    assert walk(ledger, roles=()) == []
    assert walk(ledger, state="planned") == ["1", "2"]
    assert walk(ledger, state="captured") == ["3"]
    assert walk(ledger, linking=True) == ["2"]
    ledger.save_items("r1", [an_item("1", outcome="failed"), an_item("3", outcome="parked")])
    assert walk(ledger, outcomes=("failed", "parked")) == ["1", "3"]
    assert walk(ledger, outcomes=("parked",), roles=("seen",)) == ["3"]
    assert walk(ledger, outcomes=()) == []


def test_the_caller_may_change_the_rows_it_was_given(ledger: SqlLedger) -> None:
    count = 1_050
    ledger.add_items("r1", [an_item(f"{n:04}", stamp=f"{n // 7:04}" if n % 3 else None) for n in range(count)])
    given = []
    for batch in ledger.items("r1", collection="account", side="salesforce", state="captured", batch=100):
        for item in batch:
            given.append(item.record_id)
            item.state, item.outcome = "done", "unchanged"
        ledger.save_items("r1", batch)
    assert sorted(given) == [f"{n:04}" for n in range(count)]
    assert ledger.count_items("r1", collection="account", side="salesforce", state="done") == count


def test_a_walk_holds_no_lock_between_batches(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.add_items("r1", [an_item(str(n)) for n in range(10)])
    walking = ledger.items("r1", collection="account", side="salesforce", batch=3)
    next(walking)
    other = SqlLedger.open(ledger_url)
    other.add_items("r1", [an_item("99")])
    other.close()
    assert [item.record_id for batch in walking for item in batch] == ["3", "4", "5", "6", "7", "8", "9", "99"]


def test_items_are_found_by_key(ledger: SqlLedger) -> None:
    rows = [an_item("1", email_key="e", external_id="x"), an_item("2", email_key="e"), an_item("3", number_key="e")]
    ledger.add_items("r1", rows)
    assert ledger.items_by_key("r1", "account", "salesforce", "email_key", ["e", "f"]) == {"e": rows[:2]}
    assert ledger.items_by_key("r1", "account", "salesforce", "external_id", ["x"]) == {"x": rows[:1]}
    assert ledger.items_by_key("r1", "account", "ipaas", "email_key", ["e"]) == {}


def test_drop_items_drops_those_of_one_run(ledger: SqlLedger) -> None:
    ledger.start_run(a_run("r2"))
    for run_key in ("r1", "r2"):
        ledger.add_items(run_key, [an_item(str(n)) for n in range(2_000)])
        ledger.add_items(run_key, [Item("account", "ipaas", "1"), Item("contact", "ipaas", "1")])
    ledger.drop_items("r1")
    ledger.drop_items("r9")
    assert walk(ledger) == []
    assert ledger.count_items("r1", collection="contact", side="ipaas") == 0
    assert ledger.count_items("r2", collection="account", side="salesforce") == 2_000
    assert ledger.count_items("r2", collection="contact", side="ipaas") == 1


def test_rows_longer_than_one_parameter_are_written_all_the_same(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_MOST", 2_000)
    ledger.start_run(a_run("r1"))
    items = [replace(an_item(f"001{n:02}"), record={"Name": "x" * 900 * (n % 4)}) for n in range(20)]
    ledger.add_items("r1", items)
    ids = [item.record_id for item in items]
    assert ledger.items_by_id("r1", "account", "salesforce", ids) == {item.record_id: item for item in items}
    for item in items:
        item.state = "done"
    ledger.save_items("r1", items)
    assert ledger.items_by_id("r1", "account", "salesforce", ids) == {item.record_id: item for item in items}
