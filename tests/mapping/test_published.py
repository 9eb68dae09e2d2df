"""What is generated from the code and shipped: the schema for editors and the page of functions."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from airflow_provider_ipaas.mapping.expressions.page import markdown
from airflow_provider_ipaas.mapping.schema import generated, published

PAGE = Path(__file__).parents[2] / "docs" / "mapping-expressions.md"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(published()))


def test_the_page_of_functions_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "Run: airflow-ipaas mapping functions > docs/mapping-expressions.md"


def test_the_schema_is_that_of_the_model() -> None:
    assert published() == generated()


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("{version: 1, fields: {x: {salesforce: A__c, ipaas: {custom_field: A}}}}", 0),
        ("{version: 1, filters: {to_ipaas: Phone}, error_filters: {to_ipaas: [{when: x, message: y}]}}", 0),
        ("{version: 1, fields: {x: {translate: {values: {a: b}, unmapped: keep}}}}", 0),
        ("{version: 2}", 1),
        ("{version: 1, fields: {x: {blank: never}}}", 1),
        ("{version: 1, fields: {x: {salesforce: {fild: A__c}}}}", 1),
    ],
)
def test_an_editor_is_told_what_the_model_would_say(text: str, errors: int) -> None:
    assert len(list(VALIDATOR.iter_errors(yaml.safe_load(text)))) == errors
