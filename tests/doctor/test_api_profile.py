"""The API profile against descriptions of the API: what differs, and the override that mends it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.doctor.profile_differences import wants
from airflow_provider_ipaas.doctor.swagger import Document
from tests.doctor.conftest import Doctor, Result

TEXT = {"type": "string"}
ARRAY = {"type": "array", "items": {"type": "object"}}
COMPANY = ("name", "account_number", "phone_number", "fax_number", "url", "description", "addresses", "external_ids")
CUSTOMER = (
    "customer_number", "first_name", "last_name", "email_address", "company", "addresses", "updated_datetime",
    "created_datetime", "external_ids",
)  # fmt: skip
LISTS = {"paths.customers": ("EmailAddress",), "paths.companies": ("Name",)}


def record(names: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(("id", *names), TEXT)}


def describe(api: str) -> dict[str, Any]:
    """Write the OpenAPI document that fits the shipped profile."""
    profile = Profile.load({"relationships": "on"})
    paths: dict[str, Any] = {}
    for want in wants(profile):
        if want.api != api:
            continue
        kind = "Company" if "compan" in want.key else "Customer"
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{kind}"}
        operation: dict[str, Any] = {"responses": {"200": content(schema)}}
        if want.item in LISTS:
            operation["responses"] = {"200": content({"type": "array", "items": schema})}
            names = ("action", "pageNumber", *LISTS[want.item])
            operation["parameters"] = [{"in": "query", "name": name, "schema": TEXT} for name in names]
        if want.method != "GET" and want.key.partition("_")[2] in ("create", "update"):
            operation["requestBody"] = content({"allOf": [schema]})
        paths.setdefault(f"/{want.path(profile)}", {})[want.method.lower()] = operation
    schemas = {"Company": record(COMPANY), "Customer": record(CUSTOMER)}
    return {"openapi": "3.0.1", "servers": [{"url": f"/{api}"}], "paths": paths, "components": {"schemas": schemas}}


def content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


DOCUMENTS = {api: describe(api) for api in ("sso", "customers", "subscriptions")}


class Publisher:
    """Let the service publish documents: those that fit, until a test changes them."""

    def __init__(self, doctor: Doctor) -> None:
        self.doctor = doctor
        self.documents: dict[str, Any] = copy.deepcopy(DOCUMENTS)

    @property
    def paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = self.documents["customers"]["paths"]
        return paths

    def fields(self, kind: str) -> dict[str, Any]:
        schemas: dict[str, Any] = self.documents["customers"]["components"]["schemas"]
        fields: dict[str, Any] = schemas[kind]["properties"]
        return fields

    def examine(self) -> Result:
        for api, document in self.documents.items():
            action = {"type": "status", "status": 200, "body": document}
            rule = {"service": "ipaas", "path": f"/{api}/swagger/v2/swagger.json", "action": action}
            self.doctor.sandbox.faults.add(rule)
        return self.doctor.examine()

    def differences(self) -> dict[str, Any]:
        """Return the overrides by item."""
        found = self.examine().of("ipaas.api_profile")
        return {it.subject: it.override for it in found if it.status == "warning"}


@pytest.fixture
def publisher(doctor: Doctor) -> Publisher:
    return Publisher(doctor)


def test_a_document_that_fits_is_all_right(publisher: Publisher) -> None:
    result = publisher.examine()
    assert result.bad == {}
    assert "15 calls" in result.one("ipaas.api_profile", "API profile").message
    assert result.diagnosis.api_profile is None


def test_without_documents_there_is_one_neutral_finding(doctor: Doctor) -> None:
    doctor.sandbox.faults.add({"service": "ipaas", "path": "swagger.json", "action": {"type": "status", "status": 404}})
    finding = doctor.examine().one("ipaas.api_profile")
    assert finding.status == "ok"
    assert "/customers/swagger/v2/swagger.json" in finding.message


@pytest.mark.parametrize(
    "action",
    [
        {"type": "html"},
        {"type": "status", "status": 200, "body": {"paths": []}},
        {"type": "status", "status": 200, "body": [1]},
        {"type": "malformed_json"},
        {"type": "status", "status": 403},
        {"type": "status", "status": 401},
    ],
)
def test_anything_else_in_place_of_a_document_is_none(doctor: Doctor, action: dict[str, Any]) -> None:
    doctor.sandbox.faults.add({"service": "ipaas", "path": "swagger.json", "action": action})
    result = doctor.examine()
    assert result.one("ipaas.api_profile").status == "ok"
    assert result.bad == {}


def test_the_documents_that_are_there_are_compared_without_the_others(publisher: Publisher) -> None:
    del publisher.documents["sso"], publisher.documents["subscriptions"]
    publisher.doctor.sandbox.faults.add(
        {"service": "ipaas", "path": "/(sso|subscriptions)/swagger", "action": {"type": "status", "status": 404}}
    )
    found = publisher.examine().of("ipaas.api_profile")
    assert [it.status for it in found] == ["ok"] * len(found)
    assert "/sso/swagger/v2/swagger.json" in found[0].message
    assert "11 calls" in found[1].message


# Paths and methods


def rename(publisher: Publisher, old: str, new: str) -> None:
    publisher.paths[new] = publisher.paths.pop(old)


def test_a_path_of_another_name_gets_the_override(publisher: Publisher) -> None:
    publisher.paths["/v2/Customers"]["post"] = publisher.paths["/v2/Customer"].pop("post")
    rename(publisher, "/v2/Customer/Company", "/v2/Customer/Companys")
    assert publisher.differences() == {
        "paths.customer_create": {"paths": {"customer_create": "v2/Customers"}},
        "paths.company_create": {"paths": {"company_create": "v2/Customer/Companys"}},
    }


def test_placeholders_keep_the_names_of_the_profile(publisher: Publisher) -> None:
    old = "/v2/External/LookupExternal/{id}/{system_id}/{table_name}"
    rename(publisher, old, "/v2/External/LookupExternalId/{internalId}/{systemId}/{tableName}")
    path = "v2/External/LookupExternalId/{id}/{system_id}/{table_name}"
    override = {"paths": {"external_id_of": path}}
    assert publisher.differences() == {"paths.external_id_of": override}
    assert Profile.load(override).paths.external_id_of == path


def test_letter_case_and_names_of_placeholders_are_no_difference(publisher: Publisher) -> None:
    rename(publisher, "/v2/Customer/{id}", "/v2/customer/{customerId}")
    assert publisher.differences() == {}


def test_another_method_for_updates_gets_the_override(publisher: Publisher) -> None:
    for path in ("/v2/Customer/{id}", "/v2/Customer/Company/{id}"):
        publisher.paths[path]["patch"] = publisher.paths[path].pop("put")
    overrides = publisher.differences()
    assert overrides == {item: {"update_method": "PATCH"} for item in ("paths.customer_update", "paths.company_update")}


def test_a_call_without_an_obvious_other_is_named_with_what_there_is(publisher: Publisher) -> None:
    del publisher.paths["/v2/External/UpdateExternalId"]
    publisher.paths["/v2/Links"] = {"post": {}}
    result = publisher.examine()
    finding = result.one("ipaas.api_profile", "paths.set_external_id")
    assert (finding.status, finding.override) == ("warning", None)
    assert "with POST it has" in finding.message
    assert "v2/Links" in finding.message
    assert "Set `paths.set_external_id`" in finding.next_step


def test_two_calls_that_could_be_meant_are_no_override(publisher: Publisher) -> None:
    publisher.paths.pop("/v2/Customer")
    publisher.paths.update({"/v2/Customer1": {"post": {}}, "/v2/Customer2": {"post": {}}})
    assert publisher.differences() == {"paths.customer_create": None}


def test_a_document_may_name_the_base_path_itself(publisher: Publisher) -> None:
    document = publisher.documents["customers"]
    document["paths"] = {f"/Customers{path}": item for path, item in document["paths"].items()}
    del document["servers"]
    assert publisher.differences() == {}


def test_a_server_whose_address_cannot_be_read_is_left_out(publisher: Publisher) -> None:
    publisher.documents["customers"]["servers"] = [{"url": "http://[broken"}]
    assert publisher.differences() == {}


# Query parameters


def test_another_parameter_for_the_page_gets_the_override(publisher: Publisher) -> None:
    for path in ("/v2/Customers", "/v2/Customer/Companies"):
        for entry in publisher.paths[path]["get"]["parameters"]:
            entry["name"] = {"pageNumber": "Page"}.get(entry["name"], entry["name"])
    assert publisher.differences() == {"query.page_number": {"query": {"page_number": "Page"}}}


def test_a_filter_of_another_name_gets_the_override_or_a_list(publisher: Publisher) -> None:
    parameters = publisher.paths["/v2/Customers"]["get"]["parameters"]
    parameters[2]["name"] = "email_addresses"
    publisher.paths["/v2/Customer/Companies"]["get"]["parameters"][2]["name"] = "q"
    assert publisher.differences() == {
        "query.customer_email": {"query": {"customer_email": "email_addresses"}},
        "query.company_name": None,
    }


def test_a_list_without_any_parameters_says_nothing(publisher: Publisher) -> None:
    del publisher.paths["/v2/Customers"]["get"]["parameters"]
    assert publisher.differences() == {}


# Fields


def test_arrays_and_fields_of_another_name_get_the_override(publisher: Publisher) -> None:
    for kind in ("Company", "Customer"):
        fields = publisher.fields(kind)
        fields["customer_addresses"] = fields.pop("addresses")
    fields = publisher.fields("Customer")
    fields["last_updated_datetime"] = fields.pop("updated_datetime")
    assert publisher.differences() == {
        "arrays.addresses": {"arrays": {"addresses": "customer_addresses"}},
        "field_names.updated": {"field_names": {"updated": "last_updated_datetime"}},
    }


def test_records_without_addresses_turn_them_off(publisher: Publisher) -> None:
    for kind in ("Company", "Customer"):
        del publisher.fields(kind)["addresses"]
    assert publisher.differences() == {"arrays.addresses": {"addresses": "off"}}


def test_a_mapped_field_that_the_record_does_not_have_points_to_the_mapping(publisher: Publisher) -> None:
    del publisher.fields("Company")["fax_number"]
    result = publisher.examine()
    finding = result.one("ipaas.api_profile", "mapping.account.fax")
    assert (finding.status, finding.override) == ("warning", None)
    assert "`fax: {enabled: false}`" in finding.next_step


def test_custom_fields_matter_only_where_they_are_mapped(publisher: Publisher, tmp_path: Path) -> None:
    assert publisher.differences() == {}
    field = "version: 1\nfields:\n  vip: {salesforce: Active__c, ipaas: {custom_field: Vip}, type: boolean}\n"
    (tmp_path / "account.yaml").write_text(field, "utf-8")
    publisher.doctor.mapping_dir = tmp_path
    publisher.doctor.sandbox.faults.clear()
    assert publisher.differences() == {"arrays.custom_fields": None}


def test_nested_external_ids_are_held_against_the_record_where_the_profile_insists(publisher: Publisher) -> None:
    publisher.doctor.overrides = {"external_ids_on_read": "nested", "external_ids_on_write": "nested"}
    for kind in ("Company", "Customer"):
        del publisher.fields(kind)["external_ids"]
    assert publisher.differences() == {
        "external_ids_on_read": {"external_ids_on_read": "lookup"},
        "external_ids_on_write": {"external_ids_on_write": "endpoint"},
    }


# What to paste


def test_all_overrides_together_are_laid_over_those_that_are_there(publisher: Publisher) -> None:
    publisher.doctor.overrides = {"put": "merge", "paths": {"customer": "v2/Customer/{id}/"}}
    publisher.paths["/v2/Customers"]["post"] = publisher.paths["/v2/Customer"].pop("post")
    for path in ("/v2/Customers", "/v2/Customer/Companies"):
        publisher.paths[path]["get"]["parameters"][1]["name"] = "page"
    result = publisher.examine()
    assert result.diagnosis.api_profile == {
        "put": "merge",
        "paths": {"customer": "v2/Customer/{id}/", "customer_create": "v2/Customers"},
        "query": {"page_number": "page"},
    }
    mended = Profile.load(result.diagnosis.api_profile)
    assert mended.paths.customer_create == "v2/Customers"
    publisher.doctor.overrides = result.diagnosis.api_profile
    publisher.doctor.sandbox.faults.clear()
    assert publisher.differences() == {}


def test_each_difference_shows_the_json_to_paste(publisher: Publisher) -> None:
    publisher.paths["/v2/Customers"]["post"] = publisher.paths["/v2/Customer"].pop("post")
    finding = publisher.examine().one("ipaas.api_profile", "paths.customer_create")
    pasted = finding.next_step[finding.next_step.index("{") :]
    assert json.loads(pasted) == finding.override
    assert "connection `ipaas_test`" in finding.next_step


def test_relationships_that_are_described_are_a_hint(publisher: Publisher) -> None:
    result = publisher.examine()
    hint = result.one("ipaas.api_profile", "relationships")
    assert (hint.status, hint.override) == ("ok", {"relationships": "on"})
    assert result.diagnosis.api_profile is None
    publisher.doctor.overrides = {"relationships": "on"}
    publisher.doctor.sandbox.faults.clear()
    assert publisher.differences() == {}


# Lengths


def test_lengths_that_the_document_tells_are_compared_both_ways(publisher: Publisher) -> None:
    publisher.fields("Company")["name"] = {"type": "string", "maxLength": 100}
    publisher.fields("Company")["fax_number"] = {"type": "string", "maxLength": 60}
    publisher.fields("Company")["phone_number"] = {"type": "string", "maxLength": 40}
    found = {it.subject: it for it in publisher.examine().of("mapping.lengths")}
    assert {subject: it.status for subject, it in found.items()} == {
        "Account.Name and name": "warning",
        "Account.Fax and fax_number": "warning",
        "Account.Phone and phone_number": "ok",
    }
    assert "255 characters in Salesforce, 100 in iPaaS.com" in found["Account.Name and name"].message
    assert found["Account.Fax and fax_number"].message.startswith("iPaaS.com may hold more")


def test_only_the_direction_that_is_written_counts(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text("version: 1\nfields:\n  fax: {direction: to_ipaas}\n", "utf-8")
    publisher.doctor.mapping_dir = tmp_path
    publisher.fields("Company")["fax_number"] = {"type": "string", "maxLength": 60}
    assert publisher.examine().one("mapping.lengths").status == "ok"


def test_without_lengths_it_says_so(doctor: Doctor) -> None:
    doctor.patients |= {"ipaas": None, "ipaas_conn_id": None}
    finding = doctor.examine().one("mapping.lengths")
    assert (finding.status, finding.message[:8]) == ("ok", "Unknown:")


# Reading documents


def test_swagger_2_is_read_too() -> None:
    raw = {
        "swagger": "2.0",
        "basePath": "/customers",
        "paths": {
            "/v2/Customer": {
                "parameters": [{"in": "query", "name": "trackingGuid"}],
                "post": {
                    "parameters": [{"in": "body", "name": "it", "schema": {"$ref": "#/definitions/Customer"}}],
                    "responses": {"201": {"schema": {"$ref": "#/definitions/Customer"}}},
                },
            }
        },
        "definitions": {"Customer": {"properties": {"name": {"type": "string", "maxLength": 50}}}},
    }
    operation = Document.read(raw, "/customers").find("POST", "v2/Customer")
    assert operation is not None
    assert (operation.query, operation.sent, operation.answered) == (("trackingGuid",), {"name": 50}, {"name": 50})


@pytest.mark.parametrize(
    "raw",
    [
        {"paths": {"/v2/Customer": None}},
        {"paths": {"/v2/Customer": {"post": None, "x-note": "hm"}}},
        {"paths": {"/v2/Customer": {"post": {"parameters": "none", "responses": []}}}, "servers": [{}]},
        {"paths": {"/v2/Customer": {"post": {"requestBody": {"$ref": "#/components/nothing"}}}}, "servers": "x"},
        {"paths": {"/v2/Customer": {"post": {"responses": {"200": {"content": {"text/plain": {}}}}}}}},
    ],
)
def test_what_cannot_be_understood_is_left_out(raw: dict[str, Any]) -> None:
    for operation in Document.read(raw, "/customers").operations.values():
        assert (operation.sent, operation.answered) == ({}, {})


def test_a_record_that_refers_to_itself_ends() -> None:
    raw = {
        "paths": {"/v2/Customer": {"get": {"responses": {"200": content({"$ref": "#/components/schemas/It"})}}}},
        "components": {
            "schemas": {"It": {"allOf": [{"$ref": "#/components/schemas/It"}], "properties": {"name": TEXT}}}
        },
    }
    operation = Document.read(raw, "").find("GET", "v2/Customer")
    assert operation is not None
    assert operation.answered == {"name": None}


# The sandbox's own documents


def test_the_sandbox_describes_itself_as_the_shipped_profile_has_it(doctor: Doctor) -> None:
    result = doctor.examine()
    assert result.bad == {}
    assert "15 calls" in result.one("ipaas.api_profile", "API profile").message


@pytest.mark.parametrize(
    ("switches", "api_profile"),
    [
        (
            {"create_paths": "plural"},
            {"paths": {"customer_create": "v2/Customers", "company_create": "v2/Customer/Companies"}},
        ),
        ({"update_method": "PATCH"}, {"update_method": "PATCH"}),
        ({"addresses_name": "customer_addresses"}, {"arrays": {"addresses": "customer_addresses"}}),
        (
            {"create_paths": "plural", "update_method": "PATCH", "addresses_name": "locations_addresses"},
            {
                "paths": {"customer_create": "v2/Customers", "company_create": "v2/Customer/Companies"},
                "update_method": "PATCH",
                "arrays": {"addresses": "locations_addresses"},
            },
        ),
    ],
)
def test_a_service_that_differs_is_met_by_pasting_what_the_doctor_offers(
    doctor: Doctor, switches: dict[str, str], api_profile: dict[str, Any]
) -> None:
    doctor.switch("ipaas", **switches)
    result = doctor.examine()
    assert set(result.bad) == {"ipaas.api_profile"}
    assert result.diagnosis.api_profile == api_profile
    assert result.diagnosis.exit_code == 0
    doctor.overrides = api_profile
    mended = doctor.examine()
    assert (mended.bad, mended.diagnosis.api_profile) == ({}, None)


def test_a_service_without_documents_is_no_trouble(doctor: Doctor) -> None:
    doctor.switch("ipaas", swagger="off")
    result = doctor.examine()
    assert result.bad == {}
    assert "/sso/swagger/v2/swagger.json" in result.one("ipaas.api_profile").message
