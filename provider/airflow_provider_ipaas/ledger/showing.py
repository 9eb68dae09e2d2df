"""Say what waits: plain lines for people, whatever they read them on, and dictionaries for programs.

Values of records are in neither, unless `values` asks for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow_provider_ipaas.sync.schedule import NO_TIME

from .parked import Dropped, Group, Replayed, WaitingRecord
from .record import JournalLine, Shown

_FLOWS = {
    ("account", "to_ipaas"): "Accounts -> Companies",
    ("account", "to_salesforce"): "Companies -> Accounts",
    ("contact", "to_ipaas"): "Contacts -> Customers",
    ("contact", "to_salesforce"): "Customers -> Contacts",
}
_CODES_SHOWN = 5
# What a value is called, and how it is stored.
VALUES = (
    ("Salesforce", "salesforce"),
    ("Salesforce before", "salesforce_before"),
    ("iPaaS.com", "ipaas"),
    ("iPaaS.com before", "ipaas_before"),
)


def flow(collection: str, direction: str) -> str:
    """Return what goes where."""
    return _FLOWS.get((collection, direction), f"{collection} {direction}")


def moment(value: datetime | None) -> str:
    """Return a point in time to the minute, in UTC; empty for none."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}" if value else ""


def due(value: datetime | None, now: datetime) -> str:
    """Return when the next attempt is: *next run*, not before a time, or once a person has said go."""
    if value is not None and value.year == NO_TIME.year:
        return "when confirmed"
    return "next run" if value is None or value <= now else f"{moment(value)} UTC"


def printable(text: str | None) -> str:
    """Return a text of a service without what moves a cursor or breaks a line."""
    return "".join(char if char.isprintable() else " " for char in text or "")


def codes(group: Group) -> str:
    """Return the most frequent codes of a group with their counts."""
    shown = [f"{printable(code)} {count}" for code, count in group.codes[:_CODES_SHOWN]]
    left = len(group.codes) - len(shown)
    return ", ".join([*shown, *([f"{left} more"] if left else [])])


def group_lines(groups: Sequence[Group], now: datetime) -> list[str]:
    """Return a line for each group and one for all."""
    lines = [
        f"{group.count} {flow(group.collection, group.direction)}: {printable(group.reason)}"
        f"{f' ({codes(group)})' if group.codes else ''}, since {moment(group.oldest)} UTC, next attempt: "
        f"{due(group.next_at, now)}.{_step(group.next_step)}"
        for group in groups
    ]
    return [*lines, total(groups)]


def total(groups: Iterable[Group]) -> str:
    """Say how many records wait in all."""
    count = sum(group.count for group in groups)
    return f"{_records(count)} in all." if count else "Nothing waits."


def record_lines(records: Iterable[WaitingRecord], now: datetime) -> list[str]:
    """Return a line for each record."""
    return [
        f"{flow(record.collection, record.direction)} {printable(record.source_id)} -> "
        f"{printable(record.target_id) or 'new'}: {printable(record.reason)}"
        f"{f' ({printable(record.code)})' if record.code else ''}, attempts {record.attempts}, next attempt: "
        f"{due(record.next_at, now)}.{f' {printable(record.message)}' if record.message else ''}{_step(record.next_step)}"
        for record in records
    ]


def shown_lines(shown: Shown, now: datetime, *, values: bool) -> list[str]:
    """Return all that is known of one record, a fact a line."""
    record = shown.record
    facts = [
        ("Salesforce", shown.salesforce_id or "none yet"),
        ("iPaaS.com", shown.ipaas_id or "none yet"),
        ("reason", record.reason),
        ("code", record.code),
        ("message", record.message),
        ("next step", record.next_step),
        ("attempts", str(record.attempts)),
        ("next attempt", due(record.next_at, now)),
        ("waits since", f"{moment(record.first_at)} UTC"),
        ("last decided", f"{moment(record.last_at)} UTC" if record.last_at else ""),
        ("by run", f"{shown.run[0]}, {shown.run[1]}" if shown.run else ""),
        ("link", _link(shown)),
        ("creation", shown.create_state),
        ("last stamp", shown.stamp),
        ("org/system", record.scope),
    ]
    head = f"{flow(record.collection, record.direction)} {printable(record.source_id)}"
    lines = [head, *(f"  {name:<13} {printable(text)}" for name, text in facts if text)]
    if values:
        lines += value_lines(shown)
    return [*lines, *(f"  {journal_text(line)}" for line in shown.journal)]


def value_lines(shown: Shown) -> list[str]:
    """Return what both sides show, and showed when they last agreed, a field a line."""
    if not shown.values:
        return ["  The ledger holds no values of this record."]
    lines = []
    for key, values in shown.values.items():
        parts = [f"{title} {value_text(values[name])}" for title, name in VALUES if name in values]
        lines.append(f"  {printable(key)}: {', '.join(parts)}")
    return lines


def replayed_lines(done: Replayed) -> list[str]:
    """Say what a replay came to."""
    lines = ["Nothing was replayed."]
    if done.count:
        told = f"{_records(done.count)} due at once ({_counts(done.by_reason)})"
        lines = [f"{told}; the next run in each direction tries them."]
    if anyway := done.count - done.waited:
        lines.append(f"{anyway} of them were due anyway, at every run.")
    return [*lines, *_kept(done.kept)]


def dropped_lines(done: Dropped) -> list[str]:
    """Say what dropping came to."""
    lines = ["Nothing was dropped."]
    if done.count:
        lines = [
            f"{_records(done.count)} dropped ({_counts(done.by_reason)}). They count as skipped (dropped) and are taken up "
            "again when they change, or by record_ids."
        ]
    return [*lines, *_kept(done.kept)]


def _kept(kept: dict[str, int]) -> list[str]:
    return [f"{_records(count)} kept: {why}." for why, count in kept.items()]


def group_dict(group: Group) -> dict[str, Any]:
    """Return a group for programs; times are ISO 8601, a `next_at` of null means at once."""
    return _plain(asdict(group) | {"codes": dict(group.codes)})


def record_dict(record: WaitingRecord) -> dict[str, Any]:
    """Return a record for programs."""
    return _plain(asdict(record))


def shown_dict(shown: Shown, *, values: bool) -> dict[str, Any]:
    """Return all that is known of a record for programs."""
    found = {name: getattr(shown, name) for name in Shown.__dataclass_fields__ if name not in ("record", "values")}
    found["run"] = {"dag_id": shown.run[0], "run_id": shown.run[1]} if shown.run else None
    found["journal"] = [_plain(asdict(line)) for line in shown.journal]
    return record_dict(shown.record) | _plain(found) | ({"values": shown.values} if values else {})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _link(shown: Shown) -> str:
    if shown.link_state is None:
        return "not linked"
    return f"{shown.link_state}, agreed {moment(shown.settled_at)} UTC" if shown.settled_at else shown.link_state


def journal_text(line: JournalLine) -> str:
    """Return one line of the journal: when, what, in which direction, how it ended, and who did it."""
    who = f"by {line.actor}" if line.actor else line.run_key
    fields = f" of {', '.join(line.fields)}" if line.fields else ""
    outcome = f" {line.outcome}" if line.outcome else ""
    code = f" ({line.code})" if line.code else ""
    return printable(f"{moment(line.at)} UTC {line.op} {line.direction} {line.phase}{outcome}{code}{fields}, {who}")


def value_text(value: object) -> str:
    """Return a value of a field as JSON, in one line."""
    return "blank" if value is None else printable(json.dumps(value, ensure_ascii=False))


def _step(next_step: str | None) -> str:
    return f" Next step: {printable(next_step)}" if next_step else ""


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def _counts(by_reason: dict[str, int]) -> str:
    return ", ".join(f"{printable(reason)} {count}" for reason, count in by_reason.items())
