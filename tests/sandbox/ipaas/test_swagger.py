from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
import requests
from starlette.routing import Route

from airflow_provider_ipaas.sandbox.ipaas.app import create_app
from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute
from airflow_provider_ipaas.sandbox.ipaas.operations import OPERATIONS
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore

from .conftest import Caller
from .records import COMPANIES, COMPANY, CUSTOMER, CUSTOMERS, EXTERNAL, SYSTEM, address, code, company, customer

APIS = ("sso", "customers", "subscriptions")
LOGIN = {"email_address": "integration@sandbox.example", "password": "sandbox-password"}


def document(api: Caller, name: str) -> dict[str, Any]:
    answer = api.get(f"{name}/swagger/v2/swagger.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def closed(shape: Any, whole: dict[str, Any]) -> Any:
    """Return a shape of OpenAPI 3.0 as plain JSON schema: references filled in, nullable made a type."""
    if isinstance(shape, list):
        return [closed(item, whole) for item in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        return closed(whole["components"]["schemas"][shape["$ref"].rpartition("/")[2]], whole)
    plain = {key: closed(value, whole) for key, value in shape.items() if key != "nullable"}
    if shape.get("nullable"):
        plain["type"] = [shape["type"], "null"]
    return plain


def answers_as_documented(api: Caller, answer: requests.Response, method: str, path: str) -> None:
    name, _, rest = path.partition("/")
    whole = document(api, name)
    operation = whole["paths"][f"/{rest}"][method]
    described = operation["responses"][str(answer.status_code)]
    if "content" not in described:
        assert answer.content == b""
        return
    ((kind, content),) = described["content"].items()
    assert answer.headers["content-type"].partition(";")[0] == kind
    value = answer.json() if kind == "application/json" else answer.text
    jsonschema.validate(value, closed(content["schema"], whole))


def fields(api: Caller, shape: str) -> set[str]:
    found: set[str] = set(document(api, "customers")["components"]["schemas"][shape]["properties"])
    return found


def test_every_route_has_an_operation_and_every_operation_a_route(store: IPaaSStore) -> None:
    served = [one for one in create_app(store).routes if isinstance(one, ApiRoute) and "swagger" not in one.path]
    wired = {("PUT" if method == "PATCH" else method, one.path) for one in served for method in one.wired}
    assert wired == set(OPERATIONS)
    assert all(isinstance(one, Route) for one in served)


@pytest.mark.parametrize("name", APIS)
def test_the_documents_need_no_login_and_refer_to_nothing_missing(api: Caller, name: str) -> None:
    api.token = None
    whole = document(api, name)
    assert whole["openapi"].startswith("3.0")
    assert whole["servers"] == [{"url": f"/{name}"}]
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            names = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert all(f"{{{one}}}" in path for one in names), (method, path)
            assert path.count("{") == len(names)
            assert "trackingGuid" in [p["name"] for p in operation["parameters"]]
            closed(operation, whole)
    unused = copy.deepcopy(whole["components"]["schemas"])
    assert unused == whole["components"]["schemas"]


def test_what_is_documented_is_served(api: Caller) -> None:
    for name in APIS:
        for path, methods in document(api, name)["paths"].items():
            for method in methods:
                url = f"{name}{path}".replace("{companyId}", "x").replace("{systemId}", str(SYSTEM))
                for placeholder in ("{id}", "{tableName}", "{externalId}", "{apiName}"):
                    url = url.replace(placeholder, "1")
                answer = api(method.upper(), url)
                assert answer.status_code != 405, (method, path)
                assert "Not Found" not in answer.text, (method, path)


def test_the_readings_that_are_off_are_not_documented(api: Caller) -> None:
    paths = document(api, "customers")["paths"]
    assert "/v2/Customer/{id}/Relationships" not in paths
    assert set(paths["/v2/Customer/{id}"]) == {"get", "put"}
    assert set(paths["/v2/Customers"]) == {"get"}
    assert "post" in paths["/v2/Customer"]
    assert api.get(f"{CUSTOMER}/1/Relationships").status_code == 404
    api.switch(relationships="on", create_paths="plural", update_method="PATCH")
    paths = document(api, "customers")["paths"]
    assert "/v2/Customer/Relationship" in paths
    assert set(paths["/v2/Customer/{id}"]) == {"get", "patch"}
    assert set(paths["/v2/Customer/Companies"]) == {"get", "post"}
    assert not {"/v2/Customer", "/v2/Customer/Company"} & set(paths)


def test_swagger_can_be_missing(api: Caller) -> None:
    api.switch(swagger="off")
    assert [api.get(f"{name}/swagger/v2/swagger.json").status_code for name in APIS] == [404, 404, 404]
    assert api.get("products/swagger/v2/swagger.json").status_code == 404


def test_create_paths_and_update_method_move_the_writes(api: Caller) -> None:
    made = api.post(COMPANY, company()).json()["id"]
    api.switch(create_paths="plural", update_method="PATCH")
    assert api.post(COMPANY, company()).status_code == 404
    assert api.post(CUSTOMER, customer()).status_code == 404
    refused = api.put(f"{COMPANY}/{made}", company(name="Acme 2"))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, PATCH")
    assert api("PATCH", f"{COMPANY}/{made}", company(name="Acme 2")).json()["name"] == "Acme 2"
    assert api.post(COMPANIES, company(name="B")).json()["name"] == "B"
    assert api.post(CUSTOMERS, customer()).json()["first_name"] == "Ada"
    api.switch(create_paths="singular", update_method="PUT")
    refused = api.post(CUSTOMERS, customer(2))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")


def test_addresses_name_renames_the_array(api: Caller) -> None:
    api.switch(addresses_name="company_addresses")
    made = api.post(COMPANY, company(company_addresses=[address()])).json()
    assert made["company_addresses"][0]["city"] == "Springfield"
    assert "addresses" not in made
    assert code(api.post(COMPANY, company(addresses=[address()]))) == "400 VALD-1003"
    assert "company_addresses" in fields(api, "CompanyRequest") & fields(api, "CompanyResponse")
    assert "addresses" not in fields(api, "CompanyRequest") | fields(api, "CompanyResponse")


def test_shapes_follow_the_readings(api: Caller) -> None:
    assert "addresses" not in fields(api, "CustomerListResponse")
    assert "external_ids" in fields(api, "CustomerResponse")
    assert "updated_datetime" in fields(api, "CustomerResponse")
    assert "updated_datetime" not in fields(api, "CompanyResponse")
    api.switch(list_rows="whole", external_ids_on_read="absent", company_stamps="present", max_text_length=40)
    assert "addresses" in fields(api, "CustomerListResponse")
    assert "external_ids" not in fields(api, "CustomerResponse")
    assert "updated_datetime" in fields(api, "CompanyResponse")
    schemas = document(api, "customers")["components"]["schemas"]
    assert schemas["CompanyRequest"]["properties"]["name"]["maxLength"] == 40
    assert schemas["CustomerRequest"]["required"] == ["customer_number", "first_name", "last_name", "email_address"]
    api.switch(person_names="one", customer_number_rules="lenient", address_rules="lenient", filter_fields="more")
    whole = document(api, "customers")
    assert whole["components"]["schemas"]["CustomerRequest"]["required"] == ["email_address"]
    assert "required" not in whole["components"]["schemas"]["AddressRequest"]
    query = [p["name"] for p in whole["paths"]["/v2/Customers"]["get"]["parameters"]]
    assert query == ["action", "EmailAddress", "CustomerNumber", "Id", "pageNumber", "trackingGuid"]
    api.switch(paging="none", client_header="X-Client-Id")
    parameters = document(api, "customers")["paths"]["/v2/Customers"]["get"]["parameters"]
    assert "pageNumber" not in [p["name"] for p in parameters]
    assert [p["name"] for p in parameters if p["in"] == "header"] == ["X-Client-Id"]


@pytest.mark.parametrize("preset", ["default", "harsh", "mild"])
@pytest.mark.parametrize("id_type", ["number", "string", "guid"])
def test_answers_are_as_documented(api: Caller, preset: str, id_type: str) -> None:
    api.control("POST", f"switches/preset/{preset}")
    api.switch(id_type=id_type, swagger="on", relationships="on", error_in="body", not_found_body="code")
    body = company(addresses=[address(is_primary_billing=True)])
    answers_as_documented(api, api.post(COMPANY, body), "post", "customers/v2/Customer/Company")
    api.store.insert("customer", {**customer(), "addresses": [address()]})
    rows = api.get(CUSTOMERS)
    answers_as_documented(api, rows, "get", "customers/v2/Customers")
    number = rows.json()[0]["id"]
    answers_as_documented(api, api.get(f"{CUSTOMER}/{number}"), "get", "customers/v2/Customer/{id}")
    answers_as_documented(
        api, api.put(f"{CUSTOMER}/{number}", customer(comment="x")), "put", "customers/v2/Customer/{id}"
    )
    answers_as_documented(api, api.get(COMPANIES), "get", "customers/v2/Customer/Companies")
    missing = api.get(f"{EXTERNAL}/Missing/{SYSTEM}/customer")
    answers_as_documented(api, missing, "get", "customers/v2/External/Missing/{systemId}/{tableName}")
    link = {"table_name": "customer", "system_id": SYSTEM, "external_id": "003A", "internal_id": str(number)}
    answers_as_documented(
        api, api.post(f"{EXTERNAL}/UpdateExternalId", link), "post", "customers/v2/External/UpdateExternalId"
    )
    looked_up = api.get(f"{EXTERNAL}/LookupExternal/{number}/{SYSTEM}/customer")
    lookup = "customers/v2/External/LookupExternal/{id}/{systemId}/{tableName}"
    answers_as_documented(api, looked_up, "get", lookup)
    related = {"customer_id": str(number), "related_to_id": "1", "related_to_type": "Customer Company"}
    answers_as_documented(
        api, api.post(f"{CUSTOMER}/Relationship", related), "post", "customers/v2/Customer/Relationship"
    )
    answers_as_documented(api, api.get("subscriptions/v2/Lookup/Tables"), "get", "subscriptions/v2/Lookup/Tables")
    for path, shown in (("Subscriptions", "Subscriptions"), ("Subscription/5501", "Subscription/{id}")):
        answers_as_documented(api, api.get(f"subscriptions/v2/{path}"), "get", f"subscriptions/v2/{shown}")
    answers_as_documented(api, api.post("sso/v2/Auth/Login", LOGIN), "post", "sso/v2/Auth/Login")


@pytest.mark.parametrize("create_answers", ["empty", "record", "id_only"])
@pytest.mark.parametrize("create_status", ["200", "201", "202", "204"])
def test_creates_are_as_documented(api: Caller, create_status: str, create_answers: str) -> None:
    api.switch(create_status=create_status, create_answers=create_answers)
    answers_as_documented(api, api.post(CUSTOMER, customer()), "post", "customers/v2/Customer")


@pytest.mark.parametrize("lookup_form", ["bare", "quoted", "number"])
def test_lookups_are_as_documented(api: Caller, lookup_form: str) -> None:
    api.switch(lookup_form=lookup_form)
    number = api.post(COMPANY, company()).json()["id"]
    api.store.link("company", int(number), "001A")
    special = {"table_name": "Customer Company", "system_id": SYSTEM, "external_id": "001A"}
    answers_as_documented(
        api, api.post(f"{EXTERNAL}/LookupSpecial", special), "post", "customers/v2/External/LookupSpecial"
    )


@pytest.mark.parametrize("error_shape", ["wrapped", "flat"])
def test_refusals_are_as_documented(api: Caller, error_shape: str) -> None:
    api.switch(error_shape=error_shape)
    whole = document(api, "customers")
    shape = closed(whole["components"]["schemas"]["ErrorResponse"], whole)
    jsonschema.validate(api.post(COMPANY, {}).json(), shape)
