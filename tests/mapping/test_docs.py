"""The examples of the mapping guide load as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_provider_ipaas.mapping import IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.rules import Collection

GUIDE = Path(__file__).parents[2] / "docs" / "mapping.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


def test_the_guide_has_three_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(
    ("number", "collection", "default_mappings", "keys"),
    [
        (0, "contact", True, {"languages", "newsletter", "phone", "email"}),
        (1, "account", True, {"account_number", "name", "origin"}),
        (2, "contact", False, {"last_name", "first_name", "email", "billing", "shipping", "mobile"}),
    ],
)
def test_example(tmp_path: Path, number: int, collection: Collection, default_mappings: bool, keys: set[str]) -> None:
    (tmp_path / f"{collection}.yaml").write_text(EXAMPLES[number], "utf-8")
    mapping = load_mapping(collection, tmp_path, default_mappings=default_mappings, placement=IPaaSShape())
    assert keys <= {rule.key for rule in mapping.fields}


@pytest.mark.parametrize("collection", ["account", "contact"])
def test_the_guide_names_every_default(collection: Collection) -> None:
    text = GUIDE.read_text("utf-8")
    mapping = load_mapping(collection, placement=IPaaSShape())
    assert [rule.key for rule in mapping.fields if f"`{rule.key}`" not in text] == []
