"""sObject Collections: up to 200 records in one call, each with a result of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce.context import Call
from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError, not_found
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.locks import locks_of
from airflow_provider_ipaas.sandbox.salesforce.render import whole_record
from airflow_provider_ipaas.sandbox.salesforce.rows import requested_fields
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.writes import find_live, upsert_row

MAX_RECORDS = 200
MAX_CHUNKS = 10
MAX_RETRIEVE = 2_000
_ROLLED_BACK = SalesforceError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Record = dict[str, Any]
Step = Callable[[int], Record]


def create(call: Call) -> Response:
    """Create records of one or several objects."""
    records, all_or_none = _records(call)
    definitions = [_definition(call, record) for record in records]
    _check_chunks(definitions)
    writer = call.writer()

    def step(index: int) -> Record:
        payload = {key: value for key, value in records[index].items() if key != "attributes"}
        return {"id": writer.create(definitions[index], payload, index)}

    return _run(call, len(records), step, all_or_none=all_or_none)


def update(call: Call) -> Response:
    """Update records of one or several objects by Id."""
    records, all_or_none = _records(call)
    definitions = [_definition(call, record) for record in records]
    _check_chunks(definitions)
    writer = call.writer()
    seen: set[str] = set()

    def step(index: int) -> Record:
        record = records[index]
        key = next((key for key in record if key.lower() == "id"), None)
        if key is None or not record[key]:
            raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", fields=[])
        given = str(record[key])
        full = to_18(given) or given
        if full in seen:
            raise SalesforceError("DUPLICATE_VALUE", f"Duplicate id specified: {given}", fields=["Id"])
        seen.add(full)
        payload = {name: value for name, value in record.items() if name not in {"attributes", key}}
        writer.update(definitions[index], given, payload, index)
        return {"id": full}

    return _run(call, len(records), step, all_or_none=all_or_none)


def upsert(call: Call) -> Response:
    """Create or update records of one object by an external-id field."""
    definition = call.definition()
    field = definition.by_lower.get(call.path("field").lower())
    if field is not None and field.type == "id":
        raise SalesforceError("INVALID_INPUT", "Only external ids are supported. Don't use record ids.")
    if field is None or not (field.external_id or field.id_lookup):
        raise not_found()
    records, all_or_none = _records(call)
    if any(_definition(call, record).name != definition.name for record in records):
        raise SalesforceError("INVALID_INPUT", f"All records must be of type {definition.name}.")
    writer = call.writer()
    # A key that occurs twice fails every record that carries it, the first one too.
    uses = Counter(str(value).strip().lower() for record in records for value in [_key_value(record, field)])

    def step(index: int) -> Record:
        payload, value = _split(records[index], field)
        if uses[value.lower()] > 1:
            raise SalesforceError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", fields=[field.name])
        record_id, created = upsert_row(call.store, writer, definition, field, payload, value, index)
        return {"id": record_id, "created": created}

    return _run(call, len(records), step, all_or_none=all_or_none)


def _split(record: Record, field: FieldDef) -> tuple[Record, str]:
    """Return a record without its key, and the key."""
    if any(key.lower() == "id" for key in record):
        raise SalesforceError(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=["Id"]
        )
    value = _key_value(record, field)
    if not isinstance(value, str) or not value.strip():
        raise SalesforceError("MISSING_ARGUMENT", f"{field.name} not specified", fields=[field.name])
    dropped = {"attributes", field.name.lower()}
    return {name: v for name, v in record.items() if name.lower() not in dropped}, value.strip()


def _key_value(record: Record, field: FieldDef) -> Any:
    return _any_case(record, field.name)


def _any_case(record: Record, wanted: str) -> Any:
    return next((value for name, value in record.items() if name.lower() == wanted.lower()), None)


def delete(call: Call) -> Response:
    """Delete records by Id."""
    ids = [part.strip() for part in call.request.query_params.get("ids", "").split(",") if part.strip()]
    _check_count(ids)
    writer = call.writer()
    seen: set[str] = set()

    def step(index: int) -> Record:
        full = to_18(ids[index])
        definition = call.store.definition_of(full) if full else None
        if full is None or definition is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {ids[index]}", fields=[])
        if full in seen:
            raise SalesforceError("DUPLICATE_VALUE", f"Duplicate id specified: {ids[index]}", fields=["Id"])
        seen.add(full)
        writer.delete(definition, full, index)
        return {"id": full}

    return _run(call, len(ids), step, all_or_none=call.flag("allOrNone"))


def retrieve(call: Call) -> Response:
    """Read records by Id, aligned with the request, null where there is none."""
    if call.method == "GET":
        params = call.request.query_params
        ids = [part.strip() for part in params.get("ids", "").split(",") if part.strip()]
        names = [part for part in params.get("fields", "").split(",") if part.strip()]
    else:
        body = call.json_object()
        ids, names = _strings(body, "ids"), _strings(body, "fields")
    if not ids or not names:
        raise SalesforceError("MISSING_ARGUMENT", "The ids and fields parameters are required")
    if len(ids) > MAX_RETRIEVE:
        raise _too_many(MAX_RETRIEVE)
    definition = call.definition()
    fields = requested_fields(definition, names)
    rows = call.store.tables[definition.name].rows
    records: list[Record | None] = []
    for given in ids:
        full = to_18(given)
        if full is None or full[:3] != definition.prefix:
            raise SalesforceError(
                "MALFORMED_ID", f"{definition.label} ID: id value of incorrect type: {given}", fields=["Id"]
            )
        row = rows.get(full)
        live = row is not None and not row["IsDeleted"]
        records.append(whole_record(row, definition, fields, call.version) if row is not None and live else None)
    return JSONResponse(records)


def locks(call: Call) -> set[str]:
    """Return the ids of what the write of these records locks."""
    body = {} if call.method == "DELETE" else call.json()
    records = body.get("records") if isinstance(body, dict) else None
    names: set[str] = set()
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict):
            names |= locks_of(_target(call, record), {key: _any_case(record, key) for key in ("AccountId", "ParentId")})
    return names


def _target(call: Call, record: Record) -> Mapping[str, Any]:
    """Return the row that a record of a write names by its Id or external id, or an empty one."""
    if "field" not in call.request.path_params:
        given = str(_any_case(record, "id") or "")
        return call.store.get(to_18(given) or given) or {}
    definition = call.definition()
    field = definition.by_lower.get(call.path("field").lower())
    if field is None or not (value := str(_key_value(record, field) or "").strip()):
        return {}
    found = find_live(call.store, definition, field, value)
    return call.store.get(found[0]) or {} if found else {}


# Helpers


def _run(call: Call, count: int, step: Step, *, all_or_none: bool) -> Response:
    results: list[Record] = []
    failed = False
    call.store.begin_undo()
    for index in range(count):
        try:
            done = step(index)
            results.append({"id": done.pop("id"), "success": True, "errors": [], **done})
        except SalesforceError as error:
            failed = True
            results.append({"success": False, "errors": [error.item()]})
    rollback = failed and all_or_none
    call.store.end_undo(rollback=rollback)
    if rollback:
        results = [
            {"id": r["id"], "success": False, "errors": [_ROLLED_BACK.item()]} if r["success"] else r for r in results
        ]
    return JSONResponse(results)


def _records(call: Call) -> tuple[list[Record], bool]:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SalesforceError("INVALID_INPUT", "The records parameter must be a list of sObjects.")
    _check_count(records)
    return records, body.get("allOrNone") is True


def _check_count(records: Sequence[Any]) -> None:
    if not records:
        raise SalesforceError("INVALID_INPUT", "At least one record is required.")
    if len(records) > MAX_RECORDS:
        raise _too_many(MAX_RECORDS)


def _too_many(limit: int) -> SalesforceError:
    return SalesforceError(
        "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {limit} records into this call"
    )


def _definition(call: Call, record: Record) -> ObjectDef:
    kind = record.get("attributes", {}).get("type") if isinstance(record.get("attributes"), dict) else None
    if not isinstance(kind, str):
        raise SalesforceError("INVALID_INPUT", "Each record must have attributes with a type.")
    found = call.store.schema.get(kind.lower())
    if found is None:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    return found


def _check_chunks(definitions: Sequence[ObjectDef]) -> None:
    if sum(1 for _ in groupby(definitions, key=lambda d: d.name)) > MAX_CHUNKS:
        raise SalesforceError(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {MAX_CHUNKS} chunks in a single operation. Please rearrange the data to reduce "
            "chunking.",
        )


def _strings(body: Record, name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SalesforceError("INVALID_INPUT", f"{name} must be a list of strings.")
    return values
