"""Errors are per record: one refused record never holds back the others, and is tried again on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sync.applying import ConfigurationRefused
from tests.behaviour import world
from tests.support.rig import Result, Rig

RULE = {"sobject": "Account", "condition": "Phone = '666'", "message": "We do not sell to 666."}


def warmed(rig: Rig) -> None:
    """Let the canaries of Accounts pass."""
    account = world.account(rig, "Warm here", Phone="1")
    company = world.company(rig, "Warm there", phone_number="1")
    rig.run("account", full=True).ok  # noqa: B018
    world.edit_salesforce(rig, account, Phone="2")
    world.edit_company(rig, company, phone_number="2")
    rig.run("account").ok  # noqa: B018


def refused_company(rig: Rig) -> str:
    """Return a Company that a validation rule of the org refuses."""
    rig.control("POST", "salesforce/validation-rules", RULE)
    return world.company(rig, "Refused", phone_number="666")


def parked(result: Result, direction: str = "to_salesforce") -> dict[str, int]:
    reasons: dict[str, int] = result[direction]["parked_by_reason"]
    return reasons


def error_of(result: Result, direction: str = "to_salesforce") -> dict[str, Any]:
    (error,) = result[direction]["errors"]
    return dict(error)


# One by one


def test_a_refused_record_does_not_hold_back_the_others(rig: Rig) -> None:
    warmed(rig)
    bad = refused_company(rig)
    good = [world.company(rig, f"Good {number}") for number in range(3)]
    result = rig.run("account").ok
    assert result.counts("to_salesforce")["created"] == 3
    assert result["to_salesforce"]["failed"] == 1
    assert error_of(result)["source_id"] == bad
    linked = {world.partner(rig, "account", row["Id"]) for row in world.salesforce_rows(rig, "Account")}
    assert set(good) <= linked


def test_a_refused_update_does_not_hold_back_the_others(rig: Rig) -> None:
    warmed(rig)
    rig.control("POST", "salesforce/validation-rules", RULE)
    pairs = [(a := world.account(rig, f"Pair {n}"), world.synced(rig, "account", a)) for n in range(3)]
    for number, (_, company) in enumerate(pairs):
        world.edit_company(rig, company, phone_number="666" if number == 1 else "7")
    result = rig.run("account").ok
    assert (result["to_salesforce"]["updated"], result["to_salesforce"]["failed"]) == (2, 1)
    assert error_of(result)["target_id"] == pairs[1][0]
    assert [world.raw_salesforce(rig, account).get("Phone") for account, _ in pairs] == ["7", None, "7"]


def test_a_record_refused_by_ipaas_does_not_hold_back_the_others(either: Rig) -> None:
    rig = either
    parent = world.account(rig, "Parent")
    good = [world.contact(rig, parent) for _ in range(2)]
    refusal = {
        "type": "status",
        "status": 400,
        "body": {"errors": [{"code": "VALD-1025", "message": "Field last_name is not valid: 'Secret Name'"}]},
    }
    bad = world.contact(rig, parent, LastName="Secret Name")
    with rig.fault(service="ipaas", method="POST", path="v2/Customer$", body="Secret Name", action=refusal):
        result = rig.run("contact", full=True).ok
    assert (result["to_ipaas"]["created"], result["to_ipaas"]["failed"]) == (2, 1)
    error = error_of(result, "to_ipaas")
    assert (error["source_id"], error["code"]) == (bad, "VALD-1025")
    assert all(world.link_of(rig, "contact", record_id) for record_id in good)


def test_a_refusal_without_a_known_code_is_about_its_record_only(rig: Rig) -> None:
    warmed(rig)
    world.account(rig, "Strange One")
    world.account(rig, "Plain One")
    answer = {"type": "status", "status": 422, "body": {"message": "no"}}
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", body="Strange", action=answer):
        result = rig.run("account").ok
    assert (result["to_ipaas"]["created"], result["to_ipaas"]["failed"]) == (1, 1)


# The schedule


def test_a_refused_record_fails_first_and_is_parked_then(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    assert rig.run("account").ok["to_salesforce"]["failed"] == 1
    world.later(rig, minutes=20)
    again = rig.run("account").ok
    assert again["to_salesforce"]["failed"] == 0
    assert parked(again) == {"refused_before": 1}


def attempts_until(rig: Rig, minutes: int, every: int) -> list[int]:
    """Run on a schedule; return at which minute the refused record was tried."""
    tried: list[int] = []
    for minute in range(every, minutes + 1, every):
        world.later(rig, minutes=every)
        rig.control("POST", "calls/reset")
        result = rig.run("account").ok
        if parked(result).get("refused_before"):
            tried.append(minute)
    return tried


def test_it_is_tried_again_20_60_120_minutes_later(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    assert attempts_until(rig, 420, 20) == [20, 80, 200, 400]


def test_it_is_tried_at_least_daily(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    for _ in range(14):
        world.later(rig, days=2)
        assert parked(rig.run("account").ok) == {"refused_before": 1}
    world.later(rig, hours=23)
    assert parked(rig.run("account").ok) == {}
    world.later(rig, hours=1.1)
    assert parked(rig.run("account").ok) == {"refused_before": 1}


def test_in_the_window_it_counts_as_parked_without_being_tried(rig: Rig) -> None:
    parent = world.account(rig, "Parent")
    world.contact(rig, parent)
    rig.run("contact", full=True).ok  # noqa: B018
    bad = world.contact(rig, parent, LastName="Bad Name")
    answer = {"type": "status", "status": 400, "body": {"errors": [{"code": "VALD-1025", "message": "no"}]}}
    with rig.fault(service="ipaas", method="POST", path="v2/Customer$", body="Bad Name", action=answer):
        assert rig.run("contact").ok["to_ipaas"]["failed"] == 1
    result = rig.run("contact").ok
    assert parked(result, "to_ipaas") == {"refused_before": 1}
    assert world.link_of(rig, "contact", bad) is None
    world.later(rig, minutes=20)
    assert rig.run("contact").ok["to_ipaas"]["created"] == 1


def test_an_edit_has_it_tried_at_once(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    world.edit_company(rig, company, phone_number="667")
    assert rig.run("account").ok["to_salesforce"]["created"] == 1


def test_a_mapping_change_has_it_tried_at_once(rig: Rig, tmp_path: Path) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    world.map_fields(
        rig, tmp_path / "mappings", "account", "phone: {salesforce: Phone, ipaas: phone_number, direction: to_ipaas}"
    )
    assert rig.run("account").ok["to_salesforce"]["created"] == 1


def test_record_ids_have_it_tried_at_once(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    rig.run("account").ok  # noqa: B018
    rig.control("DELETE", "salesforce/validation-rules")
    assert rig.run("account", record_ids=[company]).ok["to_salesforce"]["created"] == 1


def test_a_new_error_code_fails_again(rig: Rig) -> None:
    warmed(rig)
    company = refused_company(rig)
    assert error_of(rig.run("account").ok)["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.edit_company(rig, company, phone_number="1", name="x" * 300)
    result = rig.run("account").ok
    assert result["to_salesforce"]["failed"] == 1
    assert error_of(result)["code"] == "STRING_TOO_LONG"


def test_a_run_that_stops_before_its_turn_does_not_make_an_old_refusal_new(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    world.later(rig, minutes=20)
    with rig.fault(service="salesforce", path="composite/sobjects", action={"type": "limit_exceeded"}):
        rig.run("account")
    result = rig.run("account").ok
    assert result["to_salesforce"]["failed"] == 0
    assert parked(result) == {"refused_before": 1}


def test_a_corrected_record_is_forgotten_as_refused(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    rig.run("account").ok  # noqa: B018
    rig.control("DELETE", "salesforce/validation-rules")
    world.later(rig, minutes=20)
    assert rig.run("account").ok["to_salesforce"]["created"] == 1
    assert world.is_quiet(rig.run("account"))
    assert not list(rig.ledger.due(world.scope(rig), "account", "to_salesforce", rig.now()))


def test_a_refused_parent_follows_the_schedule_and_does_not_colour_the_run(rig: Rig) -> None:
    world.contact(rig, world.account(rig, "Good Parent"))
    rig.run("contact", full=True).ok  # noqa: B018
    parent = world.account(rig, "Bad Parent")
    world.contact(rig, parent)
    answer = {"type": "status", "status": 400, "body": {"errors": [{"code": "VALD-1025", "message": "no"}]}}
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", action=answer):
        result = rig.run("contact").ok
        assert result["to_ipaas"]["failed"] == 0
        assert result["to_ipaas"]["parents"]["failed"] == 1
        assert parked(result, "to_ipaas") == {"parent_not_synced": 1}
        assert error_of(result, "to_ipaas")["source_id"] == parent
    assert parked(rig.run("contact").ok, "to_ipaas") == {"parent_not_synced": 1}
    world.later(rig, minutes=20)
    result = rig.run("contact").ok
    assert result["to_ipaas"]["created"] == 1
    assert result["to_ipaas"]["parents"]["created"] == 1


# Messages


def test_a_validation_rules_text_is_kept(rig: Rig) -> None:
    warmed(rig)
    refused_company(rig)
    assert "We do not sell to 666." in error_of(rig.run("account").ok)["message"]


def test_messages_of_known_codes_are_ours_without_values(rig: Rig) -> None:
    warmed(rig)
    secret = "Secret" * 60
    world.company(rig, secret)
    error = error_of(rig.run("account").ok)
    assert error["code"] == "STRING_TOO_LONG"
    assert "Name" in error["message"]
    assert "Secret" not in error["message"] + error["next_step"]
    assert "255" in error["message"]


def test_a_bad_e_mail_is_named_without_its_value(rig: Rig) -> None:
    world.customer(rig)
    rig.run("contact", full=True).ok  # noqa: B018
    with rig.fault(
        service="salesforce",
        path="composite/sobjects/Contact/iPaaS",
        action={
            "type": "record_error",
            "code": "INVALID_EMAIL_ADDRESS",
            "message": "Email: invalid email address: who@where",
            "fields": ["Email"],
            "where": {"Email": "who@where.example"},
        },
    ):
        world.customer(rig, email="who@where.example")
        error = error_of(rig.run("contact").ok)
    assert error["code"] == "INVALID_EMAIL_ADDRESS"
    assert "Email" in error["message"]
    assert "who@" not in error["message"]


@pytest.mark.parametrize("text", ["half \ud83d pair", "nul \x00 byte"], ids=["lone-surrogate", "NUL"])
def test_text_that_no_service_accepts_is_refused_before_it_is_sent(rig: Rig, text: str) -> None:
    warmed(rig)
    world.company(rig, "Broken Text", description=text)
    world.company(rig, "Good Text")
    result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (1, 1)
    error = error_of(result)
    assert error["code"] == "invalid_text"
    assert "description" in error["message"]


# Whole batches


def test_a_batch_refused_whole_by_one_row_is_cut_until_the_row_stands_alone(rig: Rig) -> None:
    warmed(rig)
    for number in range(7):
        world.company(rig, f"Row {number}")
    answer = {"type": "status", "status": 400, "body": [{"errorCode": "JSON_PARSER_ERROR", "message": "at row"}]}
    with rig.fault(service="salesforce", path="composite/sobjects/Account/", body="Row 3", action=answer):
        result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (6, 1)
    assert error_of(result)["code"] == "JSON_PARSER_ERROR"


def test_an_error_of_configuration_that_meets_the_whole_first_batch_stops_the_run_and_marks_none(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.company(rig, f"Row {number}")
    rig.switch("salesforce", read_only_objects=["Account"])
    result = rig.run("account")
    (error,) = result.errors.values()
    assert isinstance(error, ConfigurationRefused)
    assert "No record was marked" in error.message
    assert result["to_salesforce"]["failed"] == 0
    assert parked(result) == {"not_attempted": 3}
    rig.switch("salesforce", read_only_objects=[])
    assert rig.run("account").ok["to_salesforce"]["created"] == 3


def test_before_any_canary_too(rig: Rig) -> None:
    for number in range(3):
        world.company(rig, f"Row {number}")
    rig.switch("salesforce", read_only_objects=["Account"])
    result = rig.run("account", full=True)
    assert isinstance(result.errors["upsert_salesforce"], ConfigurationRefused)
    assert result["to_salesforce"]["failed"] == 0
    rig.switch("salesforce", read_only_objects=[])
    assert rig.run("account").ok["to_salesforce"]["created"] == 3


def test_a_missing_permission_in_ipaas_stops_the_run_and_marks_none(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.account(rig, f"Row {number}")
    answer = {"type": "status", "status": 403, "body": {"errors": [{"code": "AUTZ-1002", "message": "no"}]}}
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", action=answer):
        result = rig.run("account")
    assert result.errors
    assert result["to_ipaas"]["failed"] == 0
    assert parked(result, "to_ipaas") == {"not_attempted": 3}
    assert rig.run("account").ok["to_ipaas"]["created"] == 3


def test_a_configuration_error_of_one_record_among_others_is_about_that_record(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.company(rig, f"Row {number}")
    refusal = {
        "type": "record_error",
        "code": "INSUFFICIENT_ACCESS_OR_READONLY",
        "message": "insufficient access rights on object id",
        "where": {"Name": "Row 1"},
    }
    with rig.fault(service="salesforce", path="composite/sobjects/Account/", action=refusal):
        result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (2, 1)


# Locks and duplicates


def test_a_lock_that_does_not_go_away_is_parked_for_the_next_run(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.company(rig, f"Row {number}")
    lock = {"type": "record_error", "code": "UNABLE_TO_LOCK_ROW", "message": "locked", "where": {"Name": "Row 1"}}
    with rig.fault(service="salesforce", path="composite/sobjects/Account/", action=lock):
        result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (2, 0)
    assert parked(result) == {"row_locked": 1}
    assert rig.run("account").ok["to_salesforce"]["created"] == 1


def test_what_a_duplicate_rule_refuses_is_parked_as_possible_duplicate(rig: Rig) -> None:
    warmed(rig)
    rig.switch("salesforce", duplicate_rule_account="block")
    other = world.account(rig, "Twin")
    rig.run("account").ok  # noqa: B018
    world.edit_company(rig, world.partner(rig, "account", other), name="Once a Twin")
    rig.switch("salesforce", duplicate_rule_account="off")
    rig.run("account").ok  # noqa: B018
    world.account(rig, "Twin")
    rig.run("account").ok  # noqa: B018
    rig.switch("salesforce", duplicate_rule_account="block")
    world.company(rig, "Twin")
    result = rig.run("account").ok
    assert result["to_salesforce"]["failed"] == 0
    assert parked(result) == {"possible_duplicate": 1}
