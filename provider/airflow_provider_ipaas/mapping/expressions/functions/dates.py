"""Dates and time zones"""

from __future__ import annotations

from typing import Any

import pendulum
from pendulum.parsing.exceptions import ParserError

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_text
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed

_MOST_LETTERS = 60


def _moment(value: Any, zone: Any = "UTC") -> pendulum.DateTime:
    text = as_text(value)
    # Digits first: pendulum would take words and week numbers for more than a mapping means by them.
    if not (10 <= len(text) <= _MOST_LETTERS and text[:4].isdigit() and text[4] == text[7] == "-"):
        raise ExpressionFailed("the text is no date such as 2026-12-31 or 2026-12-31T10:00:00Z")
    try:
        found = pendulum.parse(text, tz=_zone(zone), exact=False)
    except (ParserError, ValueError, OverflowError):
        raise ExpressionFailed("the text is no date such as 2026-12-31 or 2026-12-31T10:00:00Z") from None
    if not isinstance(found, pendulum.DateTime):
        raise ExpressionFailed("the text is no date such as 2026-12-31 or 2026-12-31T10:00:00Z")
    return found


def _zone(name: Any) -> pendulum.Timezone:
    try:
        return pendulum.timezone(as_text(name))
    except (ValueError, LookupError, OSError):
        raise ExpressionFailed("there is no such time zone (Europe/Berlin, America/Chicago, UTC)") from None


def _format(form: Any) -> str:
    text = as_text(form)
    if not 0 < len(text) <= _MOST_LETTERS:
        raise ExpressionFailed(f"a date format has 1 to {_MOST_LETTERS} characters")
    return text


def format_date(value: Any, form: Any) -> str:
    """Return an ISO date or time in another form: format_date('2026-12-31', 'DD/MM/YYYY') is 31/12/2026."""
    try:
        return _moment(value).format(_format(form))
    except ValueError:
        raise ExpressionFailed("the date format is not known") from None


def parse_date(value: Any, form: Any) -> str:
    """Return the ISO date that a text in the given form says: parse_date('31/12/2026', 'DD/MM/YYYY')."""
    text = as_text(value)
    # What the form leaves out would be taken from today.
    if not all(token in as_text(form) for token in ("Y", "M", "D")):
        raise ExpressionFailed("the form of a date needs year, month and day")
    if len(text) > _MOST_LETTERS:
        raise ExpressionFailed("the text is no date of this form")
    try:
        found = pendulum.from_format(text, _format(form), tz="UTC")
    except (ValueError, TypeError, OverflowError, AttributeError):
        raise ExpressionFailed("the text is no date of this form") from None
    return found.to_date_string()


def in_timezone(value: Any, zone: Any) -> str:
    """Return a time in another zone, with its offset: in_timezone('2026-12-31T10:00:00Z', 'America/Chicago')."""
    return _moment(value).in_timezone(_zone(zone)).to_iso8601_string()


def to_utc(value: Any, zone: Any = "UTC") -> str:
    """Return a time as UTC (`...Z`); one that names no offset is read as local time of *zone*."""
    return _moment(value, zone).in_timezone("UTC").to_iso8601_string()


def date_in(value: Any, zone: Any = "UTC") -> str:
    """Return the day that a time falls on in *zone*: 2026-12-31."""
    return _moment(value).in_timezone(_zone(zone)).to_date_string()


FUNCTIONS = (format_date, parse_date, in_timezone, to_utc, date_in)
