"""What must hold of every run: its numbers are true, it says no values, and it makes no more calls than it needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_provider_ipaas.sync.brake import RunBraked
from airflow_provider_ipaas.sync.model import DIRECTIONS
from airflow_provider_ipaas.sync.report import OUTCOMES

from .fields import KIND, SOBJECT
from .ports import PAGE
from .runs import Planned

if TYPE_CHECKING:
    from .world import World

WRITING = {"create", "update", "upsert", "job", "link"}
WRITTEN_TO = (("to_ipaas", "ipaas"), ("to_salesforce", "salesforce"))


class Audit:
    """Holds what a run says against what the services have seen of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.oracle = world.oracle
        self.told = {"salesforce": 0, "ipaas": 0}  # creates that summaries have told of

    def check(self, run: Planned, creates_before: dict[str, int]) -> None:
        """Check a run that has ended; *creates_before* says what the API had created when it began."""
        for error in run.errors.values():
            self.oracle.overhear(str(error))
        if run.summary is None:
            return
        self.oracle.overhear(json.dumps(run.summary))
        self._check_sum(run.summary, run.run_id)
        if isinstance(run.errors.get("plan"), RunBraked) and run.turn is None:
            self._check_braked(run, creates_before)
        faulty = bool(run.errors or run.script.hit or run.turn or run.again)
        self._check_created(run, run.summary, creates_before, faulty=faulty)
        if not faulty:
            self._check_numbers(run, run.summary)
            self._check_calls(run, run.summary)

    def _check_sum(self, summary: dict[str, Any], run_id: str) -> None:
        self.oracle.checked["V6"] += 1
        for direction in DIRECTIONS:
            counts = summary[direction]
            if counts["seen"] != sum(counts[name] for name in OUTCOMES):
                self.oracle.violate("V6", f"{run_id} {direction} does not add up: {told_of(summary)}")

    def _check_braked(self, run: Planned, before: dict[str, int]) -> None:
        if before != self.oracle.api_creates or any(self.oracle.api_updates.values()):
            self.oracle.violate("V10", f"{run.run_id} was stopped by a brake and has written")

    def _check_created(self, run: Planned, summary: dict[str, Any], before: dict[str, int], *, faulty: bool) -> None:
        """No run tells of more creates than there were; one without a fault tells of all its own."""
        if self.world.restored or run.turn is not None:
            return
        self.oracle.checked["V7"] += 1
        for direction, side in WRITTEN_TO:
            counts = summary[direction]
            created = 0 if summary["dry_run"] else counts["created"] + counts["parents"]["created"]
            self.told[side] += created
            made = self.oracle.api_creates[side]
            if self.told[side] > made or (not faulty and created < made - before[side]):
                self.oracle.violate(
                    "V7", f"{run.run_id} says {created} created {direction}, {made - before[side]} were"
                )

    def _check_numbers(self, run: Planned, summary: dict[str, Any]) -> None:
        self.oracle.checked["V7"] += 1
        for direction, side in WRITTEN_TO:
            counts = summary[direction]
            updated = 0 if summary["dry_run"] else counts["updated"] + counts["parents"]["updated"]
            changed = len(self.oracle.api_updates[side])
            if updated != changed:
                self.oracle.violate("V7", f"{run.run_id} says {updated} updated {direction}, {changed} were")
        told = sum(summary[direction]["conflicts"]["resolved"] for direction in DIRECTIONS)
        if run.collection == "account" and told != run.conflicts:
            self.oracle.violate("V7", f"{run.run_id} counts {told} conflicts resolved, {run.conflicts} were logged")

    def _check_calls(self, run: Planned, summary: dict[str, Any]) -> None:
        """A run in which nothing is new reads pages; beyond that, calls go with the records that it has to do with."""
        self.oracle.checked["V9"] += 1
        here = sum(row["sobject"] in (SOBJECT[run.collection], "Account") for row in self.world.org.rows.values())
        kinds = {KIND[run.collection], "company"}
        there = sum(len(self.world.company.records[kind]) for kind in kinds)
        seen = sum(summary[direction]["seen"] for direction in DIRECTIONS)
        idle = not WRITING & set(run.script.by_method)
        # Salesforce: fields, fence, and twice the pages of the window; records by id, key and name, and the writes, come
        # in pages too. iPaaS.com: the list (a parents' one as well), for each record at most four reads (what a row can't
        # show, its external id, once more as a candidate or counterpart), and for each one seen at most four calls that
        # look it up, create and link it, and as many for its parent.
        parents = 4 if run.collection == "contact" else 0  # their fields, rows by id, and who is alike
        # A lost create that is looked for and not found for certain has its names and those alike looked up each time.
        searched = sum(summary[way]["parked_by_reason"].get("uncertain_create", 0) for way in DIRECTIONS)
        # A field that was taken, or is back, is described anew, and the query that met it repeated.
        fields = 4 if self.world.happened["take"] else 0
        # Whether a job may be made is asked for in each task, and for each job there are two calls, or one to end it.
        jobs = 4 if self.world.config.bulk else 0
        budgets = {
            "salesforce": 6 + fields + jobs + parents + 2 * pages(here) + (0 if idle else 2 * pages(here) + 2 * seen),
            "ipaas": 2 * pages(there) + 4 * there + (4 * searched if idle else 8 * seen),
        }
        for service, budget in budgets.items():
            if run.script.calls_to[service] > budget:
                self.oracle.violate(
                    "V9",
                    f"{run.run_id} makes {run.script.calls_to[service]} calls to {service}: {seen} seen, {here} and {there} there, {budget} allowed",
                )


def pages(rows: int) -> int:
    """Return how many calls list that many rows; the last one may be empty."""
    return rows // PAGE + 1


def told_of(summary: dict[str, Any] | None) -> str:
    """Say in one line what a summary counts."""
    if summary is None:
        return "no summary"
    told = []
    for direction in DIRECTIONS:
        counts = summary[direction]
        shown = {name: counts[name] for name in ("seen", *OUTCOMES) if counts[name]}
        for name in ("parked_by_reason", "skipped_by_reason", "warnings", "parents"):
            reasons = {reason: number for reason, number in sorted(counts[name].items()) if number}
            shown |= {name: reasons} if reasons else {}
        told.append(f"{direction}: {shown}")
    return "; ".join(told)


def named(errors: dict[str, BaseException]) -> str:
    """Say in one line which tasks failed, and how."""
    return ", ".join(f"{name} {type(error).__name__}: {error}"[:160] for name, error in errors.items())
