"""How a diagnosis looks: a table on a terminal, lines in a log."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from airflow_provider_ipaas.doctor.findings import Diagnosis, Finding, NotChecked
from airflow_provider_ipaas.doctor.showing import lines, show

FINDINGS = (
    Finding("salesforce.org", "ok", "00D1", "Not pinned.", "Pin it: [Organization id]."),
    Finding("salesforce.picklists", "warning", "Account.Rating", "Only [bold]Hot[/] and Cold.", "Use these."),
    Finding("mapping", "error", "contact", "contact.yaml, line 3: wrong.\ncontact.yaml, line 5: wrong.", "Mend\nthem."),
)
DIAGNOSIS = Diagnosis(
    datetime(2026, 11, 26, tzinfo=UTC),
    "sf",
    "ip",
    FINDINGS,
    (NotChecked("b", "mapping"), NotChecked("c", "mapping"), NotChecked("d", "other")),
    {"paths": {"customer": "v2/[x]"}},
)


def shown(width: int, *, terminal: bool = False) -> str:
    out = io.StringIO()
    show(DIAGNOSIS, Console(file=out, width=width, force_terminal=terminal, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 240])
def test_the_table_shows_everything_whatever_the_width(width: int) -> None:
    text = "".join(shown(width).replace("│", "").split())
    for said in ("[bold]Hot[/]", "Pinit:[Organizationid].", "line5:wrong.", "Mendthem."):
        assert said in text
    assert '{"paths":{"customer":"v2/[x]"}}' in text
    assert text.endswith("1ok,1warning,1error,3notchecked.")


def test_each_cause_of_checks_left_out_is_named_once() -> None:
    assert [line for line in shown(120).splitlines() if line.startswith("Not checked")] == [
        "Not checked, because mapping failed: b, c.",
        "Not checked, because other failed: d.",
    ]


def test_a_terminal_gets_colours_and_a_pipe_none() -> None:
    assert "\x1b[" in shown(80, terminal=True)
    assert "\x1b[" not in shown(80)


def test_a_log_gets_one_line_each_with_its_status() -> None:
    assert lines(DIAGNOSIS) == [
        ("ok", "OK      salesforce.org  00D1: Not pinned. Hint: Pin it: [Organization id]."),
        (
            "warning",
            "WARNING salesforce.picklists  Account.Rating: Only [bold]Hot[/] and Cold. Mend: Use these.",
        ),
        (
            "error",
            "ERROR   mapping  contact: contact.yaml, line 3: wrong. contact.yaml, line 5: wrong. Mend: Mend them.",
        ),
        ("warning", "Not checked, because mapping failed: b, c."),
        ("warning", "Not checked, because other failed: d."),
        ("error", "1 ok, 1 warning, 1 error, 3 not checked."),
    ]
