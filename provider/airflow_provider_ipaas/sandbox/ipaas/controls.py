"""What a test does behind the API's back: other users' edits, deletions, tokens, permissions, switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID, PERMISSIONS
from airflow_provider_ipaas.sandbox.ipaas.model import Record
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID, FieldType, IPaaSStore, Removal
from airflow_provider_ipaas.sandbox.ipaas.switches import Preset

Plural = Literal["companies", "customers"]
Expiry = Literal["access", "refresh", "keys", "all"]
_KIND_OF: Mapping[str, str] = {"companies": "company", "customers": "customer"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecordEdit(_Body):
    """A record as another user creates or changes it."""

    fields: dict[str, Any]
    at: datetime | None = None
    by: str = "Portal User"


class AddressEdit(_Body):
    """The fields of one address that another user changes."""

    fields: dict[str, Any]
    at: datetime | None = None


class LinkEnd(_Body):
    """The record's end of an external id."""

    table: Literal["company", "customer", "address"]
    internal_id: int
    system_id: int = SALESFORCE_SYSTEM_ID


class LinkEdit(LinkEnd):
    """An external id as it stands in the service."""

    external_id: str = Field(min_length=1)


class FieldDefinition(_Body):
    """A custom field as the portal defines it."""

    kind: Literal["company", "customer"]
    name: str = Field(min_length=1)
    type: FieldType = "string"
    options: list[str] = []


class NewKey(_Body):
    """An API key."""

    key: str = Field(min_length=8)
    permissions: list[str] | None = None
    expires_in_s: int | None = None


class NewUser(_Body):
    """A user of the default company."""

    email: str
    password: str
    name: str = ""
    permissions: list[str] | None = None


class UserEdit(_Body):
    """A change of what a user may do; tokens that are out keep what they had."""

    permissions: list[str] | None = None
    companies: dict[str, str] | None = None


class Category(_Body):
    """A customer category."""

    name: str
    description: str = ""


def router(store: IPaaSStore) -> APIRouter:
    """Return the controls of one emulated account, to be mounted below /_sandbox/ipaas."""
    controls = APIRouter(tags=["iPaaS.com controls"])
    _add_switches(controls, store)
    _add_records(controls, store)
    _add_links(controls, store)
    _add_definitions(controls, store)
    _add_keys(controls, store)
    _add_users(controls, store)
    return controls


def raw(record: Record, store: IPaaSStore) -> dict[str, Any]:
    """Return everything the store knows of a record, whatever the switches say."""
    return {
        "id": record.number,
        **record.values,
        "addresses": record.addresses,
        "custom_fields": record.custom_fields,
        "extension_fields": record.extension_fields,
        "external_ids": [
            {"system_id": link.system_id, "external_id": link.external_id}
            for link in store.links.of_record(record.kind.name, record.number)
        ],
        "created": record.created.isoformat(),
        "updated": record.updated.isoformat() if record.updated else None,
        "created_by": record.created_by,
        "updated_by": record.updated_by,
        "active": record.active,
    }


@contextmanager
def _refusals() -> Iterator[None]:
    """Answer 404 for what does not exist and 422 for what can't be stored."""
    try:
        yield
    except KeyError as error:
        raise HTTPException(404, f"There is no {error.args[0]}.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise HTTPException(422, str(error)) from None


def _add_switches(controls: APIRouter, store: IPaaSStore) -> None:
    @controls.get("/state")
    def state() -> dict[str, Any]:
        """Count what the account holds."""
        return {
            "companies": store.tables["company"].count(),
            "customers": store.tables["customer"].count(),
            "external_ids": sum(1 for _ in store.links),
            "relationships": sum(len(rows) for rows in store.relationships.values()),
        }

    @controls.get("/switches")
    def switches() -> list[dict[str, Any]]:
        """List every switch with its value and meaning."""
        return store.switches.describe()

    @controls.patch("/switches")
    def set_switches(values: dict[str, Any]) -> dict[str, Any]:
        """Set some switches, all or none."""
        with _refusals():
            store.switches.update(values)
        return store.switches.as_dict()

    @controls.post("/switches/preset/{preset}")
    def preset(preset: Preset) -> dict[str, Any]:
        """Set every reading to its default, harsh or mild form."""
        store.switches.use(preset)
        return store.switches.as_dict()

    @controls.post("/reset")
    def reset() -> dict[str, bool]:
        """Empty the account and return to the defaults."""
        store.reset()
        return {"reset": True}


def _add_records(controls: APIRouter, store: IPaaSStore) -> None:
    def find(kind: Plural, number: int) -> Record:
        with _refusals():
            return store.record(_KIND_OF[kind], number)

    @controls.get("/records/{kind}")
    def records(kind: Plural) -> list[dict[str, Any]]:
        """List every record as it is stored, inactive ones too."""
        with store.lock:
            return [raw(record, store) for record in store.tables[_KIND_OF[kind]]]

    @controls.get("/records/{kind}/{number}")
    def record(kind: Plural, number: int) -> dict[str, Any]:
        """Return one record as it is stored."""
        return raw(find(kind, number), store)

    @controls.post("/records/{kind}")
    def create(kind: Plural, body: RecordEdit) -> dict[str, Any]:
        """Create a record as another user."""
        with _refusals():
            number = store.insert(_KIND_OF[kind], body.fields, at=body.at, by=body.by)
        return raw(find(kind, number), store)

    @controls.patch("/records/{kind}/{number}")
    def edit(kind: Plural, number: int, body: RecordEdit) -> dict[str, Any]:
        """Change fields of a record as another user; `addresses` is the whole new list."""
        with _refusals():
            return raw(store.edit(_KIND_OF[kind], number, body.fields, at=body.at, by=body.by), store)

    @controls.patch("/records/{kind}/{number}/addresses/{address_id}")
    def edit_address(kind: Plural, number: int, address_id: int, body: AddressEdit) -> dict[str, Any]:
        """Change fields of one address as another user."""
        with _refusals():
            return raw(store.edit_address(_KIND_OF[kind], number, address_id, body.fields, at=body.at), store)

    @controls.delete("/records/{kind}/{number}")
    def delete(kind: Plural, number: int, mode: Removal = "deactivate") -> dict[str, Any]:
        """Deactivate a record, as the portal's delete does, or purge it."""
        with _refusals():
            store.remove(_KIND_OF[kind], number, mode)
        return {"id": number, "mode": mode}

    @controls.post("/records/{kind}/{number}/reactivate")
    def reactivate(kind: Plural, number: int) -> dict[str, Any]:
        """Make a deactivated record an ordinary one again."""
        store.reactivate(find(kind, number))
        return raw(find(kind, number), store)


def _add_links(controls: APIRouter, store: IPaaSStore) -> None:
    @controls.get("/external-ids")
    def links() -> list[dict[str, Any]]:
        """List every external id."""
        with store.lock:
            return [
                {
                    "table": link.table,
                    "internal_id": link.internal,
                    "system_id": link.system_id,
                    "external_id": link.external_id,
                }
                for link in store.links
            ]

    @controls.put("/external-ids")
    def put_link(body: LinkEdit) -> dict[str, Any]:
        """Store an external id as another integration would; a former holder loses it."""
        with store.lock, _refusals():
            if not store.exists(body.table, body.internal_id):
                raise KeyError(f"{body.table} {body.internal_id}")
            holder = store.links.by_external(body.table, body.system_id, body.external_id)
            if holder is not None and holder.internal != body.internal_id:
                store.links.drop(holder)
            link = store.link(body.table, body.internal_id, body.external_id, body.system_id)
            return {"internal_id": link.internal, "external_id": link.external_id}

    @controls.post("/external-ids/delete")
    def delete_link(body: LinkEnd) -> dict[str, bool]:
        """Forget the external id of one record."""
        with store.lock:
            link = store.links.by_internal(body.table, body.system_id, body.internal_id)
            if link is not None:
                store.links.drop(link)
            return {"deleted": link is not None}

    @controls.get("/relationships")
    def relationships() -> list[dict[str, Any]]:
        """List every relationship."""
        with store.lock:
            return [
                {
                    "customer_id": row.customer,
                    "related_to_id": row.related_to_id,
                    "related_to_type": row.related_to_type,
                }
                for rows in store.relationships.values()
                for row in rows
            ]


def _add_definitions(controls: APIRouter, store: IPaaSStore) -> None:
    @controls.get("/custom-fields")
    def definitions() -> list[dict[str, Any]]:
        """List the custom fields that are defined."""
        return [
            {"kind": item.kind, "name": item.name, "type": item.type, "options": list(item.options)}
            for item in store.custom_fields.values()
        ]

    @controls.post("/custom-fields")
    def define(body: FieldDefinition) -> dict[str, Any]:
        """Define a custom field, as a person does in the portal."""
        store.define_custom_field(body.kind, body.name, body.type, body.options)
        return body.model_dump()

    @controls.put("/categories/{number}")
    def put_category(number: int, body: Category) -> dict[str, Any]:
        """Make a customer category."""
        store.categories[number] = body.model_dump()
        return {"id": number, **store.categories[number]}


def _add_keys(controls: APIRouter, store: IPaaSStore) -> None:
    access = store.access

    @controls.post("/tokens/expire")
    def expire(which: Expiry = "access") -> dict[str, int]:
        """Let access tokens, refresh tokens, API keys or all of them expire now."""
        with store.lock:
            return {"expired": access.expire(which)}

    @controls.post("/api-keys")
    def add_key(body: NewKey) -> dict[str, Any]:
        """Make an API key of the default user."""
        expires = None
        if body.expires_in_s is not None:
            expires = store.clock.now() + timedelta(seconds=body.expires_in_s)
        with _refusals():
            access.add_api_key(body.key, permissions=body.permissions, expires=expires)
        return {"expires": expires.isoformat() if expires else None}

    @controls.delete("/api-keys/{key}")
    def delete_key(key: str) -> dict[str, bool]:
        """Delete an API key."""
        access.remove_api_key(key)
        return {"deleted": True}


def _add_users(controls: APIRouter, store: IPaaSStore) -> None:
    access = store.access

    @controls.get("/users")
    def users() -> dict[str, Any]:
        """List users, their permissions and companies, and every permission there is."""
        rows = [
            {
                "id": user.number,
                "email": user.email,
                "permissions": sorted(user.permissions),
                "companies": user.companies,
            }
            for user in access.users.values()
        ]
        return {"users": rows, "all_permissions": sorted(PERMISSIONS), "company_id": COMPANY_GUID}

    @controls.post("/users")
    def add_user(body: NewUser) -> dict[str, Any]:
        """Add a user of the default company."""
        with _refusals():
            user = access.add_user(body.email, body.password, name=body.name, permissions=body.permissions)
        return {"id": user.number}

    @controls.patch("/users/{number}")
    def edit_user(number: int, body: UserEdit) -> dict[str, Any]:
        """Change a user's permissions or companies; only tokens issued from now on know."""
        with _refusals():
            if body.permissions is not None:
                access.set_permissions(number, body.permissions)
            if body.companies is not None:
                access.set_companies(number, body.companies)
        return {"id": number, "permissions": sorted(access.users[number].permissions)}
