"""Manual syncs: just the records that were asked for, whatever their age, and nothing at all for a malformed id."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    edit_company,
    edit_customer,
    edit_salesforce,
    external_id,
    is_quiet,
    later,
    link_of,
    partner,
    raw_company,
    raw_salesforce,
    salesforce_rows,
    synced,
)
from tests.support.rig import Rig

ACCOUNT_ID = "0015g00000abcDEAAY"  # any well-formed one


def old_account(rig: Rig, name: str = "Old") -> str:
    at = rig.sandbox.clocks["salesforce"].now() - timedelta(days=3000)
    return rig.sandbox.salesforce.insert("Account", {"Name": name}, at=at)


# Which records


@pytest.mark.parametrize("length", [15, 18])
def test_a_salesforce_id_syncs_its_record_whatever_its_age(either: Rig, length: int) -> None:
    asked = old_account(either)
    old_account(either, "Not asked for")
    account(either, "Recent, but not asked for")

    result = either.run("account", record_ids=[asked[:length]])

    assert result.ok.counts("to_ipaas") == {"created": 1}
    assert result.counts("to_salesforce") == {}
    assert [row["name"] for row in companies(either)] == ["Old"]


def test_an_ipaas_id_syncs_its_record_whatever_its_age(either: Rig) -> None:
    asked = company(either, "Old Company")
    company(either, "Not asked for")
    later(either, days=300)

    result = either.run("account", record_ids=[asked])

    assert result.ok.counts("to_salesforce") == {"created": 1}
    assert [row["Name"] for row in salesforce_rows(either, "Account")] == ["Old Company"]
    assert external_id(either, "company", asked) == salesforce_rows(either, "Account")[0]["Id"]


def test_both_kinds_of_ids_in_one_run(either: Rig) -> None:
    ours, theirs = old_account(either), company(either, "Theirs")

    result = either.run("account", record_ids=[theirs, ours])

    assert result.ok.counts("to_ipaas") == {"created": 1}
    assert result.counts("to_salesforce") == {"created": 1}


def test_an_id_given_twice_in_two_forms_is_one_record(rig: Rig) -> None:
    asked = old_account(rig)

    result = rig.run("account", record_ids=[asked, asked[:15], asked])

    assert result.ok.counts("to_ipaas") == {"created": 1}
    assert len(companies(rig)) == 1


def test_a_contact_asked_for_brings_its_account(either: Rig) -> None:
    ours = contact(either, old_account(either))

    result = either.run("contact", record_ids=[ours])

    assert result.ok.counts("to_ipaas") == {"created": 1}
    assert result["to_ipaas"]["parents"]["created"] == 1


def test_ids_of_both_records_of_a_pair_sync_it_once(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    result = either.run("account", record_ids=[ours, theirs])

    assert result.ok.counts("to_ipaas") == {"updated": 1}
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"


# Both records of a pair are compared


def test_an_edit_of_the_record_opposite_is_found_by_a_salesforce_id(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    later(either, days=30)
    either.run("account").ok.counts("to_ipaas")
    edit_company(either, theirs, phone_number="+1 512 555 0122")

    either.run("account", record_ids=[ours]).ok.counts("to_salesforce")

    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0122"


def test_an_edit_of_the_record_opposite_is_found_by_an_ipaas_id(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    edit_salesforce(either, ours, Phone="+1 512 555 0133")

    either.run("account", record_ids=[theirs]).ok.counts("to_ipaas")

    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0133"


def test_edits_on_both_sides_meet_in_a_manual_sync(either: Rig) -> None:
    ours = contact(either, account(either))
    theirs = synced(either, "contact", ours)
    edit_salesforce(either, ours, FirstName="Sally")
    edit_customer(either, theirs, last_name="Iverson")

    either.run("contact", record_ids=[ours]).ok.counts("to_ipaas")

    assert raw_salesforce(either, ours)["LastName"] == "Iverson"
    assert either.sandbox.ipaas.record("customer", int(theirs)).values["first_name"] == "Sally"
    assert is_quiet(either.run("contact"))


def test_a_pair_in_step_is_unchanged(either: Rig) -> None:
    ours = account(either)
    synced(either, "account", ours)

    result = either.run("account", record_ids=[ours])

    assert is_quiet(result)
    assert result.counts("to_ipaas") == {"unchanged": 1}


def test_a_manual_sync_leaves_the_first_contact_to_the_first_run(rig: Rig) -> None:
    """Companies that were there before are the baseline, though a manual sync came first."""
    company(rig, "Was there before")
    ours = old_account(rig)
    rig.run("account", record_ids=[ours]).ok.counts("to_ipaas")

    result = rig.run("account")

    assert result.ok["to_salesforce"]["skipped_by_reason"] == {"before_first_contact": 1}
    assert len(salesforce_rows(rig, "Account")) == 1


def test_a_record_skipped_at_first_contact_is_created_when_asked_for(rig: Rig) -> None:
    theirs = company(rig, "Was there before")
    rig.run("account").ok.counts("to_salesforce")

    assert rig.run("account", record_ids=[theirs]).ok.counts("to_salesforce") == {"created": 1}


# Unknown ids


def test_an_unknown_salesforce_id_fails_by_name(either: Rig) -> None:
    result = either.run("account", record_ids=[ACCOUNT_ID])

    assert result.ok.counts("to_ipaas") == {"failed": 1}
    (error,) = result["to_ipaas"]["errors"]
    assert (error["source_id"], error["code"]) == (ACCOUNT_ID, "record_not_found")
    assert error["next_step"]


def test_an_unknown_ipaas_id_fails_by_name(either: Rig) -> None:
    result = either.run("account", record_ids=["987654321"])

    assert result.ok.counts("to_salesforce") == {"failed": 1}
    (error,) = result["to_salesforce"]["errors"]
    assert (error["source_id"], error["code"]) == ("987654321", "record_not_found")


def test_an_unknown_id_holds_back_none_of_the_others(either: Rig) -> None:
    ours = old_account(either)

    result = either.run("account", record_ids=[ACCOUNT_ID, ours, "987654321"])

    assert result.ok.counts("to_ipaas") == {"created": 1, "failed": 1}
    assert result.counts("to_salesforce") == {"failed": 1}


def test_an_unknown_id_is_not_tried_again_by_later_runs(either: Rig) -> None:
    either.run("account", record_ids=[ACCOUNT_ID, "987654321"]).ok.counts("to_ipaas")
    later(either, days=2)

    result = either.run("account")

    assert result.ok["to_ipaas"]["seen"] == result["to_salesforce"]["seen"] == 0


def test_an_id_of_a_record_opposite_that_is_deleted_says_so(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    either.sandbox.ipaas.remove("company", int(theirs), "purge")

    result = either.run("account", record_ids=[ours])

    assert result.ok["to_ipaas"]["skipped_by_reason"] == {"target_deleted": 1}


def test_a_refused_record_is_tried_at_once_by_record_ids(either: Rig) -> None:
    ours = account(either, "Refused")
    with rig_refuses(either):
        assert either.run("account").counts("to_ipaas") == {"failed": 1}
    assert either.run("account").ok["to_ipaas"]["parked_by_reason"] == {"refused_before": 1}

    assert either.run("account", record_ids=[ours]).ok.counts("to_ipaas") == {"created": 1}


def rig_refuses(rig: Rig) -> Any:
    body = {"errors": [{"code": "VALD-1002", "message": "name is required"}]}
    return rig.fault(
        service="ipaas",
        method="POST",
        path="v2/Customer/Company$",
        action={"type": "status", "status": 400, "body": body},
    )


# Malformed ids: nothing is read

MALFORMED: dict[str, Any] = {
    "prefix of another object": "0035g00000abcDEAAY",
    "15 characters of another object": "0065g00000abcDE",
    "wrong checksum": "0015g00000abcDEAAZ",
    "checksum in the wrong case": "0015g00000abcDEaay",
    "SOQL": "0015g00000abcDE' OR Name LIKE '%",
    "SOQL alone": "' OR Id != null --",
    "wildcard": "%",
    "empty": "",
    "blank": " ",
    "surrounded by blanks": f" {ACCOUNT_ID} ",
    "newline at the end": f"{ACCOUNT_ID}\n",
    "path": "../customers",
    "path in one": "12/34",
    "query": "12?x=1",
    "too long": "1" * 65,
    "other digits": "\u0661\u0662\u0663",
    "full-width digits": "\uff11\uff12",
    "letters beyond ASCII": "0015g00000äbcDE",
    "NUL": "12\x0034",
    "number": 1234,
    "null": None,
    "list": ["0015g00000abcDEAAY"],
    "object": {"id": 1},
    "flag": True,
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_id_fails_the_run_before_anything_is_read(rig: Rig, value: Any) -> None:
    good = old_account(rig)
    rig.control("POST", "calls/reset")

    with pytest.raises(ConfigurationError) as raised:
        rig.run("account", record_ids=[good, value])

    assert repr(value)[:60] in str(raised.value)
    assert raised.value.next_step
    calls = rig.calls()
    assert [calls[service][kind] for service in ("salesforce", "ipaas") for kind in ("api", "login")] == [0, 0, 0, 0]
    assert rig.ledger.run("account:run1") is None


@pytest.mark.parametrize("value", ["0015g00000abcDEAAY", 12, {"a": 1}, True])
def test_record_ids_that_are_no_array_fail_the_run(rig: Rig, value: Any) -> None:
    with pytest.raises(ConfigurationError, match="record_ids"):
        rig.run("account", record_ids=value)
    assert rig.calls()["salesforce"]["login"] == 0


def test_a_contact_id_is_none_of_an_account(rig: Rig) -> None:
    ours = contact(rig, account(rig))
    with pytest.raises(ConfigurationError, match=ours):
        rig.run("account", record_ids=[ours])


def test_an_ipaas_id_may_start_with_zeros_unless_it_looks_like_a_salesforce_id(rig: Rig) -> None:
    result = rig.run("account", record_ids=["0012"])

    assert result.ok.counts("to_salesforce") == {"failed": 1}


def test_a_guid_is_an_ipaas_id(rig: Rig) -> None:
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"

    result = rig.run("account", record_ids=[guid])

    assert not result.errors, result.errors
    assert result["to_salesforce"]["errors"][0]["source_id"] == guid


def test_a_manual_sync_of_many_ids_reads_them_in_few_calls(rig: Rig) -> None:
    ids = [old_account(rig, f"Old {number}") for number in range(450)]
    rig.control("POST", "calls/reset")

    result = rig.run("account", record_ids=ids, dry_run=True)

    assert result.ok.counts("to_ipaas") == {"created": 450}
    assert rig.calls()["salesforce"]["api"] <= 4


def test_an_external_id_that_is_lost_in_ipaas_is_no_matter_to_a_linked_pair(either: Rig) -> None:
    ours = account(either)
    theirs = synced(either, "account", ours)
    either.control("POST", "ipaas/external-ids/delete", {"table": "company", "internal_id": int(theirs)})
    edit_salesforce(either, ours, Phone="+1 512 555 0100")

    either.run("account", record_ids=[ours]).ok.counts("to_ipaas")

    assert partner(either, "account", ours) == theirs
    assert link_of(either, "account", ours) is not None
    assert raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"


def test_a_customer_asked_for_is_created_as_a_contact(either: Rig) -> None:
    theirs = customer(either)

    assert either.run("contact", record_ids=[theirs]).ok.counts("to_salesforce") == {"created": 1}
