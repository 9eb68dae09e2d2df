"""The order of checks, what is left out when one fails, and checks that break off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from airflow_provider_ipaas.doctor.checks import Check, run
from airflow_provider_ipaas.doctor.findings import Diagnosis, Finding, NotChecked, Notes
from airflow_provider_ipaas.errors import ConfigurationError, TransientServiceError


def fine(note: Notes) -> Iterator[Finding]:
    yield note.ok("it", "Fine.")


def wrong(note: Notes) -> Iterator[Finding]:
    yield note.error("it", "Wrong.", "Mend it.")


def odd(note: Notes) -> Iterator[Finding]:
    yield note.warning("it", "Odd.", "See to it.")


def statuses(*checks: Check) -> tuple[list[tuple[str, str]], list[NotChecked]]:
    findings, left_out = run(checks, subjects=lambda check: f"subject of {check}")
    return [(finding.check, finding.status) for finding in findings], left_out


def test_what_needs_a_failed_check_is_left_out_and_blamed_on_the_first_cause() -> None:
    found, left_out = statuses(
        Check("dns", wrong),
        Check("login", fine, ("dns",)),
        Check("read", fine, ("login",)),
        Check("other", fine),
    )
    assert found == [("dns", "error"), ("other", "ok")]
    assert left_out == [NotChecked("login", "dns"), NotChecked("read", "dns")]


def test_a_warning_holds_nothing_back() -> None:
    found, left_out = statuses(Check("clock", odd), Check("login", fine, ("clock",)))
    assert found == [("clock", "warning"), ("login", "ok")]
    assert left_out == []


@pytest.mark.parametrize("error", [ConfigurationError, TransientServiceError])
def test_an_error_of_ours_becomes_a_finding_with_its_mend(error: type[ConfigurationError]) -> None:
    def look(_: Notes) -> Iterator[Finding]:
        raise error("It is wrong.", next_step="Mend it.")
        yield

    findings, _ = run([Check("login", look)], subjects=lambda check: f"subject of {check}")
    assert findings == [Finding("login", "error", "subject of login", "It is wrong.", "Mend it.")]


def test_a_check_that_breaks_off_keeps_what_it_found_and_breaks_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def look(note: Notes) -> Iterator[Finding]:
        yield note.ok("first", "Fine.")
        raise ZeroDivisionError("secret-of-somebody")

    with caplog.at_level(logging.DEBUG):
        findings, left_out = run(
            [Check("a", look), Check("b", fine, ("a",)), Check("c", fine)], subjects=lambda _: "it"
        )
    assert [(it.check, it.status) for it in findings] == [("a", "ok"), ("a", "error"), ("c", "ok")]
    assert "ZeroDivisionError" in findings[1].message
    assert left_out == [NotChecked("b", "a")]
    told = caplog.text + str(findings)
    assert "a broke off: ZeroDivisionError in" in told
    assert "secret-of-somebody" not in told


@pytest.mark.parametrize(
    ("found", "status", "code"), [(["ok"], "ok", 0), (["ok", "warning"], "warning", 0), (["error", "ok"], "error", 1)]
)
def test_the_verdict_is_the_worst_finding(found: list[str], status: str, code: int) -> None:
    findings = tuple(Finding("a", name, "it", "Said.") for name in found)  # type: ignore[arg-type]
    diagnosis = Diagnosis(datetime(2026, 11, 26, tzinfo=UTC), "sf", "ip", findings)
    assert (diagnosis.status, diagnosis.exit_code) == (status, code)


def test_the_json_form_has_the_documented_keys() -> None:
    finding = Finding("ipaas.api_profile", "warning", "put", "Differs.", "Override it.", {"put": "merge"})
    diagnosis = Diagnosis(
        datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC), "sf", None, (finding,), (NotChecked("b", "a"),), {"put": "merge"}
    )
    assert diagnosis.as_dict() == {
        "format": 1,
        "status": "warning",
        "exit_code": 0,
        "checked_at": "2026-11-26T01:02:03+00:00",
        "connections": {"salesforce": "sf", "ipaas": None},
        "counts": {"ok": 0, "warning": 1, "error": 0, "not_checked": 1},
        "findings": [
            {
                "check": "ipaas.api_profile",
                "status": "warning",
                "subject": "put",
                "message": "Differs.",
                "next_step": "Override it.",
                "override": {"put": "merge"},
            }
        ],
        "not_checked": [{"check": "b", "because": "a"}],
        "api_profile": {"put": "merge"},
    }
