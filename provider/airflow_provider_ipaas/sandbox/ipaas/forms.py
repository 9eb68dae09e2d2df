"""How ids and stamps look from outside."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

_GUID_HEAD: Final = "5501a0de-0000-4000-8000-"
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def id_text(number: int, switches: Switches) -> str:
    """Return an id as text: digits, or a GUID that stands for the number."""
    return f"{_GUID_HEAD}{number:012x}" if switches.is_on("id_type", "guid") else str(number)


def id_json(number: int, switches: Switches) -> str | int:
    """Return an id as it stands in JSON."""
    return number if switches.is_on("id_type", "number") else id_text(number, switches)


def parse_id(value: object, switches: Switches, what: str = "id") -> int:
    """Return the number an id stands for; raises the VALD error of a malformed one.

    Numbers and texts are both taken. A well-formed GUID of nobody gives 0, which no record has.
    """
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text:
        raise ApiError("VALD-1001", f"The {what} must not be null.")
    if switches.is_on("id_type", "guid"):
        if not _GUID.fullmatch(text):
            raise ApiError("VALD-1008", f"The {what} {text!r} is not a GUID.")
        return int(text[-12:], 16) if text.lower().startswith(_GUID_HEAD) else 0
    if not _INTEGER.fullmatch(text):
        raise ApiError("VALD-1004", f"The {what} {text!r} is not an integer.")
    if int(text) <= 0:
        raise ApiError("VALD-1005", f"The {what} must be greater than 0.")
    return int(text)


def stamp(at: datetime, switches: Switches) -> str:
    """Return a date-time with offset, in the service's zone and precision."""
    local = at.astimezone(timezone(timedelta(minutes=switches.number("datetime_offset_min"))))
    text = local.isoformat(timespec="microseconds")
    head, fraction, offset = text[:19], text[20:26], text[26:]
    digits = switches.number("datetime_digits")
    return f"{head}{'.' + f'{fraction}0'[:digits] if digits else ''}{offset}"
