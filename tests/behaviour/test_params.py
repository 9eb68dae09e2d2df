"""The params of a run: what is refused before anything is read, and what each of them does."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from tests.behaviour.world import (
    account,
    companies,
    company,
    edit_company,
    edit_salesforce,
    is_quiet,
    later,
    link_of,
    raw_company,
    raw_salesforce,
    salesforce_rows,
    synced,
    writes,
)
from tests.support.rig import Rig

WRONG: list[tuple[str, Any]] = [
    ("poll_days", 0),
    ("poll_days", -1),
    ("poll_days", 3651),
    ("poll_days", "7"),
    ("poll_days", 1.5),
    ("poll_days", True),
    ("poll_days", float("nan")),
    ("poll_days", []),
    ("direction", "sideways"),
    ("direction", "Both"),
    ("direction", ""),
    ("direction", None),
    ("direction", 1),
    ("direction", ["both"]),
    ("full", "false"),
    ("full", 1),
    ("full", None),
    ("dry_run", "yes"),
    ("dry_run", 0),
    ("confirm_rebuild", "true"),
    ("allow_mass_change", "true"),
    ("confirm_first_contact", None),
    ("max_creates", -1),
    ("max_creates", "1000"),
    ("max_creates", 2.5),
    ("max_creates", True),
    ("record_ids", "1234"),
    ("record_ids", {"1234": 1}),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}={value!r}" for name, value in WRONG])
def test_a_wrong_param_fails_before_anything_is_read(rig: Rig, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        rig.run("account", **{name: value})

    assert name in str(raised.value)
    assert raised.value.next_step
    calls = rig.calls()
    assert [calls[service][kind] for service in ("salesforce", "ipaas") for kind in ("api", "login")] == [0, 0, 0, 0]


@pytest.mark.parametrize("days", [1, 3650])
def test_poll_days_from_a_day_to_ten_years(rig: Rig, days: int) -> None:
    account(rig)

    assert rig.run("account", poll_days=days).ok.counts("to_ipaas") == {"created": 1}


# direction


def test_a_run_in_one_direction_writes_only_there(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    edit_company(either, theirs, description="Theirs")

    either.run("account", direction="to_salesforce").ok.counts("to_salesforce")

    assert raw_salesforce(either, ours)["Description"] == "Theirs"
    assert raw_company(either, theirs)["phone_number"] is None


def test_what_changed_in_the_other_direction_stays_pending_for_a_later_run(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    either.run("account", direction="to_salesforce").ok.counts("to_salesforce")
    later(either, days=30)

    assert either.run("account").ok.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"


def test_new_records_of_the_direction_that_is_off_are_created_by_a_later_run(either: Rig) -> None:
    account(either)
    either.run("account", direction="to_salesforce").ok.counts("to_salesforce")
    assert companies(either) == []
    later(either, days=30)

    assert either.run("account").ok.counts("to_ipaas") == {"created": 1}


def test_new_companies_wait_while_only_iPaaS_is_written(either: Rig) -> None:  # noqa: N802
    either.run("account", direction="to_ipaas").ok.counts("to_ipaas")
    company(either)
    either.run("account", direction="to_ipaas").ok.counts("to_ipaas")
    assert salesforce_rows(either, "Account") == []

    assert either.run("account").ok.counts("to_salesforce") == {"created": 1}


def test_the_direction_that_is_off_counts_nothing(rig: Rig) -> None:
    account(rig)

    result = rig.run("account", direction="to_salesforce").ok

    assert result["to_ipaas"]["seen"] == 0


# dry_run


def test_a_dry_run_writes_to_neither_service(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    edit_company(either, theirs, description="Theirs")
    account(either)
    company(either)
    either.sandbox.journal.reset()

    result = either.run("account", dry_run=True)

    assert result.ok.counts("to_ipaas") == {"created": 1, "updated": 1}
    assert result.counts("to_salesforce") == {"created": 1, "updated": 1}
    assert result["dry_run"] is True
    paths = [path for _, path in writes(either)]
    assert [path for path in paths if "oauth2" not in path and "/sso/" not in path and "Lookup" not in path] == []


def test_later_runs_are_not_affected_by_a_dry_run(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    edit_company(either, theirs, description="Theirs")
    account(either)
    company(either)
    dry = either.run("account", dry_run=True).ok

    real = either.run("account").ok

    assert real.counts("to_ipaas") == dry.counts("to_ipaas")
    assert real.counts("to_salesforce") == dry.counts("to_salesforce")


def test_a_dry_run_before_the_first_run_leaves_first_contact_to_it(rig: Rig) -> None:
    company(rig, "Was there before")
    rig.run("account", dry_run=True).ok.counts("to_salesforce")

    result = rig.run("account")

    assert result.ok["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 1}


def test_a_dry_run_links_nothing(rig: Rig) -> None:
    ours = account(rig)
    rig.run("account", dry_run=True).ok.counts("to_ipaas")

    assert link_of(rig, "account", ours) is None


# max_creates


@pytest.mark.parametrize(("limit", "allowed"), [(2, False), (3, True), (None, True)])
def test_a_run_that_plans_more_creates_than_allowed_writes_nothing(rig: Rig, limit: int | None, allowed: bool) -> None:
    for _ in range(3):
        account(rig)

    result = rig.run("account", max_creates=limit)

    assert len(companies(rig)) == (3 if allowed else 0)
    assert ("plan" in result.errors) is not allowed


def test_what_was_braked_is_parked_and_the_message_says_how_to_allow_it(rig: Rig) -> None:
    for _ in range(3):
        account(rig)

    result = rig.run("account", max_creates=2)

    assert "max_creates" in str(result.errors["plan"])
    assert "3" in str(result.errors["plan"])
    assert result["to_ipaas"]["parked_by_reason"] == {"max_creates": 3}
    assert rig.run("account", max_creates=3).ok.counts("to_ipaas") == {"created": 3}


def test_a_dry_run_reports_too_many_creates_without_failing(rig: Rig) -> None:
    for _ in range(3):
        account(rig)

    assert rig.run("account", max_creates=2, dry_run=True).ok.counts("to_ipaas") == {"created": 3}


# full


def test_full_looks_at_every_record_of_both_services(either: Rig) -> None:
    company(either, "Was there before")
    assert either.run("account", full=True).ok.counts("to_salesforce") == {"created": 1}
    assert is_quiet(either.run("account", full=True))
