"""The external-id and custom-field endpoints of the customers API."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from airflow_provider_ipaas.sandbox.ipaas import fields, listing, render
from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute, Call, answer, route
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, not_found
from airflow_provider_ipaas.sandbox.ipaas.forms import id_json, parse_id
from airflow_provider_ipaas.sandbox.ipaas.links import Link
from airflow_provider_ipaas.sandbox.ipaas.model import KINDS, Record, is_blank
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.ipaas.writes import check_system_id, fits

_ROOT: Final = "/customers/v2/External"
_UPDATE_FIELDS: Final = ("table_name", "system_id", "external_id", "internal_id")


def routes(store: IPaaSStore) -> list[ApiRoute]:
    """Return the routes of external ids and custom fields."""
    return [
        route(
            store,
            f"{_ROOT}/LookupExternal/{{id}}/{{system_id}}/{{table}}",
            get=(_lookup_external, "external_ids.read"),
        ),
        route(
            store,
            f"{_ROOT}/LookupSpaceport/{{system_id}}/{{table}}/{{external_id}}",
            get=(_lookup_spaceport, "external_ids.read"),
        ),
        route(store, f"{_ROOT}/LookupSpecial", post=(_lookup_special, "external_ids.read")),
        route(store, f"{_ROOT}/Missing/{{system_id}}/{{table}}", get=(_missing, "external_ids.read")),
        route(store, f"{_ROOT}/UpdateExternalId", post=(_update, "external_ids.write")),
        route(
            store,
            "/customers/v2/CustomField/{api_name}",
            post=(_custom_field, "custom_fields.write"),
            put=(_custom_field, "custom_fields.write"),
        ),
    ]


def table_key(store: IPaaSStore, table_name: str) -> str | None:
    """Return the kind of record a table name means, or None for a name that is not in Lookup/Tables."""
    names = {"customer": "customer", "Address": "address", store.switches.text("company_table_name"): "company"}
    if store.switches.is_on("table_name_case", "insensitive"):
        names = {name.casefold(): key for name, key in names.items()}
        table_name = table_name.casefold()
    return names.get(table_name)


def _lookup_external(call: Call) -> Response:
    system_id = check_system_id(call.path["system_id"], call.store)
    internal = parse_id(call.path["id"], call.store.switches)
    table = table_key(call.store, call.path["table"])
    link = call.store.links.by_internal(table, system_id, internal) if table else None
    if link is None:
        raise not_found(f"no external id for {call.path['id']}")
    return _bare(call, render.external_id(link, call.store))


def _lookup_spaceport(call: Call) -> Response:
    return _internal(call, call.path["system_id"], call.path["table"], call.path["external_id"])


def _lookup_special(call: Call) -> Response:
    body = call.object()
    _require(call, body, _UPDATE_FIELDS[:3])
    return _internal(call, body["system_id"], str(body["table_name"]), str(body["external_id"]))


def _internal(call: Call, system: object, table_name: str, external_id: str) -> Response:
    system_id = check_system_id(system, call.store)
    table = table_key(call.store, table_name)
    link = call.store.links.by_external(table, system_id, external_id) if table else None
    if link is None:
        raise not_found(f"no record with the external id {external_id}")
    return _bare(call, render.internal_id(link, call.store))


def _bare(call: Call, text: str) -> Response:
    form = call.store.switches.text("lookup_form")
    if form == "bare":
        return PlainTextResponse(text)
    return answer(int(text) if form == "number" and text.isdecimal() else text)


def _missing(call: Call) -> Response:
    system_id = check_system_id(call.path["system_id"], call.store)
    table = table_key(call.store, call.path["table"])
    if table is None or table not in KINDS:
        raise not_found(f"table {call.path['table']}")
    records = call.store.tables[table].listed()
    lacking = [r for r in records if call.store.links.by_internal(table, system_id, r.number) is None]
    return listing.page(call, len(lacking), lambda start, stop: [_lacking(call, r) for r in lacking[start:stop]])


def _lacking(call: Call, record: Record) -> dict[str, Any]:
    return render.short(record, call.store)


def _update(call: Call) -> Response:
    body = call.object()
    if is_blank(body.get("table_name")):
        raise ApiError("VALD-1007", "The table name must not be null.")
    _require(call, body, _UPDATE_FIELDS)
    system_id = check_system_id(body["system_id"], call.store)
    internal = parse_id(body["internal_id"], call.store.switches, "internal_id")
    external_id = str(body["external_id"])
    table = table_key(call.store, str(body["table_name"]))
    if table is None:
        return _wrong_table(call, body)
    _check_target(call, table, internal)
    holder = call.store.links.by_external(table, system_id, external_id)
    if holder is not None and holder.internal != internal:
        raise ApiError("BIZL-1003", f"The external id {external_id} must be unique and is taken.")
    return answer(_updated(call, body, call.store.link(table, internal, external_id, system_id)))


def _check_target(call: Call, table: str, internal: int) -> None:
    if call.store.exists(table, internal):
        return
    if table in KINDS and call.store.tables[table].get(internal) is not None:
        raise ApiError("BIZL-1009", f"The record {internal} is inactive. PUT reactivates it.")
    raise not_found(f"{table} {internal}")


def _wrong_table(call: Call, body: dict[str, Any]) -> Response:
    if call.store.switches.is_on("wrong_table_on_write", "refused"):
        raise not_found(f"table {body['table_name']}")
    return answer({**{name: body[name] for name in _UPDATE_FIELDS}, "id": None, "tracking_guid": call.tracking_guid})


def _updated(call: Call, body: dict[str, Any], link: Link) -> dict[str, Any]:
    item = render.link_item(link, call.store)
    return {**item, "table_name": body["table_name"], "tracking_guid": call.tracking_guid}


def _require(call: Call, body: dict[str, Any], names: tuple[str, ...]) -> None:
    fields.check_names(
        body, (*_UPDATE_FIELDS, "tracking_guid"), ("id", "system_name", "message"), "", call.store.switches
    )
    for name in names:
        if is_blank(body.get(name)):
            raise ApiError("VALD-1002", f"The field {name} is required.")


def _custom_field(call: Call) -> Response:
    """Set one custom field of one record by the stand-alone endpoint."""
    kind = KINDS.get(table_key(call.store, call.path["api_name"]) or "")
    if kind is None:
        raise not_found(f"custom fields of {call.path['api_name']}")
    body = call.object()
    for name, code in (
        ("id", "VALD-1001"),
        ("type", "VALD-1002"),
        ("custom_field_name", "VALD-1015"),
        ("value", "VALD-1002"),
    ):
        if is_blank(body.get(name)):
            raise ApiError(code, f"The field {name} must not be null.")
    number = parse_id(body["id"], call.store.switches)
    if not call.store.exists(kind.name, number):
        raise not_found(f"{kind.label} {body['id']}")
    definition = call.store.custom_fields.get((kind.name, str(body["custom_field_name"])))
    if definition is None:
        raise ApiError("VALD-1011", f"There is no custom field {body['custom_field_name']!r} for {kind.label}.")
    value = body["value"]
    if not isinstance(value, str) or not fits(value, definition):
        raise ApiError("VALD-1036", f"The value of {definition.name} is not a {definition.type} in a text.")
    record = call.store.record(kind, number)
    content = record.content()
    content.custom_fields[definition.name] = value
    call.store.change(record, content)
    shown = {"id": id_json(number, call.store.switches), "custom_field_name": definition.name, "value": value}
    return answer({**shown, "type": body["type"]})
