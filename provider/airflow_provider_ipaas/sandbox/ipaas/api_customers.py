"""The customers API: customers, companies, categories, relationships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.ipaas import fields, listing
from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute, Call, Endpoint, answer, route
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, not_found
from airflow_provider_ipaas.sandbox.ipaas.forms import id_json, id_text, parse_id
from airflow_provider_ipaas.sandbox.ipaas.model import COMPANY, CUSTOMER, Kind, Record, is_blank
from airflow_provider_ipaas.sandbox.ipaas.render import whole
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore, Relationship
from airflow_provider_ipaas.sandbox.ipaas.writes import NestedLink, Writer

_ROOT = "/customers/v2/Customer"


def routes(store: IPaaSStore) -> list[ApiRoute]:
    """Return the routes of the customers API but for external ids and custom fields."""
    on = ("relationships", "on")
    return [
        *_records(store, COMPANY, listed=f"{_ROOT}/Companies", single=f"{_ROOT}/Company"),
        route(store, f"{_ROOT}/Category/{{id}}", get=(_category, "customers.read")),
        route(store, f"{_ROOT}/Relationship", post=(_relate, "relationships.write", on)),
        route(store, f"{_ROOT}/{{id}}/Relationships", get=(_relationships, "relationships.read", on)),
        *_records(store, CUSTOMER, listed=f"{_ROOT}s", single=_ROOT),
    ]


def _records(store: IPaaSStore, kind: Kind, *, listed: str, single: str) -> list[ApiRoute]:
    """Return the routes of one kind of record: its list, its create, one record."""
    plural = listed.rpartition("/")[2].lower()
    read, write = f"{plural}.read", f"{plural}.write"
    create, update = _of(_create, kind), _of(_update, kind)
    return [
        route(store, listed, get=(_of(listing.records, kind), read), post=(create, write, ("create_paths", "plural"))),
        route(store, single, post=(create, write, ("create_paths", "singular"))),
        route(
            store,
            f"{single}/{{id}}",
            get=(_of(_read, kind), read),
            put=(update, write, ("update_method", "PUT")),
            patch=(update, write, ("update_method", "PATCH")),
        ),
    ]


def _of(endpoint: Callable[[Call, Kind], Response], kind: Kind) -> Endpoint:
    return lambda call: endpoint(call, kind)


def _read(call: Call, kind: Kind) -> Response:
    record = _find(call, kind)
    if not record.active and call.store.switches.is_on("inactive_records", "hidden"):
        raise not_found(f"{kind.label} {call.path['id']}")
    return answer(whole(record, call.store, call.tracking_guid))


def _create(call: Call, kind: Kind) -> Response:
    write = Writer(call.store, kind, None).write(call.object())
    record = call.store.add(kind, write.content)
    _store_links(call.store, record, write.links)
    switches = call.store.switches
    status = switches.number("create_status")
    form = switches.text("create_answers")
    if form == "empty" and status != 204:
        return Response(status_code=status)
    if form == "id_only":
        return answer({"id": id_json(record.number, switches)}, status)
    return answer(whole(record, call.store, call.tracking_guid), status)


def _update(call: Call, kind: Kind) -> Response:
    record = _find(call, kind)
    write = Writer(call.store, kind, record).write(call.object())
    call.store.change(record, write.content)
    call.store.reactivate(record)
    _store_links(call.store, record, write.links)
    if call.store.switches.is_on("put_answers", "empty"):
        return Response(status_code=204)
    return answer(whole(record, call.store, call.tracking_guid))


def _store_links(store: IPaaSStore, record: Record, links: tuple[NestedLink, ...] | None) -> None:
    if links is None:
        return
    if store.switches.is_on("put", "replaces"):
        kept = {link.system_id for link in links}
        for old in store.links.of_record(record.kind.name, record.number):
            if old.system_id not in kept:
                store.links.drop(old)
    for link in links:
        store.link(record.kind.name, record.number, link.external_id, link.system_id)


def _find(call: Call, kind: Kind) -> Record:
    record = call.store.tables[kind.name].get(parse_id(call.path["id"], call.store.switches))
    if record is None:
        raise not_found(f"{kind.label} {call.path['id']}")
    return record


def _category(call: Call) -> Response:
    number = parse_id(call.path["id"], call.store.switches)
    category = call.store.categories.get(number)
    if category is None:
        raise not_found(f"category {call.path['id']}")
    return answer({"id": id_json(number, call.store.switches), **category, "tracking_guid": call.tracking_guid})


def _relate(call: Call) -> Response:
    body = call.object()
    known = ("customer_id", "related_to_id", "related_to_type", "tracking_guid")
    fields.check_names(body, known, ("id",), "", call.store.switches)
    for name in known[:3]:
        if is_blank(body.get(name)):
            raise ApiError("VALD-1002", f"The field {name} is required.")
    number = parse_id(body["customer_id"], call.store.switches, "customer_id")
    if not call.store.exists(CUSTOMER.name, number):
        raise ApiError("VALD-1038", f"The customer {body['customer_id']} does not exist. Create it first.")
    related_to, type_ = str(body["related_to_id"]), str(body["related_to_type"])
    same = [r for r in _of_customer(call, number) if (r.related_to_id, r.related_to_type) == (related_to, type_)]
    if same and call.store.switches.is_on("relationship_duplicates", "refused"):
        raise ApiError("BIZL-1001", f"The customer {body['customer_id']} already has this relationship.")
    return answer(_shown(call, call.store.relate(number, related_to, type_)))


def _relationships(call: Call) -> Response:
    record = _find(call, CUSTOMER)
    return answer([_shown(call, relationship) for relationship in _of_customer(call, record.number)])


def _of_customer(call: Call, number: int) -> list[Relationship]:
    return call.store.relationships.get(number, [])


def _shown(call: Call, relationship: Relationship) -> dict[str, Any]:
    return {
        "id": id_json(relationship.number, call.store.switches),
        "customer_id": id_text(relationship.customer, call.store.switches),
        "related_to_id": relationship.related_to_id,
        "related_to_type": relationship.related_to_type,
    }
