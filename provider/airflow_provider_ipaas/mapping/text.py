"""Text as both services may show it: one canonical form, and what no service can store."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

# Salesforce's numbers have 18 digits at most, before and behind the point together.
_MOST_DIGITS = 60


def canonical(value: Any) -> str | None:
    """Show any scalar as trimmed text with ``\\n`` line ends; blank is None."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = str(value)
    elif isinstance(value, float | Decimal):
        text = _plain_number(value)
    else:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip() or None


def _plain_number(value: float | Decimal) -> str:
    """Show a number without exponent and without trailing zeros: 1000.0 is ``1000``."""
    if not math.isfinite(value):
        return str(value)
    number = format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if number == "-0" else number


def unsendable(value: object) -> str | None:
    """Name what keeps *value* (text, or dicts and lists of text) from being sent, or None when nothing does."""
    if isinstance(value, str):
        if "\x00" in value:
            return "it contains a NUL character"
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            return "it contains half a surrogate pair, which is no valid Unicode text"
        return None
    if isinstance(value, dict):
        parts: list[object] = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        parts = list(value)
    else:
        return None
    return next((problem for problem in map(unsendable, parts) if problem), None)


def as_number(text: str) -> Decimal | None:
    """Read a plain decimal number; None when *text* is none, or one that no field of either service holds.

    An exponent makes a short text a number of a million digits, which would be written out for minutes.
    """
    try:
        number = Decimal(text) if len(text) <= _MOST_DIGITS else None
    except ArithmeticError:
        return None
    if number is None or not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return None
    return number


def as_boolean(text: str) -> bool | None:
    """Read ``true``/``false`` (any case, ``1``/``0``, ``yes``/``no``); None when *text* is none of them."""
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.casefold())
