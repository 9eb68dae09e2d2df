"""Salesforce's date-times: whole seconds in UTC, written `2026-11-23T10:00:00.000+0000`.

Stored stamps keep that text: it is what answers show, and its order is the order of time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_DATETIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})",
)


def stamp(at: datetime) -> str:
    """Return `at` the way Salesforce shows it; the fraction of a second is dropped."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse_stamp(text: str) -> datetime | None:
    """Return the moment `text` names, in whole seconds, or None when it is no ISO date-time with an offset."""
    found = _DATETIME.fullmatch(text.strip())
    if not found:
        return None
    *numbers, zone = found.groups()
    try:
        at = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[misc,arg-type]
        return (at - _offset(zone)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    digits = zone[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    timezone(size)  # refuses offsets of a day and more
    return -size if zone[0] == "-" else size
