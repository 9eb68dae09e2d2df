"""The life of a run: cleared and retried tasks, upstream failures, reports, and what is left when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.sync.report import RunFailed, empty_summary, judge, report
from tests.behaviour.world import (
    account,
    companies,
    company,
    edit_company,
    edit_salesforce,
    is_quiet,
    later,
    raw_company,
    raw_salesforce,
    salesforce_rows,
    synced,
)
from tests.support.rig import STEPS, Result, Rig

READ = ("extract_salesforce", "extract_ipaas")
PLANNED = (*READ, "prerequisites", "plan")
BROKEN = {"type": "status", "status": 500}


def play(rig: Rig, run_id: str, *names: str, **params: Any) -> None:
    """Run single tasks of a run."""
    for name in names:
        rig.step(name, rig.sync("account", run_id, params))


def summary(rig: Rig, run_id: str, **params: Any) -> dict[str, Any]:
    return report(rig.sync("account", run_id, params))


def red(result: Result | dict[str, Any], *, failed_tasks: list[str] | None = None, allowed: int = 0) -> RunFailed:
    """Return the error that the report's task fails with."""
    found = result.summary if isinstance(result, Result) else result
    with pytest.raises(RunFailed) as raised:
        judge(found, failed_tasks=failed_tasks or [], max_failed_records=allowed)
    return raised.value


def refusing(rig: Rig, **more: Any) -> Any:
    body = {"errors": [{"code": "VALD-1002", "message": "name is required"}]}
    action = {"type": "status", "status": 400, "body": body}
    return rig.fault(service="ipaas", method="POST", path="v2/Customer/Company$", action=action, **more)


# Cleared runs and tasks


def test_a_run_cleared_after_its_end_starts_again_from_what_stands_now(either: Rig) -> None:
    ours = account(either)
    either.run("account", run_id="first").ok.counts("to_ipaas")
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    again = either.run("account", run_id="first")

    assert again.ok.counts("to_ipaas") == {"updated": 1}
    assert companies(either)[0]["phone_number"] == "+1 512 555 0100"


def test_a_run_cleared_twice_in_a_row_writes_nothing_the_second_time(either: Rig) -> None:
    account(either)
    company(either)
    either.run("account", run_id="first").ok.counts("to_ipaas")

    assert is_quiet(either.run("account", run_id="first"))
    assert is_quiet(either.run("account", run_id="first"))


@pytest.mark.parametrize("name", ["prerequisites", "plan", "upsert_ipaas", "upsert_salesforce"])
def test_a_single_task_cleared_after_the_report_does_nothing(rig: Rig, name: str) -> None:
    ours = account(rig)
    rig.run("account", run_id="first").ok.counts("to_ipaas")
    edit_salesforce(rig, ours, Phone="+1 512 555 0100")
    rig.sandbox.journal.reset()

    play(rig, "first", name)

    assert rig.control("GET", "log?service=ipaas") == []
    assert companies(rig)[0]["phone_number"] is None


def test_an_extract_alone_cleared_after_the_report_leaves_no_half_run(rig: Rig) -> None:
    """The run is open again: its other tasks refuse to write without a plan, and the next run does it all."""
    ours = account(rig)
    rig.run("account", run_id="first").ok.counts("to_ipaas")
    edit_salesforce(rig, ours, Phone="+1 512 555 0100")

    play(rig, "first", "extract_salesforce")
    play(rig, "first", "upsert_ipaas", "upsert_salesforce")
    assert companies(rig)[0]["phone_number"] is None

    assert rig.run("account").ok.counts("to_ipaas") == {"updated": 1}


@pytest.mark.parametrize("name", list(STEPS))
def test_every_task_may_be_run_again(either: Rig, name: str) -> None:
    """A task that is retried after it did its work, as after a lost heartbeat."""
    ours = account(either, "Ours")
    theirs = synced(either, "account", ours)
    edit_company(either, theirs, description="Edited")
    account(either, "New")
    company(either, "Newer")
    for step in STEPS:
        play(either, "retried", step)
        if step == name:
            play(either, "retried", step)

    result = Result(summary(either, "retried")).ok

    assert result["to_ipaas"]["created"] == 1
    assert result["to_salesforce"]["created"] == 1
    assert raw_salesforce(either, ours)["Description"] == "Edited"
    assert len(companies(either)) == len(salesforce_rows(either, "Account")) == 3
    assert is_quiet(either.run("account"))


@pytest.mark.parametrize("name", READ)
def test_an_extract_that_failed_halfway_is_retried(either: Rig, name: str) -> None:
    account(either)
    company(either)
    service = name.removeprefix("extract_")
    path = "/query" if service == "salesforce" else "/Companies"
    with either.fault(service=service, path=path, action=BROKEN), pytest.raises(IPaaSSyncError):
        play(either, "retried", name)

    play(either, "retried", *STEPS)

    assert Result(summary(either, "retried")).ok["to_ipaas"]["created"] == 1
    assert is_quiet(either.run("account"))


def test_two_extracts_at_once_share_the_run(rig: Rig) -> None:
    account(rig)
    first, second = rig.sync("account", "shared", {}), rig.sync("account", "shared", {})

    rig.step("extract_ipaas", first)
    rig.step("extract_salesforce", second)
    play(rig, "shared", "prerequisites", "plan", "upsert_ipaas", "upsert_salesforce")

    assert summary(rig, "shared")["to_ipaas"]["created"] == 1


# Reports


def test_reporting_twice_returns_the_first_summary(either: Rig) -> None:
    ours = account(either)
    first = either.run("account", run_id="first").summary
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    assert summary(either, "first") == first


def test_a_report_of_a_run_that_read_nothing_has_every_key(rig: Rig) -> None:
    result = summary(rig, "nothing")

    assert result == empty_summary("account", "nothing")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("extract_salesforce", {"service": "salesforce", "path": "/query"}),
        ("extract_ipaas", {"service": "ipaas", "path": "/Companies"}),
        ("upsert_ipaas", {"service": "ipaas", "path": "LookupSpecial"}),
        ("upsert_salesforce", {"service": "salesforce", "path": "/composite"}),
    ],
)
def test_after_an_upstream_failure_the_report_leaves_a_summary_and_names_the_task(
    either: Rig, name: str, rule: dict[str, str]
) -> None:
    either.run("account").ok.counts("to_ipaas")
    account(either)
    company(either)
    with either.fault(**rule, action=BROKEN):
        result = either.run("account")

    assert set(result.errors) == {name}
    assert set(result.summary) == set(empty_summary("account", ""))
    error = red(result, failed_tasks=[name])
    assert f"Task {name} failed" in error.message
    assert error.next_step


def test_everything_that_could_be_applied_has_been_applied_by_then(either: Rig) -> None:
    """The upsert to one service does not wait for the other's health."""
    either.run("account").ok.counts("to_ipaas")
    account(either)
    company(either)
    with either.fault(service="ipaas", path="LookupSpecial", action=BROKEN):
        result = either.run("account")

    assert result["to_salesforce"]["created"] == 1
    assert result["to_ipaas"]["parked_by_reason"] == {"not_attempted": 1}


def test_a_run_after_a_failed_one_completes_it(either: Rig) -> None:
    either.run("account").ok.counts("to_ipaas")
    account(either)
    company(either)
    with either.fault(service="salesforce", path="/composite", action=BROKEN):
        either.run("account")
    later(either, minutes=15)

    either.run("account").ok.counts("to_ipaas")

    assert len(companies(either)) == len(salesforce_rows(either, "Account")) == 2
    assert is_quiet(either.run("account"))


# Colour


def test_a_good_run_is_green(rig: Rig) -> None:
    account(rig)
    judge(rig.run("account").ok.summary, failed_tasks=[], max_failed_records=0)


def test_a_refused_record_makes_the_run_red_and_says_which_and_why(either: Rig) -> None:
    ours = account(either)
    with refusing(either):
        result = either.run("account")

    error = red(result)
    for part in ("1 record(s) refused", ours, "VALD-1002"):
        assert part in error.message


def test_one_bad_record_makes_one_red_run(either: Rig) -> None:
    account(either)
    with refusing(either):
        red(either.run("account"))
        later(either, minutes=15)
        judge(either.run("account").summary, failed_tasks=[], max_failed_records=0)
        later(either, minutes=15)
        judge(either.run("account").summary, failed_tasks=[], max_failed_records=0)


def test_max_failed_records_allows_so_many(rig: Rig) -> None:
    for _ in range(2):
        account(rig)
    account(rig, "Proves the configuration")
    with refusing(rig, body="Account"):
        result = rig.run("account")
    assert result.counts("to_ipaas") == {"created": 1, "failed": 2}

    judge(result.summary, failed_tasks=[], max_failed_records=2)
    assert "2 record(s) refused, 1 allowed" in red(result, allowed=1).message


def test_failures_of_both_directions_count_together(rig: Rig) -> None:
    result = rig.run("account", record_ids=["0015g00000abcDEAAY", "987654321"])

    assert "2 record(s) refused, 1 allowed" in red(result, allowed=1).message
    judge(result.summary, failed_tasks=[], max_failed_records=2)


def test_parked_skipped_and_conflicting_records_are_no_failure(rig: Rig) -> None:
    found = empty_summary("account", "run")
    found["to_ipaas"] |= {"seen": 3, "parked": 2, "skipped": 1}
    found["to_salesforce"]["conflicts"] = {"resolved": 2, "parked": 1}

    judge(found, failed_tasks=[], max_failed_records=0)


def test_a_sum_that_does_not_add_up_is_red(rig: Rig) -> None:
    found = empty_summary("account", "run")
    found["to_salesforce"] |= {"seen": 2, "created": 1}

    assert "to_salesforce" in red(found).message


def test_a_record_without_a_fate_is_seen_and_makes_the_run_red(rig: Rig) -> None:
    """What a task forgot can't hide: it was seen, and no outcome holds it."""
    account(rig)
    play(rig, "broken", *PLANNED, "upsert_ipaas", "upsert_salesforce")
    item = next(
        item for batch in rig.ledger.items("account:broken", collection="account", side="salesforce") for item in batch
    )
    item.state, item.outcome = "done", None
    rig.ledger.save_items("account:broken", [item])

    found = summary(rig, "broken")

    assert found["to_ipaas"]["seen"] == 1
    assert "do not add up" in red(found).message


def test_several_problems_are_all_named(rig: Rig) -> None:
    found = empty_summary("account", "run")
    found["to_ipaas"] |= {"seen": 1, "failed": 1}
    found["to_ipaas"]["errors"] = [
        {"source_id": "001", "target_id": None, "code": "X-1", "message": "no", "next_step": "mend"}
    ]

    error = red(found, failed_tasks=["extract_ipaas", "plan"])

    assert "extract_ipaas, plan" in error.message
    assert "001 -> new (X-1): no" in error.message


# What is left


def items_left(rig: Rig, run_key: str) -> int:
    return sum(
        len(batch)
        for side in ("salesforce", "ipaas")
        for batch in rig.ledger.items(run_key, collection="account", side=side)  # type: ignore[arg-type]
    )


def test_items_are_dropped_after_the_report(either: Rig) -> None:
    account(either)
    company(either)
    play(either, "first", *STEPS)
    assert items_left(either, "account:first") > 0

    summary(either, "first")

    assert items_left(either, "account:first") == 0


def test_items_of_an_abandoned_run_are_pruned_in_the_end(rig: Rig) -> None:
    account(rig)
    play(rig, "abandoned", *PLANNED)
    later(rig, days=401)

    rig.run("account").ok.counts("to_ipaas")

    assert items_left(rig, "account:abandoned") == 0
    assert rig.ledger.run("account:abandoned") is None


def test_a_run_is_remembered_with_its_summary_for_400_days(rig: Rig) -> None:
    first = rig.run("account", run_id="first").summary
    later(rig, days=399)
    rig.run("account").ok.counts("to_ipaas")
    stored = rig.ledger.run("account:first")
    assert stored is not None
    assert stored.summary == first

    later(rig, days=2)
    rig.run("account").ok.counts("to_ipaas")
    assert rig.ledger.run("account:first") is None


def test_links_and_waiting_records_outlive_everything(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    later(either, days=500)
    either.run("account").ok.counts("to_ipaas")
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    assert either.run("account").ok.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"


def test_a_run_that_started_long_before_its_report_is_not_pruned_by_it(rig: Rig) -> None:
    account(rig)
    play(rig, "slow", *PLANNED)
    rig.offset += timedelta(hours=6)
    play(rig, "slow", "upsert_ipaas", "upsert_salesforce")

    assert summary(rig, "slow")["to_ipaas"]["created"] == 1


def test_a_run_that_ends_between_the_two_upserts_forgets_no_edit_of_ipaas(either: Rig) -> None:
    """The PUT moved the Company's content; what was to go to Salesforce yet must not count as seen by that."""
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    edit_company(either, theirs, description="Edited")

    play(either, "killed", *PLANNED, "upsert_ipaas")
    assert "Description" not in raw_salesforce(either, ours)

    assert either.run("account").ok.counts("to_salesforce") == {"updated": 1}
    assert raw_salesforce(either, ours)["Description"] == "Edited"


def test_a_run_that_ends_before_its_report_forgets_no_edit_of_salesforce(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    edit_company(either, theirs, description="Edited")

    play(either, "killed", *PLANNED, "upsert_salesforce")
    assert raw_salesforce(either, ours)["Description"] == "Edited"

    assert either.run("account").ok.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"
