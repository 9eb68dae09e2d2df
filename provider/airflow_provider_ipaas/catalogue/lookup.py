"""Find the row about a code; one that is not listed gets the row of its family, of its status or of its service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from .entry import UNLISTED, Entry, Service
from .ipaas import IPAAS
from .reasons import REASONS
from .salesforce_calls import CALLS
from .salesforce_login import LOGIN
from .salesforce_records import RECORDS
from .transport import TRANSPORT

ENTRIES: tuple[Entry, ...] = (*RECORDS, *CALLS, *LOGIN, *IPAAS, *TRANSPORT, *REASONS)
# Who gives codes that have to be looked up; there is a row for whatever they may say.
Answering = Literal["salesforce", "login", "ipaas"]
NOT_LISTED = "This code is not in the error catalogue."

_ROWS: dict[tuple[Service, str], list[Entry]] = defaultdict(list)
for _entry in ENTRIES:
    for _code in _entry.codes:
        _ROWS[_entry.service, _code].append(_entry)


def about(
    service: Answering,
    code: str,
    said: str = "",
    *,
    status: int | None = None,
    flow: str = "",
) -> Entry:
    """Return what is known of a code that a service gave, with the message it *said*.

    There is a row for everything: one that stands in for a code that is not listed says so in its next step.
    """
    for place, key in _keys(service, code, status):
        entry = _pick(_ROWS.get((place, key), ()), said.lower(), flow)
        if entry is None:
            continue
        listed = key == code or (code.startswith("HTTP-") and key.startswith("HTTP-"))
        return entry if listed else replace(entry, next_step=f"{NOT_LISTED} {entry.next_step}")
    raise LookupError(f"The catalogue has no row for what {service} does not list.")  # pragma: no cover


def find(code: str) -> list[Entry]:
    """Return every row that names a code, whatever its letter case: several services and messages may use one."""
    wanted = code.strip().casefold()
    return [entry for entry in ENTRIES if any(wanted == name.casefold() for name in entry.codes)]


def listed_codes(service: Service) -> list[str]:
    """Return the codes that a service is known to give, each once; rows that stand for others left out."""
    codes = [code for entry in ENTRIES if entry.service == service and not entry.is_fallback for code in entry.codes]
    return list(dict.fromkeys(code for code in codes if not code.endswith("xx")))


def _keys(service: Service, code: str, status: int | None) -> Iterator[tuple[Service, str]]:
    if code:
        yield service, code
        yield "transport", code
        yield service, f"{code[:4]}-*"
    number = status if status is not None else _status_in(code)
    if number is not None:
        yield service, f"HTTP-{number}"
        yield service, f"HTTP-{number // 100}xx"
    yield service, UNLISTED


def _status_in(code: str) -> int | None:
    number = code.removeprefix("HTTP-")
    return int(number) if number != code and number.isascii() and number.isdigit() and len(number) == 3 else None


def _pick(rows: list[Entry] | tuple[()], said: str, flow: str) -> Entry | None:
    """Choose among the rows of one code: by what was said, then by the way to log in, then the general one."""
    by_text = [entry for entry in rows if entry.said and entry.said in said]
    plain = [entry for entry in rows if not entry.said]
    by_flow = [entry for entry in plain if entry.flow and entry.flow == flow]
    general = [entry for entry in plain if not entry.flow]
    return next(iter([*by_text, *by_flow, *general, *plain]), None)
