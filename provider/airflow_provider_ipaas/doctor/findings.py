"""What an examination found: findings with the mend, what could not be checked, and the verdict."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from airflow_provider_ipaas.errors import IPaaSSyncError

Status = Literal["ok", "warning", "error"]
STATUSES: tuple[Status, ...] = ("ok", "warning", "error")
# Raised when a key of the JSON changes its meaning or goes away; new keys don't count.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    *check* is a stable id such as `salesforce.token`, *next_step* the mend (of an ok finding: a hint, mostly empty).
    *override* is what goes into the connection's `api_profile` to mend it.
    """

    check: str
    status: Status
    subject: str
    message: str
    next_step: str = ""
    override: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that had to be left out, because another one, *because*, has failed."""

    check: str
    because: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found, in the order it was looked at.

    *api_profile* is the whole value for the field of the iPaaS.com connection that takes up every override.
    """

    checked_at: datetime
    salesforce_conn_id: str | None
    ipaas_conn_id: str | None
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()
    api_profile: dict[str, Any] | None = None
    _counts: Counter[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_counts", Counter(finding.status for finding in self.findings))

    @property
    def status(self) -> Status:
        """The worst of all findings."""
        return next((status for status in reversed(STATUSES) if self._counts[status]), "ok")

    @property
    def exit_code(self) -> int:
        """1 when a finding is an error, else 0."""
        return 1 if self._counts["error"] else 0

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each status there are, and how many checks were left out."""
        return {**{status: self._counts[status] for status in STATUSES}, "not_checked": len(self.not_checked)}

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that have to be mended."""
        return tuple(finding for finding in self.findings if finding.status == "error")

    def left_out(self) -> dict[str, list[str]]:
        """Return the checks that were left out, by the check that failed."""
        by_cause: dict[str, list[str]] = {}
        for entry in self.not_checked:
            by_cause.setdefault(entry.because, []).append(entry.check)
        return by_cause

    def as_dict(self) -> dict[str, Any]:
        """Return the documented form for programs: plain JSON values under stable keys."""
        return {
            "format": FORMAT,
            "status": self.status,
            "exit_code": self.exit_code,
            "checked_at": self.checked_at.isoformat(timespec="seconds"),
            "connections": {"salesforce": self.salesforce_conn_id, "ipaas": self.ipaas_conn_id},
            "counts": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
            "not_checked": [asdict(entry) for entry in self.not_checked],
            "api_profile": self.api_profile,
        }

    def as_json(self) -> str:
        """Return the documented form as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Notes:
    """Write findings of one check."""

    check: str

    def ok(self, subject: str, message: str, next_step: str = "", *, override: dict[str, Any] | None = None) -> Finding:
        """Say what is right, or not known and no trouble by itself."""
        return Finding(self.check, "ok", subject, message, next_step, override)

    def warning(self, subject: str, message: str, next_step: str, *, override: dict[str, Any] | None = None) -> Finding:
        """Say what works but should be seen to, or may not work."""
        return Finding(self.check, "warning", subject, message, next_step, override)

    def error(self, subject: str, message: str, next_step: str, *, override: dict[str, Any] | None = None) -> Finding:
        """Say what a sync fails of."""
        return Finding(self.check, "error", subject, message, next_step, override)

    def of(self, subject: str, error: IPaaSSyncError) -> Finding:
        """Take over an error of a client or of the configuration with the mend it carries."""
        return Finding(self.check, "error", subject, error.message, error.next_step)
