"""Salesforce record ids: 15 case-sensitive characters and the 3-character checksum."""

from __future__ import annotations

import re

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def checksum(id15: str) -> str:
    """Return the 3 characters that make a 15-character id safe to compare without case."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << k for k, char in enumerate(id15[start : start + 5]) if "A" <= char <= "Z")
        suffix += _SUFFIX[bits]
    return suffix


def to_18(record_id: str) -> str | None:
    """Return the 18-character form, or None when the value is no id or its checksum is wrong."""
    if not _SHAPE.fullmatch(record_id):
        return None
    full = record_id[:15] + checksum(record_id[:15])
    return full if len(record_id) == 15 or record_id == full else None


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record with a 3-character key prefix."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    id15 = f"{prefix}5g0{digits}"
    return id15 + checksum(id15)
