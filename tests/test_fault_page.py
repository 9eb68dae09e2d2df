"""The page of faults names a test for each fault and each complaint, and only tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"
FAULTS = [f"F{number}" for number in range(1, 28)]
# Thirty, and six that were added later.
COMPLAINTS = [f"P{number}" for number in range(1, 37)]
ROW = re.compile(r"\| ([FP]\d+) \|.*")


def rows() -> dict[str, str]:
    """Return the last cell of each row by its number."""
    found = [ROW.fullmatch(line) for line in PAGE.read_text().splitlines()]
    lines = [(match.group(1), match.group()) for match in found if match]
    assert len(dict(lines)) == len(lines), "a number twice"
    return {number: line.rstrip("| ").rpartition("|")[2] for number, line in lines}


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of the tests in a file, those of classes as `Class::test`."""
    if not file.is_file():
        return frozenset()
    body = ast.parse(file.read_text()).body
    found = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for group in body:
        if isinstance(group, ast.ClassDef):
            found |= {f"{group.name}::{node.name}" for node in group.body if isinstance(node, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def is_there(test: str) -> bool:
    """Say whether a test, or a file with tests, exists below `tests/`."""
    file, _, name = test.partition("::")
    return name in names_in(TESTS / file) if name else bool(names_in(TESTS / file))


def test_every_fault_and_every_complaint_has_its_row() -> None:
    assert list(rows()) == [*FAULTS, *COMPLAINTS]


@pytest.mark.parametrize("number", [*FAULTS, *COMPLAINTS])
def test_a_row_names_tests_and_only_tests_that_there_are(number: str) -> None:
    named = re.findall(r"`([^`]+)`", rows()[number])
    assert named
    assert [test for test in named if not is_there(test)] == []


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_is_met_over_real_sockets(number: str) -> None:
    assert "`behaviour/" in rows()[number]


def test_a_test_that_is_not_there_would_be_noticed() -> None:
    assert is_there("test_fault_page.py::test_a_test_that_is_not_there_would_be_noticed")
    assert is_there("cli/test_connect.py::TestPasting::test_nothing_is_pasted")
    assert not is_there("cli/test_connect.py::test_nothing_is_pasted")
    assert not is_there("test_fault_page.py::rows")
    assert not is_there("behaviour/test_that_was_renamed.py")
