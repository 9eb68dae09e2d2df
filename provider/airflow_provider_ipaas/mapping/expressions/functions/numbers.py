"""Numbers and yes or no"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_count, as_text
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed
from airflow_provider_ipaas.mapping.text import as_boolean, as_number


def number(value: Any) -> Decimal:
    """Return the number that a text such as `12.50` says; anything else fails."""
    found = as_number(as_text(value))
    if found is None:
        raise ExpressionFailed("the text is no number")
    return found


def round_to(value: Any, places: Any = 0) -> Decimal:
    """Return the number with so many decimal places (at most 15), halves away from zero."""
    found = value if isinstance(value, Decimal) else number(value)
    return found.quantize(Decimal(1).scaleb(-as_count(places, 15)), rounding=ROUND_HALF_UP)


def boolean(value: Any) -> bool:
    """Return true or false for true, yes, 1 or false, no, 0, in any letter case; anything else fails."""
    found = value if isinstance(value, bool) else as_boolean(as_text(value))
    if found is None:
        raise ExpressionFailed("the text is neither true nor false")
    return found


FUNCTIONS = (number, round_to, boolean)
