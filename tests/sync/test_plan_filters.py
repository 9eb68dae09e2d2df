"""The plan under a mapping that holds records back: filters, error filters and values that can't be translated."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.mapping import IPaaSShape, load_mapping
from tests.sync.test_plan import BEFORE, A, B, Bench

FILTER = "filters: {to_ipaas: \"Industry == 'Banking'\"}"
ERROR_FILTER = "error_filters: {to_ipaas: [{when: not Phone, message: Give the Account a phone.}]}"
BROKEN_FILTER = 'filters: {to_ipaas: "number(Fax) > 1"}'
PHONE = "fields: {phone: {to_ipaas: \"phone_e164(value, 'US')\", to_salesforce: \"phone_e164(value, 'US')\"}}"


def bench(folder: Path, text: str) -> Bench:
    (folder / "account.yaml").write_text(f"version: 1\n{text}\n", "utf-8")
    made = Bench()
    made.sync.mapping = load_mapping("account", folder, placement=IPaaSShape())
    made.met()
    return made


def test_a_new_record_outside_the_filter_is_skipped_and_one_inside_is_created(tmp_path: Path) -> None:
    it = bench(tmp_path, FILTER)
    it.here(A, Name="Acme", Industry="Retail")
    it.here(B, Name="Bank", Industry="Banking")
    assert it.plan().creates["to_ipaas"] == 1
    assert it.fate("salesforce", A) == ("done", "skipped", "filtered")
    assert it.item("salesforce", B).op == "create"


@pytest.mark.parametrize("read", [True, False], ids=["read beside", "not read"])
def test_a_linked_record_that_has_left_the_filter_is_skipped_by_that_name(tmp_path: Path, *, read: bool) -> None:
    it = bench(tmp_path, FILTER)
    it.here(A, Name="Acme", Industry="Retail")
    it.link(before={"name": "Acme"})
    if read:
        it.there("1", "counterpart", name="Acme")
    it.plan()
    assert it.fate("salesforce", A) == ("done", "skipped", "left_filter")


def test_an_edit_of_a_record_outside_the_filter_stays_and_the_other_direction_goes_on(tmp_path: Path) -> None:
    it = bench(tmp_path, FILTER)
    it.here(A, Name="Acme", Industry="Retail", Phone="1")
    it.there("1", name="Acme", fax_number="9")
    it.link(before={"name": "Acme"})
    counts = it.plan()
    assert (counts.updates["to_ipaas"], counts.updates["to_salesforce"]) == (0, 1)
    assert it.fate("salesforce", A) == ("done", "skipped", "left_filter")
    assert it.item("ipaas", "1").payload is not None
    assert (it.linked().salesforce_showing or {})["phone"] is None, "it is a change still"


def test_an_error_filter_parks_with_its_own_words(tmp_path: Path) -> None:
    it = bench(tmp_path, ERROR_FILTER)
    it.here(A, Name="Acme")
    it.plan()
    it.parked("salesforce", A, "error_filter", "Give the Account a phone.", None)


def test_a_filter_that_can_not_be_worked_out_refuses_the_record(tmp_path: Path) -> None:
    it = bench(tmp_path, BROKEN_FILTER)
    it.here(A, Name="Acme", Fax="none")
    it.plan()
    assert it.fate("salesforce", A) == ("done", "failed", "mapping_error")
    assert [level for level, text in it.log.told if "mapping_error" in text] == ["error"]


@pytest.mark.parametrize("linked", [False, True], ids=["new", "linked"])
def test_a_value_that_can_not_be_translated_refuses_its_record_once(tmp_path: Path, *, linked: bool) -> None:
    it = bench(tmp_path, PHONE)
    row = it.here(A, Name="Acme", Phone="none")
    if linked:
        it.there("1", "counterpart", name="Acme")
        it.link(before={"name": "Acme"})
    it.plan()
    assert it.fate("salesforce", A) == ("done", "failed", "mapping_error")
    assert it.item("salesforce", A).message == "Field phone: the text is no phone number."
    waiting = it.waiting("to_ipaas", A)
    assert waiting is not None
    assert (waiting.code, waiting.attempts, waiting.content_hash) == ("mapping_error", 1, row.content_hash)


def test_a_refused_value_that_is_not_due_waits_without_being_told_again(tmp_path: Path) -> None:
    it = bench(tmp_path, PHONE)
    row = it.here(A, Name="Acme", Phone="none")
    it.there("1", "counterpart", name="Acme")
    it.link(before={"name": "Acme"})
    more = {"content_hash": row.content_hash, "mapping_fingerprint": it.sync.mapping.fingerprint}
    it.waits(
        "to_ipaas", A, "refused_before", code="mapping_error", attempts=1, next_at=BEFORE.replace(year=2030), **more
    )
    it.plan()
    assert it.fate("salesforce", A) == ("done", "parked", "refused_before")
    assert [text for _, text in it.log.told if "mapping_error" in text] == []


def test_a_preview_counts_and_says_nothing(tmp_path: Path) -> None:
    it = bench(tmp_path, PHONE)
    it.here(A, Name="Acme", Phone="none")
    it.there("1", name="Acme", phone_number="none")
    it.link(before={"name": "Acme"})
    assert it.plan(preview=True).updates == {"to_ipaas": 0, "to_salesforce": 0}
    assert (it.waiting("to_ipaas", A), it.log.told) == (None, [])
