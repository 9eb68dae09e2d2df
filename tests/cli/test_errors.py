"""`airflow-ipaas errors` as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "airflow_provider_ipaas.cli", "errors"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120, env=env)


def test_one_code_is_told_whatever_its_letter_case() -> None:
    done = run("string_too_long")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "STRING_TOO_LONG (Salesforce)"
    assert "  Cause:     The text in a field is longer than Salesforce allows.\n" in done.stdout
    assert "  The sync:  fail record. " in done.stdout
    assert done.stdout.endswith(
        "  Next step: Correct the field in the source record; the edit is synced by the next run.\n"
    )


def test_a_code_of_several_rows_is_told_with_each() -> None:
    text = run("REQUEST_LIMIT_EXCEEDED").stdout
    assert "REQUEST_LIMIT_EXCEEDED (Salesforce)" in text
    assert 'REQUEST_LIMIT_EXCEEDED saying "concurrent" (Salesforce)' in text


@pytest.mark.parametrize("reason", ["possible_duplicate", "VALD-1046", "ANSWER_LOST"])
def test_reasons_and_codes_of_every_kind_are_known(reason: str) -> None:
    assert run(reason).returncode == 0


def test_an_unknown_code_says_how_it_is_handled_and_what_is_near() -> None:
    done = run("STRING_TO_LONG")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "STRING_TO_LONG: This code is not in the error catalogue. The sync: fail record." in done.stderr
    assert "Near: STRING_TOO_LONG" in done.stderr


def test_all_of_them_are_a_line_each() -> None:
    lines = run().stdout.splitlines()
    assert "Salesforce: UNABLE_TO_LOCK_ROW: Another transaction held the record." in lines
    assert len(lines) > 150


def test_the_page_comes_out_as_it_is_kept() -> None:
    page = Path(__file__).parents[2] / "docs" / "errors.md"
    assert run("--markdown").stdout == page.read_text("utf-8")
