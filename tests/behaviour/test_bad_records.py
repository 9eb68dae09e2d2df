"""Errors are per record: whatever is wrong with some, the others arrive, and the run says which and why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    customers,
    edit_company,
    edit_salesforce,
    is_quiet,
    later,
    raw_salesforce,
    salesforce_rows,
    synced,
)
from tests.support.rig import Rig

GOOD = 5


def refusing(rig: Rig, body: str, code: str = "VALD-1002") -> Any:
    """Let iPaaS.com refuse the creates whose body matches."""
    answer = {"errors": [{"code": code, "message": "refused"}]}
    action = {"type": "status", "status": 400, "body": answer}
    return rig.fault(service="ipaas", method="POST", path="v2/Customer(/Company)?$", body=body, action=action)


def refused_in_salesforce(rig: Rig, sobject: str, condition: str) -> None:
    rule = {"sobject": sobject, "condition": condition, "message": "Not like this."}
    rig.control("POST", "salesforce/validation-rules", rule)


def names(rows: list[dict[str, Any]], key: str) -> set[str]:
    return {str(row[key]) for row in rows}


@pytest.mark.parametrize("place", range(3))
def test_a_refused_create_in_ipaas_holds_back_none_of_the_others(either: Rig, place: int) -> None:
    """Wherever it stands, first (where the canary is), in the middle or last."""
    labels = ["Good 1", "Good 2"]
    labels.insert(place, "Bad")
    for label in labels:
        account(either, label)

    with refusing(either, "Bad"):
        result = either.run("account")

    assert not result.errors
    assert result.counts("to_ipaas") == {"created": 2, "failed": 1}
    assert names(companies(either), "name") == {"Good 1", "Good 2"}


@pytest.mark.parametrize("place", range(3))
def test_a_refused_create_in_salesforce_holds_back_none_of_the_others(either: Rig, place: int) -> None:
    either.run("account").ok.counts("to_salesforce")
    refused_in_salesforce(either, "Account", "Name = 'Bad'")
    labels = ["Good 1", "Good 2"]
    labels.insert(place, "Bad")
    for label in labels:
        company(either, label)

    result = either.run("account")

    assert not result.errors
    assert result.counts("to_salesforce") == {"created": 2, "failed": 1}
    assert names(salesforce_rows(either, "Account"), "Name") == {"Good 1", "Good 2"}


def test_a_refused_update_holds_back_none_of_the_others(either: Rig) -> None:
    pairs = []
    for number in range(GOOD):
        ours = account(either, f"Account {number}")
        pairs.append((ours, synced(either, "account", ours)))
    refused_in_salesforce(either, "Account", "Fax = '0'")
    for number, (_, theirs) in enumerate(pairs):
        edit_company(either, theirs, fax_number="0" if number == 2 else "1")

    result = either.run("account")

    assert result.counts("to_salesforce") == {"updated": GOOD - 1, "failed": 1}
    assert [raw_salesforce(either, ours).get("Fax") for ours, _ in pairs].count("1") == GOOD - 1


def test_a_text_that_neither_service_takes_fails_its_record_only(either: Rig) -> None:
    account(either, "Half a \ud800 letter")
    account(either, "N\x00UL")
    account(either, "Good")

    result = either.run("account")

    assert not result.errors
    assert result.counts("to_ipaas") == {"created": 1, "failed": 2}
    assert {error["code"] for error in result["to_ipaas"]["errors"]} == {"invalid_text"}


def test_a_refused_field_leaves_the_rest_of_its_record_for_the_next_time(either: Rig) -> None:
    """A record is written whole or not at all: nobody has to guess which half has arrived."""
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_company(either, theirs, description="d" * 33_000, phone_number="+1 512 555 0100")
    assert either.run("account").counts("to_salesforce") == {"failed": 1}
    assert raw_salesforce(either, ours).get("Phone") is None

    edit_company(either, theirs, description="short")
    assert either.run("account").ok.counts("to_salesforce") == {"updated": 1}
    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0100"


def test_a_bad_record_that_is_edited_is_tried_at_once(either: Rig) -> None:
    ours = account(either, "Bad")
    account(either, "Good")
    with refusing(either, "Bad"):
        either.run("account")
        edit_salesforce(either, ours, Name="Mended")
        assert either.run("account").ok.counts("to_ipaas")["created"] == 1
    assert is_quiet(either.run("account"))


def test_a_bad_record_is_tried_on_its_schedule(either: Rig) -> None:
    account(either, "Bad")
    account(either, "Good")
    with refusing(either, "Bad"):
        assert either.run("account").counts("to_ipaas")["failed"] == 1
        either.sandbox.journal.reset()
        later(either, minutes=19)
        either.run("account").ok.counts("to_ipaas")
        assert [e for e in either.control("GET", "log?service=ipaas") if e["method"] == "POST" and e["fault"]] == []
        later(either, minutes=2)
        either.run("account").ok.counts("to_ipaas")
        assert len([e for e in either.control("GET", "log?service=ipaas") if e["fault"]]) == 1


def test_another_code_makes_it_failed_again(either: Rig) -> None:
    account(either, "Bad")
    account(either, "Good")
    with refusing(either, "Bad", "VALD-1002"):
        assert either.run("account").counts("to_ipaas")["failed"] == 1
    later(either, days=1)
    with refusing(either, "Bad", "VALD-1020"):
        assert either.run("account").counts("to_ipaas")["failed"] == 1
    later(either, days=1)
    with refusing(either, "Bad", "VALD-1020"):
        assert either.run("account").ok["to_ipaas"]["parked_by_reason"] == {"refused_before": 1}


def test_a_refused_parent_parks_its_contacts_and_no_others(either: Rig) -> None:
    bad, good = account(either, "Bad Parent"), account(either, "Good Parent")
    contact(either, bad)
    contact(either, bad)
    contact(either, good, LastName="Arrives")

    with refusing(either, "Bad Parent"):
        result = either.run("contact")

    counts = result["to_ipaas"]
    assert (counts["created"], counts["parked_by_reason"], counts["failed"]) == (1, {"parent_not_synced": 2}, 0)
    assert counts["parents"]["failed"] == 1
    assert [error["source_id"] for error in counts["errors"]] == [bad]
    assert names(customers(either), "last_name") == {"Arrives"}


def test_contacts_are_released_once_their_parent_is_accepted(either: Rig) -> None:
    bad = account(either, "Bad Parent")
    contact(either, bad)
    with refusing(either, "Bad Parent"):
        either.run("contact")
    edit_salesforce(either, bad, Name="Mended Parent")

    assert either.run("contact").ok.counts("to_ipaas") == {"created": 1}


def test_customers_of_all_kinds_arrive_around_a_bad_one(either: Rig) -> None:
    either.run("contact").ok.counts("to_salesforce")
    refused_in_salesforce(either, "Contact", "LastName = 'Bad'")
    for number in range(GOOD):
        customer(either, last_name="Bad" if number == 3 else f"Good {number}")

    result = either.run("contact")

    assert result.counts("to_salesforce") == {"created": GOOD - 1, "failed": 1}
    assert len(salesforce_rows(either, "Contact")) == GOOD - 1


def test_a_whole_batch_of_creates_survives_a_few_bad_rows(rig: Rig) -> None:
    rig.run("account").ok.counts("to_salesforce")
    refused_in_salesforce(rig, "Account", "AccountNumber LIKE '%7'")
    for number in range(230):
        company(rig, f"Batch {number}", account_number=str(number))

    result = rig.run("account")

    assert result.counts("to_salesforce") == {"created": 207, "failed": 23}
    assert len(salesforce_rows(rig, "Account")) == 207
