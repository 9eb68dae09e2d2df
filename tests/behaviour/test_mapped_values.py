"""Expressions, translation tables, filters and error filters of a mapping, through whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.behaviour import world
from tests.support.rig import Rig


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mappings"


def map_account(rig: Rig, folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "account.yaml").write_text("version: 1\n" + text)
    rig.mapping_dir = folder


def quiet(rig: Rig) -> bool:
    return world.is_quiet(rig.run("account"))


def test_a_phone_goes_over_in_another_form_and_is_no_edit_there(rig: Rig, folder: Path) -> None:
    world.map_fields(
        rig,
        folder,
        "account",
        "phone: {to_ipaas: \"phone_e164(value, 'US')\", to_salesforce: \"phone_national(value, 'US')\"}",
    )
    ours = world.account(rig, Phone="512 555 0100")
    theirs = world.synced(rig, "account", ours)
    assert world.raw_company(rig, theirs)["phone_number"] == "+15125550100"
    assert quiet(rig)
    assert world.raw_salesforce(rig, ours)["Phone"] == "512 555 0100"
    world.edit_company(rig, theirs, phone_number="+15125550111")
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["Phone"] == "(512) 555-0111"
    assert quiet(rig)


def test_a_value_that_can_not_be_converted_refuses_its_record_alone_until_it_is_mended(rig: Rig, folder: Path) -> None:
    world.map_fields(rig, folder, "account", "phone: {to_ipaas: \"phone_e164(value, 'US')\"}")
    bad, good = world.account(rig, Phone="none"), world.account(rig, Phone="512 555 0100")
    result = rig.run("account").ok
    assert result.counts("to_ipaas") == {"created": 1, "failed": 1}
    (error,) = result["to_ipaas"]["errors"]
    assert (error["source_id"], error["code"]) == (bad, "mapping_error")
    assert error["message"] == "Field phone: the text is no phone number."
    assert world.link_of(rig, "account", good)
    assert rig.run("account").ok["to_ipaas"]["failed"] == 0, "told once"
    world.edit_salesforce(rig, bad, Phone="512 555 0101")
    assert world.raw_company(rig, world.synced(rig, "account", bad))["phone_number"] == "+15125550101"


def test_a_field_that_can_not_be_converted_is_left_out_where_the_mapping_says_so(rig: Rig, folder: Path) -> None:
    world.map_fields(rig, folder, "account", "phone: {to_ipaas: \"phone_e164(value, 'US')\", on_error: skip_field}")
    ours = world.account(rig, "Acme", Phone="none")
    result = rig.run("account").ok
    assert result["to_ipaas"]["warnings"] == {"mapping_error": 1}
    company = world.raw_company(rig, world.partner(rig, "account", ours))
    assert (company["name"], company["phone_number"] or "") == ("Acme", "")
    assert quiet(rig)


def test_a_refused_change_of_a_linked_record_is_sent_once_it_can_be(rig: Rig, folder: Path) -> None:
    world.map_fields(rig, folder, "account", "phone: {to_ipaas: \"phone_e164(value, 'US')\"}")
    ours = world.account(rig, Phone="512 555 0100")
    theirs = world.synced(rig, "account", ours)
    world.edit_salesforce(rig, ours, Phone="unknown")
    result = rig.run("account").ok
    assert (result["to_ipaas"]["failed"], result["to_ipaas"]["updated"]) == (1, 0)
    assert world.raw_company(rig, theirs)["phone_number"] == "+15125550100"
    world.edit_salesforce(rig, ours, Phone="512 555 0102")
    rig.run("account").ok  # noqa: B018
    assert world.raw_company(rig, theirs)["phone_number"] == "+15125550102"


def test_a_table_translates_both_ways(rig: Rig, folder: Path) -> None:
    rule = "industry: {salesforce: Industry, ipaas: department, translate: {values: {Agriculture: A1, Banking: B2, Retail: R3}}}"
    world.map_fields(rig, folder, "account", rule)
    ours = world.account(rig, Industry="Banking")
    theirs = world.synced(rig, "account", ours)
    assert world.raw_company(rig, theirs)["department"] == "B2"
    assert quiet(rig)
    world.edit_company(rig, theirs, department="A1")
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["Industry"] == "Agriculture"
    world.edit_company(rig, theirs, department="Z9")
    (error,) = rig.run("account").ok["to_salesforce"]["errors"]
    assert error["code"] == "mapping_error"
    assert "translation table" in error["message"]


def test_an_expression_over_the_record_follows_all_its_fields(rig: Rig, folder: Path) -> None:
    rule = (
        "department: {salesforce: {expression: \"Name ~ ' / ' ~ default(AccountNumber, 'none')\"}, ipaas: department}"
    )
    world.map_fields(rig, folder, "account", rule)
    ours = world.account(rig, "Acme")
    theirs = world.synced(rig, "account", ours)
    assert world.raw_company(rig, theirs)["department"] == "Acme / none"
    assert quiet(rig)
    world.edit_salesforce(rig, ours, AccountNumber="7")
    rig.run("account").ok  # noqa: B018
    assert world.raw_company(rig, theirs)["department"] == "Acme / 7"
    assert quiet(rig)


def test_too_long_a_text_is_cut_or_refused(rig: Rig, folder: Path) -> None:
    world.map_fields(rig, folder, "account", "description: {max_length: 5, too_long: truncate}", "fax: {max_length: 3}")
    cut, refused = world.account(rig, Description="abcdefgh"), world.account(rig, Fax="12345")
    result = rig.run("account").ok
    assert result["to_ipaas"]["warnings"] == {"value_truncated": 1}
    assert world.raw_company(rig, world.partner(rig, "account", cut))["description"] == "abcde"
    (error,) = result["to_ipaas"]["errors"]
    assert error["source_id"] == refused
    assert quiet(rig)
    assert world.raw_salesforce(rig, cut)["Description"] == "abcdefgh"


FILTER = "filters: {to_ipaas: \"Industry == 'Banking'\"}\n"


def test_a_record_outside_the_filter_is_listed_and_comes_in_with_an_edit(rig: Rig, folder: Path) -> None:
    map_account(rig, folder, FILTER)
    inside, outside = world.account(rig, Industry="Banking"), world.account(rig, "Other", Industry="Retail")
    result = rig.run("account").ok
    assert result["to_ipaas"]["created"] == 1
    assert result["to_ipaas"]["skipped_by_reason"] == {"filtered": 1}
    assert world.link_of(rig, "account", inside)
    assert rig.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"filtered": 1}, "still listed"
    world.edit_salesforce(rig, outside, Industry="Banking")
    assert rig.run("account").ok["to_ipaas"]["created"] == 1
    assert quiet(rig)


def test_a_linked_record_that_leaves_the_filter_is_listed_and_catches_up_when_it_is_back(
    rig: Rig, folder: Path
) -> None:
    map_account(rig, folder, FILTER)
    ours = world.account(rig, "Acme", Industry="Banking")
    theirs = world.synced(rig, "account", ours)
    world.edit_salesforce(rig, ours, Industry="Retail", Phone="1")
    result = rig.run("account").ok
    assert result["to_ipaas"]["skipped_by_reason"] == {"left_filter": 1}
    assert not world.raw_company(rig, theirs)["phone_number"]
    world.edit_company(rig, theirs, fax_number="9")
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["Fax"] == "9", "the other direction has no filter"
    assert rig.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"left_filter": 1}, "still listed"
    world.later(rig, seconds=5)
    world.edit_salesforce(rig, ours, Industry="Banking")
    rig.run("account").ok  # noqa: B018
    assert world.raw_company(rig, theirs)["phone_number"] == "1"
    assert quiet(rig)


def test_a_record_that_leaves_the_filter_without_any_other_change_is_listed(rig: Rig, folder: Path) -> None:
    map_account(rig, folder, FILTER)
    ours = world.account(rig, "Acme", Industry="Banking")
    world.synced(rig, "account", ours)
    world.edit_salesforce(rig, ours, Industry="Retail")
    assert rig.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"left_filter": 1}


def test_companies_outside_their_filter_are_not_created(rig: Rig, folder: Path) -> None:
    map_account(
        rig, folder, "filters: {to_salesforce: \"department == 'Shop' and primary_billing.country in ['US', 'CA']\"}\n"
    )
    item = world.item(billing=True)
    world.company(rig, "In", department="Shop", addresses=[item])
    world.company(rig, "Out", department="Shop", addresses=[world.item(billing=True, country="MX")])
    result = rig.run("account", full=True).ok
    assert result["to_salesforce"]["created"] == 1
    assert result["to_salesforce"]["skipped_by_reason"] == {"filtered": 1}
    assert [row["Name"] for row in world.salesforce_rows(rig, "Account")] == ["In"]


def test_an_error_filter_parks_with_its_message_and_lets_go(rig: Rig, folder: Path) -> None:
    map_account(
        rig, folder, "error_filters:\n  to_ipaas:\n    - {when: not Phone, message: Give the Account a phone.}\n"
    )
    ours = world.account(rig, "Acme")
    result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"error_filter": 1}
    waiting = rig.ledger.unresolved(world.scope(rig), "account", "to_ipaas", [ours])[ours]
    assert (waiting.reason, waiting.message) == ("error_filter", "Give the Account a phone.")
    world.edit_salesforce(rig, ours, Phone="1")
    assert rig.run("account").ok["to_ipaas"]["created"] == 1


def test_an_error_filter_that_fails_refuses_the_record(rig: Rig, folder: Path) -> None:
    map_account(rig, folder, "filters: {to_ipaas: number(AccountNumber) > 5}\n")
    world.account(rig, AccountNumber="x")
    world.account(rig, AccountNumber="7")
    result = rig.run("account").ok
    assert (result["to_ipaas"]["created"], result["to_ipaas"]["failed"]) == (1, 1)
    assert result["to_ipaas"]["errors"][0]["message"] == "Field The filter can't be worked out: the text is no number."


def test_clear_if_ours_empties_what_stands_as_agreed_and_no_edit(rig: Rig, folder: Path) -> None:
    world.map_fields(rig, folder, "account", "phone: {blank: clear_if_ours}", "fax: {blank: clear_if_ours}")
    ours = world.account(rig, Phone="1", Fax="2")
    theirs = world.synced(rig, "account", ours)
    world.edit_salesforce(rig, ours, Phone=None, Fax=None)
    world.edit_company(rig, theirs, fax_number="3")
    rig.run("account").ok  # noqa: B018
    company = world.raw_company(rig, theirs)
    assert (company["phone_number"] or "", company["fax_number"]) == ("", "3")
    assert world.raw_salesforce(rig, ours)["Fax"] == "3"
    assert quiet(rig)
