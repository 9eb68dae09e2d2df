"""Checks of single values in a body: types, lengths, the form the service stores."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.model import PHONE_FIELDS
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request; raises VALD-1003 for anything else."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError("VALD-1003", "The request is null or its JSON can't be read.") from None
    if not isinstance(parsed, dict):
        raise ApiError("VALD-1003", "The request is null or not a JSON object.")
    return parsed


def list_of(value: object, name: str) -> list[dict[str, Any]]:
    """Return a list of objects; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ApiError("VALD-1003", f"The field {name} is not a list of objects.")
    return value


def check_names(
    item: Mapping[str, Any], known: Collection[str], server_set: Collection[str], where: str, switches: Switches
) -> None:
    """Refuse fields that the record does not have and fields that only the server sets, where switched so."""
    for name, value in item.items():
        if name in server_set:
            if value is not None and switches.is_on("server_fields", "refused"):
                raise ApiError("VALD-1037", f"The field {where}{name} is set by the service and can't be written.")
        elif name not in known and switches.is_on("unknown_fields", "refused"):
            raise ApiError("VALD-1003", f"The request can't be read: there is no field {where}{name}.")


def text(value: object, name: str, where: str, switches: Switches) -> str | None:
    """Return a text as the service stores it; raises VALD-1003 and VALD-1020."""
    if value is None:
        return None
    if not isinstance(value, str):
        if switches.is_on("value_types", "strict") or not isinstance(value, (int, float)):
            raise ApiError("VALD-1003", f"The request can't be read: {where}{name} is not a text.")
        value = json.dumps(value)
    mode = switches.text("normalise")
    if mode != "off":
        value = value.strip()
    if mode == "trim_phone" and name in PHONE_FIELDS and value:
        value = ("+" if value.startswith("+") else "") + "".join(char for char in value if char.isdecimal())
    longest = switches.number("max_text_length")
    if longest and len(value) > longest:
        if switches.is_on("too_long", "refused"):
            raise ApiError("VALD-1020", f"The field {where}{name} is longer than {longest} characters.")
        value = value[:longest]
    return value


def integer(value: object, name: str, switches: Switches) -> int | None:
    """Return an integer; raises VALD-1003."""
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal() and switches.is_on("value_types", "coerced"):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError("VALD-1003", f"The request can't be read: {name} is not an integer.")
    return value


def flag(value: object, name: str, where: str, switches: Switches) -> bool:
    """Return a yes or no; null is no; raises VALD-1003."""
    if value is None:
        return False
    if isinstance(value, str) and value.lower() in {"true", "false"} and switches.is_on("value_types", "coerced"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ApiError("VALD-1003", f"The request can't be read: {where}{name} is neither true nor false.")
    return value


def check_email(value: str, name: str, switches: Switches) -> None:
    """Refuse what is not an e-mail address; outer blanks don't count."""
    if switches.is_on("email_rules", "strict") and not _EMAIL.fullmatch(value.strip()):
        raise ApiError("VALD-1025", f"The field {name} is not an e-mail address.")
