from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.clock import Clock

from .conftest import Caller
from .records import COMPANY, CUSTOMER, EXTERNAL, SYSTEM, address, code, company, customer, link

SF_ID = "0015g00000AAAAAAA0"


@pytest.fixture
def acme(api: Caller) -> int:
    return int(api.post(COMPANY, company()).json()["id"])


def _lookup(api: Caller, internal: object, table: str = "Customer Company", system: object = SYSTEM) -> Any:
    return api.get(f"{EXTERNAL}/LookupExternal/{internal}/{system}/{table}")


def _special(api: Caller, external_id: str = SF_ID, table: str = "Customer Company", **more: Any) -> Any:
    body = {"table_name": table, "system_id": SYSTEM, "external_id": external_id, **more}
    return api.post(f"{EXTERNAL}/LookupSpecial", body)


def _spaceport(api: Caller, external_id: str = SF_ID, table: str = "Customer Company") -> Any:
    return api.get(f"{EXTERNAL}/LookupSpaceport/{SYSTEM}/{table}/{external_id}")


def _update(api: Caller, body: dict[str, Any]) -> Any:
    return api.post(f"{EXTERNAL}/UpdateExternalId", body)


def test_a_link_is_written_and_found_from_both_ends(api: Caller, acme: int) -> None:
    assert _lookup(api, acme).status_code == _special(api).status_code == _spaceport(api).status_code == 404
    body = _update(api, link(acme, SF_ID)).json()
    assert {name: body[name] for name in link(acme)} == link(acme, SF_ID)
    assert body["system_name"] == "Salesforce"
    assert _lookup(api, acme).json() == SF_ID
    assert _special(api).json() == _spaceport(api).json() == str(acme)


def test_a_second_write_replaces_the_link(api: Caller, acme: int) -> None:
    _update(api, link(acme, "old"))
    _update(api, link(acme, "new"))
    assert _lookup(api, acme).json() == "new"
    assert _special(api, "old").status_code == 404
    assert len(api.control("GET", "external-ids").json()) == 1


def test_awkward_external_ids_go_by_lookup_special(api: Caller, acme: int) -> None:
    awkward = 'a/b "c" ä日'
    _update(api, link(acme, awkward))
    assert _special(api, awkward).json() == str(acme)
    assert _lookup(api, acme).json() == awkward
    assert _spaceport(api, "a%2Fb").status_code == 404


def test_lookup_form(api: Caller, acme: int) -> None:
    _update(api, link(acme, SF_ID))
    assert _special(api).text == f'"{acme}"'
    api.switch(lookup_form="bare")
    assert (_special(api).text, _lookup(api, acme).text) == (str(acme), SF_ID)
    api.switch(lookup_form="number")
    assert (_special(api).text, _lookup(api, acme).text) == (str(acme), f'"{SF_ID}"')
    api.switch(id_type="guid", lookup_form="quoted")
    assert len(_special(api).json()) == 36


def test_external_ids_are_unique_per_system_and_table(api: Caller, acme: int) -> None:
    other = api.post(COMPANY, company(name="Other")).json()["id"]
    person = api.post(CUSTOMER, customer()).json()["id"]
    _update(api, link(acme, SF_ID))
    assert code(_update(api, link(other, SF_ID))) == "409 BIZL-1003"
    assert _update(api, link(acme, SF_ID)).status_code == 200
    assert _update(api, link(person, SF_ID, table_name="customer")).status_code == 200
    assert _update(api, link(other, SF_ID, system_id=1)).status_code == 200


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"table_name": None}, "400 VALD-1007"),
        ({"system_id": 0}, "400 VALD-1017"),
        ({"system_id": "x"}, "400 VALD-1017"),
        ({"system_id": None}, "400 VALD-1002"),
        ({"system_id": 9}, "400 VALD-1023"),
        ({"external_id": ""}, "400 VALD-1002"),
        ({"internal_id": None}, "400 VALD-1002"),
        ({"internal_id": "abc"}, "400 VALD-1004"),
        ({"colour": "red"}, "400 VALD-1003"),
        ({"id": 5}, "400 VALD-1037"),
        ({"internal_id": "999"}, "404 NFND-1005"),
    ],
)
def test_bad_links_are_refused(api: Caller, acme: int, change: dict[str, Any], wanted: str) -> None:
    api.switch(not_found_body="code")
    assert code(_update(api, {**link(acme), **change})) == wanted


def test_lookups_check_the_system_id(api: Caller, acme: int) -> None:
    assert code(_lookup(api, acme, system="x")) == "400 VALD-1017"
    assert code(_lookup(api, acme, system=9)) == "400 VALD-1023"
    assert code(_lookup(api, "abc")) == "400 VALD-1004"
    assert code(_special(api, external_id="")) == "400 VALD-1002"


def test_table_name_case(api: Caller, acme: int) -> None:
    _update(api, link(acme))
    assert _lookup(api, acme, "customer company").status_code == 404
    api.switch(table_name_case="insensitive")
    assert _lookup(api, acme, "customer company").json() == SF_ID


def test_wrong_table_on_write(api: Caller, acme: int) -> None:
    wrong = link(acme, table_name="Company")
    assert _update(api, wrong).status_code == 200
    assert _lookup(api, acme, "Company").status_code == _lookup(api, acme).status_code == 404
    assert api.control("GET", "external-ids").json() == []
    api.switch(wrong_table_on_write="refused")
    assert _update(api, wrong).status_code == 404


def test_company_table_name(api: Caller, acme: int) -> None:
    api.switch(company_table_name="Company")
    rows = api.get("subscriptions/v2/Lookup/Tables").json()
    names = {row["mapping_collection_type_id"]: row["name"] for row in rows}
    assert (names[49], names[8]) == ("Company", "customer")
    _update(api, link(acme, table_name="Company"))
    assert _lookup(api, acme, "Company").json() == SF_ID


def test_addresses_hold_external_ids_too(api: Caller) -> None:
    body = api.post(COMPANY, company(addresses=[address()])).json()
    address_id = body["addresses"][0]["id"]
    assert _update(api, link(address_id, "x|1", table_name="Address")).status_code == 200
    assert _lookup(api, address_id, "Address").json() == "x|1"
    api.put(f"{COMPANY}/{body['id']}", company())
    assert _lookup(api, address_id, "Address").json() == "DELETED:x|1"


def test_deleted_links(api: Caller, acme: int) -> None:
    _update(api, link(acme, SF_ID))
    api.control("DELETE", f"records/companies/{acme}")
    assert _lookup(api, acme).json() == f"DELETED:{SF_ID}"
    assert _special(api).json() == _spaceport(api).json() == f"DELETED:{acme}"
    assert code(_update(api, link(acme, "new"))) == "409 BIZL-1009"
    api.switch(deleted_links="kept")
    assert _special(api).json() == str(acme)
    api.switch(deleted_links="prefixed")
    api.put(f"{COMPANY}/{acme}", company())
    assert _special(api).json() == str(acme)
    api.control("DELETE", f"records/companies/{acme}?mode=purge")
    assert _special(api).json() == f"DELETED:{acme}"


def test_stamp_moves_on_link(api: Caller, clock: Clock) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    path = f"{CUSTOMER}/{number}"
    clock.advance(timedelta(seconds=1))
    api.switch(stamp_moves_on_link="false")
    _update(api, link(number, "a", table_name="customer"))
    assert api.get(path).json()["updated_datetime"] is None
    api.switch(stamp_moves_on_link="true")
    _update(api, link(number, "b", table_name="customer"))
    assert api.get(path).json()["updated_datetime"] is not None


def test_missing_lists_what_has_no_link(api: Caller, acme: int) -> None:
    other = api.post(COMPANY, company(name="Other")).json()["id"]
    _update(api, link(acme))
    path = f"{EXTERNAL}/Missing/{SYSTEM}/Customer Company"
    answer = api.get(path)
    assert ([row["id"] for row in answer.json()], "X-Pagination" in answer.headers) == ([other], True)
    assert api.get(f"{EXTERNAL}/Missing/{SYSTEM}/Nothing").status_code == 404


def test_relationships(api: Caller) -> None:
    number = api.post(CUSTOMER, customer()).json()["id"]
    body = {"customer_id": str(number), "related_to_id": "77", "related_to_type": "Customer Company"}
    path, listed = f"{CUSTOMER}/Relationship", f"{CUSTOMER}/{number}/Relationships"
    assert (api.post(path, body).status_code, api.get(listed).status_code) == (404, 404)
    api.switch(relationships="on")
    assert api.get(listed).json() == []
    assert {**api.post(path, body).json(), "id": 0} == {**body, "id": 0}
    assert [row["related_to_id"] for row in api.get(listed).json()] == ["77"]
    assert code(api.post(path, {**body, "related_to_type": None})) == "400 VALD-1002"
    assert code(api.post(path, {**body, "customer_id": 999})) == "400 VALD-1038"
    assert api.get(f"{CUSTOMER}/999/Relationships").status_code == 404


def test_relationship_duplicates(api: Caller) -> None:
    api.switch(relationships="on")
    number = api.post(CUSTOMER, customer()).json()["id"]
    body = {"customer_id": number, "related_to_id": 77, "related_to_type": "Customer Company"}
    path = f"{CUSTOMER}/Relationship"
    assert api.post(path, body).status_code == 200
    assert code(api.post(path, body)) == "409 BIZL-1001"
    api.switch(relationship_duplicates="kept")
    assert api.post(path, body).status_code == 200
    assert len(api.control("GET", "relationships").json()) == 2
