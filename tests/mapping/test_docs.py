"""The examples of the mapping guide do what they say, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.checking import check
from airflow_provider_ipaas.mapping.rules import Collection

GUIDE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^### ([^\n]+)\n(?:(?!^### ).)*?^```yaml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))
Load = Any


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def example(title: str, *, default_mappings: bool = True) -> CollectionMapping:
        text = EXAMPLES[title]
        collection = cast(Collection, text.split(".yaml")[0].removeprefix("# "))
        (tmp_path / f"{collection}.yaml").write_text(text, "utf-8")
        found = list(check(collection, tmp_path, default_mappings=default_mappings, placement=IPaaSShape()))
        assert [remark for remark in found if remark.status == "error"] == []
        return load_mapping(collection, tmp_path, default_mappings=default_mappings, placement=IPaaSShape())

    return example


def to_ipaas(mapping: CollectionMapping, record: dict[str, Any]) -> dict[str, Any]:
    """What a new record of iPaaS.com gets, custom fields by name."""
    showing = mapping.show_salesforce(record)
    changes = {rule.key: showing[rule.key] for rule in mapping.fields if rule.writes_ipaas and showing[rule.key]}
    body = mapping.ipaas_create_body(changes).record
    return {**body, **{item["custom_field_name"]: item["value"] for item in body.get("custom_fields", [])}}


def to_salesforce(mapping: CollectionMapping, record: dict[str, Any]) -> dict[str, Any]:
    """What Salesforce gets of a record of iPaaS.com; its custom fields are given by name under `custom`."""
    custom = [{"custom_field_name": name, "value": value} for name, value in record.pop("custom", {}).items()]
    showing = mapping.show_ipaas({**record, "custom_fields": custom})
    return mapping.salesforce_body({rule.key: showing[rule.key] for rule in mapping.fields if showing[rule.key]})


def test_there_are_ten() -> None:
    assert len(EXAMPLES) == 10


def test_a_custom_field_both_ways(load: Load) -> None:
    mapping = load("A custom field both ways")
    assert to_ipaas(mapping, {"LastName": "Kim", "Newsletter__c": True})["Newsletter"] == "true"
    assert to_salesforce(mapping, {"custom": {"Newsletter": "No"}}) == {"Newsletter__c": False}


def test_languages_and_a_formula(load: Load) -> None:
    mapping = load("Languages, and a formula")
    sent = to_ipaas(mapping, {"LastName": "Kim", "Languages__c": "en;fr"})
    assert (sent["Languages"], sent["Greeting"]) == ("en, fr", "Dear customer Kim")
    assert to_salesforce(mapping, {"custom": {"Languages": "en, de", "Greeting": "x"}}) == {"Languages__c": "en;de"}
    assert "Salutation" in mapping.salesforce_fields


def test_state_and_country_codes(load: Load) -> None:
    mapping = load("State and country codes")
    sent = to_ipaas(mapping, {"HomeCountry__c": "United States", "HomeState__c": "Texas"})
    assert (sent["Country"], sent["State"]) == ("US", "TX")
    back = to_salesforce(mapping, {"custom": {"Country": "DE", "State": "CA"}})
    assert back == {"HomeCountry__c": "Germany", "HomeState__c": "California"}
    assert mapping.to_ipaas("country", "Atlantis").problem
    assert mapping.to_ipaas("state", "Bavaria").warnings == ("mapping_error",)


def test_only_one_record_type(load: Load) -> None:
    mapping = load("Only one record type")
    assert mapping.judge("salesforce", {"RecordType": {"DeveloperName": "Customer"}}) is None
    assert mapping.judge("salesforce", {"RecordType": {"DeveloperName": "Partner"}}).kind == "filtered"
    assert mapping.judge("salesforce", {"RecordType": None}).kind == "filtered"
    assert mapping.judge("ipaas", {"name": "x"}) is None
    assert "RecordType.DeveloperName" in mapping.salesforce_fields


def test_phones_in_one_form(load: Load) -> None:
    mapping = load("Phones in one form")
    assert to_ipaas(mapping, {"Phone": "512 555 0100"})["phone_number"] == "+15125550100"
    assert to_salesforce(mapping, {"phone_number": "+15125550100"}) == {"Phone": "(512) 555-0100"}
    assert mapping.agree("phone", "512 555 0100", "+15125550100")


def test_the_owner_by_a_table(load: Load) -> None:
    mapping = load("The owner, by a table")
    assert to_ipaas(mapping, {"Owner": {"Name": "Bob Roy"}})["Agent"] == "B2"
    assert to_ipaas(mapping, {"Owner": {"Name": "New One"}})["Agent"] == "Office"
    assert to_salesforce(mapping, {"custom": {"Agent": "B2"}}) == {}


def test_fields_that_go_one_way(load: Load) -> None:
    mapping = load("Fields that go one way")
    sent = to_ipaas(mapping, {"AccountNumber": "7", "Fax": "1", "Website": "a"})
    assert (sent["account_number"], sent["Origin"], "fax_number" in sent, "url" in sent) == (
        "7",
        "Salesforce",
        False,
        False,
    )
    assert to_salesforce(mapping, {"account_number": "8", "url": "b"}) == {"Website": "b"}


def test_clearing_on_purpose(load: Load) -> None:
    mapping = load("Clearing on purpose")
    assert mapping.salesforce_body({"phone": None, "description": None, "fax": None}) == {
        "Phone": None,
        "Description": None,
    }


def test_a_second_org_with_other_fields(load: Load) -> None:
    mapping = load("A second org with other fields")
    assert to_ipaas(mapping, {"ERP_Number__c": "1E5"})["account_number"] == "1E5"
    assert mapping.to_ipaas("account_number", "x" * 21).problem
    assert mapping.rule("name").conflict == "park"


def test_from_scratch(load: Load) -> None:
    mapping = load("From scratch", default_mappings=False)
    assert {rule.key for rule in mapping.fields} == {
        "last_name",
        "first_name",
        "email",
        "billing",
        "shipping",
        "mobile",
    }
    assert to_ipaas(mapping, {"LastName": "Kim"})["first_name"] == "n/a"


@pytest.mark.parametrize("collection", ["account", "contact"])
def test_the_guide_names_every_default(collection: Collection) -> None:
    mapping = load_mapping(collection, placement=IPaaSShape())
    assert [rule.key for rule in mapping.fields if f"`{rule.key}`" not in GUIDE] == []
