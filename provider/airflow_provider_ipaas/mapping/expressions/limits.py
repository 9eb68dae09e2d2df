"""What bounds an expression in time and memory: sizes checked before anything large is made.

There are no loops, so an expression runs each of its few nodes once; with every text and number bounded, so is its time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

MAX_SOURCE = 2_000  # characters of an expression
MAX_NODES = 200
MAX_DEPTH = 25
MAX_TEXT = 131_072  # characters: the longest text field of Salesforce
MAX_ITEMS = 5_000
MAX_DIGITS = 60


class ExpressionFailed(Exception):
    """An expression that can't be worked out for one record; the text holds no value of the record."""


def checked_text(length: int) -> None:
    """Refuse to make a text of *length* characters when that is more than any field holds."""
    if length > MAX_TEXT:
        raise ExpressionFailed(f"the text would be longer than {MAX_TEXT} characters")


def checked_number(value: int | Decimal) -> int | Decimal:
    """Return the number; refuse one that no field of either service holds."""
    number = Decimal(value)
    if not number.is_finite() or (number and abs(number.adjusted()) > MAX_DIGITS):
        raise ExpressionFailed("the number is too large or too small")
    return value


def checked(value: Any) -> Any:
    """Return *value* if it is one of the few types that expressions know, within its bounds."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        checked_text(len(value))
        return value
    if isinstance(value, int | Decimal):
        return checked_number(value)
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise ExpressionFailed(f"the list would have more than {MAX_ITEMS} values")
        checked_text(sum(len(item) for item in value if isinstance(item, str)))
        return value
    raise ExpressionFailed("it gives something that is neither text, number, true, false nor a list")
