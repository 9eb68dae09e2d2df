"""Reconcile: what no ordinary run would notice is found, named and, when asked, made due; nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_ipaas.sync.drift_report import DriftFound, DriftReport
from airflow_provider_ipaas.sync.model import Direction, Seen, Unresolved
from airflow_provider_ipaas.sync.parked import Selection
from airflow_provider_ipaas.sync.reconcile import NothingToReconcile
from airflow_provider_ipaas.sync.salesforce_reads import object_fields, rows_by_id
from tests.behaviour.comparing import (
    OLD,
    commit_late,
    compare,
    drift,
    edit_late,
    examples,
    explained,
    pass_days,
    salesforce_now,
    settled,
)
from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    edit_company,
    edit_salesforce,
    external_id,
    is_quiet,
    later,
    link_of,
    map_fields,
    partner,
    raw_company,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
    scope,
    writes,
)
from tests.support.rig import SYSTEM_ID, Rig


def waiting(rig: Rig, direction: Direction, record_id: str) -> Unresolved | None:
    return rig.ledger.unresolved(scope(rig), "account", direction, [record_id]).get(record_id)


def believe_done(rig: Rig, ipaas_id: str) -> None:
    """Let the ledger believe that a run has dealt with a Company as it is now, as one restored in parts would."""
    sync = rig.sync("account", "elsewhere", {})
    record = sync.ipaas.get("company", ipaas_id)
    assert record is not None
    shown = sync.ipaas_item(record, "seen", None)
    seen = Seen(ipaas_id, content_hash=shown.content_hash, name_key=shown.name_key, fate="unchanged")
    rig.ledger.save_seen(scope(rig), "account", "ipaas", [seen])


def repaired(rig: Rig, cause: str, *, due: int = 1) -> DriftReport:
    """Repair, run once, and check that nothing is left to do; return what the repairing reconcile said."""
    assert drift(compare(rig)) == {cause: 1}
    report = compare(rig, repair=True)
    assert (drift(report), report.due) == ({cause: 1}, due)
    later(rig, minutes=20)
    rig.run("account").ok  # noqa: B018
    assert drift(compare(rig)) == {}
    later(rig, minutes=20)
    rig.sandbox.journal.reset()
    assert is_quiet(rig.run("account"))
    return report


# In step


def test_what_is_in_step_is_in_step(either: Rig) -> None:
    settled(either, Phone="+1 512 555 0100", BillingStreet="1 Main St")

    report = compare(either)

    assert (drift(report), report.out_of_step, report.linked) == ({}, 0, 1)
    summary = report.summary()
    assert summary["rows"] == {"salesforce": 1, "ipaas": 1, "counted_by_salesforce": 1}
    assert (summary["complete"], summary["in_step"], summary["drifted"]) == (True, 1, 0)
    report.judge(0)


def test_it_writes_to_neither_service_nor_into_what_runs_rely_on(either: Rig) -> None:
    ours, theirs = settled(either)
    edit_late(either, ours, Phone="+1 512 555 0199")
    before = link_of(either, "account", ours)
    either.sandbox.journal.reset()

    assert drift(compare(either)) == {"changed_in_salesforce": 1}

    assert [
        path for _, path in writes(either) if "Auth" not in path and "token" not in path and "Lookup" not in path
    ] == []
    assert link_of(either, "account", ours) == before
    assert waiting(either, "to_ipaas", ours) is None
    assert raw_company(either, theirs)["phone_number"] is None


def test_contacts_are_compared_with_customers(either: Rig) -> None:
    ours = contact(either, account(either))
    either.run("contact").ok  # noqa: B018
    pass_days(either, "contact")
    report = compare(either, "contact")
    assert (drift(report), explained(report), report.linked) == ({}, {}, 1)

    edit_late(either, ours, LastName="Late")
    assert drift(compare(either, "contact")) == {"changed_in_salesforce": 1}


def test_before_the_first_run_there_is_nothing_to_compare_with(rig: Rig) -> None:
    account(rig)
    with pytest.raises(NothingToReconcile, match="No run of collection account has been reported yet"):
        compare(rig)


def test_links_that_nobody_has_confirmed_are_not_compared(rig: Rig) -> None:
    settled(rig)
    rig.ledger.set_fact(scope(rig), "rebuilt:account", 1)
    with pytest.raises(NothingToReconcile, match="confirm_rebuild = true"):
        compare(rig)


# Drift, cause by cause, and its repair


def test_a_change_committed_too_late_for_every_window(either: Rig) -> None:
    """Pains 1 and 6, fault F10: stamped nine days ago, visible now."""
    ours, theirs = settled(either)
    edit_late(either, ours, Phone="+1 512 555 0199")
    assert is_quiet(either.run("account"))

    report = repaired(either, "changed_in_salesforce")

    assert examples(report, "changed_in_salesforce") == [(ours, theirs)]
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0199"


def test_a_record_committed_too_late_for_every_window(either: Rig) -> None:
    settled(either)
    commit_late(either, {"op": "insert", "sobject": "Account", "fields": {"Name": "Late"}})
    assert is_quiet(either.run("account"))

    report = repaired(either, "missed_in_salesforce")

    ((late, theirs),) = examples(report, "missed_in_salesforce")
    assert theirs is None
    assert raw_company(either, partner(either, "account", str(late)))["name"] == "Late"


def test_a_change_in_ipaas_that_the_ledger_wrongly_takes_for_done(either: Rig) -> None:
    ours, theirs = settled(either)
    edit_company(either, theirs, phone_number="+1 512 555 0142")
    believe_done(either, theirs)
    assert is_quiet(either.run("account"))

    repaired(either, "changed_in_ipaas")

    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0142"


def test_the_new_name_of_an_account_reaches_its_customers(rig: Rig) -> None:
    """A Contact keeps its stamp when its Account is renamed, and runs go by stamps."""
    parent = account(rig, "Before")
    ours = contact(rig, parent)
    rig.run("contact").ok  # noqa: B018
    theirs = partner(rig, "contact", ours)
    pass_days(rig, "contact")
    edit_salesforce(rig, parent, Name="After")
    rig.run("contact").ok  # noqa: B018
    assert raw_customer(rig, theirs)["company"] == "Before"

    assert drift(compare(rig, "contact", repair=True)) == {"changed_in_salesforce": 1}
    rig.run("contact").ok  # noqa: B018

    assert raw_customer(rig, theirs)["company"] == "After"
    assert drift(compare(rig, "contact")) == {}


def test_changes_on_both_sides_of_different_fields_go_both_ways(either: Rig) -> None:
    ours, theirs = settled(either)
    edit_company(either, theirs, phone_number="+1 512 555 0142")
    believe_done(either, theirs)
    edit_late(either, ours, Website="https://late.example.com")

    repaired(either, "changed_in_both")

    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0142"
    assert raw_company(either, theirs)["url"] == "https://late.example.com"


def test_a_repair_follows_the_policy_of_a_conflict(rig: Rig) -> None:
    ours, theirs = settled(rig)
    edit_company(rig, theirs, phone_number="+1 512 555 0142")
    believe_done(rig, theirs)
    edit_late(rig, ours, Phone="+1 512 555 0199")
    compare(rig, repair=True)
    later(rig, minutes=20)

    result = rig.run("account").ok

    assert result["to_ipaas"]["conflicts"]["resolved"] == 1  # salesforce_wins
    assert raw_company(rig, theirs)["phone_number"] == raw_salesforce(rig, ours)["Phone"] == "+1 512 555 0199"


def test_a_link_on_which_nothing_was_agreed_is_compared_as_at_first_contact(rig: Rig) -> None:
    ours, theirs = settled(rig, Website="https://here.example.com")
    edit_company(rig, theirs, url=None, phone_number="+1 512 555 0142")
    believe_done(rig, theirs)
    link = link_of(rig, "account", ours)
    assert link is not None
    assert rig.ledger.save_link(replace(link, salesforce_showing=None, ipaas_showing=None))
    assert is_quiet(rig.run("account"))

    repaired(rig, "never_agreed")

    assert raw_company(rig, theirs)["url"] == "https://here.example.com"
    assert raw_salesforce(rig, ours)["Phone"] == "+1 512 555 0142"


def test_a_field_mapped_since_is_taken_up_by_the_next_run(rig: Rig, tmp_path: Any) -> None:
    map_fields(rig, tmp_path / "before", "account", "website: {enabled: false}")
    _, theirs = settled(rig, Website="https://old.example.com")
    map_fields(rig, tmp_path / "after", "account", "website: {direction: both}")
    assert (drift(compare(rig)), explained(compare(rig))) == ({}, {"pending": 1})

    rig.run("account").ok  # noqa: B018

    assert raw_company(rig, theirs)["url"] == "https://old.example.com"
    assert explained(compare(rig)) == {}


def test_a_company_that_no_run_has_given_a_fate(rig: Rig) -> None:
    settled(rig)
    theirs = company(rig, "Forgotten")
    believe_done(rig, theirs)
    assert is_quiet(rig.run("account"))

    repaired(rig, "missed_in_ipaas")

    assert "Forgotten" in {row["Name"] for row in salesforce_rows(rig, "Account")}


@pytest.mark.parametrize("mode", ["deactivate", "purge"])
def test_a_company_that_was_deleted_is_noted_and_never_recreated(rig: Rig, mode: Any) -> None:
    ours, theirs = settled(rig)
    rig.sandbox.ipaas.remove("company", int(theirs), mode)

    repaired(rig, "deleted_in_ipaas")

    link = link_of(rig, "account", ours)
    assert link is not None
    assert link.state == "ipaas_deleted"
    assert explained(compare(rig)) == {"deleted": 1}
    assert companies(rig) == []


def test_a_pair_of_which_first_one_and_then_the_other_was_deleted_is_at_rest(rig: Rig) -> None:
    ours, theirs = settled(rig)
    rig.sandbox.salesforce.delete(ours)
    pass_days(rig)
    rig.sandbox.salesforce.undelete(ours, at=salesforce_now(rig))
    rig.sandbox.ipaas.remove("company", int(theirs), "purge")
    rig.run("account").ok  # noqa: B018

    report = compare(rig)

    assert (drift(report), explained(report)) == ({}, {"deleted": 1})


def test_an_account_deleted_behind_every_window_is_noted(rig: Rig) -> None:
    ours, theirs = settled(rig)
    commit_late(rig, {"op": "delete", "id": ours})

    repaired(rig, "deleted_in_salesforce")

    link = link_of(rig, "account", ours)
    assert link is not None
    assert link.state == "salesforce_deleted"
    assert explained(compare(rig)) == {"deleted": 1}
    assert len(companies(rig)) == 1
    assert theirs == link.ipaas_id


def test_a_merge_behind_every_window_is_followed(rig: Rig) -> None:
    loser, theirs = settled(rig)
    winner = rig.sandbox.salesforce.insert("Account", {"Name": "Winner"}, at=salesforce_now(rig) - OLD)
    rig.sandbox.salesforce.merge(winner, [loser], at=salesforce_now(rig) - OLD)

    report = compare(rig, repair=True)

    assert drift(report) == {"merged_in_salesforce": 1, "missed_in_salesforce": 1}
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", winner) == theirs
    assert external_id(rig, "company", theirs) == winner
    assert drift(compare(rig)) == {}


def test_an_undelete_behind_every_window_lets_the_link_live_again(rig: Rig) -> None:
    ours, theirs = settled(rig)
    rig.sandbox.salesforce.delete(ours)
    pass_days(rig)
    rig.sandbox.salesforce.undelete(ours, at=salesforce_now(rig))
    rig.sandbox.salesforce.update(ours, {"Phone": "7"}, at=salesforce_now(rig) - OLD)

    repaired(rig, "undeleted")

    link = link_of(rig, "account", ours)
    assert link is not None
    assert link.state == "active"
    assert raw_company(rig, theirs)["phone_number"] == "7"


def test_an_external_id_that_was_lost_is_stored_again(either: Rig) -> None:
    ours, theirs = settled(either)
    _drop_external_id(either, theirs)

    repaired(either, "external_id_missing")

    assert external_id(either, "company", theirs) == ours


def test_an_external_id_and_a_change_of_one_pair_are_repaired_together(rig: Rig) -> None:
    ours, theirs = settled(rig)
    edit_late(rig, ours, Phone="+1 512 555 0199")
    _drop_external_id(rig, theirs)

    report = compare(rig, repair=True)

    assert drift(report) == {"changed_in_salesforce": 1, "external_id_missing": 1}
    assert (report.drifted, report.due) == (1, 1)
    rig.run("account").ok  # noqa: B018
    assert (drift(compare(rig)), external_id(rig, "company", theirs)) == ({}, ours)
    assert raw_company(rig, theirs)["phone_number"] == "+1 512 555 0199"


def test_an_external_id_of_another_record_is_left_to_a_person(either: Rig) -> None:
    _, theirs = settled(either)
    other = account(either, "Other")
    either.sandbox.ipaas.link("company", int(theirs), other)

    report = compare(either, repair=True)

    assert drift(report) == {"external_id_differs": 1}
    assert (report.due, report.open) == (0, 1)
    with pytest.raises(DriftFound, match=r"external_id_differs 1.*correct the external id"):
        report.judge(0)


def test_the_external_id_field_in_salesforce_may_be_blank_but_not_another_id(rig: Rig) -> None:
    company(rig, "From iPaaS")
    rig.run("account", full=True).ok  # noqa: B018
    pass_days(rig)
    (row,) = salesforce_rows(rig, "Account")
    assert drift(compare(rig)) == {}
    rig.sandbox.salesforce.update(row["Id"], {"iPaaS_Id__c": None}, at=salesforce_now(rig))
    assert drift(compare(rig)) == {}
    rig.sandbox.salesforce.update(row["Id"], {"iPaaS_Id__c": "4711"}, at=salesforce_now(rig))
    assert drift(compare(rig)) == {"external_id_differs": 1}


def test_a_record_that_is_not_visible_is_no_deleted_one(either: Rig) -> None:
    """Fault F15: lost visibility is not a delete."""
    ours, _ = settled(either)
    either.sandbox.salesforce.tables["Account"].remove(ours)

    report = compare(either, repair=True)

    assert (drift(report), report.open) == ({"not_visible_in_salesforce": 1}, 1)
    assert waiting(either, "to_ipaas", ours) is None
    either.run("account").ok  # noqa: B018
    link = link_of(either, "account", ours)
    assert link is not None
    assert link.state == "active"


def test_rows_that_salesforce_counts_and_does_not_hand_out(rig: Rig) -> None:
    """Pain 4: half of the accounts read, and no error."""
    ours, _ = settled(rig)
    for _ in range(3):
        account(rig)
    rig.run("account").ok  # noqa: B018
    sync = rig.sync("account", "elsewhere", {})
    (row,) = rows_by_id(sync, object_fields(sync), [ours])
    page = {"totalSize": 1, "done": True, "records": [{**row, "attributes": {"type": "Account", "url": "/x"}}]}
    short = {"type": "status", "status": 200, "body": page}
    with rig.fault(service="salesforce", path="/query$", nth=2, action=short):
        report = compare(rig)
    assert drift(report) == {"rows_not_read": 3}
    assert report.summary()["rows"] == {"salesforce": 1, "ipaas": 4, "counted_by_salesforce": 4}
    with pytest.raises(DriftFound, match="rows_not_read 3"):
        report.judge(0)


# What is explained


def test_what_the_next_run_reads_by_itself_is_pending(either: Rig) -> None:
    ours, _ = settled(either)
    other = account(either)
    either.run("account").ok  # noqa: B018
    edit_salesforce(either, ours, Phone="1")
    edit_company(either, partner(either, "account", other), url="https://new.example.com")
    account(either, "New")
    company(either, "New there")

    report = compare(either, repair=True)

    assert (drift(report), explained(report)) == ({}, {"pending": 4})
    assert report.due == 0
    either.run("account").ok  # noqa: B018
    assert explained(compare(either)) == {}


def test_what_waits_keeps_its_reason(either: Rig) -> None:
    settled(either)
    alike = account(either, "Alike")
    company(either, "Alike")
    either.run("account").ok  # noqa: B018

    report = compare(either, repair=True)

    assert (drift(report), explained(report)) == ({}, {"waiting:possible_duplicate": 2})
    row = waiting(either, "to_ipaas", alike)
    assert row is not None
    assert row.reason == "possible_duplicate"


def test_what_is_left_alone_on_purpose_is_named(rig: Rig) -> None:
    company(rig, "There before")
    rig.sandbox.salesforce.insert("Account", {"Name": "Old"}, at=salesforce_now(rig) - OLD)
    settled(rig)
    person = rig.sandbox.salesforce.insert("Account", {"Name": "P"}, at=salesforce_now(rig))
    rig.run("account").ok  # noqa: B018

    report = compare(rig)

    assert drift(report) == {}
    assert explained(report) == {"before_first_contact": 1, "older_than_first_run": 1}
    assert partner(rig, "account", person)


def test_contacts_that_are_not_synced_are_named(rig: Rig) -> None:
    contact(rig)
    contact(rig, account(rig), email=None)
    rig.run("contact").ok  # noqa: B018
    pass_days(rig, "contact")
    report = compare(rig, "contact")
    assert drift(report) == {}
    assert explained(report) == {"skipped:contact_without_account": 1, "skipped:contact_without_email": 1}


def test_after_a_full_load_nothing_is_too_old(rig: Rig) -> None:
    """Pain 5: an old row that was never read is no accident of a start date."""
    rig.sandbox.salesforce.insert("Account", {"Name": "Old"}, at=salesforce_now(rig) - OLD)
    rig.run("account", full=True).ok  # noqa: B018
    pass_days(rig)
    commit_late(rig, {"op": "insert", "sobject": "Account", "fields": {"Name": "Older"}}, age=10 * OLD)
    assert drift(compare(rig)) == {"missed_in_salesforce": 1}


def test_values_in_a_form_of_the_service_are_no_drift(rig: Rig) -> None:
    rig.switch("ipaas", normalise="trim_phone")
    settled(rig, Phone="(512) 555-0100")
    report = compare(rig)
    assert (drift(report), explained(report)) == ({}, {"differs_as_agreed": 1})
    assert report.summary()["in_step"] == 1


def test_a_blank_that_does_not_overwrite_is_no_drift(rig: Rig) -> None:
    ours, _ = settled(rig, Phone="1")
    edit_salesforce(rig, ours, Phone=None)
    rig.run("account").ok  # noqa: B018
    report = compare(rig)
    assert (drift(report), explained(report)) == ({}, {"differs_as_agreed": 1})


def test_what_a_person_dropped_is_left_alone_until_it_changes(rig: Rig) -> None:
    settled(rig)
    alike = account(rig, "Alike")
    company(rig, "Alike")
    rig.run("account").ok  # noqa: B018
    assert rig.ledger.drop(Selection(reason="possible_duplicate"), actor="somebody").count == 2
    pass_days(rig)

    report = compare(rig, repair=True)

    assert (drift(report), explained(report), report.due) == ({}, {"skipped:dropped": 2}, 0)
    edit_late(rig, alike, Phone="1")
    assert drift(compare(rig)) == {"missed_in_salesforce": 1}
    edit_salesforce(rig, alike, Phone="2")
    assert explained(compare(rig)) == {"pending": 1, "skipped:dropped": 1}


def test_what_waits_for_a_go_at_first_contact_is_no_drift(rig: Rig) -> None:
    rig.settings["first_contact"] = "link_only"
    ours = contact(rig, account(rig), email="same@example.com", FirstName="Here")
    customer(rig, email="same@example.com", first_name="There", last_name="There")
    customer(rig)
    contact(rig, account(rig))
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", ours)

    report = compare(rig, "contact", repair=True)

    assert (drift(report), set(explained(report)), report.due) == ({}, {"waiting:awaiting_first_contact"}, 0)


def test_what_a_repair_made_due_waits_until_the_next_run(rig: Rig) -> None:
    ours, _ = settled(rig)
    edit_late(rig, ours, Phone="+1 512 555 0199")
    compare(rig, repair=True)

    report = compare(rig, repair=True)

    assert (drift(report), explained(report), report.due) == ({}, {"waiting:drift": 1}, 0)
    row = waiting(rig, "to_ipaas", ours)
    assert row is not None
    assert (row.reason, row.next_step) == (
        "drift",
        "Nothing to do: the next run reads it and brings it in step.",
    )


def test_a_repair_is_held_by_the_brake_of_the_run(rig: Rig) -> None:
    settled(rig)
    for name in ("One", "Two"):
        commit_late(rig, {"op": "insert", "sobject": "Account", "fields": {"Name": name}})
    assert compare(rig, repair=True).due == 2

    result = rig.run("account", max_creates=1)

    assert "max_creates" in str(result.errors["plan"])
    assert result["to_ipaas"]["parked_by_reason"] == {"max_creates": 2}
    assert len(companies(rig)) == 1


def _drop_external_id(rig: Rig, ipaas_id: str) -> None:
    links = rig.sandbox.ipaas.links
    found = links.by_internal("company", int(SYSTEM_ID), int(ipaas_id))
    assert found is not None
    links.drop(found)
