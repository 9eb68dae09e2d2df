"""Records both ways: what fields show, when they agree, and the bodies that are sent."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, Showing, Translated, Value, load_mapping
from airflow_provider_ipaas.mapping.rules import Collection

ACCOUNT = load_mapping("account", placement=IPaaSShape())
CONTACT = load_mapping("contact", placement=IPaaSShape())

SF_ADDRESS = {"Street": "1 Main St\nFloor 2", "City": "Austin", "State": "TX", "PostalCode": "78701", "Country": "US"}
IPAAS_ADDRESS = {
    **{"address_1": "1 Main St", "address_2": "Floor 2", "city": "Austin", "region": "TX"},
    **{"postal_code": "78701", "country": "US"},
}
CONTACT_RECORD: dict[str, Any] = {
    "attributes": {"type": "Contact"},
    "Id": "003xx000004TmiQAAS",
    "FirstName": None,
    "LastName": " Kim ",
    "Email": "Kim@Example.com",
    "Phone": "555 1234",
    "Account": {"attributes": {"type": "Account"}, "Name": "Acme"},
    **{"Mailing" + part: value for part, value in SF_ADDRESS.items()},
    "MailingStreet": "1 Main St\r\nFloor 2",
}
CUSTOMER: dict[str, Any] = {
    "id": "42",
    "customer_number": "C-1",
    "first_name": "-",
    "last_name": "Kim",
    "email_address": "kim@example.com",
    "company": "Acme",
    "comment": "vip",
    "created_datetime": "2026-01-01T00:00:00Z",
    "updated_datetime": None,
    "tracking_guid": "x",
    "external_ids": [{"system_id": 7, "external_id": "003"}],
    "custom_fields": [{"custom_field_name": "Other", "value": "kept", "id": "5"}],
    "addresses": [
        {"id": "1", "city": "Old", "is_primary_billing": True, "is_primary_shipping": False},
        {
            **{"id": "2", "first_name": "K", "last_name": "Kim", **IPAAS_ADDRESS, "phone_number": "555 1234"},
            **{"is_primary_billing": False, "is_primary_shipping": True},
        },
    ],
}
SERVER_FIELDS = {"id", "created_datetime", "updated_datetime", "tracking_guid"}


def mapping_of(
    folder: Path, collection: Collection, lines: str, shape: IPaaSShape | None = None, *, defaults: bool = True
) -> CollectionMapping:
    text = "version: 1\nfields:\n" + "".join(f"  {line}\n" for line in lines.splitlines())
    (folder / f"{collection}.yaml").write_text(text, "utf-8")
    return load_mapping(collection, folder, default_mappings=defaults, placement=shape or IPaaSShape())


# What records show


def test_show_salesforce_contact() -> None:
    assert CONTACT.show_salesforce(CONTACT_RECORD) == {
        "customer_number": "003xx000004TmiQAAS",
        "first_name": None,
        "last_name": "Kim",
        "email": "Kim@Example.com",
        "company": "Acme",
        "mailing_address": SF_ADDRESS,
        "phone": "555 1234",
    }


def test_show_ipaas_customer_without_placeholder() -> None:
    assert CONTACT.show_ipaas(CUSTOMER) == {
        "customer_number": "C-1",
        "first_name": None,
        "last_name": "Kim",
        "email": "kim@example.com",
        "company": "Acme",
        "mailing_address": IPAAS_ADDRESS,
        "phone": "555 1234",
    }


@pytest.mark.parametrize("record", [{}, {"Account": None}, {"Account": "odd"}])
def test_an_empty_salesforce_record_shows_blanks(record: dict[str, Any]) -> None:
    assert set(CONTACT.show_salesforce(record).values()) == {None}


@pytest.mark.parametrize(
    "record", [{}, {"addresses": None}, {"addresses": []}, {"addresses": [None]}, {"addresses": "?"}]
)
def test_an_ipaas_row_without_nested_arrays_shows_blanks(record: dict[str, Any]) -> None:
    assert set(CONTACT.show_ipaas(record).values()) == {None}


def test_an_account_shows_both_addresses_of_a_shared_item() -> None:
    item = {**IPAAS_ADDRESS, "is_primary_billing": True, "is_primary_shipping": True}
    showing = ACCOUNT.show_ipaas({"name": "Acme", "addresses": [item]})
    assert showing["billing_address"] == showing["shipping_address"] == IPAAS_ADDRESS


def test_custom_fields_numbers_and_constants_show_as_text(tmp_path: Path) -> None:
    lines = (
        "staff: {salesforce: NumberOfEmployees, ipaas: {custom_field: Staff}, type: number}\n"
        "active: {salesforce: Active__c, ipaas: {custom_field: Active}, type: boolean}\n"
        "owner: {salesforce: Owner.Name, ipaas: {custom_field: Owner}, direction: to_ipaas}\n"
        "origin: {constant: CRM, ipaas: {custom_field: Origin}}\n"
        "lead: {constant: Shop, salesforce: AccountSource}"
    )
    mapping = mapping_of(tmp_path, "account", lines)
    here = mapping.show_salesforce(
        {"NumberOfEmployees": 12.0, "Active__c": True, "Owner": {"Name": "Ann"}, "AccountSource": "Web"}
    )
    keys = ("staff", "active", "owner", "origin", "lead")
    assert [here[key] for key in keys] == ["12", "true", "Ann", "CRM", "Web"]
    items = [{"custom_field_name": "Staff", "value": "12"}, {"custom_field_name": " Active ", "value": "True"}, None]
    there = mapping.show_ipaas({"custom_fields": items})
    assert [there[key] for key in keys] == ["12", "True", None, None, "Shop"]
    assert mapping.agree("active", "true", "True")
    assert mapping.agree("staff", "12", "12.00")
    assert not mapping.agree("staff", "12", "a dozen")
    assert mapping.same("staff", "12", "12.0")
    assert not mapping.same("staff", "12", None)
    assert "AccountSource" in mapping.salesforce_fields
    assert "Owner.Name" not in mapping.salesforce_writable_fields


# When values are the same


@pytest.mark.parametrize(
    ("key", "one", "other", "expected"),
    [
        ("last_name", "Kim", " Kim ", True),
        ("last_name", "a\r\nb", "a\nb", True),
        ("last_name", "Kim", "kim", False),
        ("last_name", None, "", True),
        ("last_name", None, "Kim", False),
        ("email", "A@b.c", "a@b.c", False),
        ("mailing_address", {"City": "x", "State": " "}, {"City": " x"}, True),
        ("mailing_address", {"Street": "a \r\nb"}, {"Street": "a\nb"}, True),
        ("mailing_address", {"City": " "}, None, True),
        ("mailing_address", {"City": "x"}, {"City": "X"}, False),
    ],
)
def test_same(key: str, one: Value, other: Value, expected: bool) -> None:
    assert CONTACT.same(key, one, other) is expected
    assert CONTACT.same(key, other, one) is expected


@pytest.mark.parametrize(
    ("key", "salesforce", "ipaas", "expected"),
    [
        ("first_name", None, None, True),
        ("first_name", None, "-", True),
        ("first_name", "Ann", "-", False),
        ("first_name", "Ann", "Ann ", True),
        ("last_name", None, "-", False),
        ("last_name", "kim", "Kim", False),
        ("email", " A@b.c", "a@B.c ", True),
        ("email", "a@b.c", None, False),
        ("phone", "1", "1", True),
        ("mailing_address", SF_ADDRESS, IPAAS_ADDRESS, True),
        ("mailing_address", SF_ADDRESS, None, False),
        ("mailing_address", None, None, True),
        ("mailing_address", {"City": "x"}, {"city": "x"}, True),
    ],
)
def test_agree(key: str, salesforce: Value, ipaas: Value, expected: bool) -> None:
    assert CONTACT.agree(key, salesforce, ipaas) is expected


def test_a_blank_country_agrees_with_the_default_country() -> None:
    mapping = load_mapping("account", placement=IPaaSShape(default_country="US"))
    blank = {name: text for name, text in SF_ADDRESS.items() if name != "Country"}
    assert mapping.agree("billing_address", blank, IPAAS_ADDRESS)
    assert mapping.to_ipaas("billing_address", blank) == Translated(IPAAS_ADDRESS)
    assert not ACCOUNT.agree("billing_address", blank, IPAAS_ADDRESS)


# Single values


def test_translation_of_single_values() -> None:
    assert CONTACT.to_ipaas("mailing_address", SF_ADDRESS) == Translated(IPAAS_ADDRESS)
    assert CONTACT.to_ipaas("mailing_address", None) == Translated(None)
    assert CONTACT.to_ipaas("last_name", " Kim ") == Translated("Kim")
    assert CONTACT.to_salesforce("mailing_address", IPAAS_ADDRESS) == Translated(SF_ADDRESS)
    assert CONTACT.to_salesforce("first_name", "-") == Translated(None)
    assert CONTACT.to_salesforce("last_name", "-") == Translated("-")


@pytest.mark.parametrize("part", ["Street", "City", "State", "PostalCode", "Country"])
def test_an_address_without_a_required_part_is_not_sent(part: str) -> None:
    incomplete = {name: text for name, text in SF_ADDRESS.items() if name != part}
    assert CONTACT.to_ipaas("mailing_address", incomplete) == Translated(None, ("address_incomplete",))


def test_what_is_required_of_an_address_comes_from_the_shape() -> None:
    mapping = load_mapping("contact", placement=IPaaSShape(address_required=("city",)))
    assert mapping.to_ipaas("mailing_address", {"City": "x"}) == Translated({"city": "x"})


# To Salesforce


def test_salesforce_body_sends_an_address_as_a_whole() -> None:
    body = CONTACT.salesforce_body({"last_name": "Kim", "mailing_address": {"city": "Austin"}, "phone": "1"})
    assert body == {
        **{"LastName": "Kim", "Phone": "1", "MailingCity": "Austin"},
        **{"MailingStreet": None, "MailingState": None, "MailingPostalCode": None, "MailingCountry": None},
    }


def test_salesforce_body_leaves_out_blanks_placeholders_and_what_only_goes_to_ipaas() -> None:
    changes: Showing = {
        "first_name": "-",
        "email": None,
        "mailing_address": None,
        "company": "x",
        "customer_number": "1",
    }
    assert CONTACT.salesforce_body(changes) == {}


def test_salesforce_body_clears_where_the_mapping_says_so(tmp_path: Path) -> None:
    lines = "first_name: {blank: clear}\nphone: {blank: clear}\nmailing_address: {blank: clear}"
    body = mapping_of(tmp_path, "contact", lines).salesforce_body(
        {"first_name": "-", "phone": None, "mailing_address": None}
    )
    assert body == {
        **{"FirstName": None, "Phone": None, "MailingCity": None, "MailingStreet": None},
        **{"MailingState": None, "MailingPostalCode": None, "MailingCountry": None},
    }


@pytest.mark.parametrize(
    ("value_type", "text", "sent"),
    [
        ("number", "12", 12),
        ("number", "12.50", 12.5),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("text", "12", "12"),
    ],
)
def test_typed_values_reach_salesforce_as_such(tmp_path: Path, value_type: str, text: str, sent: object) -> None:
    line = f"x: {{salesforce: X__c, ipaas: {{custom_field: X}}, type: {value_type}}}"
    body = mapping_of(tmp_path, "account", line).salesforce_body({"x": text})
    assert body == {"X__c": sent}
    assert type(body["X__c"]) is type(sent)


def test_a_value_that_is_not_of_its_type_is_not_sent_even_where_blanks_clear(tmp_path: Path) -> None:
    line = "x: {salesforce: X__c, ipaas: department, type: number, blank: clear}"
    mapping = mapping_of(tmp_path, "account", line)
    assert mapping.to_salesforce("x", "a dozen") == Translated(None, ("value_not_of_type",))
    assert mapping.salesforce_body({"x": "a dozen"}) == {}
    assert mapping.salesforce_body({"x": None}) == {"X__c": None}


def test_a_constant_reaches_salesforce(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, "contact", "source: {constant: Shop, salesforce: LeadSource}")
    assert mapping.salesforce_body({"source": mapping.show_ipaas({})["source"]}) == {"LeadSource": "Shop"}
    assert "source" not in mapping.ipaas_create_body({"source": "Shop"}).sent


# New records of iPaaS.com


def test_create_a_customer() -> None:
    body = CONTACT.ipaas_create_body(CONTACT.show_salesforce(CONTACT_RECORD), record_context={})
    assert body.record == {
        "customer_number": "003xx000004TmiQAAS",
        "first_name": "-",
        "last_name": "Kim",
        "email_address": "Kim@Example.com",
        "company": "Acme",
        "addresses": [
            {
                **{"first_name": "-", "last_name": "Kim", **IPAAS_ADDRESS, "phone_number": "555 1234"},
                **{"is_primary_billing": False, "is_primary_shipping": True},
            }
        ],
    }
    assert body.warnings == ()
    shown = CONTACT.show_ipaas(body.record)
    assert body.sent == {key: value for key, value in shown.items() if value is not None}


def test_create_a_customer_whose_address_is_incomplete() -> None:
    changes = {**CONTACT.show_salesforce(CONTACT_RECORD), "mailing_address": {"City": "Austin"}}
    body = CONTACT.ipaas_create_body(changes)
    assert body.warnings == ("address_incomplete", "phone_not_sent")
    assert "addresses" not in body.record
    assert not {"mailing_address", "phone"} & set(body.sent)


def test_create_a_customer_without_address_and_phone_warns_of_nothing() -> None:
    body = CONTACT.ipaas_create_body({"last_name": "Kim", "mailing_address": None, "phone": None})
    assert (body.record, body.warnings) == ({"last_name": "Kim", "first_name": "-"}, ())


def test_create_a_company_with_one_address_for_both() -> None:
    changes: Showing = {"name": "Acme", "fax": None, "billing_address": SF_ADDRESS, "shipping_address": SF_ADDRESS}
    body = ACCOUNT.ipaas_create_body(changes)
    assert body.record == {
        "name": "Acme",
        "addresses": [
            {
                **{"first_name": "Acme", "last_name": "-", **IPAAS_ADDRESS},
                **{"is_primary_billing": True, "is_primary_shipping": True},
            }
        ],
    }


def test_names_on_a_company_address_come_from_the_shape_and_the_context() -> None:
    shape = IPaaSShape(company_address_first_name="Office", company_address_last_name="Team")
    body = load_mapping("account", placement=shape).ipaas_create_body({"billing_address": SF_ADDRESS})
    assert [(one["first_name"], one["last_name"]) for one in body.record["addresses"]] == [("Office", "Team")]
    body = ACCOUNT.ipaas_create_body({"billing_address": SF_ADDRESS}, record_context={"name": "Acme"})
    assert body.record["addresses"][0]["first_name"] == "Acme"
    assert ACCOUNT.ipaas_create_body({"billing_address": SF_ADDRESS}).record["addresses"][0]["first_name"] == "-"


def test_addresses_off_sends_none_and_does_not_warn() -> None:
    mapping = load_mapping("contact", placement=IPaaSShape(addresses="off"))
    body = mapping.ipaas_create_body(mapping.show_salesforce(CONTACT_RECORD))
    assert "addresses" not in body.record
    assert body.warnings == ()


def test_constants_and_custom_fields_of_a_new_record(tmp_path: Path) -> None:
    lines = "origin: {constant: CRM, ipaas: {custom_field: Origin}}\nx: {salesforce: X__c, ipaas: {custom_field: X}}"
    mapping = mapping_of(tmp_path, "account", lines)
    body = mapping.ipaas_create_body({**mapping.show_salesforce({"Name": "Acme"}), "x": None})
    assert body.record == {"name": "Acme", "custom_fields": [{"custom_field_name": "Origin", "value": "CRM"}]}
    assert body.sent == {"name": "Acme", "origin": "CRM"}


# Updates of iPaaS.com: read, merge, write back


def without_server_fields(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in SERVER_FIELDS}


def test_an_update_sends_everything_back_but_the_servers_own_fields() -> None:
    before = copy.deepcopy(CUSTOMER)
    body = CONTACT.ipaas_update_body(CUSTOMER, {"last_name": "Park"})
    assert body.record == {**without_server_fields(CUSTOMER), "last_name": "Park"}
    assert (body.sent, body.warnings) == ({"last_name": "Park"}, ())
    assert before == CUSTOMER, "the record given must not be changed"


def test_an_update_replaces_the_primary_address_and_keeps_the_rest() -> None:
    moved = {**SF_ADDRESS, "Street": "9 New St", "City": "Waco"}
    body = CONTACT.ipaas_update_body(CUSTOMER, {"mailing_address": moved, "phone": "7"})
    old = CUSTOMER["addresses"]
    assert body.record["addresses"] == [
        old[0],
        {**old[1], "address_1": "9 New St", "address_2": "", "city": "Waco", "phone_number": "7"},
    ]
    assert body.sent == {
        "mailing_address": {
            **{name: text for name, text in IPAAS_ADDRESS.items() if name != "address_2"},
            **{"address_1": "9 New St", "city": "Waco"},
        },
        "phone": "7",
    }


def test_an_incomplete_address_leaves_the_one_there_alone() -> None:
    body = CONTACT.ipaas_update_body(CUSTOMER, {"mailing_address": {"City": "Waco"}, "last_name": "Park"})
    assert body.record["addresses"] == CUSTOMER["addresses"]
    assert (body.warnings, body.sent) == (("address_incomplete",), {"last_name": "Park"})


def test_a_phone_without_an_address_is_not_sent() -> None:
    current = {**CUSTOMER, "addresses": CUSTOMER["addresses"][:1]}
    body = CONTACT.ipaas_update_body(current, {"phone": "7"})
    assert body.record["addresses"] == current["addresses"]
    assert (body.warnings, body.sent) == (("phone_not_sent",), {})


def test_a_new_address_takes_along_the_phone_that_waited() -> None:
    current = {**CUSTOMER, "addresses": [], "first_name": "Ann"}
    source = CONTACT.show_salesforce(CONTACT_RECORD)
    body = CONTACT.ipaas_update_body(current, {"mailing_address": SF_ADDRESS}, source=source)
    assert body.record["addresses"] == [
        {
            **{"first_name": "Ann", "last_name": "Kim", **IPAAS_ADDRESS, "phone_number": "555 1234"},
            **{"is_primary_billing": False, "is_primary_shipping": True},
        }
    ]
    assert set(body.sent) == {"mailing_address", "phone"}
    body = CONTACT.ipaas_update_body(CUSTOMER, {"mailing_address": {**SF_ADDRESS, "City": "Waco"}}, source=source)
    assert set(body.sent) == {"mailing_address"}, "an address that is there has its own phone"


def test_a_mapped_phone_follows_its_purpose_when_addresses_become_one(tmp_path: Path) -> None:
    lines = "other_address: {salesforce: {address: Other}, ipaas: {address: primary_billing}}"
    mapping = mapping_of(tmp_path, "contact", lines)
    billing = {"id": "1", "phone_number": "000", **IPAAS_ADDRESS, "city": "Waco", "is_primary_billing": True}
    current = {**CUSTOMER, "addresses": [billing, CUSTOMER["addresses"][1]]}
    body = mapping.ipaas_update_body(current, {"mailing_address": {**SF_ADDRESS, "City": "Waco"}})
    assert [one["is_primary_shipping"] for one in body.record["addresses"]] == [True, False]
    assert mapping.show_ipaas(body.record)["phone"] == mapping.show_ipaas(current)["phone"] == "555 1234"


def test_a_new_address_bears_the_name_being_written() -> None:
    current = {**CUSTOMER, "addresses": []}
    body = CONTACT.ipaas_update_body(current, {"first_name": "Zoe", "mailing_address": SF_ADDRESS})
    assert body.record["addresses"][0]["first_name"] == "Zoe"


@pytest.mark.parametrize(("there", "written"), [("C-1", "C-1"), ("", "003"), (None, "003"), (" ", "003")])
def test_the_customer_number_fills_a_blank_only(there: str | None, written: str) -> None:
    body = CONTACT.ipaas_update_body({**CUSTOMER, "customer_number": there}, {"customer_number": "003"})
    assert body.record["customer_number"] == written
    assert ("customer_number" in body.sent) is (there != "C-1")


def test_blanks_are_kept_unless_the_mapping_clears(tmp_path: Path) -> None:
    changes: Showing = {"first_name": None, "phone": None, "mailing_address": None, "company": None}
    body = CONTACT.ipaas_update_body(CUSTOMER, changes)
    assert (body.record, body.sent) == (without_server_fields(CUSTOMER), {})
    lines = "\n".join(f"{key}: {{blank: clear}}" for key in ("first_name", "phone", "company"))
    body = mapping_of(tmp_path, "contact", lines).ipaas_update_body({**CUSTOMER, "first_name": "Ann"}, changes)
    assert (body.record["first_name"], body.record["company"]) == ("-", "")
    assert body.record["addresses"][1]["phone_number"] == ""
    assert body.sent == {"first_name": None, "phone": None, "company": None}


def test_clearing_an_address_takes_its_purpose_away_and_keeps_the_item(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, "contact", "mailing_address: {blank: clear}")
    body = mapping.ipaas_update_body(CUSTOMER, {"mailing_address": None})
    old = CUSTOMER["addresses"]
    assert body.record["addresses"] == [old[0], {**old[1], "is_primary_shipping": False}]
    assert mapping.show_ipaas(body.record)["mailing_address"] is body.sent["mailing_address"] is None


def test_a_phone_goes_with_the_address_that_is_cleared(tmp_path: Path) -> None:
    """Its blank is our doing: taken for an edit, it would empty the phone in Salesforce as well."""
    mapping = mapping_of(tmp_path, "contact", "mailing_address: {blank: clear}\nphone: {blank: clear}")
    body = mapping.ipaas_update_body(CUSTOMER, {"mailing_address": None})
    assert mapping.show_ipaas(body.record)["phone"] is None
    assert (body.sent, body.warnings) == ({"mailing_address": None, "phone": None}, ("phone_not_sent",))
    silent = {**CUSTOMER, "addresses": [{**item, "phone_number": ""} for item in CUSTOMER["addresses"]]}
    assert mapping.ipaas_update_body(silent, {"mailing_address": None}).sent == {"mailing_address": None}


def test_custom_fields_are_merged_by_name(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, "contact", "x: {salesforce: X__c, ipaas: {custom_field: X}}")
    body = mapping.ipaas_update_body(CUSTOMER, {"x": "1"})
    other = {"custom_field_name": "Other", "value": "kept", "id": "5"}
    assert body.record["custom_fields"] == [other, {"custom_field_name": "X", "value": "1"}]
    again = mapping.ipaas_update_body(body.record, {"x": "2"})
    assert again.record["custom_fields"] == [other, {"custom_field_name": "X", "value": "2"}]
    assert mapping.ipaas_update_body(again.record, {"x": None}).record == again.record


def test_fields_given_on_create_only_fill_blank_addresses_and_phones_only(tmp_path: Path) -> None:
    lines = "mailing_address: {on_create_only: true}\nphone: {on_create_only: true}"
    mapping = mapping_of(tmp_path, "contact", lines)
    changes: Showing = {"mailing_address": {**SF_ADDRESS, "City": "Waco"}, "phone": "7"}
    body = mapping.ipaas_update_body(CUSTOMER, changes)
    assert (body.record["addresses"], body.sent) == (CUSTOMER["addresses"], {})
    assert set(mapping.ipaas_update_body({**CUSTOMER, "addresses": []}, changes).sent) == {"mailing_address", "phone"}


# Properties

trimmed = st.text(max_size=30).map(lambda text: CONTACT.to_ipaas("last_name", text).value)
TEXT_KEYS = ("name", "account_number", "phone", "fax", "website", "description")
some_address = st.none() | st.fixed_dictionaries(
    {part: st.sampled_from(["a", "b", "a\nb", "a\nb\nc"]) for part in SF_ADDRESS}
)
account_changes = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.none() | st.text(max_size=10) for key in TEXT_KEYS},
        **{"billing_address": some_address, "shipping_address": some_address},
    },
)


@given(st.sampled_from(TEXT_KEYS), trimmed)
def test_text_goes_there_and_back(key: str, text: Value) -> None:
    there = ACCOUNT.to_ipaas(key, text)
    assert ACCOUNT.to_salesforce(key, there.value) == Translated(text)
    assert ACCOUNT.agree(key, text, there.value)


@given(account_changes)
def test_a_created_record_shows_what_was_sent_and_agrees(changes: Showing) -> None:
    body = ACCOUNT.ipaas_create_body(changes)
    shown = ACCOUNT.show_ipaas(body.record)
    assert {key: shown[key] for key in body.sent} == body.sent
    assert all(ACCOUNT.agree(key, changes[key], shown[key]) for key in body.sent)
    assert all(shown[key] is None for key in shown if key not in body.sent)


@given(account_changes, account_changes)
def test_an_update_done_twice_changes_nothing_more(first: Showing, second: Showing) -> None:
    current = ACCOUNT.ipaas_create_body(first).record
    once = ACCOUNT.ipaas_update_body(current, second)
    assert ACCOUNT.ipaas_update_body(once.record, second).record == once.record
    shown = ACCOUNT.show_ipaas(once.record)
    assert {key: shown[key] for key in once.sent} == once.sent


@given(account_changes)
def test_what_is_not_mapped_is_kept(changes: Showing) -> None:
    current = {
        "id": "1",
        "name": "Acme",
        "tax_id_number": "T",
        "external_ids": [{"external_id": "001"}],
        "addresses": [{"id": "a", "city": "x"}, {"id": "b", "city": "y", "is_primary_billing": True}],
        "custom_fields": [{"custom_field_name": "Z", "value": "z"}],
    }
    record = ACCOUNT.ipaas_update_body(current, changes).record
    for name in ("tax_id_number", "external_ids", "custom_fields"):
        assert record[name] == current[name]
    assert record["addresses"][0] == {"id": "a", "city": "x"}
    assert record["addresses"][1]["id"] == "b"
    assert "id" not in record
