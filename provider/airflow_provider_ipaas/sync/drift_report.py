"""What reconcile found, counted by cause: the summary for programs, the table for people, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_ipaas.errors import IPaaSSyncError

from .drift import DRIFT, EXPLAINED, FOR_PERSONS, Finding
from .model import Collection

EXAMPLES = 10
# Ids of a pair: Salesforce, iPaaS.com; None for the side that has no record.
Ids = tuple[str | None, str | None]


class DriftFound(IPaaSSyncError):
    """Records are not in step, and no run would mend that by itself."""


@dataclass(slots=True)
class Count:
    """The records of one cause, the first few by their ids, and how many of them a repair made due."""

    records: int = 0
    due: int = 0
    examples: list[Ids] = field(default_factory=list)


@dataclass(slots=True)
class DriftReport:
    """The numbers of one collection, added up while records stream by."""

    collection: Collection
    run_id: str
    repair: bool = False
    sync_dag_id: str = ""
    complete: bool = False
    linked: int = 0
    rows: dict[str, int] = field(default_factory=lambda: {"salesforce": 0, "ipaas": 0})
    counted: int | None = None  # by Salesforce, of its records
    drifted: int = 0
    due: int = 0
    out_of_step: int = 0
    causes: dict[str, Count] = field(default_factory=dict)
    api_calls: dict[str, int] = field(default_factory=dict)

    def add(self, ids: Ids, findings: Iterable[Finding], *, linked: bool) -> list[Finding]:
        """Count one pair or record under each of its causes; return those that a repair makes due."""
        distinct = list({finding.cause: finding for finding in findings}.values())
        for finding in distinct:
            count = self.causes.setdefault(finding.cause, Count())
            count.records += 1
            if len(count.examples) < EXAMPLES:
                count.examples.append(ids)
        self.drifted += any(finding.is_drift for finding in distinct)
        self.out_of_step += linked and any(finding.cause != "differs_as_agreed" for finding in distinct)
        wanted = [f for f in distinct if f.repair or f.owes_external_id] if self.repair else []
        mended = [finding for finding in wanted if finding.is_drift]
        for finding in mended:
            self.causes[finding.cause].due += 1
        self.due += bool(mended) and {f.cause for f in mended} == {f.cause for f in distinct if f.is_drift}
        return mended

    def add_unread(self, number: int) -> None:
        """Count rows that Salesforce has and did not hand out."""
        self.causes.setdefault("rows_not_read", Count()).records += number
        self.drifted += number

    @property
    def open(self) -> int:
        """How many records have drifted and are not due now."""
        return self.drifted - self.due

    def summary(self) -> dict[str, Any]:
        """Return the numbers as JSON; ids, never a value of a record."""
        return {
            "collection": self.collection,
            "run_id": self.run_id,
            "complete": self.complete,
            "repair": self.repair,
            "linked": self.linked,
            "in_step": self.linked - self.out_of_step if self.complete else None,
            "drifted": self.drifted,
            "due": self.due,
            "rows": {**self.rows, "counted_by_salesforce": self.counted},
            "drift": {name: self._cause(name) for name in DRIFT if name in self.causes},
            "explained": {name: self._cause(name) for name in sorted(self.causes) if name not in DRIFT},
            "api_calls": {"salesforce": 0, "ipaas": 0, **self.api_calls},
        }

    def _cause(self, name: str) -> dict[str, Any]:
        count = self.causes[name]
        return {
            "records": count.records,
            "percent_of_linked": round(100 * count.records / self.linked, 2) if self.linked else None,
            **({"due": count.due, "next_step": self._next_step(name)} if name in DRIFT else {}),
            "examples": [{"salesforce_id": ours, "ipaas_id": theirs} for ours, theirs in count.examples],
        }

    def _next_step(self, cause: str) -> str:
        if cause in FOR_PERSONS:
            return FOR_PERSONS[cause]
        if self.repair:
            return f"Nothing to do: due now, the next run of {self.sync_dag_id} takes them up."
        return (
            f"Trigger this DAG with repair = true; the next run of {self.sync_dag_id} takes them up then, under its "
            "own rules."
        )

    def table(self) -> str:
        """Return the drift by cause, what explains the rest, and what it cost."""
        part = "" if self.complete else " It stopped before the end: the numbers are a part."
        lines = [
            f"Reconcile of collection {self.collection}: {self.linked} linked, {self.drifted} drifted, {self.due} of "
            f"them due now.{part}",
            f"Rows: Salesforce {self.rows['salesforce']} (counted {_or_dash(self.counted)}), iPaaS.com "
            f"{self.rows['ipaas']}. API calls: Salesforce {self.api_calls.get('salesforce', 0)}, iPaaS.com "
            f"{self.api_calls.get('ipaas', 0)}.",
            f"{'':<40}{'records':>9}{'% of linked':>13}  examples (Salesforce -> iPaaS.com)",
        ]
        for title, names in (("Drift", [n for n in DRIFT if n in self.causes]), ("Explained", self._explained())):
            lines += [title if names else f"{title}: none", *(self._line(name) for name in names)]
        lines += [f"{name.rstrip(':')}: {text}." for name, text in {**DRIFT, **EXPLAINED}.items() if self._has(name)]
        if self.due:
            lines.append(f"The next run of {self.sync_dag_id} takes up what is due.")
        return "\n".join(lines)

    def _has(self, name: str) -> bool:
        """Tell whether a cause was found, or one of its reasons."""
        return name in self.causes or (name.endswith(":") and any(cause.startswith(name) for cause in self.causes))

    def _explained(self) -> list[str]:
        return sorted(name for name in self.causes if name not in DRIFT)

    def _line(self, name: str) -> str:
        count = self.causes[name]
        percent = f"{100 * count.records / self.linked:.2f}" if self.linked else "-"
        shown = ", ".join(f"{ours or 'none'} -> {theirs or 'none'}" for ours, theirs in count.examples)
        return f"  {name:<38}{count.records:>9}{percent:>13}  {shown}"

    def judge(self, max_drift: int) -> None:
        """Raise DriftFound where more records have drifted, and are not due now, than *max_drift*."""
        if self.open <= max_drift:
            return
        parts = {n: self.causes[n].records - self.causes[n].due for n in DRIFT if n in self.causes}
        steps = dict.fromkeys(self._next_step(name) for name, number in parts.items() if number)
        raise DriftFound(
            f"{self.open} record(s) of collection {self.collection} are not in step and no run would mend that by "
            f"itself, {max_drift} allowed: "
            + ", ".join(f"{name} {number}" for name, number in parts.items() if number),
            next_step=" ".join(steps),
        )


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)
