"""Single records: create, read, update, delete, and the same by external id."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce.context import Call
from airflow_provider_ipaas.sandbox.salesforce.errors import (
    SalesforceError,
    entity_is_deleted,
    no_such_column,
    not_found,
)
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.render import whole_record
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.stamps import parse_stamp
from airflow_provider_ipaas.sandbox.salesforce.table import Row
from airflow_provider_ipaas.sandbox.salesforce.writes import find_live


def basic(call: Call) -> Response:
    """Answer GET on an object: its summary and recent items."""
    definition = call.definition()
    recent = [row for row in call.store.rows(definition.name) if not row["IsDeleted"]][-5:]
    items = [whole_record(row, definition, _named(definition, ("Id", "Name")), call.version) for row in recent]
    base = f"/services/data/v{call.version}/sobjects/{definition.name}"
    urls = {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"}
    return JSONResponse({"objectDescribe": {**definition.summary(), "urls": urls}, "recentItems": items})


def create(call: Call) -> Response:
    """Create a record."""
    return _created(call, call.definition(), {})


def create_via_id(call: Call) -> Response:
    """Create a record by an upsert without an Id."""
    return _created(call, call.definition(), {"created": True})


def _created(call: Call, definition: ObjectDef, more: dict[str, Any], extra: dict[str, Any] | None = None) -> Response:
    record_id = call.writer().create(definition, {**call.json_object(), **(extra or {})})
    location = f"/services/data/v{call.version}/sobjects/{definition.name}/{record_id}"
    body = {"id": record_id, "success": True, "errors": [], **more}
    return JSONResponse(body, status_code=201, headers={"Location": location})


def read(call: Call) -> Response:
    """Read a record by Id."""
    definition = call.definition()
    row = _row(call, definition)
    return _conditional_read(call, definition, row)


def update(call: Call) -> Response:
    """Change a record by Id."""
    definition = call.definition()
    row = _row(call, definition)
    precondition = _failed_precondition(call, definition, row)
    if precondition is not None:
        return precondition
    payload = call.json_object()
    _refuse_in_body(payload, "Id")
    call.writer().update(definition, row["Id"], payload)
    return Response(status_code=204)


def delete(call: Call) -> Response:
    """Delete a record by Id."""
    definition = call.definition()
    call.writer().delete(definition, _row(call, definition)["Id"])
    return Response(status_code=204)


def upsert(call: Call) -> Response:
    """Create or change a record by external id; 300 when several match."""
    definition = call.definition()
    field = _key_field(call, definition)
    payload = call.json_object()
    _refuse_in_body(payload, field.name)
    _refuse_in_body(payload, "Id")
    matches = find_live(call.store, definition, field, call.path("value"))
    if len(matches) > 1:
        return _multiple(call, definition, matches)
    if matches:
        call.writer().update(definition, matches[0], payload)
        return JSONResponse({"id": matches[0], "success": True, "errors": [], "created": False})
    if call.flag("updateOnly"):
        raise not_found()
    return _created(call, definition, {"created": True}, {field.name: call.path("value")})


def read_by_key(call: Call) -> Response:
    """Read a record by external id."""
    definition = call.definition()
    matches = _matches(call, definition)
    if len(matches) > 1:
        return _multiple(call, definition, matches)
    return _conditional_read(call, definition, call.store.tables[definition.name].rows[matches[0]])


def delete_by_key(call: Call) -> Response:
    """Delete a record by external id."""
    definition = call.definition()
    matches = _matches(call, definition)
    if len(matches) > 1:
        return _multiple(call, definition, matches)
    call.writer().delete(definition, matches[0])
    return Response(status_code=204)


# Helpers


def requested_fields(definition: ObjectDef, names: list[str]) -> list[FieldDef]:
    """Return the fields a caller lists; INVALID_FIELD for one that isn't there."""
    fields = []
    for name in names:
        field = definition.by_lower.get(name.strip().lower())
        if field is None:
            raise no_such_column(name.strip(), definition.name)
        fields.append(field)
    return fields


def _named(definition: ObjectDef, names: tuple[str, ...]) -> list[FieldDef]:
    return [definition.fields[name] for name in names if name in definition.fields]


def _row(call: Call, definition: ObjectDef) -> Row:
    given = call.path("id")
    full = to_18(given)
    if full is None and not (given.isalnum() and len(given) == 18):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {given}")
    if full is None or full[:3] != definition.prefix:
        raise SalesforceError(
            "MALFORMED_ID", f"{definition.label} ID: id value of incorrect type: {given}", fields=["Id"]
        )
    row = call.store.get(full)
    if row is None:
        raise not_found()
    if row["IsDeleted"]:
        raise entity_is_deleted()
    return row


def _key_field(call: Call, definition: ObjectDef) -> FieldDef:
    field = definition.by_lower.get(call.path("field").lower())
    if field is None or not (field.external_id or field.id_lookup) or field.type == "id":
        raise not_found()
    return field


def _matches(call: Call, definition: ObjectDef) -> list[str]:
    matches = find_live(call.store, definition, _key_field(call, definition), call.path("value"))
    if not matches:
        raise not_found()
    return matches


def _multiple(call: Call, definition: ObjectDef, matches: list[str]) -> Response:
    base = f"/services/data/v{call.version}/sobjects/{definition.name}"
    return JSONResponse([f"{base}/{match}" for match in matches], status_code=300)


def _refuse_in_body(payload: dict[str, Any], name: str) -> None:
    if any(key.lower() == name.lower() for key in payload):
        raise SalesforceError(
            "INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", fields=[name]
        )


def _etag(row: Row) -> str:
    seed = f"{row['Id']}{row['SystemModstamp']}"
    return f'"{hashlib.sha256(seed.encode()).hexdigest()[:32]}--gzip"'


def _changed(row: Row) -> datetime:
    return parse_stamp(row["LastModifiedDate"]) or datetime.now(UTC)


def _conditional_read(call: Call, definition: ObjectDef, row: Row) -> Response:
    headers = {"Last-Modified": format_datetime(_changed(row), usegmt=True)}
    wanted = call.request.headers
    if definition.name == "Account":
        headers["ETag"] = _etag(row)
        if wanted.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
    since = _http_date(wanted.get("if-modified-since"))
    if since is not None and _changed(row) <= since:
        return Response(status_code=304, headers=headers)
    failed = _failed_precondition(call, definition, row)
    if failed is not None:
        return failed
    names = call.request.query_params.get("fields")
    fields = requested_fields(definition, names.split(",")) if names else list(definition.fields.values())
    if names and all(field.name != "Id" for field in fields):
        fields = [*fields, definition.fields["Id"]]
    return JSONResponse(whole_record(row, definition, fields, call.version), headers=headers)


def _failed_precondition(call: Call, definition: ObjectDef, row: Row) -> Response | None:
    wanted = call.request.headers
    until = _http_date(wanted.get("if-unmodified-since"))
    match = wanted.get("if-match") if definition.name == "Account" else None
    if (until is not None and _changed(row) > until) or (match is not None and match not in {"*", _etag(row)}):
        return Response(status_code=412)
    return None


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
