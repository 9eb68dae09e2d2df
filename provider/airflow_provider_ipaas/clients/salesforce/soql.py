"""Write SOQL safely: strings, stamps, ids, and IN clauses cut so that their query still fits into a URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote as percent_encode

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
# URI and headers together may have 16,384 bytes; the rest is left to the path, the SELECT list and the headers.
IN_CLAUSE_BYTES = 10_000


def quote(text: str) -> str:
    """Quote a string literal; control characters and lone surrogates, which no field holds, are dropped."""
    kept = (_ESCAPES.get(char, char) for char in text if char in _ESCAPES or _is_text(char))
    return f"'{''.join(kept)}'"


def _is_text(char: str) -> bool:
    return char >= " " and char != "\x7f" and not "\ud800" <= char <= "\udfff"


def datetime_literal(moment: datetime) -> str:
    """Write an aware datetime as a dateTime literal: UTC, whole seconds, as stamps have them."""
    if moment.tzinfo is None:
        raise ValueError("A dateTime literal needs an aware datetime.")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def name(identifier: str) -> str:
    """Return the API name of an object or field, checked: names cannot be quoted in SOQL or in a path."""
    if not _NAME.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is not the API name of an object or field.")
    return identifier


def id18(record_id: str) -> str:
    """Return the 18-character form of an id of 15 or 18 characters. Raises ValueError for anything else."""
    if not _ID.fullmatch(record_id):
        raise ValueError(f"{record_id!r} is not a Salesforce id.")
    head = record_id[:15]
    bits = (sum(1 << place for place, char in enumerate(head[at : at + 5]) if "A" <= char <= "Z") for at in (0, 5, 10))
    whole = head + "".join(_SUFFIX[value] for value in bits)
    if len(record_id) == 18 and whole != record_id:
        raise ValueError(f"{record_id!r} is not a Salesforce id: its check characters don't fit.")
    return whole


def is_id(value: object) -> bool:
    """Say whether a value looks like an id of 15 or 18 characters; check characters are not looked at."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def same_id(one: str, other: str) -> bool:
    """Say whether two ids, of 15 or 18 characters each, name the same record."""
    return len(one) >= 15 and one[:15] == other[:15]


def in_clauses(field: str, values: Iterable[str], *, max_bytes: int = IN_CLAUSE_BYTES) -> Iterator[str]:
    """Yield `field IN ('a','b',...)` conditions, each within *max_bytes* once percent-encoded, each value once."""
    head = f"{name(field)} IN ("
    chunk: list[str] = []
    size = 0
    for literal in dict.fromkeys(map(quote, values)):
        cost = len(percent_encode(literal + ",", safe=""))
        if chunk and size + cost > max_bytes:
            yield f"{head}{','.join(chunk)})"
            chunk, size = [], 0
        chunk.append(literal)
        size += cost
    if chunk:
        yield f"{head}{','.join(chunk)})"
