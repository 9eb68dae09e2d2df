"""What the demo says about a run."""

from __future__ import annotations

import copy
import io
from typing import Any

from rich.console import Console

from _tables import Run, reasons, runs_table, writes

_SIDE: dict[str, Any] = {
    "seen": 12,
    "created": 4,
    "updated": 3,
    "unchanged": 2,
    "skipped": 1,
    "parked": 1,
    "failed": 1,
    "skipped_by_reason": {"contact_without_account": 1},
    "parked_by_reason": {"ambiguous_match": 1},
    "oldest_parked_hours": 0.0,
    "conflicts": {"resolved": 2, "parked": 0},
    "warnings": {"address_incomplete": 5},
    "parents": {"created": 1, "updated": 1, "linked": 0, "failed": 0},
    "errors": [
        {"source_id": "003A", "target_id": None, "code": "STRING_TOO_LONG", "message": "Fax: too long", "next_step": ""}
    ],
}


def _summary() -> dict[str, Any]:
    sides = {"to_ipaas": copy.deepcopy(_SIDE), "to_salesforce": copy.deepcopy(_SIDE)}
    return {"collection": "contact", "run_id": "r", "api_calls": {"salesforce": 7, "ipaas": 19}, **sides}


def _printed(runs: list[Run]) -> str:
    console = Console(width=80, file=io.StringIO())
    with console.capture() as capture:
        console.print(runs_table("salesforce_ipaas_contacts", runs))
    return capture.get()


def test_counts_what_both_directions_wrote_with_parents() -> None:
    assert writes(_summary()) == 2 * (4 + 3 + 1 + 1)


def test_a_run_without_changes_wrote_nothing() -> None:
    summary = _summary()
    for direction in ("to_ipaas", "to_salesforce"):
        summary[direction] |= {"created": 0, "updated": 0, "parents": {"created": 0, "updated": 0}}
    assert writes(summary) == 0


def test_every_count_fits_into_80_columns() -> None:
    text = _printed([Run("everything", "success", 12.0, _summary())])
    header = next(line for line in text.splitlines() if "seen" in line)
    assert header.split() == [
        "Run", "Written", "seen", "created", "updated", "unchanged", "skipped", "parked", "failed",
    ]  # fmt: skip
    rows = [line.split() for line in text.splitlines() if line.split()[-7:-6] == ["12"]]
    assert [row[-7:] for row in rows] == [["12", "4", "3", "2", "1", "1", "1"]] * 2
    assert "7 calls to Salesforce, 19 to iPaaS.com" in text


def test_a_run_without_report_is_shown_as_such() -> None:
    text = _printed([Run("everything", "failed", 3.0, None)])
    assert "no report" in text
    assert "everything: failed in 3 s" in text


def test_names_every_reason_and_error() -> None:
    lines = reasons(_summary())
    for part in (
        "1 skipped, contact_without_account",
        "1 parked, ambiguous_match",
        "2 conflicts resolved",
        "5 with address_incomplete",
        "003A, STRING_TOO_LONG: Fax: too long",
    ):
        assert len([line for line in lines if part in line]) == 2, part
