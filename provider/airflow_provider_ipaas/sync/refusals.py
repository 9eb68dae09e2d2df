"""What a refusal means: its class decides what the sync does, its text what a person can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# data: this record; config: every record alike; duplicate: a person decides; deleted: the target is gone; locked: later.
RefusalClass = Literal["data", "config", "duplicate", "deleted", "locked"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal, worded by us where the code is known (without the record's values)."""

    code: str
    kind: RefusalClass
    message: str
    next_step: str


_EDIT = "Correct the field in the source record; the edit is synced by the next run."
_PERMISSION = "Give the integration user the permission named, then run again; no record was marked."

# code -> (class, our wording, next step); {fields} are the fields the service names.
_KNOWN: dict[str, tuple[RefusalClass, str, str]] = {
    "STRING_TOO_LONG": ("data", "The text in {fields} is longer than Salesforce allows{limit}.", _EDIT),
    "REQUIRED_FIELD_MISSING": ("data", "Salesforce requires a value in {fields}.", _EDIT),
    "INVALID_EMAIL_ADDRESS": ("data", "Salesforce takes the text in {fields} for no e-mail address.", _EDIT),
    "FIELD_INTEGRITY_EXCEPTION": (
        "data",
        "Salesforce does not accept the value in {fields} (a state or country off its list, say).",
        "Use a value of the org's list in the source record, or translate it in the mapping.",
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        "data",
        "The value in {fields} is not on the restricted picklist.",
        "Use a value of the picklist, or add it in Salesforce.",
    ),
    "DUPLICATE_VALUE": (
        "data",
        "Another record has the same unique value in {fields}.",
        "Find the record with that value; merge the two or change one.",
    ),
    "DUPLICATE_EXTERNAL_ID": (
        "data",
        "More than one Salesforce record carries this external id.",
        "Leave the external id on one record only.",
    ),
    "DUPLICATES_DETECTED": (
        "duplicate",
        "A duplicate rule of the org takes it for an existing record.",
        "Look at the records that the rule matches; merge or link them, or change the record.",
    ),
    "INVALID_CROSS_REFERENCE_KEY": (
        "data",
        "A record it refers to ({fields}) does not exist or was deleted.",
        "Correct the reference in the source record or its mapping.",
    ),
    "ENTITY_IS_DELETED": ("deleted", "The record was deleted in Salesforce.", "Nothing to do: deletes are not synced."),
    "UNABLE_TO_LOCK_ROW": (
        "locked",
        "Another transaction held the record.",
        "Nothing to do: the next run tries again.",
    ),
    "INACTIVE_OWNER_OR_USER": ("data", "Its owner is an inactive user.", "Give the record an active owner."),
    "INSUFFICIENT_ACCESS_OR_READONLY": ("config", "The integration user may not write this object.", _PERMISSION),
    "INSUFFICIENT_ACCESS": ("config", "The integration user lacks a permission.", _PERMISSION),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        "config",
        "The integration user may not use a record it refers to.",
        _PERMISSION,
    ),
    "INVALID_FIELD": (
        "config",
        "Salesforce has no field {fields} that the integration user sees.",
        "Give the integration user access to the field, or take it out of the mapping.",
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        "config",
        "The integration user may not write {fields}.",
        "Give the integration user edit access to the field, or map it to iPaaS.com only.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "config",
        "The integration user may not write this object, or a trigger or flow of the org failed on it.",
        "Give the integration user create and edit permission on the object; else look at the org's triggers and flows.",
    ),
    "INVALID_TYPE": ("config", "Salesforce has no such object for the integration user.", _PERMISSION),
    "API_DISABLED_FOR_ORG": (
        "config",
        "The REST API is not enabled for this org.",
        "Ask the org's admin to enable it.",
    ),
    "API_CURRENTLY_DISABLED": ("config", "The API is disabled for the integration user.", _PERMISSION),
    "STORAGE_LIMIT_EXCEEDED": (
        "config",
        "The org's data storage is full.",
        "Free storage in Salesforce, then run again.",
    ),
    "BIZL-1004": ("duplicate", "iPaaS.com has a record with the same unique value.", "Link or merge the two records."),
    "BIZL-1006": ("duplicate", "iPaaS.com has a record with the same unique value.", "Link or merge the two records."),
    "BIZL-1003": (
        "duplicate",
        "Another record of iPaaS.com holds this Salesforce id as external id.",
        "Remove the external id from the wrong record.",
    ),
    "BIZL-1005": (
        "duplicate",
        "Another record of iPaaS.com holds this Salesforce id as external id.",
        "Remove the external id from the wrong record.",
    ),
    "VALD-1045": ("data", "Country code and country name do not fit together.", _EDIT),
    "VALD-1046": ("data", "iPaaS.com does not know the country.", _EDIT),
    "VALD-1049": ("data", "First and last name are both empty.", _EDIT),
    "VALD-1021": ("data", "iPaaS.com requires an e-mail.", _EDIT),
    "VALD-1011": (
        "config",
        "iPaaS.com has no such custom field.",
        "Define the custom field in iPaaS.com (Data Management > Custom Fields), or take it out of the mapping.",
    ),
    "VALD-1025": ("data", "A field rule of iPaaS.com refuses the record.", _EDIT),
    "NFND-1005": ("deleted", "The record is not in iPaaS.com any more.", "Nothing to do: deletes are not synced."),
}

_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s@]+@[^\s@]+")
_LIMIT = re.compile(r"max length=(\d+)")
_KEPT_TEXT = frozenset({"FIELD_CUSTOM_VALIDATION_EXCEPTION"})


def classify(code: str, message: str, fields: tuple[str, ...] = ()) -> Refusal:
    """Return what a refusal means; unknown codes are about the record's data and say so."""
    known = _KNOWN.get(code)
    if known is not None:
        kind, text, step = known
        named = ", ".join(fields) or _named(message) or "a field"
        limit = _LIMIT.search(message)
        text = text.format(fields=named, limit=f" ({limit.group(1)} characters)" if limit else "")
        return Refusal(code, kind, text, step)
    if code.startswith(("AUTZ-", "AUTH-")):
        return Refusal(code, "config", "iPaaS.com does not allow this to the connection's user.", _PERMISSION)
    if code in _KEPT_TEXT:
        return Refusal(code, "data", message, "A validation rule of the org says this; correct the source record.")
    return Refusal(
        code or "unknown",
        "data",
        f"The service refused the record: {_VALUES.sub('...', message)[:300]}",
        "Correct the record as the message says; the edit is synced by the next run.",
    )


def _named(message: str) -> str:
    """Return the field label that a Salesforce message begins with (`Account Name: data value too large ...`)."""
    head, colon, _ = message.partition(":")
    return head.strip() if colon and len(head) <= 60 and "\n" not in head else ""
