"""Run checks in the order they are listed; what needs a failed one is left out, and no check breaks another."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from airflow_provider_ipaas.doctor.findings import Finding, NotChecked, Notes
from airflow_provider_ipaas.errors import IPaaSSyncError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing; *needs* names the checks without whose success it makes no sense."""

    id: str
    look: Callable[[Notes], Iterable[Finding]]
    needs: tuple[str, ...] = ()


def run(checks: Iterable[Check], *, subjects: Callable[[str], str]) -> tuple[list[Finding], list[NotChecked]]:
    """Return all findings, and the checks that were left out with the one that is to blame.

    *subjects* says what a check that broke off was about.
    """
    findings: list[Finding] = []
    left_out: dict[str, str] = {}
    failed: set[str] = set()
    for check in checks:
        cause = next((left_out.get(need, need) for need in check.needs if need in failed or need in left_out), None)
        if cause is not None:
            left_out[check.id] = cause
            continue
        found = _look(check, subjects(check.id))
        findings += found
        if any(finding.status == "error" for finding in found):
            failed.add(check.id)
    return findings, [NotChecked(check, because) for check, because in left_out.items()]


def _look(check: Check, subject: str) -> list[Finding]:
    notes = Notes(check.id)
    found: list[Finding] = []
    try:
        # One by one: what was found before a check breaks off stays.
        for finding in check.look(notes):
            found.append(finding)
    except IPaaSSyncError as error:
        found.append(notes.of(subject, error))
    except Exception as error:  # one check that breaks must not hide what the others found
        # Its text may hold anything, a secret too: only its kind and place are told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s broke off: %s in %s:%d.", check.id, type(error).__name__, place.filename, place.lineno or 0)
        found.append(
            notes.error(
                subject,
                f"The check itself broke off ({type(error).__name__}); the others are not affected.",
                "Look for `broke off` in the log, and report it as a bug of this package.",
            )
        )
    return found
