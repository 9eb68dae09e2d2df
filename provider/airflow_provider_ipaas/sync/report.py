"""The end of a run: every record has a fate, the watermark moves, the numbers add up, and the colour tells the truth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow_provider_ipaas.errors import IPaaSSyncError

from .brake import park_planned
from .broken import reason_text, remember_told, told_broken
from .context import Sync
from .match_report import match_report, table
from .model import DIRECTIONS, SOURCE_OF, Direction, Item, Run, Side, Tally
from .outlook import note_covered
from .preview import is_preview, kept_preview
from .rebuild import FIRST_CONTACT
from .slices import overdue
from .windows import Window, next_watermark

MAX_ERRORS = 100
OUTCOMES = ("created", "updated", "unchanged", "skipped", "parked", "failed")


class RunFailed(IPaaSSyncError):
    """The run is red: an upstream task failed, records were refused, or the numbers do not add up."""


def report(sync: Sync) -> dict[str, Any]:
    """Close the run and return its summary; the caller publishes it and then calls `judge`.

    Works whatever failed before. Closing a run twice returns the first summary.
    """
    stored = sync.ledger.run(sync.run.run_key)
    if stored is not None and stored.phase == "reported" and stored.summary is not None:
        return stored.summary
    run = stored or sync.run
    sync.run = run
    planned = run.phase == "planned"
    if planned and not sync.params.dry_run:
        _park_rest(sync, run)
    summary = _summary(sync, run)
    if found := told_broken(sync):
        summary["broken_fields"] = found
        _log_broken(sync, found)
    if late := overdue(sync):
        summary["overdue_reads"] = late
    if planned:
        if (matches := match_report(sync)) is not None:
            summary["match_report"] = matches
        if is_preview(sync):
            summary["preview"] = kept_preview(sync)
        moved = _move_watermarks(sync, run)  # what was not written waits in the ledger
        if not sync.params.dry_run:
            remember_told(sync, complete=moved)
    if run.scope and planned:
        _log_table(sync, summary)
    sync.ledger.update_run(run.run_key, phase="reported", summary=summary)
    sync.ledger.drop_items(run.run_key)
    sync.ledger.prune(sync.clock())
    return summary


def judge(summary: dict[str, Any], *, failed_tasks: list[str], max_failed_records: int) -> None:
    """Raise RunFailed where the run must not be green."""
    problems: list[str] = []
    if not summary["dry_run"]:
        problems += [f"{b['reason']}: {b['message']} Trigger with {b['allow']}." for b in summary.get("brakes", ())]
    new = [each for each in summary.get("broken_fields", ()) if each["new"] and not summary["dry_run"]]
    problems += [f"{reason_text(each)}. {each['next_step']} Later runs go on without it, and say so." for each in new]
    if failed_tasks:
        problems.append(f"Task {', '.join(failed_tasks)} failed: open its log, the last lines say what to do.")
    for direction in DIRECTIONS:
        counts = summary[direction]
        if counts["seen"] != sum(counts[name] for name in OUTCOMES):
            problems.append(
                f"The numbers of {direction} do not add up ({counts['seen']} seen): please report this as a bug."
            )
    refused = sum(summary[direction]["failed"] for direction in DIRECTIONS)
    if refused > max_failed_records:
        first = [error for direction in DIRECTIONS for error in summary[direction]["errors"]][:5]
        shown = "; ".join(f"{e['source_id']} -> {e['target_id'] or 'new'} ({e['code']}): {e['message']}" for e in first)
        problems.append(
            f"{refused} record(s) refused, {max_failed_records} allowed: {shown}"
            f"{' ...' if refused > len(first) else ''}"
        )
    if problems:
        raise RunFailed(
            " ".join(problems),
            next_step="Everything that could be applied has been applied; the summary is in XCom, the ledger has every record.",
        )


def empty_summary(collection: str, run_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Return the summary of a run that read nothing."""
    summary: dict[str, Any] = {"collection": collection, "run_id": run_id, "dry_run": dry_run}
    for direction in DIRECTIONS:
        summary[direction] = _direction(Tally(), [], 0.0, Tally())
    summary["api_calls"] = {"salesforce": 0, "ipaas": 0}
    return summary


def _park_rest(sync: Sync, run: Run) -> None:
    """Give what was planned and not written a durable fate."""
    reason = "api_budget" if run.facts.get("stopped") == "api_budget" else "not_attempted"
    message = "The run stopped before its turn."
    left = park_planned(sync, reason, message=message)
    if sync.collection == "contact" and sync.parent_mapping is not None:
        park_planned(sync.for_parents(), reason, message=message)
    if left:
        sync.log.warning(
            "%d planned writes were not attempted; they are parked (%s) and go on with the next run.", left, reason
        )


def _extracted(run: Run) -> bool:
    return "salesforce_window" in run.facts and "ipaas_window" in run.facts


def _move_watermarks(sync: Sync, run: Run) -> bool:
    """Move the watermarks: every captured change has a durable fate now. Returns whether the run covers its window."""
    if not sync.params.moves_watermark or not _extracted(run):
        return False
    for side in ("salesforce", "ipaas"):
        facts = run.facts[f"{side}_window"]
        start = datetime.fromisoformat(facts["start"]) if facts["start"] else None
        now = datetime.fromisoformat(facts["now"])
        fence = datetime.fromisoformat(facts.get("fence") or facts["now"])
        old = sync.ledger.watermark(sync.scope, sync.collection, side)
        new = next_watermark(old, fence, Window(start, start, now))
        if new is not None and new != old:
            sync.ledger.set_watermark(sync.scope, sync.collection, side, new, run.run_key)
    start = run.facts["salesforce_window"]["start"]
    note_covered(sync, datetime.fromisoformat(start) if start else None)
    key = f"{FIRST_CONTACT}:{sync.collection}"
    if sync.ledger.fact(sync.scope, key) is None:
        sync.ledger.set_fact(sync.scope, key, run.run_key)
    return True


def _log_broken(sync: Sync, found: list[dict[str, Any]]) -> None:
    for each in found:
        sync.log.warning(
            "%s of %s since %s. Everything else is synced; what changes in it waits. Next step: %s",
            reason_text(each),
            sync.sobject,
            each["since"][:16],
            each["next_step"],
        )


def _summary(sync: Sync, run: Run) -> dict[str, Any]:
    summary = empty_summary(sync.collection, run.run_id, dry_run=sync.params.dry_run)
    if run.phase == "planned":
        for direction in sync.params.directions:
            summary[direction] = _count(sync, run, direction)
    if "brakes" in run.facts:
        summary["brakes"] = run.facts["brakes"]
    calls = [value for key, value in run.facts.items() if key.startswith("calls:")]
    summary["api_calls"] = {name: sum(int(call.get(name, 0)) for call in calls) for name in ("salesforce", "ipaas")}
    return summary


def _count(sync: Sync, run: Run, direction: Direction) -> dict[str, Any]:
    side = SOURCE_OF[direction]
    tally = sync.ledger.tally(run.run_key, sync.collection, side, "seen")
    parents = Tally()
    errors = _errors(sync, sync.collection, side, ("failed",))
    if direction == "to_ipaas" and sync.collection == "contact":
        parents = sync.ledger.tally(run.run_key, "account", "salesforce", "parent")
        errors += _errors(sync, "account", "salesforce", ("failed", "parked"))
    oldest = sync.ledger.oldest_unresolved(run.scope, sync.collection, direction)
    hours = round((sync.clock() - oldest).total_seconds() / 3600, 1) if oldest else 0.0
    return _direction(tally, errors[:MAX_ERRORS], hours, parents)


def _direction(tally: Tally, errors: list[dict[str, Any]], oldest_hours: float, parents: Tally) -> dict[str, Any]:
    counts = {name: tally.outcomes.get(name, 0) for name in OUTCOMES}
    counts["unchanged"] += tally.outcomes.get("linked", 0)
    return {
        "seen": sum(tally.outcomes.values()) + tally.undecided,
        **counts,
        "skipped_by_reason": tally.skipped_by_reason,
        "parked_by_reason": tally.parked_by_reason,
        "oldest_parked_hours": oldest_hours,
        "conflicts": {"resolved": tally.conflicts_resolved, "parked": tally.conflicts_parked},
        "warnings": tally.warnings,
        "parents": {
            "created": parents.outcomes.get("created", 0),
            "updated": parents.outcomes.get("updated", 0),
            "linked": parents.outcomes.get("unchanged", 0) + parents.outcomes.get("linked", 0),
            "failed": parents.outcomes.get("failed", 0) + parents.outcomes.get("parked", 0) + parents.undecided,
        },
        "errors": errors,
    }


def _errors(sync: Sync, collection: str, side: Side, outcomes: tuple[str, ...]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for batch in sync.ledger.items(
        sync.run.run_key,
        collection=collection,  # type: ignore[arg-type]
        side=side,
        roles=("parent",) if collection != sync.collection else ("seen",),
        outcomes=outcomes,  # type: ignore[arg-type]
        batch=MAX_ERRORS,
    ):
        found += [_error(item) for item in batch]
        if len(found) >= MAX_ERRORS:
            break
    return found[:MAX_ERRORS]


def _error(item: Item) -> dict[str, Any]:
    return {
        "source_id": item.record_id,
        "target_id": item.target_id,
        "code": item.code or item.reason or "",
        "message": item.message or "",
        "next_step": item.next_step or "",
    }


def _log_table(sync: Sync, summary: dict[str, Any]) -> None:
    """Log the final table, one line per direction and what a person has to know beside it."""
    head = f"{'':<16}" + "".join(f"{name:>11}" for name in ("seen", *OUTCOMES))
    lines = [
        f"Run {summary['run_id']}, collection {summary['collection']}{' (dry run)' if summary['dry_run'] else ''}",
        head,
    ]
    for direction in DIRECTIONS:
        counts = summary[direction]
        lines.append(f"{direction:<16}" + "".join(f"{counts[name]:>11}" for name in ("seen", *OUTCOMES)))
    for direction in DIRECTIONS:
        counts = summary[direction]
        notes = {
            "skipped": counts["skipped_by_reason"],
            "parked": counts["parked_by_reason"],
            "warnings": counts["warnings"],
            "conflicts": {k: v for k, v in counts["conflicts"].items() if v},
            "parents": {k: v for k, v in counts["parents"].items() if v},
        }
        lines += [
            f"{direction} {name}: " + ", ".join(f"{key} {value}" for key, value in sorted(values.items()))
            for name, values in notes.items()
            if values
        ]
    lines.append(
        f"API calls: Salesforce {summary['api_calls']['salesforce']}, iPaaS.com {summary['api_calls']['ipaas']}"
    )
    sync.log.info("%s", "\n".join(lines))
    if "match_report" in summary:
        sync.log.warning("%s", table(summary["match_report"]))
