"""What a run counts: every record that it considered, once, in the direction away from its side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.behaviour.world import (
    account,
    company,
    contact,
    customer,
    edit_company,
    edit_salesforce,
    later,
    map_fields,
    synced,
)
from tests.support.rig import OUTCOMES, Rig


def seen(rig: Rig, collection: str, direction: str, **params: object) -> int:
    return int(rig.run(collection, **params).ok[direction]["seen"])


def test_records_of_the_window_are_seen_by_every_run_and_unchanged_after_the_first(rig: Rig) -> None:
    for _ in range(3):
        account(rig)
    assert rig.run("account").ok.counts("to_ipaas") == {"created": 3}
    for _ in range(2):
        later(rig, hours=1)
        result = rig.run("account").ok
        assert result["to_ipaas"]["seen"] == 3
        assert result.counts("to_ipaas") == {"unchanged": 3}


def test_records_read_only_as_id_and_stamp_are_unchanged(rig: Rig) -> None:
    account(rig)
    rig.run("account").ok  # noqa: B018
    later(rig, days=3)
    account(rig)
    result = rig.run("account").ok
    assert result.counts("to_ipaas") == {"created": 1, "unchanged": 1}
    later(rig, days=3)
    assert rig.run("account").ok.counts("to_ipaas") == {"unchanged": 2}


def test_records_older_than_the_window_are_not_seen(rig: Rig) -> None:
    account(rig)
    rig.run("account").ok  # noqa: B018
    later(rig, days=8)
    rig.run("account").ok  # noqa: B018
    assert seen(rig, "account", "to_ipaas") == 0
    assert seen(rig, "account", "to_ipaas", poll_days=30) == 1


def test_a_company_without_a_stamp_is_seen_only_when_new_or_changed(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    company_id = company(rig)
    assert seen(rig, "account", "to_salesforce") == 1
    assert seen(rig, "account", "to_salesforce") == 0
    edit_company(rig, company_id, fax_number="1")
    assert seen(rig, "account", "to_salesforce") == 1
    assert seen(rig, "account", "to_salesforce") == 0


def test_a_company_that_our_own_run_created_is_not_new(rig: Rig) -> None:
    account(rig)
    rig.run("account").ok  # noqa: B018
    assert seen(rig, "account", "to_salesforce") == 0


def test_a_customer_of_the_window_is_seen_by_every_run(either: Rig) -> None:
    customer(either)
    assert either.run("contact").ok.counts("to_salesforce") == {"created": 1}
    result = either.run("contact").ok
    assert result.counts("to_salesforce") == {"unchanged": 1}
    assert result.counts("to_ipaas") == {"unchanged": 1}


def test_a_parked_record_in_the_window_is_counted_as_parked_by_every_run(rig: Rig) -> None:
    parent = account(rig)
    for _ in range(2):
        contact(rig, parent, email="same@example.com")
    for _ in range(3):
        assert rig.run("contact").ok.counts("to_ipaas") == {"parked": 2}
        later(rig, hours=1)


def test_a_parked_record_out_of_the_window_is_counted_because_it_is_due(rig: Rig) -> None:
    parent = account(rig)
    for _ in range(2):
        contact(rig, parent, email="same@example.com")
    rig.run("contact").ok  # noqa: B018
    later(rig, days=30)
    result = rig.run("contact").ok
    assert result.counts("to_ipaas") == {"parked": 2}
    assert result["to_ipaas"]["oldest_parked_hours"] == pytest.approx(30 * 24, abs=0.2)


def test_a_refused_record_counts_as_failed_once_and_then_as_parked_while_in_the_window(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"max_text_length": 30})
    account(rig, "A" * 40)
    first = rig.run("account").ok
    assert first.counts("to_ipaas") == {"failed": 1}
    second = rig.run("account").ok
    assert second.counts("to_ipaas") == {"parked": 1}
    assert second["to_ipaas"]["parked_by_reason"] == {"refused_before": 1}


def test_a_refused_record_out_of_the_window_is_seen_only_when_due(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"max_text_length": 30})
    account(rig, "A" * 40)
    rig.run("account").ok  # noqa: B018
    later(rig, days=8)
    assert rig.run("account").ok["to_ipaas"]["parked_by_reason"] == {"refused_before": 1}
    rig.run("account").ok  # noqa: B018
    rig.offset += timedelta(minutes=5)
    assert seen(rig, "account", "to_ipaas") == 0
    rig.offset += timedelta(days=1)
    assert seen(rig, "account", "to_ipaas") == 1


def test_record_ids_are_counted_once_each_and_nothing_else_is(rig: Rig) -> None:
    wanted = account(rig)
    account(rig)
    result = rig.run("account", record_ids=[wanted, wanted[:15], wanted]).ok
    assert result.counts("to_ipaas") == {"created": 1}
    assert result["to_salesforce"]["seen"] == 0


def test_an_edited_pair_is_counted_in_the_direction_of_the_edit_and_as_unchanged_in_the_other(rig: Rig) -> None:
    account_id = account(rig)
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_salesforce(rig, account_id, Phone="1")
    assert rig.run("account").ok.counts("to_ipaas") == {"updated": 1}
    later(rig, minutes=1)
    edit_company(rig, company_id, phone_number="2")
    result = rig.run("account").ok
    assert result.counts("to_salesforce") == {"updated": 1}
    assert result.counts("to_ipaas") == {"unchanged": 1}


def test_everything_at_once_still_adds_up(either: Rig, tmp_path: object) -> None:
    """Creates, matches, skips, parked and refused ones, in both directions, by three runs."""
    either.control("PATCH", "ipaas/switches", {"max_text_length": 60})
    parent = account(either, "Parent")
    for number in range(6):
        contact(either, parent, email=f"c{number}@example.com")
        customer(either, email=f"C{number + 3}@example.com")
    contact(either, None)
    contact(either, parent, email=None)
    contact(either, parent, LastName="L" * 70)
    for _ in range(2):
        contact(either, parent, email="same@example.com")
    customer(either, email="same@example.com")
    for params in ({"dry_run": True}, {}, {}, {"full": True}):
        result = either.run("contact", **params).ok
        for direction, count in (("to_ipaas", 11), ("to_salesforce", 7)):
            counts = result[direction]
            assert counts["seen"] == sum(counts[name] for name in OUTCOMES)
            assert sum(counts["skipped_by_reason"].values()) == counts["skipped"]
            assert sum(counts["parked_by_reason"].values()) == counts["parked"]
            assert counts["seen"] >= count


def test_full_sees_every_record_of_both_services(rig: Rig) -> None:
    for _ in range(2):
        account(rig)
        company(rig)
    rig.run("account").ok  # noqa: B018
    later(rig, days=100)
    result = rig.run("account", full=True).ok
    assert result["to_ipaas"]["seen"] == 2
    assert result["to_salesforce"]["seen"] == 4
    assert result["to_salesforce"]["created"] == 2


def test_a_mapping_change_looks_at_skipped_and_refused_records_again(rig: Rig, tmp_path: object) -> None:
    from pathlib import Path

    rig.control("PATCH", "ipaas/switches", {"max_text_length": 30})
    account(rig, "Acme", Description="D" * 40)
    assert rig.run("account").ok.counts("to_ipaas") == {"failed": 1}
    map_fields(rig, Path(str(tmp_path)) / "maps", "account", "description: {enabled: false}")
    assert rig.run("account").ok.counts("to_ipaas") == {"created": 1}
