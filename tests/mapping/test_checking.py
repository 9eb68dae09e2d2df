"""What a check says of a mapping before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.mapping import IPaaSShape
from airflow_provider_ipaas.mapping.checking import Remark, check
from airflow_provider_ipaas.mapping.rules import Collection


def remarks(folder: Path, text: str, collection: Collection = "account") -> list[Remark]:
    (folder / f"{collection}.yaml").write_text("version: 1\n" + text, "utf-8")
    return list(check(collection, folder, default_mappings=True, placement=IPaaSShape()))


def warnings(folder: Path, text: str) -> list[str]:
    found = remarks(folder, text)
    assert [remark for remark in found if remark.status == "error"] == []
    assert all(remark.next_step for remark in found if remark.status == "warning")
    return [f"{remark.subject}: {remark.message}" for remark in found if remark.status == "warning"]


def test_the_defaults_have_nothing_to_say() -> None:
    for collection in ("account", "contact"):
        (only,) = check(collection, None, default_mappings=True, placement=IPaaSShape())  # type: ignore[arg-type]
        assert only.status == "ok"


def test_a_mistake_is_an_error_with_its_place_and_mend(tmp_path: Path) -> None:
    (only,) = remarks(tmp_path, "fields: {fax: {blanc: keep}}\n")
    assert only.status == "error"
    assert "line 2, column 16" in only.message
    assert "'blank'" in only.next_step


@pytest.mark.parametrize(
    "field",
    [
        "fax: {to_ipaas: \"'F' ~ value\", to_salesforce: \"remove_prefix(value, 'F')\"}",
        "fax: {translate: {values: {a: x, b: y}}}",
        "fax: {translate: {values: {a: x}, unmapped: keep}}",
        "fax: {to_ipaas: upper(value), direction: to_ipaas}",
        "fax: {max_length: 3}",
    ],
)
def test_what_comes_back_as_it_went_is_no_matter(tmp_path: Path, field: str) -> None:
    assert warnings(tmp_path, f"fields:\n  {field}\n") == []


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("fax: {to_ipaas: upper(value)}", "'Acme Ltd.' becomes 'ACME LTD.' and comes back as 'ACME LTD.'. An edit in"),
        ("fax: {to_ipaas: \"value ~ '!'\"}", "and comes back as 'Acme Ltd.!'. Each edit may change it again."),
        ("fax: {translate: {values: {a: x, b: x}}}", "'b' becomes 'x' and comes back as 'a'."),
        ("fax: {to_ipaas: \"'+' ~ value\", to_salesforce: number(value)}", "can't come back"),
    ],
)
def test_what_comes_back_as_something_else_is_said(tmp_path: Path, field: str, said: str) -> None:
    (warning,) = warnings(tmp_path, f"fields:\n  {field}\n")
    assert said in warning
    assert "account.yaml, line 3" in warning


def test_a_filter_on_what_nobody_compares_is_said(tmp_path: Path) -> None:
    text = "filters: {to_salesforce: \"department and custom.Seg != 'x' and primary_billing.country\"}\n"
    found = warnings(tmp_path, text)
    assert [warning.split("'")[1] for warning in found] == ["custom.Seg", "department"]
    assert warnings(tmp_path, "filters: {to_salesforce: name}\n") == []
