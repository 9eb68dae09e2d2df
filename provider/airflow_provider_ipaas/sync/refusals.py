"""What a refusal means: its class decides what the sync does, its text what a person can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_provider_ipaas.catalogue import Entry, Handling, about

# data: this record; config: every record alike; duplicate: a person decides; deleted: the target is gone; locked: later.
RefusalClass = Literal["data", "config", "duplicate", "deleted", "locked"]

# What the catalogue says of a code, where it meets a single record; whatever else it may say is about this record.
_KINDS: dict[Handling, RefusalClass] = {
    Handling.FAIL_OR_STOP: "config",
    Handling.STOP: "config",
    Handling.RENEW: "config",
    Handling.PARK_DUPLICATE: "duplicate",
    Handling.SKIP: "deleted",
    Handling.RETRY_RECORD: "locked",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal, worded by us where the code is known (without the record's values)."""

    code: str
    kind: RefusalClass
    message: str
    next_step: str


# An e-mail begins where a word does: looked for at every letter, a value of 131,072 letters would take half a minute.
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![^\s@])[^\s@]+(?:@[^\s@]+)+")
_LIMIT = re.compile(r"max length=(\d+)")
_IPAAS = re.compile(r"[A-Z]{4}-\d{4}")
_MAX_TEXT = 300
# An error goes into XCom with a hundred others: whatever a service says, each stays short. Rules of an org may have 255
# characters.
_MAX_CODE, _MAX_FIELDS, _MAX_WHOLE = 80, 10, 600


def classify(
    code: str, message: str, fields: tuple[str, ...] = (), *, service: str = "", status: int | None = None
) -> Refusal:
    """Return what a refusal means; unknown codes are about the record's data and say so."""
    ipaas = service == "ipaas" or _IPAAS.fullmatch(code) is not None
    entry = about("ipaas" if ipaas else "salesforce", code, message, status=status)
    kind = _KINDS.get(entry.handling, "data")
    # Our own errors say first what was tried, and name the code.
    said = message.partition(f"({code}): ")[2] or message
    text = _worded(entry, said, [name[:_MAX_CODE] for name in fields[:_MAX_FIELDS]], free_text=ipaas)
    return Refusal(code[:_MAX_CODE] or "unknown", kind, text, entry.advice())


def _worded(entry: Entry, message: str, fields: Sequence[str], *, free_text: bool) -> str:
    """Put a refusal into our words; what iPaaS.com said goes along where it has to name the field itself."""
    if entry.shows == "whole":
        return message if len(message) <= _MAX_WHOLE else f"{message[: _MAX_WHOLE - 1]}…"
    if entry.shows == "masked":
        return f"{entry.cause}: {_masked(message)}"
    named = ", ".join(fields) or ("" if free_text else _named(message))
    limit = _LIMIT.search(message)
    text = entry.cause.format(fields=named or "a field", limit=f" ({limit.group(1)} characters)" if limit else "") + "."
    unnamed = free_text and not named and "{fields}" in entry.cause
    return f"{text} It said: {_masked(message)}" if unnamed and message else text


def _masked(message: str) -> str:
    return _VALUES.sub("...", message)[:_MAX_TEXT]


def _named(message: str) -> str:
    """Return the field label that a Salesforce message begins with (`Account Name: data value too large ...`)."""
    head, colon, _ = message.partition(":")
    return head.strip() if colon and len(head) <= 60 and "\n" not in head else ""
