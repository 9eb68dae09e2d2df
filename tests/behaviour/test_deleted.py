"""Deletes and merges: never synced, never undone by a new record, and no link is made anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    edit_company,
    edit_customer,
    edit_salesforce,
    external_id,
    is_quiet,
    later,
    link_of,
    partner,
    raw_company,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
    scope,
    synced,
)
from tests.support.rig import Rig

REMOVALS = ["deactivate", "purge"]


def pair(rig: Rig, **fields: Any) -> tuple[str, str]:
    """Create an Account and sync it; return both ids."""
    ours = account(rig, **fields)
    return ours, synced(rig, "account", ours)


def delete(rig: Rig, record_id: str, *, hard: bool = False) -> None:
    rig.sandbox.salesforce.delete(record_id)
    if hard:
        rig.sandbox.salesforce.purge(record_id)


def merge(rig: Rig, winner: str, *losers: str) -> None:
    rig.sandbox.salesforce.merge(winner, losers)


def state_of(rig: Rig, salesforce_id: str) -> str:
    link = link_of(rig, "account", salesforce_id)
    assert link is not None
    return link.state


# Deletes are not synced


@pytest.mark.parametrize("hard", [False, True])
def test_a_delete_in_salesforce_leaves_the_company_alone(either: Rig, hard: bool) -> None:
    ours, theirs = pair(either)
    before = raw_company(either, theirs)
    delete(either, ours, hard=hard)

    for _ in range(2):
        assert is_quiet(either.run("account"))
        later(either, hours=1)
    assert raw_company(either, theirs) == before


@pytest.mark.parametrize("mode", REMOVALS)
def test_a_delete_in_ipaas_leaves_the_account_alone(either: Rig, mode: Any) -> None:
    ours, theirs = pair(either)
    before = raw_salesforce(either, ours)
    either.sandbox.ipaas.remove("company", int(theirs), mode)

    for _ in range(2):
        assert is_quiet(either.run("account"))
        later(either, hours=1)
    assert raw_salesforce(either, ours) == before


def test_a_record_deleted_before_any_run_is_no_source(either: Rig) -> None:
    delete(either, account(either))

    result = either.run("account")

    assert result.ok["to_ipaas"]["seen"] == 0
    assert companies(either) == []


@pytest.mark.parametrize("hard", [False, True])
def test_a_record_deleted_while_it_waits_waits_no_more(either: Rig, hard: bool) -> None:
    company(either, "Alike")
    ours = account(either, "Alike")
    assert either.run("account").ok["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": 1}
    delete(either, ours, hard=hard)
    later(either, hours=1)

    assert either.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"source_deleted": 1}
    counts = either.run("account").ok["to_ipaas"]
    assert (counts["skipped"], counts["parked"], counts["oldest_parked_hours"]) == (0, 0, 0.0)


# The target is deleted


@pytest.mark.parametrize("mode", REMOVALS)
def test_an_edit_of_an_account_whose_company_is_deleted_is_skipped(either: Rig, mode: Any) -> None:
    ours, theirs = pair(either)
    either.sandbox.ipaas.remove("company", int(theirs), mode)
    if mode == "deactivate" and either.sandbox.ipaas.switches.get("inactive_records") == "shown":
        return  # nothing tells it from a living one
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    result = either.run("account")

    assert result.ok.counts("to_ipaas") == {"skipped": 1}
    assert result["to_ipaas"]["skipped_by_reason"] == {"target_deleted": 1}
    assert companies(either) == []
    assert state_of(either, ours) == "ipaas_deleted"


@pytest.mark.parametrize("hard", [False, True])
def test_an_edit_of_a_company_whose_account_is_deleted_creates_none(either: Rig, hard: bool) -> None:
    ours, theirs = pair(either)
    delete(either, ours)
    either.run("account").ok.counts("to_ipaas")
    if hard:
        either.sandbox.salesforce.purge(ours)
    edit_company(either, theirs, phone_number="+1 512 555 0100")

    result = either.run("account")

    assert result.ok["to_salesforce"]["skipped_by_reason"] == {"target_deleted": 1}
    assert salesforce_rows(either, "Account") == []


def test_a_deleted_target_is_never_recreated_later(either: Rig) -> None:
    ours, theirs = pair(either)
    either.sandbox.ipaas.remove("company", int(theirs), "purge")
    for turn in range(3):
        edit_salesforce(either, ours, Phone=f"+1 512 555 010{turn}")
        assert either.run("account").ok.counts("to_ipaas") == {"skipped": 1}
        later(either, days=1)
    assert either.run("account", full=True).ok.counts("to_ipaas") == {"skipped": 1}
    assert either.run("account", record_ids=[ours]).ok.counts("to_ipaas") == {"skipped": 1}
    assert companies(either) == []


def test_an_edit_meets_a_target_deleted_in_the_same_hour(either: Rig) -> None:
    """Edited on one side and deleted on the other between two runs: the delete stands, nothing is lost silently."""
    ours, theirs = pair(either)
    edit_company(either, theirs, phone_number="+1 512 555 0100")
    delete(either, ours)

    result = either.run("account")

    assert result.ok["to_salesforce"]["skipped_by_reason"] == {"target_deleted": 1}
    assert salesforce_rows(either, "Account") == []


def test_a_target_that_vanishes_between_plan_and_write_is_skipped(rig: Rig) -> None:
    ours, theirs = pair(rig)
    edit_salesforce(rig, ours, Phone="+1 512 555 0100")
    for name in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(name, rig.sync("account", "steps", {}))
    rig.sandbox.ipaas.remove("company", int(theirs), "purge")
    rig.step("upsert_ipaas", rig.sync("account", "steps", {}))

    item = rig.ledger.items_by_id("account:steps", "account", "salesforce", [ours])[ours]
    assert (item.outcome, item.reason) == ("skipped", "target_deleted")


# Undeleted


def test_an_undeleted_account_lives_again(either: Rig) -> None:
    ours, theirs = pair(either)
    delete(either, ours)
    either.run("account").ok.counts("to_ipaas")
    assert state_of(either, ours) == "salesforce_deleted"
    either.sandbox.salesforce.undelete(ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    assert either.run("account").ok.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"
    assert state_of(either, ours) == "active"
    assert len(companies(either)) == 1


def test_an_undelete_alone_brings_the_link_back(either: Rig) -> None:
    ours, theirs = pair(either)
    delete(either, ours)
    either.run("account").ok.counts("to_ipaas")
    either.sandbox.salesforce.undelete(ours)
    either.run("account").ok.counts("to_ipaas")
    assert state_of(either, ours) == "active"

    edit_company(either, theirs, phone_number="+1 512 555 0100")
    assert either.run("account").ok.counts("to_salesforce") == {"updated": 1}


def test_a_company_edit_during_the_delete_arrives_after_the_undelete(either: Rig) -> None:
    ours, theirs = pair(either)
    delete(either, ours)
    edit_company(either, theirs, phone_number="+1 512 555 0100")
    either.run("account").ok.counts("to_salesforce")
    either.sandbox.salesforce.undelete(ours)

    either.run("account").ok.counts("to_salesforce")

    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0100"


def test_a_reactivated_company_lives_again(either: Rig) -> None:
    ours, theirs = pair(either)
    either.sandbox.ipaas.remove("company", int(theirs), "deactivate")
    edit_salesforce(either, ours, Phone="+1 512 555 0100")
    either.run("account").ok.counts("to_ipaas")
    either.sandbox.ipaas.reactivate(either.sandbox.ipaas.record("company", int(theirs)))
    edit_salesforce(either, ours, Fax="+1 512 555 0200")

    either.run("account").ok.counts("to_ipaas")

    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"
    assert raw_company(either, theirs)["fax_number"] == "+1 512 555 0200"
    assert state_of(either, ours) == "active"


def test_an_edit_made_meanwhile_arrives_when_a_company_is_reactivated(rig: Rig) -> None:
    ours, theirs = pair(rig)
    rig.sandbox.ipaas.remove("company", int(theirs), "deactivate")
    edit_salesforce(rig, ours, Phone="+1 512 555 0100")
    rig.run("account").ok.counts("to_ipaas")
    later(rig, days=30)
    rig.run("account").ok.counts("to_ipaas")
    rig.sandbox.ipaas.reactivate(rig.sandbox.ipaas.record("company", int(theirs)))

    rig.run("account").ok.counts("to_ipaas")

    assert raw_company(rig, theirs)["phone_number"] == "+1 512 555 0100"
    assert state_of(rig, ours) == "active"


def test_an_undeleted_contact_lives_again(either: Rig) -> None:
    ours = contact(either, account(either))
    theirs = synced(either, "contact", ours)
    delete(either, ours)
    either.run("contact").ok.counts("to_ipaas")
    either.sandbox.salesforce.undelete(ours)
    edit_salesforce(either, ours, FirstName="Back")

    assert either.run("contact").ok.counts("to_ipaas") == {"updated": 1}
    assert raw_customer(either, theirs)["first_name"] == "Back"


# Merged


def test_merged_into_an_unlinked_record_the_link_follows(either: Rig) -> None:
    ours, theirs = pair(either, Phone="+1 512 555 0100")
    at = either.sandbox.clocks["salesforce"].now()
    later(either, days=30)
    winner = either.sandbox.salesforce.insert("Account", {"Name": "Winner", "Phone": "+1 512 555 0300"}, at=at)
    merge(either, winner, ours)

    either.run("account").ok.counts("to_ipaas")

    assert partner(either, "account", winner) == theirs
    assert link_of(either, "account", ours) is None
    assert raw_company(either, theirs)["name"] == "Winner"
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0300"
    assert len(companies(either)) == 1


def test_the_external_id_is_renewed_after_a_merge(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)

    either.run("account").ok.counts("to_ipaas")

    assert external_id(either, "company", theirs) == winner
    assert is_quiet(either.run("account"))


def test_a_pair_goes_on_in_both_directions_after_a_merge(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)
    either.run("account").ok.counts("to_ipaas")

    edit_company(either, theirs, phone_number="+1 512 555 0100")
    either.run("account").ok.counts("to_salesforce")
    assert raw_salesforce(either, winner)["Phone"] == "+1 512 555 0100"
    edit_salesforce(either, winner, Fax="+1 512 555 0200")
    either.run("account").ok.counts("to_ipaas")
    assert raw_company(either, theirs)["fax_number"] == "+1 512 555 0200"


def test_a_company_edit_before_the_merge_reaches_the_winner(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)
    edit_company(either, theirs, description="Edited meanwhile")

    either.run("account").ok.counts("to_salesforce")

    assert raw_salesforce(either, winner)["Description"] == "Edited meanwhile"


def test_merged_into_a_linked_record_it_is_parked_with_both_ids(either: Rig) -> None:
    loser, theirs = pair(either)
    winner, other = pair(either)
    merge(either, winner, loser)

    result = either.run("account")

    assert result.ok["to_ipaas"]["parked_by_reason"] == {"merged_duplicate": 1}
    waiting = either.ledger.unresolved(scope(either), "account", "to_ipaas", [loser])[loser]
    assert theirs in (waiting.message or "")
    assert other in (waiting.message or "")
    assert waiting.next_step
    assert partner(either, "account", winner) == other
    assert {c["id"] for c in companies(either)} == {int(theirs), int(other)}


@pytest.mark.parametrize("which", ["loser's", "winner's"])
def test_a_merged_duplicate_is_settled_once_one_company_is_gone(either: Rig, which: str) -> None:
    loser, theirs = pair(either)
    winner, other = pair(either)
    merge(either, winner, loser)
    either.run("account").ok.counts("to_ipaas")
    either.sandbox.ipaas.remove("company", int(theirs if which == "loser's" else other), "purge")

    assert either.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"source_deleted": 1}
    assert either.run("account").ok["to_ipaas"]["parked"] == 0


def test_a_merged_duplicate_stays_parked_until_a_person_acts(either: Rig) -> None:
    loser, _ = pair(either)
    winner, _ = pair(either)
    merge(either, winner, loser)
    either.run("account").ok.counts("to_ipaas")

    for _ in range(2):
        later(either, hours=1)
        result = either.run("account")
        assert result.ok["to_ipaas"]["parked_by_reason"] == {"merged_duplicate": 1}
        assert is_quiet(result)


def test_an_edit_of_the_company_of_a_merged_loser_overwrites_nothing(either: Rig) -> None:
    loser, theirs = pair(either)
    winner, _ = pair(either, Phone="+1 512 555 0300")
    merge(either, winner, loser)
    either.run("account").ok.counts("to_ipaas")
    edit_company(either, theirs, phone_number="+1 512 555 0999")

    either.run("account").ok.counts("to_salesforce")

    assert raw_salesforce(either, winner)["Phone"] == "+1 512 555 0300"
    assert len(salesforce_rows(either, "Account")) == 1


def test_two_losers_of_one_merge_into_an_unlinked_winner(either: Rig) -> None:
    """The first link follows; the second would be made anew, so a person decides."""
    first, _ = pair(either)
    second, _ = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, first, second)

    result = either.run("account")

    assert result.ok["to_ipaas"]["parked_by_reason"] == {"merged_duplicate": 1}
    assert link_of(either, "account", winner) is not None
    assert len(companies(either)) == 2
    assert is_quiet(either.run("account"))


def test_merged_contacts_follow_too(either: Rig) -> None:
    home = account(either)
    ours = contact(either, home)
    theirs = synced(either, "contact", ours)
    winner = contact(either, home, email=None, LastName="Winner")
    merge(either, winner, ours)
    edit_customer(either, theirs, first_name="Meanwhile")

    either.run("contact").ok.counts("to_ipaas")

    assert partner(either, "contact", winner) == theirs
    assert external_id(either, "customer", theirs) == winner
    assert raw_customer(either, theirs)["last_name"] == "Winner"


def test_a_dry_run_follows_no_merge(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)

    either.run("account", dry_run=True)

    assert partner(either, "account", ours) == theirs
    assert external_id(either, "company", theirs) == ours


def test_a_merge_whose_external_id_could_not_be_stored_is_taken_up_again(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)
    with either.fault(service="ipaas", path="UpdateExternalId", action={"type": "status", "status": 503}):
        either.run("account")

    later(either, minutes=15)
    either.run("account").ok.counts("to_ipaas")

    assert partner(either, "account", winner) == theirs
    assert external_id(either, "company", theirs) == winner
    assert raw_company(either, theirs)["name"] == "Winner"


def test_a_refusal_does_not_forget_the_external_id_that_is_owed(either: Rig) -> None:
    ours, theirs = pair(either)
    winner = account(either, "Winner")
    merge(either, winner, ours)
    with either.fault(service="ipaas", path="UpdateExternalId", action={"type": "status", "status": 503}):
        either.run("account")
    body = {"errors": [{"code": "VALD-1002", "message": "name is required"}]}
    refuse = {"type": "status", "status": 400, "body": body}
    with either.fault(service="ipaas", method="PUT", action=refuse):
        assert either.run("account").counts("to_ipaas") == {"failed": 1}
    later(either, days=2)

    either.run("account").ok.counts("to_ipaas")

    assert external_id(either, "company", theirs) == winner
    assert is_quiet(either.run("account"))


def test_what_is_in_step_still_owes_its_external_id(either: Rig) -> None:
    """Nothing but the external id is left to write: a run that can't store it leaves it to the next one."""
    ours, theirs = pair(either, name="Same")
    winner = account(either, "Same")
    merge(either, winner, ours)
    for _ in range(2):
        with either.fault(service="ipaas", path="UpdateExternalId", action={"type": "status", "status": 503}):
            assert set(either.run("account").errors) == {"upsert_ipaas"}
        later(either, minutes=15)

    either.run("account").ok.counts("to_ipaas")

    assert external_id(either, "company", theirs) == winner
    assert is_quiet(either.run("account"))


# A full load lists what is there, and still has to learn what went away since the last run


def test_a_full_load_follows_a_merge_that_is_older_than_its_window(either: Rig) -> None:
    loser, theirs = pair(either)
    winner = account(either)
    merge(either, winner, loser)
    later(either, days=8)

    either.run("account", full=True).ok  # noqa: B018

    assert partner(either, "account", winner) == theirs
    assert len(companies(either)) == 1


def test_a_full_load_notes_a_delete_that_is_older_than_its_window(either: Rig) -> None:
    ours, _ = pair(either)
    delete(either, ours)
    later(either, days=8)

    either.run("account", full=True).ok  # noqa: B018

    assert state_of(either, ours) == "salesforce_deleted"


# Lost visibility


def hide(rig: Rig, record_id: str) -> dict[str, Any]:
    """Take a record out of sight without deleting it, as a changed sharing rule does; return it."""
    store = rig.sandbox.salesforce
    table = store.tables[store.sobject_of(record_id)]
    row = dict(table.rows[record_id])
    table.remove(record_id)
    return row


def test_a_record_that_lost_visibility_is_not_taken_for_deleted(either: Rig) -> None:
    ours, theirs = pair(either)
    row = hide(either, ours)
    edit_company(either, theirs, phone_number="+1 512 555 0100")

    result = either.run("account")

    assert result.ok["to_salesforce"]["parked_by_reason"] == {"target_not_visible": 1}
    assert state_of(either, ours) == "active"

    either.sandbox.salesforce.tables["Account"].put(row)
    either.run("account").ok.counts("to_salesforce")
    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0100"


def test_a_company_edit_is_not_created_anew_while_its_account_is_invisible(either: Rig) -> None:
    ours, theirs = pair(either)
    hide(either, ours)
    edit_company(either, theirs, phone_number="+1 512 555 0100")

    for _ in range(2):
        either.run("account").ok.counts("to_salesforce")
        later(either, days=1)

    assert salesforce_rows(either, "Account") == []
