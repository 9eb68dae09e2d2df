"""What Salesforce says when it refuses one record of a write.

Sources: REST API Developer Guide (sObject Collections, status codes), SOAP API Developer Guide (StatusCode); *observed*
ones from logs that users of other clients have published.
"""

from __future__ import annotations

from functools import partial

from .entry import Handling, row

_row = partial(row, "salesforce")
_EDIT = "Correct the field in the source record; the edit is synced by the next run."
_PERMISSION = "Give the integration user the permission named, then run again."
_LATER = "Nothing to do: a later run tries again."

RECORDS = (
    # Values
    _row(
        "STRING_TOO_LONG", Handling.FAIL_RECORD, "The text in {fields} is longer than Salesforce allows{limit}", _EDIT
    ),
    _row("REQUIRED_FIELD_MISSING", Handling.FAIL_RECORD, "Salesforce requires a value in {fields}", _EDIT),
    _row(
        "INVALID_EMAIL_ADDRESS",
        Handling.FAIL_RECORD,
        "Salesforce takes the text in {fields} for no e-mail address",
        _EDIT,
    ),
    _row(
        "FIELD_INTEGRITY_EXCEPTION",
        Handling.FAIL_RECORD,
        "Salesforce does not accept the value in {fields} (a state or country off its list, say)",
        "Use a value of the org's list in the source record, or translate it in the mapping.",
        sure="observed",
    ),
    _row(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        Handling.FAIL_RECORD,
        "The value in {fields} is not on the restricted picklist",
        "Use a value of the picklist, or add it in Salesforce.",
        sure="observed",
    ),
    _row(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        Handling.FAIL_RECORD,
        "The value in {fields} is not of the field's type",
        "Correct the value in the source record, or the field's `type` in the mapping.",
        sure="observed",
    ),
    _row(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        Handling.FAIL_RECORD,
        "A validation rule of the org refuses the record; its own text is shown",
        "A validation rule of the org says this; correct the source record.",
        shows="whole",
    ),
    # Other records
    _row(
        "DUPLICATE_VALUE",
        Handling.FAIL_RECORD,
        "Another record has the same unique value in {fields}",
        "Find the record with that value; merge the two or change one.",
    ),
    _row(
        "DUPLICATE_EXTERNAL_ID",
        Handling.FAIL_RECORD,
        "More than one Salesforce record carries this external id",
        "Leave the external id on one record only.",
        sure="inferred",
    ),
    _row(
        "DUPLICATES_DETECTED",
        Handling.PARK_DUPLICATE,
        "A duplicate rule of the org takes it for an existing record",
        "Look at the records that the rule matches; merge or link them, or change the record.",
    ),
    _row(
        "INVALID_CROSS_REFERENCE_KEY",
        Handling.FAIL_RECORD,
        "A record it refers to ({fields}) does not exist or was deleted",
        "Correct the reference in the source record or its mapping.",
    ),
    _row(
        "FIELD_FILTER_VALIDATION_EXCEPTION",
        Handling.FAIL_RECORD,
        "The record that {fields} refers to does not fit the lookup filter of that field",
        "Choose a record that the lookup filter lets through, or change the filter in Salesforce.",
        sure="observed",
    ),
    _row(
        "CIRCULAR_DEPENDENCY",
        Handling.FAIL_RECORD,
        "The record would become its own parent by {fields}",
        "Correct the parent in the source record.",
    ),
    _row(
        "INVALID_ID_FIELD MALFORMED_ID",
        Handling.FAIL_RECORD,
        "What stands in {fields} is no id, or the id of another kind of record",
        "Correct the reference in the source record or its mapping.",
    ),
    _row(
        "ENTITY_IS_DELETED",
        Handling.SKIP,
        "The record was deleted in Salesforce",
        "Nothing to do: deletes are not synced.",
        statuses=(404,),
    ),
    _row(
        "INACTIVE_OWNER_OR_USER",
        Handling.FAIL_RECORD,
        "Its owner is an inactive user",
        "Give the record an active owner.",
        sure="observed",
    ),
    # Locks
    _row(
        "UNABLE_TO_LOCK_ROW",
        Handling.RETRY_RECORD,
        "Another transaction held the record",
        "Nothing to do: another transaction holds the record; a later run tries again.",
        sure="observed",
    ),
    _row(
        "API_TEMPORARILY_UNAVAILABLE",
        Handling.RETRY_RECORD,
        "The API would not take the record just now",
        _LATER,
        sure="observed",
    ),
    _row(
        "ENTITY_IS_LOCKED",
        Handling.FAIL_RECORD,
        "The record is locked, usually by an approval that is under way",
        "Finish the approval in Salesforce, or let the integration user edit locked records.",
        sure="observed",
    ),
    _row(
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        Handling.RETRY_RECORD,
        "The org takes no writes during its maintenance",
        "Nothing to do: a run after the maintenance goes on.",
        sure="observed",
    ),
    # Permissions and the org
    _row(
        "INSUFFICIENT_ACCESS_OR_READONLY",
        Handling.FAIL_OR_STOP,
        "The integration user may not write this object",
        _PERMISSION,
    ),
    _row(
        "INSUFFICIENT_ACCESS",
        Handling.FAIL_OR_STOP,
        "The integration user lacks a permission",
        "Give the integration user access to these records (object permissions, View All Records), then run again.",
        statuses=(403,),
    ),
    _row(
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        Handling.FAIL_OR_STOP,
        "The integration user may not use a record it refers to",
        _PERMISSION,
    ),
    _row(
        "TRANSFER_REQUIRES_READ",
        Handling.FAIL_RECORD,
        "The owner it would get may not read this object",
        "Give the owner read permission on the object, or choose another one.",
    ),
    _row(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        Handling.FAIL_OR_STOP,
        "The integration user may not write {fields}",
        "Give the integration user edit access to the field, or map it to iPaaS.com only.",
    ),
    _row(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        Handling.FAIL_OR_STOP,
        "The integration user may not write this object, or a trigger or flow of the org failed on it",
        "Give the integration user create and edit permission on the object; else look at the org's triggers and flows.",
    ),
    _row(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        Handling.RETRY_RECORD,
        "A trigger of the org met a record that another transaction held",
        _LATER,
        said="unable_to_lock_row",
        sure="inferred",
    ),
    _row(
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        Handling.FAIL_RECORD,
        "A flow of the org failed on the record",
        "Look at the error mail that Salesforce sent about the flow; correct the flow or the source record.",
        sure="observed",
    ),
    _row(
        "STORAGE_LIMIT_EXCEEDED",
        Handling.FAIL_OR_STOP,
        "The org's data storage is full",
        "Free or buy data storage in Salesforce, then run again.",
        statuses=(403,),
    ),
    _row(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED BATCH_PROCESSING_HALTED",
        Handling.FAIL_RECORD,
        "Another record of the same call was refused, and this one was undone with it",
        "Nothing to do: it is tried again by itself. This project asks for records to be kept apart, so if it stays, "
        "report it with the task's log.",
    ),
)
