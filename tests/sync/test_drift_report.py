"""The numbers of reconcile: counted by cause, told apart by who mends them, and judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.sync.drift import DRIFT, EXPLAINED, FOR_PERSONS, Finding
from airflow_provider_ipaas.sync.drift_report import DriftFound, DriftReport

GUIDE = Path(__file__).parents[2] / "docs" / "reconcile.md"
CHANGED = Finding("changed_in_salesforce", ("to_ipaas",))
LOST_ID = Finding("external_id_missing", owes_external_id=True)
FOREIGN_ID = Finding("external_id_differs")


def a_report(*pairs: list[Finding], repair: bool = False) -> DriftReport:
    report = DriftReport("account", "weekly", repair, sync_dag_id="accounts", linked=200, complete=True)
    for number, findings in enumerate(pairs):
        report.add((f"001{number}", f"c{number}"), findings, linked=True)
    return report


def test_a_pair_counts_under_each_cause_and_once_in_all() -> None:
    report = a_report([CHANGED, LOST_ID], [CHANGED], [CHANGED, CHANGED], [Finding("pending")], [])
    summary = report.summary()
    assert {name: cause["records"] for name, cause in summary["drift"].items()} == {
        "changed_in_salesforce": 3,
        "external_id_missing": 1,
    }
    assert summary["drift"]["changed_in_salesforce"]["percent_of_linked"] == 1.5
    assert (summary["drifted"], summary["in_step"], summary["due"]) == (3, 196, 0)
    assert list(summary["explained"]) == ["pending"]


def test_what_differs_as_agreed_is_in_step() -> None:
    assert a_report([Finding("differs_as_agreed")]).summary()["in_step"] == 200


def test_ten_examples_stand_for_all() -> None:
    report = a_report(*[[CHANGED]] * 12)
    cause = report.summary()["drift"]["changed_in_salesforce"]
    assert (cause["records"], len(cause["examples"])) == (12, 10)
    assert cause["examples"][0] == {"salesforce_id": "0010", "ipaas_id": "c0"}


def test_without_repair_nothing_is_made_due() -> None:
    report = a_report([CHANGED, LOST_ID])
    assert report.add(("001X", "cX"), [CHANGED], linked=True) == []
    with pytest.raises(DriftFound, match=r"2 record.*Trigger this DAG with repair = true; the next run of accounts"):
        report.judge(1)
    report.judge(2)


def test_a_repair_is_green_where_all_of_a_pair_is_due() -> None:
    report = a_report([CHANGED, LOST_ID], repair=True)
    assert report.add(("001X", "cX"), [CHANGED], linked=True) == [CHANGED]
    assert (report.drifted, report.due, report.open) == (2, 2, 0)
    report.judge(0)
    assert "The next run of accounts takes up what is due." in report.table()


def test_what_a_person_has_to_decide_stays_red() -> None:
    report = a_report([CHANGED, FOREIGN_ID], [CHANGED], repair=True)
    assert (report.drifted, report.due) == (2, 1)
    with pytest.raises(DriftFound) as caught:
        report.judge(0)
    assert caught.value.message.endswith("0 allowed: external_id_differs 1")
    assert caught.value.next_step == FOR_PERSONS["external_id_differs"]


def test_a_part_is_told_from_the_whole() -> None:
    report = a_report([CHANGED])
    report.complete = False
    assert report.summary()["in_step"] is None
    assert "It stopped before the end: the numbers are a part." in report.table()


def test_the_table_explains_its_words() -> None:
    lines = a_report([CHANGED], [Finding("waiting:conflict")], [Finding("skipped:person_account")]).table().splitlines()
    assert lines[3:8] == [
        "Drift",
        "  changed_in_salesforce                         1         0.50  0010 -> c0",
        "Explained",
        "  skipped:person_account                        1         0.50  0012 -> c2",
        "  waiting:conflict                              1         0.50  0011 -> c1",
    ]
    assert lines[8:] == [
        "changed_in_salesforce: Salesforce shows another value than when the pair last agreed.",
        "waiting: waits in the ledger, see Integration monitoring.",
        "skipped: not synced, for the reason it was skipped with.",
    ]


def test_the_guide_has_every_cause() -> None:
    text = GUIDE.read_text("utf-8")
    assert [name for name in (*DRIFT, *EXPLAINED) if f"`{name}" not in text] == []
    assert set(FOR_PERSONS) <= set(DRIFT)
