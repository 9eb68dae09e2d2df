"""The swagger documents: what each API serves, generated from its routes, its shapes and the switches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute, Call, Endpoint, Wired, answer, route
from airflow_provider_ipaas.sandbox.ipaas.listing import filter_fields
from airflow_provider_ipaas.sandbox.ipaas.operations import OPERATIONS, Operation
from airflow_provider_ipaas.sandbox.ipaas.shapes import LONG, Shape, array, id_shape, ref, shapes
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

APIS: Final = ("sso", "customers", "subscriptions")
_JSON: Final = "application/json"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_REFERENCE: Final = re.compile(r"#/components/schemas/(\w+)")
# As the service's own documents would spell them: .NET parameters in camel case.
_CAMEL: Final = {
    "guid": "companyId",
    "system_id": "systemId",
    "table": "tableName",
    "external_id": "externalId",
    "api_name": "apiName",
}
_TEXT: Final[Shape] = {"type": "string"}
_GUID: Final[Shape] = {"type": "string", "format": "uuid"}


def routes(store: IPaaSStore, served: Sequence[ApiRoute]) -> list[ApiRoute]:
    """Return the routes of the documents about the `served` ones."""

    def endpoint(api: str) -> Endpoint:
        mine = [one for one in served if one.path.startswith(f"/{api}/")]
        return lambda call: _answer(call, api, mine)

    return [
        route(store, f"/{api}/swagger/v2/swagger.json", get=(endpoint(api), "open", ("swagger", "on"))) for api in APIS
    ]


def _answer(call: Call, api: str, served: Sequence[ApiRoute]) -> Response:
    return answer(document(api, served, call.store.switches))


def document(api: str, served: Sequence[ApiRoute], switches: Switches) -> dict[str, Any]:
    """Return the OpenAPI document of one API: the paths and methods that exist as the switches stand."""
    paths: dict[str, dict[str, Any]] = {}
    for one in served:
        methods = {method: wired for method, wired in one.wired.items() if wired.exists(switches)}
        if methods:
            shown = _PLACEHOLDER.sub(lambda found: f"{{{_camel(found[1])}}}", one.path.removeprefix(f"/{api}"))
            paths[shown] = {
                method.lower(): _operation(method, one.path, wired, switches) for method, wired in methods.items()
            }
    return {
        "openapi": "3.0.1",
        "info": {"title": f"iPaaS.com {api} API (sandbox)", "version": "v2"},
        "servers": [{"url": f"/{api}"}],
        "paths": paths,
        "components": {
            "schemas": _used(paths, shapes(switches)),
            "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(method: str, path: str, wired: Wired, switches: Switches) -> dict[str, Any]:
    about = OPERATIONS["PUT" if method == "PATCH" else method, path]
    shown: dict[str, Any] = {
        "summary": about.summary,
        "parameters": [
            *(_parameter(name, "path", shape) for name, shape in _in_path(path, about, switches).items()),
            *(_parameter(name, "query", shape) for name, shape in _in_query(about, switches).items()),
            *_headers(wired, switches),
        ],
        "responses": {**_success(about, switches), "default": _content("Refused.", ref("ErrorResponse"))},
    }
    if about.body:
        body = array(ref(about.body)) if about.body_is_list else ref(about.body)
        shown["requestBody"] = {"required": True, "content": {_JSON: {"schema": body}}}
    if wired.need != "open":
        shown["security"] = [{"Bearer": []}]
    return shown


# Parameters


def _camel(name: str) -> str:
    return _CAMEL.get(name, name)


def _parameter(name: str, where: str, shape: Shape) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where != "query", "schema": shape}


def _in_path(path: str, about: Operation, switches: Switches) -> dict[str, Shape]:
    own_id = LONG if about.role == "user" or path.startswith("/subscriptions/") else id_shape(switches)
    known = {"id": own_id, "system_id": LONG, "guid": _GUID}
    return {_camel(name): known.get(name, _TEXT) for name in _PLACEHOLDER.findall(path)}


def _in_query(about: Operation, switches: Switches) -> dict[str, Shape]:
    shown: dict[str, Shape] = dict.fromkeys(about.query, _TEXT)
    if about.lists is not None:
        shown["action"] = {"type": "string", "enum": ["equals"]}
        shown.update(dict.fromkeys(filter_fields(about.lists, switches), _TEXT))
    if about.paged and not switches.is_on("paging", "none"):
        first = switches.number("first_page")
        shown["pageNumber"] = {"type": "integer", "format": "int32", "minimum": first, "default": first}
    return {**shown, "trackingGuid": _GUID}


def _headers(wired: Wired, switches: Switches) -> list[dict[str, Any]]:
    if wired.need in {"open", "token"} or switches.is_on("client_header", "off"):
        return []
    return [_parameter(switches.text("client_header"), "header", _GUID)]


# Answers


def _success(about: Operation, switches: Switches) -> dict[str, Any]:
    if about.role == "create":
        return _created(about, switches)
    if about.role == "update" and switches.is_on("put_answers", "empty"):
        return {"204": {"description": "Done."}}
    if about.role == "lookup":
        return {"200": _looked_up(switches)}
    shape = ref(about.answer)
    if about.role == "missing":
        shape = {"anyOf": [ref("CompanyShortResponse"), ref("CustomerShortResponse")]}
    shown = _content("Done.", array(shape) if about.answers_list else shape)
    if about.paged and not switches.is_on("paging", "none"):
        shown["headers"] = {"X-Pagination": {"description": "JSON with current_Page and total_Pages.", "schema": _TEXT}}
    return {"200": shown}


def _created(about: Operation, switches: Switches) -> dict[str, Any]:
    status, form = switches.text("create_status"), switches.text("create_answers")
    if status == "204" or form == "empty":
        return {status: {"description": "Created."}}
    only_id = {"type": "object", "properties": {"id": id_shape(switches)}, "additionalProperties": False}
    return {status: _content("Created.", only_id if form == "id_only" else ref(about.answer))}


def _looked_up(switches: Switches) -> dict[str, Any]:
    form = switches.text("lookup_form")
    if form == "bare":
        return {"description": "The id.", "content": {"text/plain": {"schema": _TEXT}}}
    return _content("The id.", {"oneOf": [LONG, _TEXT]} if form == "number" else _TEXT)


def _content(description: str, shape: Shape) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": shape}}}


def _used(paths: Mapping[str, Any], known: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes that the paths refer to, directly or through one another."""
    used: dict[str, Shape] = {}
    waiting = _REFERENCE.findall(json.dumps(paths))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = known[name]
            waiting.extend(_REFERENCE.findall(json.dumps(known[name])))
    return dict(sorted(used.items()))
