"""The counts of a run."""

from __future__ import annotations

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Item, Tally
from tests.ledger.support import an_item


def test_tally_counts_outcomes_reasons_warnings_and_conflicts_of_one_role(ledger: SqlLedger) -> None:
    ledger.add_items(
        "r1",
        [
            an_item("1", outcome="created", state="done", warnings=("a", "b"), conflicts_resolved=2),
            an_item("2", outcome="created", state="done", warnings=("b",)),
            an_item("3", outcome="skipped", reason="person_account", state="done"),
            an_item("4", outcome="skipped", reason="target_deleted", state="done", warnings=("a", "b")),
            an_item("5", outcome="parked", reason="ambiguous_match", state="done", conflicts_parked=3),
            an_item("6", outcome="failed", reason="not a skip", state="done"),
            an_item("7"),
            an_item("8", state="planned", op="create"),
            an_item("9", role="parent", outcome="linked", state="done", warnings=("c",)),
            an_item("10", role="candidate"),
            Item("account", "ipaas", "11", outcome="created"),
        ],
    )
    assert ledger.tally("r1", "account", "salesforce", "seen") == Tally(
        outcomes={"created": 2, "skipped": 2, "parked": 1, "failed": 1},
        undecided=2,
        skipped_by_reason={"person_account": 1, "target_deleted": 1},
        parked_by_reason={"ambiguous_match": 1},
        warnings={"a": 2, "b": 3},
        conflicts_resolved=2,
        conflicts_parked=3,
    )
    assert ledger.tally("r1", "account", "salesforce", "parent") == Tally(outcomes={"linked": 1}, warnings={"c": 1})
    assert ledger.tally("r1", "contact", "salesforce", "seen") == Tally()
    assert ledger.tally("r9", "account", "salesforce", "seen") == Tally()


def test_count_items_by_op_state_and_roles(ledger: SqlLedger) -> None:
    ledger.add_items(
        "r1",
        [
            an_item("1", op="create", state="planned"),
            an_item("2", op="create", state="done"),
            an_item("3", op="update", state="planned", role="parent"),
            an_item("4"),
        ],
    )

    def count(**more: object) -> int:
        return ledger.count_items("r1", collection="account", side="salesforce", **more)  # type: ignore[arg-type]

    assert count() == 4
    assert count(op="create") == 2
    assert count(state="planned") == 2
    assert count(op="create", state="planned") == 1
    assert count(roles=["parent"]) == 1
    assert count(roles=["seen", "parent"], state="planned") == 2
