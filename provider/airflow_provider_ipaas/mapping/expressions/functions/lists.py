"""Lists and picklists"""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_list, as_text
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed, checked_text


def split(value: Any, separator: Any = ",") -> list[str]:
    """Return the parts of a text between the separators, trimmed, blank ones left out."""
    between = as_text(separator)
    if not between:
        raise ExpressionFailed("split needs a separator")
    return [part.strip() for part in as_text(value).split(between) if part.strip()]


def join(value: Any, separator: Any = ", ") -> str:
    """Return the values of a list as one text, with *separator* between them."""
    parts, between = [as_text(item) for item in as_list(value)], as_text(separator)
    checked_text(sum(map(len, parts)) + len(between) * max(0, len(parts) - 1))
    return between.join(parts)


def picklist(value: Any) -> list[str]:
    """Return the values of a multi-select picklist, `a;b` in Salesforce, as a list."""
    return split(value, ";")


def to_picklist(value: Any) -> str:
    """Return a list as Salesforce writes a multi-select picklist: `a;b`."""
    return join([item for item in as_list(value) if as_text(item)], ";")


def first(value: Any) -> Any:
    """Return the first value of a list, or nothing."""
    return next(iter(as_list(value)), None)


def last(value: Any) -> Any:
    """Return the last value of a list, or nothing."""
    return next(reversed(as_list(value)), None)


FUNCTIONS = (split, join, picklist, to_picklist, first, last)
