"""Read, find, create, update and link records of the emulated service, in its harsh and its mild readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.errors import ConfigurationError, ServiceError
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY
from airflow_provider_ipaas.sandbox.server import Sandbox

Connect = Callable[..., IPaaSClient]
ACCOUNT = "0015g00000Acc01AAA"


@pytest.fixture(params=["default", "harsh", "mild"])
def reading(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    sandbox.ipaas.switches.use(request.param)
    return str(request.param)


def person(number: int, **more: Any) -> dict[str, Any]:
    return {
        "first_name": "Ada",
        "last_name": f"Byron {number}",
        "email_address": f"ada{number}@example.com",
        "customer_number": f"C-{number}",
        **more,
    }


def test_list_streams_every_row_once(reading: str, sandbox: Sandbox, connect: Connect) -> None:
    ids = {str(sandbox.ipaas.insert("customer", person(number))) for number in range(7)}
    listed = [row["id"] for row in connect().list("customer")]
    assert len(listed) == 7
    assert set(listed) == ids or sandbox.ipaas.switches.text("id_type") == "guid"


def test_an_empty_list_is_no_error(reading: str, connect: Connect) -> None:
    assert list(connect().list("company")) == []


def test_get_reads_a_whole_record_with_its_id_as_text(reading: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.insert("company", {"name": "Acme", "addresses": [{"city": "Berlin", "is_primary_billing": True}]})
    client = connect()
    [row] = client.list("company")
    record = client.get("company", row["id"])
    assert record is not None
    assert isinstance(record["id"], str)
    assert (record["name"], record["addresses"][0]["city"]) == ("Acme", "Berlin")


def test_get_of_an_unknown_id_is_none(reading: str, connect: Connect) -> None:
    assert connect().get("company", "424242") is None


def test_find_compares_case_folded_and_trimmed(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.use("mild")
    sandbox.ipaas.insert("company", {"name": "ACME  "})
    sandbox.ipaas.insert("company", {"name": "Acme Two"})
    client = connect()
    sandbox.ipaas.switches.set("filter_case", "insensitive")
    assert [row["name"] for row in client.find("company", "ACME  ")] == ["ACME  "]
    assert client.find("company", "   ") == []


def test_find_drops_what_an_ignored_filter_lets_through(sandbox: Sandbox, connect: Connect) -> None:
    for number in range(3):
        sandbox.ipaas.insert("customer", person(number))
    client = connect(overrides={"query": {"customer_email": "Mail"}})
    assert [row["email_address"] for row in client.find("customer", "ADA1@Example.com")] == ["ada1@example.com"]


def test_find_asks_again_in_lower_case_where_the_service_compares_exactly(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.insert("customer", person(1))
    assert len(connect().find("customer", "Ada1@Example.COM")) == 1


def test_create_answers_the_record_as_the_service_shows_it(reading: str, sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    record = client.create("customer", person(1, addresses=[]))
    assert record["email_address"] == "ada1@example.com"
    assert record["addresses"] == []
    assert client.get("customer", record["id"]) is not None
    assert len(sandbox.ipaas.tables["customer"].listed()) == 1


@pytest.mark.parametrize("answer", ["record", "id_only", "empty"])
@pytest.mark.parametrize("status", ["200", "201", "202", "204"])
def test_create_takes_any_success_and_any_answer(status: str, answer: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.update({"create_status": status, "create_answers": answer})
    record = connect().create("company", {"name": "Acme", "addresses": []})
    assert record["name"] == "Acme"
    assert record["id"]


def test_server_fields_are_never_written(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("server_fields", "refused")
    client = connect()
    record = client.create("customer", person(1, addresses=[], created_datetime="2020-01-01T00:00:00Z"))
    updated = client.update("customer", record["id"], {**record, "first_name": "Augusta"})
    assert updated is not None
    assert updated["first_name"] == "Augusta"


def test_update_answers_none_without_a_whole_record(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(overrides={"external_ids_on_read": "nested"})
    record = client.create("company", {"name": "Acme", "addresses": []})
    sandbox.ipaas.switches.set("put_answers", "empty")
    assert client.update("company", record["id"], {"name": "Acme 2", "addresses": []}) is None
    sandbox.ipaas.switches.update({"put_answers": "record", "external_ids_on_read": "absent"})
    assert client.update("company", record["id"], {"name": "Acme 3", "addresses": []}) is None
    found = client.get("company", record["id"])
    assert found is not None
    assert found["name"] == "Acme 3"


def test_update_of_an_unknown_record_is_an_error(reading: str, connect: Connect) -> None:
    with pytest.raises(
        ServiceError, match=r"iPaaS\.com could not update the company \((NFND-1005|HTTP-404)\)"
    ) as caught:
        connect().update("company", "424242", {"name": "Acme"})
    assert (caught.value.status, caught.value.record_id, caught.value.transient) == (404, "424242", False)


@pytest.mark.parametrize("where", ["body", "reason_phrase"])
@pytest.mark.parametrize("shape", ["wrapped", "flat", "text"])
def test_a_refusal_tells_code_message_and_field(where: str, shape: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.update({"error_in": where, "error_shape": shape})
    with pytest.raises(ServiceError) as caught:
        connect().create("customer", person(1, email_address=None))
    error = caught.value
    assert (error.code, error.status, error.transient) == ("VALD-1021", 400, False)
    assert str(error).startswith("iPaaS.com could not create the customer (VALD-1021): ")


def test_external_ids_go_both_ways(reading: str, sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    company = client.create("company", {"name": "Acme", "addresses": []})["id"]
    customer = client.create("customer", person(1, addresses=[]))["id"]
    assert client.external_id_of("company", company) is None
    assert client.record_with_external_id("company", ACCOUNT) is None
    client.set_external_id("company", company, ACCOUNT)
    client.set_external_id("customer", customer, "0035g00000Con01AAA")
    assert client.external_id_of("company", company) == ACCOUNT
    assert client.record_with_external_id("company", ACCOUNT) == company
    assert client.external_id_of("customer", customer) == "0035g00000Con01AAA"
    assert client.record_with_external_id("customer", ACCOUNT) is None


@pytest.mark.parametrize("form", ["quoted", "bare", "number"])
def test_lookups_read_every_form(form: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("lookup_form", form)
    number = sandbox.ipaas.insert("company", {"name": "Acme"})
    sandbox.ipaas.link("company", number, "4200")
    client = connect()
    [row] = client.list("company")
    assert client.external_id_of("company", row["id"]) == "4200"
    assert client.record_with_external_id("company", "4200") == row["id"]


def test_a_link_of_a_deleted_record_counts_as_none(sandbox: Sandbox, connect: Connect) -> None:
    number = sandbox.ipaas.insert("company", {"name": "Acme"})
    sandbox.ipaas.link("company", number, ACCOUNT)
    client = connect()
    [row] = client.list("company")
    sandbox.ipaas.remove("company", number)
    sandbox.ipaas.switches.set("deleted_links", "prefixed")
    assert client.record_with_external_id("company", ACCOUNT) is None
    assert client.external_id_of("company", row["id"]) is None


def test_an_external_id_that_is_taken_is_refused(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    first, second = (client.create("company", {"name": name, "addresses": []})["id"] for name in ("One", "Two"))
    client.set_external_id("company", first, ACCOUNT)
    with pytest.raises(ServiceError, match="could not store the external id of the company") as caught:
        client.set_external_id("company", second, ACCOUNT)
    assert caught.value.code in {"BIZL-1003", "BIZL-1005"}
    assert caught.value.next_step == "Another record carries this external id; remove it there or correct the link."


def test_a_table_the_service_does_not_know_is_an_error_where_it_says_so(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("wrong_table_on_write", "refused")
    client = connect(overrides={"table_names": {"company": "No Such Table"}})
    company = client.create("company", {"name": "Acme", "addresses": []})["id"]
    assert client.external_id_of("company", company) is None
    with pytest.raises(ServiceError, match="could not store the external id of the company") as caught:
        client.set_external_id("company", company, ACCOUNT)
    assert caught.value.status == 404


def test_external_ids_can_be_read_from_the_record_alone(sandbox: Sandbox, connect: Connect) -> None:
    number = sandbox.ipaas.insert("company", {"name": "Acme"})
    sandbox.ipaas.link("company", number, "77", system_id=1)
    sandbox.ipaas.link("company", number, ACCOUNT)
    client = connect(overrides={"external_ids_on_read": "nested"})
    [row] = client.list("company")
    assert client.external_id_of("company", row["id"]) == ACCOUNT
    assert client.external_id_of("company", "424242") is None


def test_the_company_table_is_looked_up_once(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("company_table_name", "Odd Table")
    client = connect()
    company = client.create("company", {"name": "Acme", "addresses": []})["id"]
    client.set_external_id("company", company, ACCOUNT)
    assert client.external_id_of("company", company) == ACCOUNT
    tables = [entry for entry in sandbox.journal.entries(service="ipaas") if entry["path"].endswith("Lookup/Tables")]
    assert len(tables) == 1


def test_a_table_that_is_not_listed_asks_for_the_profile(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(overrides={"mapping_collection_types": {"company": 4949}})
    with pytest.raises(ConfigurationError) as caught:
        client.external_id_of("company", "1")
    assert str(caught.value) == (
        "Connection `ipaas_test`: iPaaS.com should list one table for the type 4949 (company), and lists: none. "
        'Next step: Set the name in `api_profile`: {"table_names": {"company": "..."}}.'
    )


def test_relationships_are_off_by_default(connect: Connect) -> None:
    client = connect()
    assert client.relationships("1") == []
    with pytest.raises(ConfigurationError, match="Connection `ipaas_test`: relationships are off in the API profile"):
        client.relate("1", "2")
    assert client.calls == 0


def test_relationships_are_written_where_the_profile_has_them(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("relationships", "on")
    client = connect(overrides={"relationships": "on"})
    company = client.create("company", {"name": "Acme", "addresses": []})["id"]
    customer = client.create("customer", person(1, addresses=[]))["id"]
    assert client.relationships(customer) == []
    client.relate(customer, company)
    [related] = client.relationships(customer)
    assert str(related["related_to_id"]) == company


def test_ids_are_encoded_and_cannot_climb_the_path(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    assert client.get("company", "a/b?c#d%2e") is None
    assert sandbox.journal.entries(service="ipaas")[-1]["path"].startswith("/customers/v2/Customer/Company/a")
    with pytest.raises(ServiceError, match=r"'\.\.' is not an id of iPaaS\.com"):
        client.get("company", "..")


def test_every_call_carries_one_tracking_guid(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    list(client.list("company"))
    client.get("company", "1")
    guids = {entry["query"].split("trackingGuid=")[1] for entry in sandbox.journal.entries(service="ipaas")}
    assert len(guids) == 1
    assert len(guids.pop()) == 36


def test_calls_count_the_api_and_not_the_login(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    client.get("company", "1")
    client.get("company", "2")
    assert client.calls == 2
    assert len(sandbox.journal.entries(service="ipaas")) == 4


def test_the_clock_is_the_services(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.clocks["ipaas"].advance(timedelta(days=30))
    for client in (connect(), connect(auth_mode="api_key", password=API_KEY)):
        ahead = client.server_now() - sandbox.clocks["ipaas"].now()
        assert abs(ahead.total_seconds()) < 5
