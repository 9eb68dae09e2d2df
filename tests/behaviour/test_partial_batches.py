"""Batches of which some rows are refused: by any code, in any place, whole because of one row, again and again."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest

from airflow_provider_ipaas.catalogue import ENTRIES, Entry, Handling
from tests.behaviour import world
from tests.support.rig import Result, Rig

BATCH = 200
WRITE = "composite/sobjects/Account/"
# What a record comes to whose write is refused so, beside others that arrive.
FATES = {
    Handling.PARK_DUPLICATE: ("parked", "possible_duplicate"),
    Handling.SKIP: ("skipped", "target_deleted"),
    Handling.RETRY_RECORD: ("parked", "row_locked"),
}


def warmed(rig: Rig) -> None:
    """Let the canaries pass, so that writes go in batches."""
    world.account(rig, "Warm here")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018


def coded(service: str) -> list[tuple[str, Entry]]:
    """Return every code of a service with the row that a bare refusal by it gets."""
    rows = [e for e in ENTRIES if e.service == service and not (e.is_fallback or e.said or e.flow)]
    return [(code, entry) for entry in rows for code in entry.codes if not code.startswith("HTTP-")]


def fate(entry: Entry, code: str) -> tuple[str, str]:
    return FATES.get(entry.handling, ("failed", code))


def fates(rig: Rig, result: Result, direction: str) -> dict[str, tuple[str, str]]:
    """Return outcome and code or reason by record, of those that did not arrive."""
    found = {error["source_id"]: ("failed", error["code"]) for error in result[direction]["errors"]}
    waiting = rig.ledger.unresolved(world.scope(rig), "account", direction, list(found))  # type: ignore[arg-type]
    assert all(waiting[record_id].code == code for record_id, (_, code) in found.items())
    return found


def writes(rig: Rig, path: str = WRITE) -> list[int]:
    """Return how many records each write to Salesforce carried."""
    entries = rig.control("GET", "log?service=salesforce")
    return [entry["records"] for entry in entries if entry["method"] == "PATCH" and path in entry["path"]]


# Some rows of a batch (F5)


def test_every_code_of_salesforce_gives_its_record_the_fate_of_the_catalogue(rig: Rig) -> None:
    warmed(rig)
    codes = coded("salesforce")
    records: dict[str, str] = {}
    for number in range(BATCH):
        code = codes[number // 2][0] if number % 2 and number // 2 < len(codes) else None
        company = world.company(rig, f"Row {number}" if code is None else f"Bad {code}")
        records[company] = code or ""
    for code, _ in codes:
        told = {"type": "record_error", "code": code, "message": "refused", "where": {"Name": f"Bad {code}"}}
        rig.control("POST", "faults", {"service": "salesforce", "path": WRITE, "action": told})
    result = rig.run("account").ok
    rig.control("DELETE", "faults")

    expected = {code: fate(entry, code) for code, entry in codes}
    counts = result["to_salesforce"]
    assert counts["created"] == BATCH - len(codes)
    assert counts["failed"] == sum(outcome == "failed" for outcome, _ in expected.values())
    reasons = [reason for outcome, reason in expected.values() if outcome == "parked"]
    assert counts["parked_by_reason"] == {reason: reasons.count(reason) for reason in set(reasons)}
    assert counts["skipped_by_reason"] == {"target_deleted": 1}
    by_id = {records[record_id]: told for record_id, told in fates(rig, result, "to_salesforce").items()}
    assert by_id == {code: told for code, told in expected.items() if told[0] == "failed"}
    # The results are in the order of the records: each Account stands beside the Company it was made from.
    for row in world.salesforce_rows(rig, "Account"):
        assert world.raw_company(rig, world.partner(rig, "account", row["Id"]))["name"] == row["Name"]


def test_every_code_of_ipaas_gives_its_record_the_fate_of_the_catalogue(rig: Rig) -> None:
    warmed(rig)
    stopping = {Handling.RETRY, Handling.RENEW}
    codes = [
        (code, entry)
        for code, entry in coded("ipaas")
        if entry.handling not in stopping and not code.startswith("AUTH")
    ]
    bad = {world.account(rig, f"Bad {code}"): code for code, _ in codes}
    good = [world.account(rig, f"Good {number}") for number in range(10)]
    for code, _ in codes:
        answer = {"type": "status", "status": 400, "body": {"code": code, "message": "refused"}}
        rule = {"service": "ipaas", "method": "POST", "path": "Customer/Company$", "body": f"Bad {code}"}
        rig.control("POST", "faults", {**rule, "action": answer})
    result = rig.run("account").ok
    rig.control("DELETE", "faults")

    expected = {code: fate(entry, code) for code, entry in codes}
    assert all(world.link_of(rig, "account", record_id) for record_id in good)
    assert result["to_ipaas"]["created"] == len(good)
    by_id = {bad[record_id]: told for record_id, told in fates(rig, result, "to_ipaas").items()}
    assert by_id == {code: told for code, told in expected.items() if told[0] == "failed"}
    reasons = [reason for outcome, reason in expected.values() if outcome == "parked"]
    assert result["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": len(reasons)}


# Whole because of one row (F6)


def staffed(rig: Rig, folder: Path) -> None:
    """Map a number, which Salesforce refuses the whole call for where it is none."""
    rig.control("POST", "ipaas/custom-fields", {"kind": "company", "name": "Employees", "type": "string"})
    rule = "employees: {salesforce: NumberOfEmployees, ipaas: {custom_field: Employees}}"
    world.map_fields(rig, folder, "account", rule)


@pytest.mark.parametrize("place", [0, 61, 136, 199])
def test_a_create_that_spoils_its_whole_batch_is_cut_out_and_the_other_199_land(
    rig: Rig, tmp_path: Path, place: int
) -> None:
    warmed(rig)
    staffed(rig, tmp_path / "mappings")
    made = [
        world.company(rig, f"Row {n}", custom_fields={"Employees": "many" if n == place else str(n + 1)})
        for n in range(BATCH)
    ]
    rig.control("POST", "calls/reset")
    rig.sandbox.journal.reset()

    result = rig.run("account").ok

    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (BATCH - 1, 1)
    (error,) = result["to_salesforce"]["errors"]
    assert (error["source_id"], error["code"]) == (made[place], "JSON_PARSER_ERROR")
    assert "many" not in error["message"], "the value is the record's own"
    assert len(writes(rig)) <= 2 * log2(BATCH) + 1
    rows = world.salesforce_rows(rig, "Account")
    assert len({row["Name"] for row in rows}) == len(rows) == BATCH + 1
    shown = {row["Name"]: row.get("NumberOfEmployees") for row in rows if row["Name"].startswith("Row")}
    assert shown == {f"Row {n}": n + 1 for n in range(BATCH) if n != place}


def test_an_update_that_spoils_its_whole_batch_is_cut_out_and_the_others_land(rig: Rig, tmp_path: Path) -> None:
    staffed(rig, tmp_path / "mappings")
    pairs = [(world.account(rig, f"Row {n}"), n) for n in range(40)]
    rig.run("account").ok  # noqa: B018
    for account, number in pairs:
        told = "many" if number in (7, 31) else str(number)
        world.edit_company(rig, world.partner(rig, "account", account), custom_fields={"Employees": told})

    result = rig.run("account").ok

    assert (result["to_salesforce"]["updated"], result["to_salesforce"]["failed"]) == (38, 2)
    shown = {number: world.raw_salesforce(rig, account).get("NumberOfEmployees") for account, number in pairs}
    assert shown == {number: None if number in (7, 31) else number for _, number in pairs}


def test_a_lost_answer_in_a_cut_batch_leaves_only_its_own_rows_uncertain(rig: Rig) -> None:
    rig.switch("salesforce", external_id_field=False)
    warmed(rig)
    for number in range(8):
        world.company(rig, f"Row {number}")
    whole = {"type": "status", "status": 400, "body": [{"errorCode": "JSON_PARSER_ERROR", "message": "at row"}]}
    rig.control("POST", "faults", {"service": "salesforce", "path": "composite/sobjects$", "nth": 1, "action": whole})
    lost = {"type": "drop", "when": "after"}
    rig.control("POST", "faults", {"service": "salesforce", "path": "composite/sobjects$", "nth": 3, "action": lost})

    result = rig.run("account")
    rig.control("DELETE", "faults")

    counts = result["to_salesforce"]
    assert counts["created"] >= 4, "what was answered is known"
    assert counts["created"] + counts["parked_by_reason"]["uncertain_create"] == 8
    for _ in range(2):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
    names = sorted(row["Name"] for row in world.salesforce_rows(rig, "Account"))
    assert names == sorted({*names})
    assert len(names) == 10
    assert world.is_quiet(rig.run("account"))


# Again and again (F7)


def poison(rig: Rig) -> str:
    """Return a Company that the org refuses for ever."""
    rule = {"sobject": "Account", "condition": "Name = 'Poison'", "message": "Never."}
    rig.control("POST", "salesforce/validation-rules", rule)
    return world.company(rig, "Poison")


def test_a_poisoned_record_holds_back_nobody_and_is_told_once(rig: Rig) -> None:
    warmed(rig)
    poison(rig)
    red, marks = 0, []
    for turn in range(12):
        world.later(rig, minutes=15)
        here, there = world.account(rig, f"Here {turn}"), world.company(rig, f"There {turn}")
        result = rig.run("account").ok
        red += result["to_salesforce"]["failed"]
        assert world.link_of(rig, "account", here), "the others arrive in the same run"
        assert rig.ledger.links(world.scope(rig), "account", "ipaas", [there])
        assert result["to_salesforce"]["created"] == result["to_ipaas"]["created"] == 1
        marks.append(rig.ledger.watermark(world.scope(rig), "account", "ipaas"))
    assert red == 1, "one bad record makes one red run, not one every 15 minutes"
    assert marks == sorted(marks, key=str)
    assert len(set(marks)) == len(marks), "the watermark moves on in every run"


def test_a_poisoned_record_costs_no_call_while_it_is_not_due(rig: Rig) -> None:
    warmed(rig)
    poison(rig)
    assert rig.run("account").ok["to_salesforce"]["failed"] == 1
    rig.sandbox.journal.reset()
    world.later(rig, minutes=15)
    rig.run("account").ok  # noqa: B018
    assert writes(rig) == []
    world.later(rig, minutes=6)
    assert rig.run("account").ok["to_salesforce"]["parked_by_reason"] == {"refused_before": 1}
    assert len(writes(rig)) == 1
