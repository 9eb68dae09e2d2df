from __future__ import annotations

from typing import Any

import pytest

from .conftest import Caller
from .records import COMPANY, CUSTOMER, address, code, company, customer


def test_a_company_needs_a_name(api: Caller) -> None:
    assert code(api.post(COMPANY, company(name=" "))) == "400 VALD-1002"
    number = api.post(COMPANY, company()).json()["id"]
    assert code(api.put(f"{COMPANY}/{number}", {"url": "x"})) == "400 VALD-1002"


def test_a_parent_company_must_exist(api: Caller) -> None:
    assert code(api.post(COMPANY, company(parent_company_id="5"))) == "400 VALD-1038"
    number = api.post(COMPANY, company()).json()["id"]
    assert api.post(COMPANY, company(parent_company_id=number)).json()["parent_company_id"] == str(number)
    assert api.post(COMPANY, company(parent_company_id="")).json()["parent_company_id"] is None


@pytest.mark.parametrize("email", [None, "", "  "])
def test_a_customer_needs_an_email(api: Caller, email: str | None) -> None:
    assert code(api.post(CUSTOMER, customer(email_address=email))) == "400 VALD-1021"


def test_email_rules(api: Caller) -> None:
    assert code(api.post(CUSTOMER, customer(email_address="nobody"))) == "400 VALD-1025"
    assert code(api.post(COMPANY, company(email_address="nobody"))) == "400 VALD-1025"
    assert api.post(CUSTOMER, customer(email_address=" ada@example.com ")).status_code == 200
    api.switch(email_rules="lenient")
    assert api.post(CUSTOMER, customer(2, email_address="nobody")).status_code == 200


def test_emails_are_unique_whatever_their_case(api: Caller) -> None:
    first = api.post(CUSTOMER, customer(1)).json()["id"]
    second = api.post(CUSTOMER, customer(2)).json()["id"]
    answer = api.post(CUSTOMER, customer(3, email_address="ADA1@example.com "))
    assert code(answer) == "409 BIZL-1004"
    assert str(first) in answer.text
    assert code(api.put(f"{CUSTOMER}/{second}", customer(2, email_address="Ada1@Example.com"))) == "409 BIZL-1004"
    assert api.put(f"{CUSTOMER}/{first}", customer(1, email_address="ADA1@example.com")).status_code == 200


def test_customer_number_rules(api: Caller) -> None:
    first = api.post(CUSTOMER, customer(1)).json()["id"]
    taken = customer(2, customer_number="C-1")
    answer = api.post(CUSTOMER, taken)
    assert code(answer) == "409 BIZL-1006"
    assert str(first) in answer.text
    assert code(api.post(CUSTOMER, customer(2, customer_number=None))) == "400 VALD-1002"
    api.switch(customer_number_rules="lenient")
    assert api.post(CUSTOMER, taken).status_code == 200
    assert api.post(CUSTOMER, customer(3, customer_number=None)).status_code == 200


def test_person_names(api: Caller) -> None:
    assert code(api.post(CUSTOMER, customer(first_name="", last_name=None))) == "400 VALD-1049"
    assert code(api.post(CUSTOMER, customer(first_name=None))) == "400 VALD-1002"
    api.switch(person_names="one")
    assert api.post(CUSTOMER, customer(first_name=None)).status_code == 200
    assert code(api.post(CUSTOMER, customer(2, first_name=None, last_name=""))) == "400 VALD-1049"


def test_unique_company_name(api: Caller) -> None:
    number = api.post(COMPANY, company()).json()["id"]
    assert api.post(COMPANY, company(name="Other")).status_code == 200
    assert api.post(COMPANY, company()).status_code == 200
    api.switch(unique_company_name="on")
    answer = api.post(COMPANY, company(name="ACME"))
    assert code(answer) == "409 BIZL-1004"
    assert str(number) in answer.text
    assert api.put(f"{COMPANY}/{number}", company()).status_code == 200
    api.switch(unique_company_name="off")
    assert api.post(COMPANY, company()).status_code == 200


@pytest.mark.parametrize("name", ["first_name", "last_name", "address_1", "city", "region", "country", "postal_code"])
def test_address_rules(api: Caller, name: str) -> None:
    for path, make in ((COMPANY, company), (CUSTOMER, customer)):
        answer = api.post(path, make(addresses=[address(), address(**{name: " "})]))
        assert code(answer) == "400 VALD-1002"
        assert f"addresses[1].{name}" in answer.text
    api.switch(address_rules="lenient")
    assert api.post(COMPANY, company(addresses=[address(**{name: None})])).status_code == 200


@pytest.mark.parametrize("country", ["US", "usa", "United States", "Côte d'Ivoire", "Türkiye", "Czech Republic", "DEU"])
def test_known_countries_are_taken(api: Caller, country: str) -> None:
    assert api.post(COMPANY, company(addresses=[address(country=country)])).json()["addresses"][0]["country"] == country


def test_unknown_countries_are_refused(api: Caller) -> None:
    assert code(api.post(COMPANY, company(addresses=[address(country="Atlantis")]))) == "400 VALD-1046"


@pytest.mark.parametrize(("form", "taken"), [("iso2", "US"), ("iso3", "USA"), ("name", "united states"), ("any", "US")])
def test_country_form(api: Caller, form: str, taken: str) -> None:
    api.switch(country_form=form)
    answers = [api.post(COMPANY, company(addresses=[address(country=c)])) for c in ("US", "USA", "united states")]
    ok = [c for c, answer in zip(("US", "USA", "united states"), answers, strict=True) if answer.status_code == 200]
    assert ok == (["US", "USA", "united states"] if form == "any" else [taken])


class TestAddressIds:
    def _stored(self, api: Caller, *addresses: dict[str, Any]) -> tuple[str, list[int]]:
        body = api.post(COMPANY, company(addresses=list(addresses))).json()
        return f"{COMPANY}/{body['id']}", [item["id"] for item in body["addresses"]]

    def test_required(self, api: Caller) -> None:
        path, (first, second) = self._stored(api, address(), address(city="Peoria"))
        kept = api.put(path, company(addresses=[address(id=first, city="Quincy")])).json()["addresses"]
        assert [(item["id"], item["city"]) for item in kept] == [(first, "Quincy")]
        fresh = api.put(path, company(addresses=[address(city="Quincy")])).json()["addresses"]
        assert len(fresh) == 1
        assert fresh[0]["id"] not in {first, second}

    def test_matched(self, api: Caller) -> None:
        api.switch(address_ids="matched")
        path, (billing, plain) = self._stored(api, address(is_primary_billing=True), address(city="Peoria"))
        sent = [
            address(city="Quincy", is_primary_billing=True),
            address(city="Peoria", region="Ill."),
            address(city="X"),
        ]
        got = [item["id"] for item in api.put(path, company(addresses=sent)).json()["addresses"]]
        assert got[:2] == [billing, plain]
        assert got[2] not in {billing, plain}

    def test_merging_keeps_the_addresses_and_fields_that_are_not_sent(self, api: Caller) -> None:
        api.switch(put="merges")
        path, (first, second) = self._stored(api, address(), address(city="Peoria"))
        got = api.put(path, {"addresses": [{"id": second, "city": "Quincy"}, address(city="New")]}).json()["addresses"]
        assert [item["city"] for item in got] == ["Springfield", "Quincy", "New"]
        assert [item["id"] for item in got[:2]] == [first, second]

    def test_foreign_and_doubled_ids_are_refused(self, api: Caller) -> None:
        path, (first,) = self._stored(api, address())
        _, (foreign,) = self._stored(api, address())
        assert code(api.put(path, company(addresses=[address(id=foreign)]))) == "400 VALD-1006"
        assert code(api.put(path, company(addresses=[address(id=first), address(id=first)]))) == "409 BIZL-1001"


def test_primary_flags(api: Caller) -> None:
    two = [address(is_primary_billing=True), address(is_primary_billing=True, city="Peoria")]
    assert code(api.post(COMPANY, company(addresses=two))) == "409 BIZL-1002"
    api.switch(primary_flags="many")
    body = api.post(COMPANY, company(addresses=two)).json()
    assert [item["is_primary_billing"] for item in body["addresses"]] == [True, True]
    api.switch(primary_flags="demoted")
    assert [a["is_primary_billing"] for a in api.post(COMPANY, company(addresses=two)).json()["addresses"]] == [
        False,
        True,
    ]
    one = api.post(COMPANY, company(addresses=[two[0], address()])).json()
    first, second = (item["id"] for item in one["addresses"])
    sent = [address(id=second, is_primary_billing=True), address(id=first, is_primary_billing=True)]
    shown = api.put(f"{COMPANY}/{one['id']}", company(addresses=sent)).json()["addresses"]
    assert [(item["id"], item["is_primary_billing"]) for item in shown] == [(second, True), (first, False)]


class TestCustomFields:
    @pytest.fixture
    def defined(self, api: Caller) -> Caller:
        for name, type_ in (("Text", "string"), ("Count", "number"), ("On", "bool"), ("Day", "date"),
                            ("At", "datetime"), ("Guid", "guid"), ("Secret", "encrypted")):  # fmt: skip
            api.control("POST", "custom-fields", {"kind": "company", "name": name, "type": type_})
        api.control("POST", "custom-fields", {"kind": "company", "name": "Pick", "type": "enum", "options": ["a"]})
        return api

    def _post(self, api: Caller, *items: tuple[Any, Any]) -> Any:
        return api.post(COMPANY, company(custom_fields=[{"custom_field_name": n, "value": v} for n, v in items]))

    def test_defined_fields_are_stored(self, defined: Caller) -> None:
        items = [("Text", "x"), ("Count", "1.5"), ("On", "True"), ("Day", "2026-11-23"), ("Pick", "a"), ("Secret", "s"),
                 ("At", "2026-11-23T10:00:00+00:00"), ("Guid", "7c1f6a52-3d0e-4b8a-9a47-5501c0ffee77")]  # fmt: skip
        shown = self._post(defined, *items).json()
        assert [(item["custom_field_name"], item["value"]) for item in shown["custom_fields"]] == items
        assert {item["id"] for item in shown["custom_fields"]} == {shown["id"]}
        assert len(defined.control("GET", "custom-fields").json()) == 8

    @pytest.mark.parametrize(
        ("name", "value", "wanted"),
        [
            ("Nobody", "x", "400 VALD-1011"),
            ("text", "x", "400 VALD-1011"),
            (None, "x", "400 VALD-1015"),
            ("", "x", "400 VALD-1015"),
            ("Text", None, "400 VALD-1002"),
            ("Text", "", "400 VALD-1002"),
            ("Text", 5, "400 VALD-1036"),
            ("Count", "many", "400 VALD-1036"),
            ("On", "yes", "400 VALD-1036"),
            ("Day", "23.11.2026", "400 VALD-1036"),
            ("Pick", "b", "400 VALD-1036"),
            ("Guid", "x", "400 VALD-1036"),
        ],
    )
    def test_bad_values_are_refused(self, defined: Caller, name: Any, value: Any, wanted: str) -> None:
        assert code(self._post(defined, (name, value))) == wanted

    def test_a_field_twice_is_refused(self, defined: Caller) -> None:
        assert code(self._post(defined, ("Text", "a"), ("Text", "b"))) == "409 BIZL-1001"

    def test_definitions_are_per_kind(self, defined: Caller) -> None:
        fields = [{"custom_field_name": "Text", "value": "x"}]
        assert code(defined.post(CUSTOMER, customer(custom_fields=fields))) == "400 VALD-1011"

    def test_put_replaces_or_merges_the_list(self, defined: Caller) -> None:
        path = f"{COMPANY}/{self._post(defined, ('Text', 'x'), ('Count', '1')).json()['id']}"
        sent = {"custom_fields": [{"custom_field_name": "Text", "value": "y"}]}
        defined.switch(put="merges")
        names = [item["custom_field_name"] for item in defined.put(path, sent).json()["custom_fields"]]
        assert names == ["Text", "Count"]
        defined.switch(put="replaces")
        assert len(defined.put(path, {**company(), **sent}).json()["custom_fields"]) == 1

    def test_the_stand_alone_endpoint(self, defined: Caller) -> None:
        number = defined.post(COMPANY, company()).json()["id"]
        path = "customers/v2/CustomField/Customer Company"
        body = {"id": number, "type": "string", "custom_field_name": "Text", "value": "x"}
        for method in ("POST", "PUT"):
            assert defined(method, path, body).json()["value"] == "x"
        assert defined.get(f"{COMPANY}/{number}").json()["custom_fields"][0]["value"] == "x"
        for name, wanted in (("id", "VALD-1001"), ("type", "VALD-1002"), ("custom_field_name", "VALD-1015"),
                             ("value", "VALD-1002")):  # fmt: skip
            assert code(defined.post(path, {**body, name: None})) == f"400 {wanted}"
        assert code(defined.post(path, {**body, "custom_field_name": "No"})) == "400 VALD-1011"
        assert code(defined.post(path, {**body, "custom_field_name": "Count"})) == "400 VALD-1036"
        assert defined.post(path, {**body, "id": 999}).status_code == 404
        assert defined.post("customers/v2/CustomField/Nothing", body).status_code == 404
