from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from airflow_provider_ipaas.sandbox.clock import Clock

from .conftest import Caller
from .records import COMPANIES, COMPANY, CUSTOMER, CUSTOMERS, address, code, company, customer

FULL_COMPANY = company(
    department="Sales",
    description="Ä 日本 🚀",
    email_address="office@acme.example",
    phone_number="(217) 555-0100",
    fax_number="+1 217 555 0101",
    url="https://acme.example",
    account_number="A-1",
    tax_id_number="T-1",
)


def test_a_company_is_made_read_and_changed(api: Caller) -> None:
    made = api.post(COMPANY, {**FULL_COMPANY, "addresses": [address()]}, params={"trackingGuid": "t-1"})
    assert made.status_code == 200
    body = made.json()
    assert set(body) == {
        "id", "name", "department", "description", "email_address", "phone_number", "fax_number", "url",
        "account_number", "tax_id_number", "parent_company_id", "tracking_guid", "extension_fields", "addresses",
        "custom_fields", "external_ids",
    }  # fmt: skip
    assert body["tracking_guid"] == "t-1"
    assert {name: body[name] for name in FULL_COMPANY} == FULL_COMPANY
    assert set(body["addresses"][0]) == {
        "id", "first_name", "last_name", "company", "phone_number", "address_1", "address_2", "address_3", "city",
        "region", "country", "postal_code", "is_primary_billing", "is_primary_shipping",
    }  # fmt: skip
    changed = api.put(f"{COMPANY}/{body['id']}", {**FULL_COMPANY, "name": "Acme II"})
    assert changed.json()["name"] == "Acme II"
    assert api.get(f"{COMPANY}/{body['id']}").json()["name"] == "Acme II"


def test_a_customer_carries_stamps_with_offset(api: Caller, clock: Clock) -> None:
    body = api.post(CUSTOMER, customer(comment="c", company="Acme")).json()
    assert body["created_datetime"] == "2026-11-23T05:00:00.1234560-05:00"
    assert body["updated_datetime"] is None
    clock.advance(timedelta(minutes=1))
    changed = api.put(f"{CUSTOMER}/{body['id']}", customer(last_name="Lang")).json()
    assert datetime.fromisoformat(changed["updated_datetime"]) == clock.now()


def test_companies_and_customers_count_their_ids_apart(api: Caller) -> None:
    assert api.post(COMPANY, company()).json()["id"] == api.post(CUSTOMER, customer()).json()["id"] == 1001


@pytest.mark.parametrize("path", [COMPANY, CUSTOMER])
def test_unknown_and_malformed_ids(api: Caller, path: str) -> None:
    api.switch(not_found_body="code")
    assert code(api.get(f"{path}/999")) == "404 NFND-1005"
    assert code(api.put(f"{path}/999", company())) == "404 NFND-1005"
    assert code(api.get(f"{path}/abc")) == "400 VALD-1004"
    assert code(api.get(f"{path}/0")) == "400 VALD-1005"


@pytest.mark.parametrize("sent", ["null", "[]", "{", '"x"', ""])
def test_unreadable_bodies(api: Caller, sent: str) -> None:
    assert code(api.post(COMPANY, data=sent)) == "400 VALD-1003"


def test_create_status(api: Caller) -> None:
    for status in ("201", "202", "200"):
        api.switch(create_status=status)
        answer = api.post(COMPANY, company())
        assert (answer.status_code, answer.json()["name"]) == (int(status), "Acme")
    api.switch(create_status="204")
    answer = api.post(COMPANY, company())
    assert (answer.status_code, answer.content) == (204, b"")


def test_create_answers(api: Caller) -> None:
    api.switch(create_answers="id_only")
    assert api.post(COMPANY, company()).json() == {"id": 1001}
    api.switch(create_answers="empty", create_status="201")
    answer = api.post(COMPANY, company())
    assert (answer.status_code, answer.content) == (201, b"")
    api.switch(create_status="204")
    assert api.post(COMPANY, company()).status_code == 204
    api.switch(create_answers="record", create_status="200")
    assert api.post(COMPANY, company()).json()["id"] == 1004


def test_put_answers(api: Caller) -> None:
    number = api.post(COMPANY, company()).json()["id"]
    assert api.put(f"{COMPANY}/{number}", company()).json()["name"] == "Acme"
    api.switch(put_answers="empty")
    answer = api.put(f"{COMPANY}/{number}", company(name="B"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"{COMPANY}/{number}").json()["name"] == "B"


def test_id_type(api: Caller) -> None:
    number = api.post(COMPANY, company(addresses=[address()])).json()["id"]
    child = company(name="Child", parent_company_id=str(number))
    api.switch(id_type="string")
    body = api.get(f"{COMPANY}/{number}").json()
    assert (body["id"], body["addresses"][0]["id"]) == ("1001", "1001")
    api.switch(id_type="guid")
    assert code(api.get(f"{COMPANY}/1001")) == "400 VALD-1008"
    api.switch(list_rows="whole")
    body = api.get(COMPANIES).json()[0]
    assert len(body["id"]) == 36
    assert api.get(f"{COMPANY}/{body['id'].upper()}").json()["id"] == body["id"]
    assert code(api.get(f"{COMPANY}/00000000-0000-4000-8000-000000000001")) == "404"
    made = api.post(COMPANY, {**child, "parent_company_id": body["id"]}).json()
    assert made["parent_company_id"] == body["id"]
    kept = api.put(f"{COMPANY}/{body['id']}", company(addresses=[address(id=body["addresses"][0]["id"])])).json()
    assert kept["addresses"][0]["id"] == body["addresses"][0]["id"]
    api.switch(id_type="number")
    assert api.get(f"{COMPANY}/{number}").json()["id"] == 1001


def test_put(api: Caller) -> None:
    api.store.define_custom_field("company", "Active")
    nested = {
        "addresses": [address()],
        "custom_fields": [{"custom_field_name": "Active", "value": "yes"}],
        "extension_fields": [{"key": "a", "value": "b"}],
    }
    path = f"{COMPANY}/{api.post(COMPANY, {**FULL_COMPANY, **nested}).json()['id']}"
    whole = api.get(path).json()
    api.switch(put="merges")
    assert api.put(path, {"name": "Acme II"}).json() == {**whole, "name": "Acme II"}
    api.switch(put="replaces")
    bare = api.put(path, {"name": "Acme III"}).json()
    assert [bare[name] for name in ("phone_number", "addresses", "custom_fields", "extension_fields")] == [
        None, [], [], [],
    ]  # fmt: skip


def test_null_in_put(api: Caller) -> None:
    path = f"{COMPANY}/{api.post(COMPANY, {**FULL_COMPANY, 'addresses': [address()]}).json()['id']}"
    api.switch(put="merges", null_in_put="ignored")
    kept = api.put(path, {"url": None, "addresses": None}).json()
    assert (kept["url"], len(kept["addresses"])) == (FULL_COMPANY["url"], 1)
    address_id = kept["addresses"][0]["id"]
    assert api.put(path, {"addresses": [{"id": address_id, "city": None}]}).json()["addresses"][0]["city"]
    api.switch(null_in_put="clears")
    assert api.put(path, {"url": None}).json()["url"] is None


def test_unknown_fields(api: Caller) -> None:
    for body in (company(colour="red"), company(addresses=[address(type="home")])):
        answer = api.post(COMPANY, body)
        assert code(answer) == "400 VALD-1003"
        assert "colour" in answer.text or "addresses[0].type" in answer.text
    api.switch(unknown_fields="ignored")
    assert "colour" not in api.post(COMPANY, company(colour="red")).json()


def test_server_fields(api: Caller) -> None:
    body = api.post(CUSTOMER, customer()).json()
    path = f"{CUSTOMER}/{body['id']}"
    for name in ("id", "created_datetime"):
        answer = api.put(path, {**customer(), name: body[name]})
        assert code(answer) == "400 VALD-1037"
        assert name in answer.text
    assert api.put(path, {**customer(), "updated_datetime": None, "tracking_guid": "g"}).status_code == 200
    assert code(api.post(CUSTOMER, customer(2, addresses=[address(id=5)]))) == "400 VALD-1037"
    api.switch(server_fields="ignored")
    assert api.put(path, {**customer(), "id": 9, "created_datetime": "x"}).json()["id"] == body["id"]
    assert api.post(CUSTOMER, customer(2, addresses=[address(id=5)])).json()["addresses"][0]["id"] == 1001


def test_value_types(api: Caller) -> None:
    wrong = (
        company(account_number=17),
        company(addresses={}),
        company(addresses=["x"]),
        company(addresses=[address(is_primary_billing="true")]),
    )
    assert [code(api.post(COMPANY, body)) for body in wrong] == ["400 VALD-1003"] * 4
    assert code(api.post(CUSTOMER, customer(category_id="7"))) == "400 VALD-1003"
    api.switch(value_types="coerced")
    api.control("PUT", "categories/7", {"name": "Retail"})
    assert api.post(COMPANY, wrong[0]).json()["account_number"] == "17"
    assert api.post(COMPANY, wrong[3]).json()["addresses"][0]["is_primary_billing"] is True
    assert api.post(CUSTOMER, customer(category_id="7")).json()["category_id"] == 7


def test_normalise(api: Caller) -> None:
    body = company(name=" Acme ", phone_number=" (217) 555-0100 ext. 5 ", fax_number="+49 (30) 12")
    kept = api.post(COMPANY, body).json()
    assert (kept["name"], kept["phone_number"]) == (body["name"], body["phone_number"])
    api.switch(normalise="trim")
    trimmed = api.post(COMPANY, body).json()
    assert (trimmed["name"], trimmed["phone_number"]) == ("Acme", "(217) 555-0100 ext. 5")
    api.switch(normalise="trim_phone")
    digits = api.post(COMPANY, {**body, "addresses": [address(phone_number="0 30")]}).json()
    assert (digits["phone_number"], digits["fax_number"]) == ("21755501005", "+493012")
    assert digits["addresses"][0]["phone_number"] == "030"


def test_max_text_length_and_too_long(api: Caller) -> None:
    body = company(description="x" * 3000)
    assert len(api.post(COMPANY, body).json()["description"]) == 3000
    api.switch(max_text_length=100)
    answer = api.post(COMPANY, body)
    assert code(answer) == "400 VALD-1020"
    assert "description" in answer.text
    api.switch(too_long="truncated")
    assert len(api.post(COMPANY, body).json()["description"]) == 100
    api.switch(too_long="refused", max_text_length=0)
    assert api.post(COMPANY, body).status_code == 200


def test_company_stamps(api: Caller) -> None:
    number = api.post(COMPANY, company()).json()["id"]
    assert not {"created_datetime", "updated_datetime"} & set(api.get(f"{COMPANY}/{number}").json())
    api.switch(company_stamps="present")
    assert api.get(f"{COMPANY}/{number}").json()["created_datetime"]


def test_updated_on_create(api: Caller) -> None:
    assert api.post(CUSTOMER, customer()).json()["updated_datetime"] is None
    api.switch(updated_on_create="set")
    body = api.post(CUSTOMER, customer(2)).json()
    assert body["updated_datetime"] == body["created_datetime"]


def test_datetime_offset_min_and_digits(api: Caller) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    for offset, digits, shown in (
        (0, "3", "2026-11-23T10:00:00.123+00:00"),
        (330, "6", "2026-11-23T15:30:00.123456+05:30"),
        (-300, "0", "2026-11-23T05:00:00-05:00"),
        (-300, "7", "2026-11-23T05:00:00.1234560-05:00"),
    ):
        api.switch(datetime_offset_min=offset, datetime_digits=digits)
        assert api.get(f"{CUSTOMER}/{number}").json()["created_datetime"] == shown


def test_stamp_moves_on_address_edit(api: Caller, clock: Clock) -> None:
    number = api.post(CUSTOMER, customer(addresses=[address()])).json()["id"]
    path = f"{CUSTOMER}/{number}"
    address_id = api.get(path).json()["addresses"][0]["id"]
    clock.advance(timedelta(seconds=1))
    api.control("PATCH", f"records/customers/{number}/addresses/{address_id}", {"fields": {"city": "Peoria"}})
    body = api.get(path).json()
    assert (body["addresses"][0]["city"], body["updated_datetime"]) == ("Peoria", None)
    assert api.put(path, customer(addresses=[address(id=address_id)])).json()["updated_datetime"] is None
    api.switch(stamp_moves_on_address_edit="true")
    sent = customer(addresses=[address(id=address_id, city="Quincy")])
    assert api.put(path, sent).json()["updated_datetime"] is not None


def test_a_put_that_changes_nothing_moves_the_stamp(api: Caller) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    assert api.put(f"{CUSTOMER}/{number}", customer()).json()["updated_datetime"] is not None


def test_external_ids_on_read(api: Caller) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    api.store.link("customer", number, "0035g1")
    nested = api.get(f"{CUSTOMER}/{number}").json()["external_ids"]
    assert [(item["system_id"], item["external_id"], item["system_name"]) for item in nested] == [
        (5501, "0035g1", "Salesforce")
    ]
    api.switch(external_ids_on_read="absent", list_rows="whole")
    assert "external_ids" not in api.get(f"{CUSTOMER}/{number}").json()
    assert "external_ids" not in api.get(CUSTOMERS).json()[0]


def test_nested_external_ids_on_write(api: Caller) -> None:
    links = [{"system_id": 5501, "external_id": "0015g1"}]
    assert api.post(COMPANY, company(external_ids=links)).json()["external_ids"] == []
    api.switch(nested_external_ids_on_write="stored")
    body = api.post(COMPANY, company(external_ids=links)).json()
    path = f"{COMPANY}/{body['id']}"
    assert [item["external_id"] for item in body["external_ids"]] == ["0015g1"]
    assert code(api.post(COMPANY, company(external_ids=links))) == "409 BIZL-1005"
    assert code(api.post(COMPANY, company(external_ids=[{"system_id": 0, "external_id": "x"}]))) == "400 VALD-1017"
    assert code(api.post(COMPANY, company(external_ids=[{"system_id": 5, "external_id": "x"}]))) == "400 VALD-1023"
    assert code(api.post(COMPANY, company(external_ids=[{"system_id": 5501}]))) == "400 VALD-1002"
    assert api.put(path, company(external_ids=links)).json()["external_ids"]
    assert api.put(path, company()).json()["external_ids"] == []
    api.switch(put="merges")
    assert api.put(path, company(external_ids=links)).json()["external_ids"]
    assert api.put(path, company()).json()["external_ids"]


def test_inactive_records(api: Caller) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    api.control("DELETE", f"records/customers/{number}")
    path = f"{CUSTOMER}/{number}"
    assert api.get(path).status_code == 404
    assert api.get(CUSTOMERS).status_code == 404
    assert code(api.post(CUSTOMER, customer())) == "409 BIZL-1009"
    api.switch(inactive_records="shown")
    assert api.get(path).json()["id"] == number
    api.switch(inactive_records="hidden")
    assert api.put(path, customer()).status_code == 200
    assert api.get(path).status_code == 200
    api.control("DELETE", f"records/customers/{number}?mode=purge")
    assert api.put(path, customer()).status_code == 404
    assert api.post(CUSTOMER, customer()).json()["id"] == number + 1


def test_categories(api: Caller) -> None:
    assert code(api.post(CUSTOMER, customer(category_id=3))) == "400 VALD-1038"
    assert api.get("customers/v2/Customer/Category/3").status_code == 404
    api.control("PUT", "categories/3", {"name": "Retail"})
    assert api.get("customers/v2/Customer/Category/3").json()["name"] == "Retail"
    assert api.post(CUSTOMER, customer(category_id=3)).json()["category_id"] == 3
