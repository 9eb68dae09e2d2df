"""The colour of a run: what makes it red, and what it says then."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sync.report import RunFailed, empty_summary, judge


def summary(**counts: int) -> dict[str, Any]:
    told = empty_summary("account", "r")
    told["to_ipaas"] |= counts
    return told


def refused(number: int) -> dict[str, Any]:
    told = summary(seen=number, failed=number)
    told["to_ipaas"]["errors"] = [
        {"source_id": f"00{n}", "target_id": "7" if n else None, "code": "C", "message": "No.", "next_step": ""}
        for n in range(number)
    ]
    return told


def test_a_run_that_adds_up_is_green() -> None:
    judge(summary(seen=3, created=1, parked=1, skipped=1), failed_tasks=[], max_failed_records=0)
    judge(refused(2), failed_tasks=[], max_failed_records=2)


@pytest.mark.parametrize(
    ("told", "failed_tasks", "text"),
    [
        (
            summary(),
            ["plan", "upsert_ipaas"],
            "Task plan, upsert_ipaas failed: open its log, the last lines say what to do.",
        ),
        (summary(seen=1), [], "The numbers of to_ipaas do not add up (1 seen): please report this as a bug."),
        (refused(2), [], "2 record(s) refused, 0 allowed: 000 -> new (C): No.; 001 -> 7 (C): No."),
        (refused(7), [], "004 -> 7 (C): No. ..."),
        (
            summary() | {"brakes": [{"reason": "max_creates", "message": "Too many.", "allow": "max_creates = 9"}]},
            [],
            "max_creates: Too many. Trigger with max_creates = 9.",
        ),
    ],
)
def test_a_red_run_says_why(told: dict[str, Any], failed_tasks: list[str], text: str) -> None:
    with pytest.raises(RunFailed) as caught:
        judge(told, failed_tasks=failed_tasks, max_failed_records=0)
    assert caught.value.message.endswith(text)
    assert "the ledger has every record" in (caught.value.next_step or "")


def test_a_dry_run_reports_a_brake_without_failing() -> None:
    told = summary() | {"dry_run": True, "brakes": [{"reason": "max_creates", "message": "", "allow": ""}]}
    judge(told, failed_tasks=[], max_failed_records=0)
