"""The JSON shapes of requests and answers, as the switches stand; in the words of OpenAPI 3.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from airflow_provider_ipaas.sandbox.ipaas.model import (
    ADDRESS_FLAGS,
    ADDRESS_REQUIRED,
    ADDRESS_TEXTS,
    COMPANY,
    CUSTOMER,
    STAMPS,
    Kind,
)
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

Shape = dict[str, Any]

TEXT: Final[Shape] = {"type": "string", "nullable": True}
FLAG: Final[Shape] = {"type": "boolean"}
STAMP: Final[Shape] = {"type": "string", "format": "date-time", "nullable": True}
LONG: Final[Shape] = {"type": "integer", "format": "int64"}
_GUID: Final[Shape] = {"type": "string", "format": "uuid"}
_ANYTHING: Final[Shape] = {}


def ref(name: str) -> Shape:
    """Return a reference to a shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Shape) -> Shape:
    """Return a list of something."""
    return {"type": "array", "items": items}


def id_shape(switches: Switches) -> Shape:
    """Return how an id of a record looks in JSON."""
    return {"number": LONG, "guid": _GUID}.get(switches.text("id_type"), {"type": "string"})


def shapes(switches: Switches) -> dict[str, Shape]:
    """Return every shape by name."""
    return {
        **_records(COMPANY, "Company", switches),
        **_records(CUSTOMER, "Customer", switches),
        **_parts(switches),
        **_external_ids(switches),
        **_subscriptions(),
        **_sso(),
        "ErrorResponse": _error(switches),
    }


def record_required(kind: Kind, switches: Switches) -> list[str]:
    """Return the fields without which a record is refused."""
    if kind is COMPANY:
        return ["name"]
    names = ["first_name", "last_name"] if switches.is_on("person_names", "both") else []
    number = ["customer_number"] if switches.is_on("customer_number_rules", "strict") else []
    return [*number, *names, "email_address"]


def _object(properties: Mapping[str, Shape], required: Iterable[str] = ()) -> Shape:
    shape: Shape = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    names = list(required)
    return {**shape, "required": names} if names else shape


def _text(switches: Switches) -> Shape:
    longest = switches.number("max_text_length")
    return {**TEXT, "maxLength": longest} if longest else TEXT


def _scalars(kind: Kind, text: Shape) -> dict[str, Shape]:
    number = {**LONG, "nullable": True}
    return {**dict.fromkeys(kind.texts, text), **dict.fromkeys(kind.integers, number)}


def _records(kind: Kind, name: str, switches: Switches) -> dict[str, Shape]:
    addresses = switches.text("addresses_name")
    stamped = kind is CUSTOMER or switches.is_on("company_stamps", "present")
    short = {
        "id": id_shape(switches),
        **_scalars(kind, TEXT),
        **(dict.fromkeys(STAMPS, STAMP) if stamped else {}),
        "tracking_guid": TEXT,
        "extension_fields": array(_ANYTHING),
    }
    nested = switches.is_on("external_ids_on_read", "nested")
    whole = {
        **short,
        addresses: array(ref("AddressResponse")),
        "custom_fields": array(ref("CustomFieldResponse")),
        **({"external_ids": array(ref("ExternalIdResponse"))} if nested else {}),
    }
    request = {
        **_scalars(kind, _text(switches)),
        "tracking_guid": TEXT,
        addresses: array(ref("AddressRequest")),
        "custom_fields": array(ref("CustomFieldRequest")),
        "external_ids": array(ref("ExternalIdRequest")),
        "extension_fields": array(_ANYTHING),
    }
    return {
        f"{name}Request": _object(request, record_required(kind, switches)),
        f"{name}Response": _object(whole),
        f"{name}ListResponse": _object(short if switches.is_on("list_rows", "short") else whole),
        f"{name}ShortResponse": _object(short),
    }


def _parts(switches: Switches) -> dict[str, Shape]:
    flags, number = dict.fromkeys(ADDRESS_FLAGS, FLAG), id_shape(switches)
    required = ADDRESS_REQUIRED if switches.is_on("address_rules", "strict") else ()
    custom = {"id": {**number, "nullable": True}, "type": TEXT, "custom_field_name": TEXT, "value": TEXT}
    written = {"id": {**number, "nullable": True}, **dict.fromkeys(ADDRESS_TEXTS, _text(switches)), **flags}
    return {
        "AddressRequest": _object(written, required),
        "AddressResponse": _object({"id": number, **dict.fromkeys(ADDRESS_TEXTS, TEXT), **flags}),
        "CustomFieldRequest": _object(custom, ("custom_field_name", "value")),
        "CustomFieldSetRequest": _object(custom, custom),
        "CustomFieldResponse": _object({"id": number, "custom_field_name": TEXT, "value": TEXT, "type": TEXT}),
        "CategoryResponse": _object({"id": number, "name": TEXT, "description": TEXT, "tracking_guid": TEXT}),
        "RelationshipRequest": _object(
            {"customer_id": number, "related_to_id": TEXT, "related_to_type": TEXT, "tracking_guid": TEXT},
            ("customer_id", "related_to_id", "related_to_type"),
        ),
        "RelationshipResponse": _object(
            {"id": number, "customer_id": TEXT, "related_to_id": TEXT, "related_to_type": TEXT}
        ),
    }


def _external_ids(switches: Switches) -> dict[str, Shape]:
    item = {"system_id": LONG, "external_id": TEXT, "internal_id": TEXT}
    named = {"table_name": TEXT, "system_id": LONG, "external_id": TEXT}
    shown = {"id": {**id_shape(switches), "nullable": True}, **item, "system_name": TEXT}
    return {
        "ExternalIdRequest": _object(item, ("system_id", "external_id")),
        "ExternalIdResponse": _object(shown),
        "LookupSpecialRequest": _object({**named, "tracking_guid": TEXT}, named),
        "UpdateExternalIdRequest": _object(
            {**named, "internal_id": TEXT, "tracking_guid": TEXT}, (*named, "internal_id")
        ),
        "UpdateExternalIdResponse": _object({**shown, "table_name": TEXT, "tracking_guid": TEXT}),
    }


def _subscriptions() -> dict[str, Shape]:
    data = {"name": TEXT, "value": TEXT, "expiration_date_time": STAMP}
    return {
        "TableResponse": _object(
            {"id": LONG, "name": TEXT, "description": TEXT, "mapping_collection_type_id": LONG, "image_url": TEXT}
        ),
        "SubscriptionListResponse": _object(
            {
                "id": LONG,
                "type": LONG,
                "name": TEXT,
                "description": TEXT,
                "value": TEXT,
                "attached_items_count": LONG,
                "image_url": TEXT,
            }
        ),
        "SubscriptionResponse": _object(
            {
                "id": LONG,
                "integration_id": LONG,
                "integration_version_id": LONG,
                "name": TEXT,
                "webhook_api_key": TEXT,
                "tracking_guid": TEXT,
                "settings": {"type": "object", "additionalProperties": TEXT},
                "persistent_data": array(ref("PersistentData")),
            }
        ),
        "PersistentData": _object(data, ("name",)),
    }


def _sso() -> dict[str, Shape]:
    login = {"email_address": TEXT, "password": TEXT, "return_url": TEXT, "remember_me": FLAG, "tracking_guid": TEXT}
    return {
        "LoginRequest": _object(login, ("email_address", "password")),
        "RefreshRequest": _object({"access_token": TEXT, "refresh_token": TEXT}, ("access_token", "refresh_token")),
        "LoginResponse": _object(
            {
                "id": LONG,
                "name": TEXT,
                "email_address": TEXT,
                "access_token": TEXT,
                "access_token_expiration": STAMP,
                "refresh_token": TEXT,
                "return_url": TEXT,
                "permissions": array(TEXT),
                "tracking_guid": TEXT,
            }
        ),
        "UserCompanyResponse": _object(
            {
                "id": _GUID,
                "name": TEXT,
                "logo": TEXT,
                "designation_id": LONG,
                "user_type_id": LONG,
                "designations": {"type": "object", "additionalProperties": TEXT},
            }
        ),
    }


def _error(switches: Switches) -> Shape:
    if switches.is_on("error_shape", "flat"):
        return _object({"code": TEXT, "message": TEXT, "help_link": TEXT})
    if switches.is_on("error_shape", "text"):
        return {"type": "string"}
    return _object({"errors": array(_object({"error_code": TEXT, "error_message": TEXT, "help_url": TEXT}))})
