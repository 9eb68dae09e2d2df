"""Records that wait, replayed or dropped by a person: what the runs after that do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_ipaas.ledger.monitoring import reading
from airflow_provider_ipaas.ledger.parked import Dropped, Replayed
from airflow_provider_ipaas.ledger.record import Shown
from airflow_provider_ipaas.sync.parked import OWES_ID, OWES_MORE, PENDING, UNKNOWN_CREATE, Selection
from airflow_provider_ipaas.sync.schedule import RetrySchedule
from tests.behaviour import world
from tests.behaviour.test_nothing_twice import uncertain
from tests.behaviour.test_refusals import parked, refused_company, warmed
from tests.support.rig import Result, Rig

CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def replay(rig: Rig, **chosen: Any) -> Replayed:
    return rig.ledger.replay(Selection(**chosen), actor="ann")


def drop(rig: Rig, **chosen: Any) -> Dropped:
    return rig.ledger.drop(Selection(**chosen), actor="ann")


def waiting(rig: Rig, **chosen: Any) -> list[Shown]:
    with reading(f"sqlite:///{rig.ledger.place}") as ledger:
        assert ledger is not None
        return ledger.shown(Selection(**chosen), limit=100)


def added_up(result: Result, direction: str) -> dict[str, int]:
    return result.ok.counts(direction)


# Replay


def test_a_refused_record_outside_the_window_is_tried_by_the_run_after_its_replay(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    world.later(rig, days=9)
    assert parked(rig.run("account").ok) == {"refused_before": 1}
    rig.control("DELETE", "salesforce/validation-rules")
    assert added_up(rig.run("account"), "to_salesforce") == {}, "not due, and older than the window"
    assert replay(rig, code=CODE.lower()) == Replayed(1, {"refused_before": 1}, waited=1)
    assert added_up(rig.run("account"), "to_salesforce") == {"created": 1}
    assert waiting(rig, ids=(company,)) == []


def test_a_salesforce_record_is_replayed_as_well(rig: Rig) -> None:
    parent = world.account(rig, "Parent")
    world.contact(rig, parent)
    rig.run("contact", full=True).ok  # noqa: B018
    bad = world.contact(rig, parent, LastName="Bad Name")
    answer = {"type": "status", "status": 400, "body": {"errors": [{"code": "VALD-1025", "message": "no"}]}}
    with rig.fault(service="ipaas", method="POST", path="v2/Customer$", body="Bad Name", action=answer):
        assert rig.run("contact").ok["to_ipaas"]["failed"] == 1
    world.later(rig, minutes=5)
    assert parked(rig.run("contact").ok, "to_ipaas") == {"refused_before": 1}
    assert replay(rig, ids=(bad,)).count == 1
    assert added_up(rig.run("contact"), "to_ipaas")["created"] == 1


def test_a_replay_that_is_refused_again_is_no_news_and_goes_on_with_the_schedule(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    replay(rig, reason="refused_before")
    again = rig.run("account").ok
    assert (again["to_salesforce"]["failed"], parked(again)) == (0, {"refused_before": 1})
    (row,) = waiting(rig)
    assert row.record.attempts == 2
    assert row.record.next_at is not None
    assert row.record.last_at is not None
    assert (row.record.next_at - row.record.last_at).total_seconds() == 60 * 60


def test_a_dry_run_leaves_the_replay_to_the_next_run(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    rig.control("DELETE", "salesforce/validation-rules")
    replay(rig, reason="refused_before")
    assert added_up(rig.run("account", dry_run=True), "to_salesforce")["created"] == 1
    assert added_up(rig.run("account"), "to_salesforce")["created"] == 1


def test_a_replay_releases_a_field_that_kept_flipping(rig: Rig) -> None:
    account = world.account(rig, "Acme", Phone="A")
    company = world.synced(rig, "account", account)
    for turn in range(5):
        world.later(rig, minutes=16)
        world.edit_salesforce(rig, account, Phone="BA"[turn % 2])
        result = rig.run("account").ok
    assert parked(result, "to_ipaas") == {"flip_flop": 1}
    assert parked(rig.run("account").ok, "to_ipaas") == {"flip_flop": 1}
    assert replay(rig, reason="flip_flop", direction="to_ipaas").by_reason == {"flip_flop": 2}, (
        "both records of the pair"
    )
    assert added_up(rig.run("account"), "to_ipaas") == {"updated": 1}
    assert world.raw_company(rig, company)["phone_number"] == world.raw_salesforce(rig, account)["Phone"]
    assert world.is_quiet(rig.run("account"))


def test_the_schedule_is_the_connections(rig: Rig) -> None:
    rig.settings["retries"] = RetrySchedule(base_minutes=1, max_hours=1)
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    tried = []
    for minute in range(1, 21):
        world.later(rig, minutes=1)
        rig.run("account").ok  # noqa: B018
        (row,) = waiting(rig)
        if row.record.attempts > len(tried) + 1:
            tried.append(minute)
    assert tried == [2, 8, 20]
    for _ in range(5):
        world.later(rig, hours=1)
        rig.run("account").ok  # noqa: B018
    (row,) = waiting(rig)
    assert row.record.attempts == 9, "an hour at most"


# Drop


def test_a_dropped_record_counts_as_skipped_until_it_changes(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    assert drop(rig, ids=(company,)) == Dropped(1, {"refused_before": 1}, {})
    world.later(rig, days=2)
    for _ in range(2):
        result = rig.run("account").ok
        assert parked(result) == {}
        assert result["to_salesforce"]["oldest_parked_hours"] == 0.0
    rig.control("DELETE", "salesforce/validation-rules")
    assert added_up(rig.run("account"), "to_salesforce").get("created") is None
    world.edit_company(rig, company, phone_number="667")
    assert added_up(rig.run("account"), "to_salesforce")["created"] == 1


def test_dropped_salesforce_records_stay_in_the_counts_of_the_window(rig: Rig) -> None:
    rig.run("account", full=True).ok  # noqa: B018
    accounts = [world.account(rig, f"New {number}") for number in range(3)]
    rig.run("account", max_creates=2)
    assert drop(rig, reason="max_creates") == Dropped(3, {"max_creates": 3}, {})
    for _ in range(2):
        result = rig.run("account").ok
        assert added_up(result, "to_ipaas") == {"skipped": 3}
        assert result["to_ipaas"]["skipped_by_reason"] == {"dropped": 3}
        world.later(rig, hours=1)
    world.edit_salesforce(rig, accounts[0], Phone="1")
    assert added_up(rig.run("account"), "to_ipaas") == {"created": 1, "skipped": 2}
    assert added_up(rig.run("account", record_ids=[accounts[1]]), "to_ipaas") == {"created": 1}
    assert len(world.companies(rig)) == 2


def test_both_records_of_a_conflict_are_dropped_together(rig: Rig, tmp_path: Path) -> None:
    world.map_fields(rig, tmp_path / "maps", "account", "phone: {conflict: park}")
    account = world.account(rig, "Pair", Phone="1")
    company = world.synced(rig, "account", account)
    world.edit_salesforce(rig, account, Phone="2")
    world.edit_company(rig, company, phone_number="3")
    result = rig.run("account").ok
    assert parked(result, "to_ipaas") == parked(result) == {"conflict": 1}
    (shown, _) = waiting(rig, ids=(account,))
    assert shown.values == {"phone": {"salesforce": "2", "salesforce_before": "1", "ipaas": "3", "ipaas_before": "1"}}
    assert (shown.salesforce_id, shown.ipaas_id, shown.link_state) == (account, company, "active")
    assert "'2'" not in repr(shown)
    assert drop(rig, reason="conflict", direction="to_ipaas") == Dropped(2, {"conflict": 2}, {})
    assert world.is_quiet(rig.run("account"))
    assert waiting(rig) == []
    assert world.raw_company(rig, company)["phone_number"] == "3"
    world.edit_salesforce(rig, account, Phone="4")
    for _ in range(2):
        result = rig.run("account").ok
    assert parked(result, "to_ipaas") == {"conflict": 1}, "never overwritten, dropped or not"
    assert world.raw_company(rig, company)["phone_number"] == "3"


def test_a_create_of_unknown_outcome_is_never_dropped(rig: Rig) -> None:
    uncertain(rig, "One Found")
    assert drop(rig, reason="uncertain_create") == Dropped(0, {}, {UNKNOWN_CREATE: 1})
    world.later(rig, minutes=1)
    rig.run("account").ok  # noqa: B018
    assert [row["Name"] for row in world.salesforce_rows(rig, "Account")].count("One Found") == 1


def test_what_waits_for_the_other_direction_is_not_dropped(rig: Rig) -> None:
    account = world.account(rig, "Pair")
    company = world.synced(rig, "account", account)
    world.edit_company(rig, company, phone_number="2")
    rig.run("account", direction="to_ipaas").ok  # noqa: B018
    assert drop(rig, ids=(company,)) == Dropped(0, {}, {PENDING: 1})
    assert added_up(rig.run("account"), "to_salesforce")["updated"] == 1


def test_a_salesforce_id_that_is_owed_is_given_up_by_name_only(rig: Rig) -> None:
    warmed(rig)
    company = world.company(rig, "Acme")
    with rig.fault(service="ipaas", path="UpdateExternalId", action={"type": "status", "status": 503}):
        rig.run("account")
    (row,) = waiting(rig)
    assert row.record.reason == "external_id_missing"
    assert drop(rig) == Dropped(0, {}, {OWES_ID: 1})
    assert drop(rig, code="VALD-1025") == Dropped(0, {}, {})
    assert drop(rig, reason="external_id_missing") == Dropped(1, {"external_id_missing": 1}, {})
    assert world.is_quiet(rig.run("account"))
    assert world.external_id(rig, "company", company) is None


def test_a_refused_record_whose_id_is_owed_is_kept(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    (row,) = rig.ledger.unresolved(world.scope(rig), "account", "to_salesforce", [company]).values()
    row.details = {"external_id_missing": True}
    rig.ledger.save_unresolved([row])
    assert drop(rig, ids=(company,)) == Dropped(0, {}, {OWES_MORE: 1})


def test_a_dropped_account_does_not_come_back_with_its_contacts(rig: Rig) -> None:
    world.contact(rig, world.account(rig, "Good Parent"))
    rig.run("contact", full=True).ok  # noqa: B018
    parent = world.account(rig, "Bad Parent")
    contact = world.contact(rig, parent)
    answer = {"type": "status", "status": 400, "body": {"errors": [{"code": "VALD-1025", "message": "no"}]}}
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", action=answer):
        rig.run("contact").ok  # noqa: B018
    assert drop(rig, ids=(parent,)) == Dropped(1, {"refused_before": 1}, {})
    world.later(rig, days=1)
    result = rig.run("contact").ok
    assert parked(result, "to_ipaas") == {"parent_not_synced": 1}
    assert result["to_ipaas"]["parents"] == {"created": 0, "updated": 0, "linked": 0, "failed": 0}
    world.edit_salesforce(rig, parent, Name="Better Parent")
    assert added_up(rig.run("contact"), "to_ipaas")["created"] == 1
    assert world.partner(rig, "contact", contact)


# What is told


def test_a_waiting_record_names_the_run_that_decided_and_its_journal(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    replay(rig, ids=(company,))
    (shown,) = waiting(rig, ids=(company,))
    assert shown.run is not None
    assert shown.run[0] == "account"
    assert shown.record.run_key == ":".join(shown.run)
    lines = [(line.op, line.phase, line.outcome, line.actor) for line in shown.journal]
    assert lines == [
        ("replay", "outcome", "due", "ann"),
        ("create", "outcome", "failed", None),
        ("create", "intent", "", None),
    ]
    assert (shown.ipaas_id, shown.salesforce_id, shown.link_state) == (company, None, None)
