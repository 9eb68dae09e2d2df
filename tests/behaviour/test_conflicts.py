"""Changes on both sides: who wins, what is counted, and what one direction leaves for another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.behaviour.world import (
    account,
    company,
    edit_company,
    edit_salesforce,
    is_quiet,
    later,
    map_fields,
    partner,
    raw_company,
    raw_salesforce,
    scope,
    synced,
)
from tests.support.rig import Rig


@pytest.fixture
def pair(either: Rig) -> tuple[str, str]:
    """An Account and its Company, in step."""
    account_id = account(either, "Acme", Phone="1", Fax="2")
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    return account_id, company_id


def test_an_edit_in_salesforce_arrives_in_ipaas(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    result = either.run("account").ok
    assert result.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, company_id)["phone_number"] == "10"
    assert result["to_ipaas"]["conflicts"] == {"resolved": 0, "parked": 0}


def test_an_edit_in_ipaas_arrives_in_salesforce(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_company(either, company_id, phone_number="10")
    result = either.run("account").ok
    assert result.counts("to_salesforce")["updated"] == 1
    assert raw_salesforce(either, account_id)["Phone"] == "10"


def test_edits_of_different_fields_cross_without_a_conflict(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, fax_number="20")
    result = either.run("account").ok
    assert result["to_ipaas"]["updated"] == result["to_salesforce"]["updated"] == 1
    assert result["to_ipaas"]["conflicts"]["resolved"] == result["to_salesforce"]["conflicts"]["resolved"] == 0
    assert (raw_salesforce(either, account_id)["Phone"], raw_salesforce(either, account_id)["Fax"]) == ("10", "20")
    after = raw_company(either, company_id)
    assert (after["phone_number"], after["fax_number"]) == ("10", "20")
    assert is_quiet(either.run("account"))


def test_both_sides_changed_to_the_same_is_agreed_without_a_write(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="10")
    result = either.run("account")
    assert is_quiet(result)
    assert result["to_ipaas"]["conflicts"] == {"resolved": 0, "parked": 0}


def test_salesforce_wins_by_default_and_the_conflict_is_counted_once(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    result = either.run("account").ok
    assert raw_company(either, company_id)["phone_number"] == raw_salesforce(either, account_id)["Phone"] == "10"
    assert result["to_ipaas"]["conflicts"] == {"resolved": 1, "parked": 0}
    assert result["to_salesforce"]["conflicts"] == {"resolved": 0, "parked": 0}
    assert is_quiet(either.run("account"))


def test_ipaas_wins_where_the_mapping_says_so(either: Rig, pair: tuple[str, str], tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: ipaas_wins}")
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    result = either.run("account").ok
    assert raw_company(either, company_id)["phone_number"] == raw_salesforce(either, account_id)["Phone"] == "11"
    assert result["to_salesforce"]["conflicts"] == {"resolved": 1, "parked": 0}
    assert result["to_ipaas"]["conflicts"] == {"resolved": 0, "parked": 0}


def test_a_conflict_is_logged_without_its_values(
    either: Rig, pair: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="555-0101")
    edit_company(either, company_id, phone_number="555-0202")
    either.run("account").ok  # noqa: B018
    lines = [r.getMessage() for r in caplog.records if "onflict" in r.getMessage() and "phone" in r.getMessage()]
    assert len(lines) == 1
    assert account_id in lines[0]
    assert company_id in lines[0]
    assert "555" not in lines[0]


def test_a_parked_conflict_keeps_both_values_and_what_was_shown_before_in_the_ledger_alone(
    either: Rig, pair: tuple[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: park}")
    edit_salesforce(either, account_id, Phone="555-0101", Fax="555-0303")
    edit_company(either, company_id, phone_number="555-0202")
    summary = either.run("account").ok.summary
    shown = {"salesforce": "555-0101", "ipaas": "555-0202", "salesforce_before": "1", "ipaas_before": "1"}
    for direction, source, target in (
        ("to_ipaas", account_id, company_id),
        ("to_salesforce", company_id, account_id),
    ):
        (row,) = either.ledger.unresolved(scope(either), "account", direction, [source]).values()
        assert (row.reason, row.target_id, row.details) == ("conflict", target, {"fields": {"phone": shown}})
        assert row.message == "Both sides changed: phone."
    told = json.dumps(summary) + "\n".join(record.getMessage() for record in caplog.records)
    assert "555" not in told
    assert sum("(conflict): Both sides changed: phone." in record.getMessage() for record in caplog.records) == 2


def test_park_holds_the_pair_until_both_sides_agree(either: Rig, pair: tuple[str, str], tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: park}")
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    for _ in range(2):
        result = either.run("account").ok
        assert result["to_ipaas"]["parked_by_reason"] == {"conflict": 1}
        parked = [result[d]["conflicts"]["parked"] for d in ("to_ipaas", "to_salesforce")]
        assert sum(parked) == 1
        assert raw_company(either, company_id)["phone_number"] == "11"
        assert raw_salesforce(either, account_id)["Phone"] == "10"
    edit_company(either, company_id, phone_number="10")
    result = either.run("account")
    assert is_quiet(result)
    assert result["to_ipaas"]["parked_by_reason"] == result["to_salesforce"]["parked_by_reason"] == {}


def test_a_parked_conflict_is_logged_once_per_run_with_its_next_step(
    either: Rig, pair: tuple[str, str], tmp_path: Path
) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: park}")
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    either.run("account").ok  # noqa: B018
    later(either, days=30)
    result = either.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"conflict": 1}, "parked ones are due even outside the window"


@pytest.mark.parametrize("direction", ["to_ipaas", "to_salesforce"])
def test_a_parked_conflict_in_a_one_way_run_is_counted_in_the_written_direction(
    either: Rig, pair: tuple[str, str], tmp_path: Path, direction: str
) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: park}")
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    result = either.run("account", direction=direction).ok
    assert result[direction]["conflicts"] == {"resolved": 0, "parked": 1}
    assert result[direction]["parked_by_reason"] == {"conflict": 1}


# One direction only


def test_a_one_way_run_writes_one_service_only(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, fax_number="20")
    result = either.run("account", direction="to_ipaas").ok
    assert result["to_ipaas"]["updated"] == 1
    assert result["to_salesforce"]["seen"] == 0
    assert raw_salesforce(either, account_id)["Fax"] == "2"


@pytest.mark.parametrize("days", [0, 60])
def test_what_changed_in_ipaas_waits_for_a_run_that_writes_salesforce(
    either: Rig, pair: tuple[str, str], days: int
) -> None:
    account_id, company_id = pair
    edit_company(either, company_id, fax_number="20")
    either.run("account", direction="to_ipaas").ok  # noqa: B018
    later(either, days=days)
    either.run("account", direction="to_ipaas").ok  # noqa: B018
    result = either.run("account").ok
    assert result["to_salesforce"]["updated"] == 1
    assert raw_salesforce(either, account_id)["Fax"] == "20"


@pytest.mark.parametrize("days", [0, 60])
def test_what_changed_in_salesforce_waits_for_a_run_that_writes_ipaas(
    either: Rig, pair: tuple[str, str], days: int
) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Fax="20")
    either.run("account", direction="to_salesforce").ok  # noqa: B018
    later(either, days=days)
    either.run("account", direction="to_salesforce").ok  # noqa: B018
    result = either.run("account").ok
    assert result["to_ipaas"]["updated"] == 1
    assert raw_company(either, company_id)["fax_number"] == "20"


@pytest.mark.parametrize("days", [0, 60])
def test_new_records_wait_for_a_run_in_their_direction(either: Rig, pair: tuple[str, str], days: int) -> None:
    new = account(either, "New here")
    there = company(either, "New there")
    either.run("account", direction="to_salesforce").ok  # noqa: B018
    later(either, days=days)
    edit_company(either, there, fax_number="5")
    either.run("account", direction="to_ipaas").ok  # noqa: B018
    assert raw_company(either, partner(either, "account", new))["name"] == "New here"
    assert either.run("account").ok.counts("to_salesforce").get("updated", 0) <= 1
    assert {row["Name"] for row in either.sandbox.salesforce.rows("Account")} >= {"New here", "New there"}


def test_an_edit_that_was_superseded_by_a_later_one_way_edit_is_still_a_conflict(
    either: Rig, pair: tuple[str, str]
) -> None:
    account_id, company_id = pair
    edit_company(either, company_id, phone_number="11")
    either.run("account", direction="to_ipaas").ok  # noqa: B018
    later(either, minutes=30)
    edit_salesforce(either, account_id, Phone="10")
    result = either.run("account", direction="to_ipaas").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 1
    assert raw_company(either, company_id)["phone_number"] == "10"
    assert is_quiet(either.run("account"))


def test_a_one_way_run_leaves_a_conflict_that_the_other_side_wins(
    either: Rig, pair: tuple[str, str], tmp_path: Path
) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {conflict: ipaas_wins}")
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    one_way = either.run("account", direction="to_ipaas").ok
    assert raw_company(either, company_id)["phone_number"] == "11"
    assert one_way["to_ipaas"]["conflicts"] == {"resolved": 0, "parked": 0}
    later(either, days=60)
    both = either.run("account").ok
    assert both["to_salesforce"]["conflicts"]["resolved"] == 1
    assert raw_salesforce(either, account_id)["Phone"] == "11"


def test_a_dry_run_counts_the_conflict_and_changes_nothing(either: Rig, pair: tuple[str, str]) -> None:
    account_id, company_id = pair
    edit_salesforce(either, account_id, Phone="10")
    edit_company(either, company_id, phone_number="11")
    dry = either.run("account", dry_run=True).ok
    assert dry["to_ipaas"]["conflicts"]["resolved"] == 1
    assert dry.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, company_id)["phone_number"] == "11"
    assert either.run("account").ok["to_ipaas"]["conflicts"]["resolved"] == 1


def test_a_one_way_field_leaves_the_targets_own_edit_alone(either: Rig, pair: tuple[str, str], tmp_path: Path) -> None:
    account_id, company_id = pair
    map_fields(either, tmp_path / "maps", "account", "phone: {direction: to_ipaas}")
    edit_company(either, company_id, phone_number="11")
    either.run("account").ok  # noqa: B018
    assert raw_salesforce(either, account_id)["Phone"] == "1"
    assert raw_company(either, company_id)["phone_number"] == "11"
    later(either, minutes=1)
    edit_salesforce(either, account_id, Phone="10")
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["phone_number"] == "10"
