"""The page of errors is what the table prints."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_ipaas.catalogue import ENTRIES
from airflow_provider_ipaas.catalogue.page import markdown

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "Run: airflow-ipaas errors --markdown > docs/errors.md"


def test_every_code_has_its_line() -> None:
    text = markdown()
    assert [code for entry in ENTRIES for code in entry.codes if f"`{code}`" not in text and code != "*"] == []
    assert text.count("| any other |") == 3


def test_every_table_is_whole() -> None:
    widths = [line.replace(r"\|", "").count("|") for line in markdown().splitlines() if line.startswith("|")]
    assert set(widths) == {3, 5, 7}
