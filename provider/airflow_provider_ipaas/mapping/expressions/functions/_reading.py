"""Arguments as the type a function needs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from airflow_provider_ipaas.mapping.expressions.limits import MAX_TEXT, ExpressionFailed
from airflow_provider_ipaas.mapping.text import canonical


def as_text(value: Any) -> str:
    """Read a scalar as text; blank is ''."""
    if isinstance(value, list):
        raise ExpressionFailed("it needs a text and got a list (join makes one)")
    return value if isinstance(value, str) else canonical(value) or ""


def as_count(value: Any, most: int = MAX_TEXT) -> int:
    """Read a whole number from 0 to *most*."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value) or not 0 <= value <= most:
        raise ExpressionFailed(f"it needs a whole number from 0 to {most}")
    return int(value)


def as_list(value: Any) -> list[Any]:
    """Read a list; a text is refused, since split or picklist says how."""
    if not isinstance(value, list):
        raise ExpressionFailed("it needs a list (split or picklist makes one of a text)")
    return value
