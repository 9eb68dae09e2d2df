"""Check and clean the values of a write, one field at a time."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError, json_parser_error
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.schema import TEXT_TYPES, FieldDef
from airflow_provider_ipaas.sandbox.salesforce.stamps import parse_stamp, stamp

if TYPE_CHECKING:
    from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TEN_DIGITS = re.compile(r"[\s().-]*(\d{3})[\s().-]*(\d{3})[\s.-]*(\d{4})[\s.-]*")
_MAX_INT = 99_999_999
_TOKEN_NAMES = {
    bool: "VALUE_TRUE",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    str: "VALUE_STRING",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def clean(store: SalesforceStore, field: FieldDef, value: Any) -> Any:
    """Return the value as it will be stored; None clears the field."""
    if value is None:
        if field.type == "boolean":
            raise SalesforceError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD",
                f"{field.label}: value not of required type: null",
                fields=[field.name],
            )
        return None
    if field.type in TEXT_TYPES:
        return _text(store, field, value)
    if field.type == "reference":
        return _reference(store, field, value)
    if field.type == "boolean":
        return _boolean(field, value)
    if field.type in {"date", "datetime"}:
        return _moment(field, value)
    return _number(field, value)


def _wrong_type(field: FieldDef, value: Any) -> SalesforceError:
    token = "VALUE_FALSE" if value is False else _TOKEN_NAMES.get(type(value), "VALUE_NULL")
    shown = "" if isinstance(value, list | dict) else f" value {value}"
    kind = "string" if field.type in TEXT_TYPES or field.type == "reference" else field.type
    return json_parser_error(
        f"Cannot deserialize instance of {kind} from {token}{shown} or request may be missing a required field at "
        "[line:1, column:1]"
    )


def _text(store: SalesforceStore, field: FieldDef, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    text = value.strip()
    if not text:
        return None
    if field.type == "phone" and store.switches["normalise_phones"]:
        found = _TEN_DIGITS.fullmatch(text)
        text = f"({found[1]}) {found[2]}-{found[3]}" if found else text
    if len(text) > field.length:
        raise SalesforceError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
            fields=[field.name],
        )
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise SalesforceError(
            "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", fields=[field.name]
        )
    if field.values and store.switches["restricted_picklists"]:
        return _picklist(field, text)
    return text


def _picklist(field: FieldDef, text: str) -> str:
    known = {value.lower(): value for value in field.values}
    chosen = []
    for part in text.split(";") if field.type == "multipicklist" else [text]:
        if part.lower() not in known:
            raise SalesforceError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.label}: bad value for restricted picklist field: {part}",
                fields=[field.name],
            )
        chosen.append(known[part.lower()])
    return ";".join(chosen)


def _reference(store: SalesforceStore, field: FieldDef, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    if not value.strip():
        return None
    full = to_18(value.strip())
    prefixes = {store.everything[target.lower()].prefix for target in field.reference_to}
    if full is None or full[:3] not in prefixes:
        raise SalesforceError(
            "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", fields=[field.name]
        )
    target = store.get(full)
    if target is None or target["IsDeleted"]:
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
    return full


def _boolean(field: FieldDef, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong_type(field, value)
    return value


def _moment(field: FieldDef, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    if not value:
        return None
    if field.type == "datetime":
        moment = parse_stamp(value)
        if moment is None:
            raise _wrong_type(field, value)
        return stamp(moment)
    try:
        return date.fromisoformat(value[:10] if "T" in value else value).isoformat()
    except ValueError:
        raise _wrong_type(field, value) from None


def _number(field: FieldDef, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_type(field, value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong_type(field, value) from None
    if field.type != "int" and math.isfinite(number):
        return number
    if not math.isfinite(number) or number != int(number) or abs(number) > _MAX_INT:
        raise SalesforceError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range: {value}",
            fields=[field.name],
        )
    return int(number)
