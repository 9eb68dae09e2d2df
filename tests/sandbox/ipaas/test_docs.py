from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox.ipaas.switches import SWITCHES

from .conftest import Caller

DOCS = Path(__file__).parents[3] / "docs" / "sandbox.md"
TEXT = DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_is_documented_with_its_default_and_readings(name: str) -> None:
    switch = SWITCHES[name]
    rows = re.findall(rf"^\| `{name}` \| `{re.escape(str(switch.default))}` \| (.+?) \| .*$", TEXT, re.MULTILINE)
    assert len(rows) == 1, f"docs/sandbox.md has no row for the switch {name} with its default {switch.default}."
    assert re.findall(r"`([^`]+)`", rows[0]) == list(switch.choices)


def test_every_control_is_documented(api: Caller) -> None:
    schema = api.get("openapi.json").json()
    controls = [path.removeprefix("/_sandbox/ipaas/") for path in schema["paths"]]
    assert len(controls) > 15
    assert [path for path in controls if re.split(r"[/{]", path)[0] not in TEXT] == []
