"""Records as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_ipaas.sandbox.ipaas.forms import id_json, id_text, stamp
from airflow_provider_ipaas.sandbox.ipaas.links import Link
from airflow_provider_ipaas.sandbox.ipaas.model import CUSTOMER, Address, Record
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore

DELETED_PREFIX: Final = "DELETED:"


def whole(record: Record, store: IPaaSStore, tracking_guid: str | None = None) -> dict[str, Any]:
    """Return a record with everything a single read shows."""
    body = short(record, store, tracking_guid)
    body[store.switches.text("addresses_name")] = [_address(address, store) for address in record.addresses]
    body["custom_fields"] = [
        {"id": id_json(record.number, store.switches), "custom_field_name": name, "value": value}
        for name, value in record.custom_fields.items()
    ]
    if store.switches.is_on("external_ids_on_read", "nested"):
        links = store.links.of_record(record.kind.name, record.number)
        body["external_ids"] = [link_item(link, store) for link in links]
    return body


def short(record: Record, store: IPaaSStore, tracking_guid: str | None = None) -> dict[str, Any]:
    """Return a record as a short list row shows it."""
    switches = store.switches
    body: dict[str, Any] = {"id": id_json(record.number, switches), **record.values}
    if body.get("parent_company_id") is not None:
        body["parent_company_id"] = id_text(int(body["parent_company_id"]), switches)
    if record.kind is CUSTOMER or switches.is_on("company_stamps", "present"):
        updated = record.updated
        if updated is None and switches.is_on("updated_on_create", "set"):
            updated = record.created
        body["created_datetime"] = stamp(record.created, switches)
        body["updated_datetime"] = None if updated is None else stamp(updated, switches)
    body["tracking_guid"] = tracking_guid
    body["extension_fields"] = record.extension_fields
    return body


def row(record: Record, store: IPaaSStore) -> dict[str, Any]:
    """Return a record as a list shows it."""
    return short(record, store) if store.switches.is_on("list_rows", "short") else whole(record, store)


def external_id(link: Link, store: IPaaSStore) -> str:
    """Return what a look-up by the iPaaS.com id answers."""
    return _prefixed(link.external_id, link, store)


def internal_id(link: Link, store: IPaaSStore) -> str:
    """Return what a look-up by the external id answers."""
    return _prefixed(id_text(link.internal, store.switches), link, store)


def link_item(link: Link, store: IPaaSStore) -> dict[str, Any]:
    """Return an item of `external_ids`."""
    subscription = store.subscriptions.get(link.system_id)
    return {
        "id": id_json(link.number, store.switches),
        "system_id": link.system_id,
        "system_name": subscription.name if subscription else None,
        "external_id": link.external_id,
        "internal_id": id_text(link.internal, store.switches),
    }


def _prefixed(text: str, link: Link, store: IPaaSStore) -> str:
    deleted = not store.exists(link.table, link.internal)
    return DELETED_PREFIX + text if deleted and store.switches.is_on("deleted_links", "prefixed") else text


def _address(address: Address, store: IPaaSStore) -> Mapping[str, Any]:
    return {**address, "id": id_json(address["id"], store.switches)}
