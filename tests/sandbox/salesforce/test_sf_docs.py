from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox.salesforce.switches import SWITCHES

DOCS = Path(__file__).parents[3] / "docs" / "sandbox.md"
TEXT = DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_is_documented(name):
    section = TEXT[TEXT.index("### Salesforce") : TEXT.index("### Logging in to Salesforce")]
    assert re.search(rf"^\| .*`{name}`.* \|", section, re.MULTILINE), f"docs/sandbox.md has no row for {name}."


def test_every_control_is_documented(anonymous):
    schema = anonymous.control("GET", "/openapi.json")
    prefix = "/_sandbox/salesforce"
    controls = [path.removeprefix(prefix) for path in schema["paths"] if path.startswith(prefix)]
    assert len(controls) >= 15
    assert [path for path in controls if path.replace("record_id", "id") not in TEXT] == []
