"""Text"""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_count, as_list, as_text
from airflow_provider_ipaas.mapping.expressions.limits import checked_text


def upper(value: Any) -> str:
    """Return the text in capitals."""
    return as_text(value).upper()


def lower(value: Any) -> str:
    """Return the text in small letters."""
    return as_text(value).lower()


def title(value: Any) -> str:
    """Return the text with a capital at the start of each word."""
    return as_text(value).title()


def trim(value: Any) -> str:
    """Return the text without blanks around it, and with single blanks inside."""
    return " ".join(as_text(value).split())


def left(value: Any, count: Any) -> str:
    """Return the first *count* characters."""
    return as_text(value)[: as_count(count)]


def right(value: Any, count: Any) -> str:
    """Return the last *count* characters."""
    text = as_text(value)
    return text[max(0, len(text) - as_count(count)) :]


def mid(value: Any, start: Any, count: Any) -> str:
    """Return *count* characters from the character number *start* on, which counts from 1."""
    first = max(0, as_count(start) - 1)
    return as_text(value)[first : first + as_count(count)]


def length(value: Any) -> int:
    """Return the number of characters of a text, or of values of a list."""
    return len(value) if isinstance(value, list) else len(as_text(value))


def replace(value: Any, old: Any, new: Any) -> str:
    """Return the text with every *old* replaced by *new*."""
    text, before, after = as_text(value), as_text(old), as_text(new)
    if not before:
        return text
    checked_text(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


def contains(value: Any, part: Any) -> bool:
    """Tell whether a text holds *part*, or a list has it as a value."""
    return as_text(part) in ([as_text(item) for item in as_list(value)] if isinstance(value, list) else as_text(value))


def starts_with(value: Any, part: Any) -> bool:
    """Tell whether the text starts with *part*."""
    return as_text(value).startswith(as_text(part))


def ends_with(value: Any, part: Any) -> bool:
    """Tell whether the text ends with *part*."""
    return as_text(value).endswith(as_text(part))


def remove_prefix(value: Any, part: Any) -> str:
    """Return the text without *part* at its start, where it is there."""
    return as_text(value).removeprefix(as_text(part))


def remove_suffix(value: Any, part: Any) -> str:
    """Return the text without *part* at its end, where it is there."""
    return as_text(value).removesuffix(as_text(part))


def pad_left(value: Any, width: Any, fill: Any = "0") -> str:
    """Return the text filled up on its left to *width* characters (at most 255): pad_left('7', 3) is 007."""
    return as_text(value).rjust(as_count(width, 255), (as_text(fill) or " ")[0])


def digits(value: Any) -> str:
    """Return the digits 0 to 9 of the text alone."""
    return "".join(letter for letter in as_text(value) if letter in "0123456789")


def default(value: Any, other: Any) -> Any:
    """Return the value, or *other* where it is blank."""
    return other if value is None or value == "" or value == [] else value


FUNCTIONS = (
    *(upper, lower, title, trim, left, right, mid, length, replace, contains, starts_with, ends_with),
    *(remove_prefix, remove_suffix, pad_left, digits, default),
)
