"""What the ledger knows of a record, in sentences for people and as dictionaries for programs.

Values of fields are in neither unless *values* asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow_provider_ipaas.catalogue import NEXT_STEP, find
from airflow_provider_ipaas.sync.explain import remembered
from airflow_provider_ipaas.sync.explain_table import shown
from airflow_provider_ipaas.sync.model import DIRECTIONS, Seen, Side, Unresolved

from .history import Recorded, Showing
from .record import JournalLine
from .showing import due, flow, moment, printable

NAMES: dict[Side, str] = {"salesforce": "Salesforce", "ipaas": "iPaaS.com"}
_RECORDS = {"account": ("Account", "Company"), "contact": ("Contact", "Customer")}
_LINKS = {
    "active": "linked",
    "salesforce_deleted": "linked, and the Salesforce record is deleted: nothing is written while it is",
    "ipaas_deleted": "linked, and the record in iPaaS.com is deleted: nothing is written, and it is not created again",
    "merged": "linked, and the Salesforce record was merged into another linked one: a person has to remove a duplicate",
}


def title(known: Recorded) -> str:
    """Say which record or pair it is."""
    here, there = _RECORDS[known.collection]
    if known.salesforce_id and known.ipaas_id:
        return f"{here} {known.salesforce_id} = {there} {known.ipaas_id}"
    own = f"{here} {known.salesforce_id}" if known.salesforce_id else f"{there} {known.ipaas_id}"
    return f"{own}, not linked"


def sentences(known: Recorded, now: datetime) -> list[str]:
    """Say how a record stands: its link, what was last decided, what it waits for, and what runs look at."""
    lines = [*_link(known), *_decided(known), *_waits(known, now), *_creates(known), *_window(known)]
    return [printable(line) for line in lines]


def _link(known: Recorded) -> Iterator[str]:
    link = known.link
    if link is None:
        yield "Not linked: no run has created or matched its counterpart yet."
        return
    agreed = f"; both sides last agreed {moment(link.settled_at)} UTC" if link.settled_at else "; nothing agreed yet"
    yield f"It is {_LINKS[link.state]}{agreed}{_by(known, link.settled_by)}."
    written = next((line for line in known.journal if line.phase == "outcome" and line.outcome in _DONE), None)
    if written is not None:
        target = NAMES["ipaas" if written.direction == "to_ipaas" else "salesforce"]
        fields = f" ({', '.join(written.fields)})" if written.fields else ""
        yield f"Last written: {moment(written.at)} UTC to {target}{fields}{_by(known, written.run_key)}."


_DONE = ("created", "updated")


def _by(known: Recorded, run_key: str | None) -> str:
    found = known.runs.get(run_key or "")
    return f", by run {found[1]} of {found[0]}" if found else ""


def _decided(known: Recorded) -> Iterator[str]:
    for side, seen in known.seen.items():
        version = f"version of {seen.stamp}" if seen.stamp else "present content"
        yield f"{NAMES[side]}, {version}: {_fate(seen)}"


def _fate(seen: Seen) -> str:
    outcome, _, reason = seen.fate.partition(":")
    if not outcome:
        return "listed, not decided on yet."
    if outcome == "unchanged":
        return "in step."
    if outcome == "baseline":
        reason = "before_first_contact"
    entry = next((row for row in find(reason) if row.service == "sync"), None)
    about = f": {entry.sentence().rstrip('.')}" if entry else ""
    step = f" Next step: {NEXT_STEP[reason]}" if reason in NEXT_STEP and outcome != "parked" else ""
    return f"{outcome} ({reason}){about}.{step}"


def _waits(known: Recorded, now: datetime) -> Iterator[str]:
    for row in known.waiting:
        code = f" ({row.code})" if row.code else ""
        told = f" {row.message.rstrip('.')}." if row.message else ""
        step = f" Next step: {row.next_step}" if row.next_step else ""
        yield (
            f"Waits since {moment(row.first_at)} UTC, {flow(row.collection, row.direction)}: {row.reason}{code}.{told} "
            f"Attempts {row.attempts}, next attempt: {due(row.next_at, now)}{_by(known, row.run_key)}.{step}"
        )


def _creates(known: Recorded) -> Iterator[str]:
    for way, state in known.creates.items():
        if state != "done":
            target = NAMES["ipaas" if way == "to_ipaas" else "salesforce"]
            yield f"Its creation in {target} was begun and its outcome is not known: the next run finds out."


def _window(known: Recorded) -> Iterator[str]:
    last = known.whole_run
    if last is None:
        yield "No run of the whole collection has been reported yet."
        return
    yield f"The last run of the collection: {last.run_id} of {last.dag_id}, {moment(last.started_at)} UTC."
    direction = last.params.get("direction", "both")
    if direction in DIRECTIONS:
        side = NAMES["ipaas" if direction == "to_ipaas" else "salesforce"]
        yield f"It wrote {direction} only: edits that belong into the other service wait, {side} alone was written."
    for brake in last.facts.get("brakes") or ():
        yield f"A brake stopped it: {brake.get('message', brake.get('reason', ''))} Allow it with {brake.get('allow')}."
    start = (last.facts.get("salesforce_window") or {}).get("start")
    seen = known.seen.get("salesforce")
    if start:
        yield f"It read what changed in Salesforce since {moment(datetime.fromisoformat(start))} UTC."
        if seen is not None and (stamp := _stamp(seen.stamp)) is not None and stamp < datetime.fromisoformat(start):
            yield (
                "The version last seen is older than that: until somebody edits the record, only record_ids, a larger "
                "poll_days or full make a run look at it."
            )
    for side, value in known.watermarks.items():
        yield f"Watermark of {NAMES[side]}: {moment(value)} UTC."


def _stamp(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def shown_before(each: Showing, length: int) -> tuple[str, str]:
    """Return what Salesforce and iPaaS.com showed of a field when they last agreed, cut at *length* characters."""
    if not each.agreed:
        return "(never compared)", "(never compared)"
    return value_text(each.salesforce_before, length), value_text(each.ipaas_before, length)


def value_text(value: Any, length: int) -> str:
    """Return a remembered value as one line of printable text."""
    return shown(remembered(value), length)


def last_write(line: JournalLine | None, known: Recorded) -> str:
    """Say when a field was last written, where to, and by which run; the journal goes back 90 days."""
    if line is None:
        return "not in the journal"
    target = NAMES["ipaas" if line.direction == "to_ipaas" else "salesforce"]
    return f"{moment(line.at)} UTC to {target}{_by(known, line.run_key)}"


def in_conflict(known: Recorded, key: str, length: int) -> str:
    """Return both values of a field whose conflict waits for a person; empty for any other."""
    values = next(
        (row.details["fields"][key] for row in known.waiting if key in (row.details.get("fields") or {})), None
    )
    if values is None:
        return ""
    return " against ".join(value_text(values.get(side), length) for side in ("salesforce", "ipaas"))


def as_dict(known: Recorded, now: datetime, *, values: bool) -> dict[str, Any]:
    """Return what is known for programs; times are ISO 8601."""
    found: dict[str, Any] = {
        "org_and_system": known.scope,
        "collection": known.collection,
        "salesforce_id": known.salesforce_id,
        "ipaas_id": known.ipaas_id,
        "link": known.link.state if known.link else None,
        "agreed_at": _iso(known.link.settled_at) if known.link else None,
        "seen": {side: {"stamp": seen.stamp, "fate": seen.fate} for side, seen in known.seen.items()},
        "waiting": [_waiting_dict(row) for row in known.waiting],
        "creates": dict(known.creates),
        "watermarks": {side: _iso(value) for side, value in known.watermarks.items()},
        "sentences": sentences(known, now),
        "journal": [{**asdict(line), "at": _iso(line.at)} for line in known.journal],
        "fields": [_field_dict(each, values=values) for each in known.fields],
    }
    return found


def _waiting_dict(row: Unresolved) -> dict[str, Any]:
    names = ("direction", "reason", "code", "message", "next_step", "attempts", "run_key")
    times = {name: _iso(getattr(row, name)) for name in ("first_at", "last_at", "next_at")}
    return {name: getattr(row, name) for name in names} | times


def _field_dict(each: Showing, *, values: bool) -> dict[str, Any]:
    written = each.written
    found = {
        "field": each.key,
        "agreed": each.agreed,
        "last_write": None if written is None else {"at": _iso(written.at), "direction": written.direction},
    }
    before = {"salesforce_before": each.salesforce_before, "ipaas_before": each.ipaas_before}
    return found | (before if values else {})


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
