"""Phone numbers"""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_text
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed

_MOST_LETTERS = 60


def _said(value: Any, country: Any, form: str) -> str:
    # Metadata of all countries: loaded by the first phone number, not by every task.
    import phonenumbers

    region = as_text(country).upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ExpressionFailed("the country of a phone number is a code of two letters, such as 'US'")
    text = as_text(value)
    try:
        if len(text) > _MOST_LETTERS:
            raise ExpressionFailed("the text is no phone number")
        found = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ExpressionFailed("the text is no phone number") from None
    if not phonenumbers.is_possible_number(found):
        raise ExpressionFailed("the phone number is too short or too long for its country")
    return str(phonenumbers.format_number(found, getattr(phonenumbers.PhoneNumberFormat, form)))


def phone_e164(value: Any, country: Any) -> str:
    """Return the number as +15125550100; one without + is read as of *country* ('US'). An extension is dropped."""
    return _said(value, country, "E164")


def phone_international(value: Any, country: Any) -> str:
    """Return the number as +1 512-555-0100; one without + is read as of *country*."""
    return _said(value, country, "INTERNATIONAL")


def phone_national(value: Any, country: Any) -> str:
    """Return the number as it is written in its own country: (512) 555-0100."""
    return _said(value, country, "NATIONAL")


FUNCTIONS = (phone_e164, phone_international, phone_national)
