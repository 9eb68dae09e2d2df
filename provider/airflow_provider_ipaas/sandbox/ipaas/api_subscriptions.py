"""The subscriptions API: connected systems and look-up tables."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute, Call, answer, route
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, not_found
from airflow_provider_ipaas.sandbox.ipaas.forms import stamp
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_INTEGRATION, IPaaSStore, Subscription
from airflow_provider_ipaas.sandbox.ipaas.writes import check_system_id

# Table names with their numbers; the casing is as uneven as the service's own.
_TABLES: Final = ((8, "customer"), (16, "customer category"), (17, "Address"), (49, ""))
# No public source names the marks of the service's own Salesforce integration; it is known to poll.
_POLL_MARKS: Final = ("LastAccountPoll", "LastContactPoll")
_POLL_EVERY_S: Final = 300


def routes(store: IPaaSStore) -> list[ApiRoute]:
    """Return the routes of the subscriptions API."""
    root = "/subscriptions/v2"
    return [
        route(store, f"{root}/Lookup/Tables", get=(_tables, "subscriptions.read")),
        route(store, f"{root}/Subscriptions", get=(_subscriptions, "subscriptions.read")),
        route(store, f"{root}/Subscription/PersistentData/{{id}}", post=(_persist, "subscriptions.write")),
        route(store, f"{root}/Subscription/{{id}}", get=(_subscription, "subscriptions.read")),
    ]


def _tables(call: Call) -> Response:
    company = call.store.switches.text("company_table_name")
    return answer(
        [
            {
                "id": index,
                "name": name or company,
                "description": f"{name or company} records",
                "mapping_collection_type_id": number,
                "image_url": None,
            }
            for index, (number, name) in enumerate(_TABLES, start=1)
        ]
    )


def _subscriptions(call: Call) -> Response:
    return answer(
        [
            {
                "id": subscription.number,
                "type": subscription.type,
                "name": subscription.name,
                "description": subscription.description,
                "value": None,
                "attached_items_count": 0,
                "image_url": None,
            }
            for subscription in call.store.subscriptions.values()
        ]
    )


def _subscription(call: Call) -> Response:
    subscription = _find(call)
    body: dict[str, Any] = {
        "id": subscription.number,
        "integration_id": subscription.type,
        "integration_version_id": 1,
        "name": subscription.name,
        "webhook_api_key": None,
        "tracking_guid": call.tracking_guid,
        "settings": dict(subscription.settings),
    }
    if "persistentdata" in call.query.get("include", "").lower():
        items = [*subscription.persistent_data, *_poll_marks(call, subscription)]
        body["persistent_data"] = list({item["name"]: item for item in items}.values())
    return answer(body)


def _poll_marks(call: Call, subscription: Subscription) -> list[dict[str, Any]]:
    """Return what a running Salesforce integration leaves: when it last polled each collection."""
    switches = call.store.switches
    if subscription.type != SALESFORCE_INTEGRATION or switches.is_on("stock_integration_active", "off"):
        return []
    now = call.store.clock.now()
    polled = stamp(now - timedelta(seconds=now.timestamp() % _POLL_EVERY_S), switches)
    return [{"name": name, "value": polled, "expiration_date_time": None} for name in _POLL_MARKS]


def _persist(call: Call) -> Response:
    """Store name, value and expiry of each item sent; an item of the same name is replaced."""
    subscription = _find(call)
    try:
        items = json.loads(call.body)
    except ValueError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("name") for item in items):
        raise ApiError("VALD-1003", "The request is not a list of named values.")
    stored = {item["name"]: item for item in subscription.persistent_data}
    keys = ("name", "value", "expiration_date_time")
    stored.update((item["name"], {key: item.get(key) for key in keys}) for item in items)
    subscription.persistent_data = list(stored.values())
    return answer(subscription.persistent_data)


def _find(call: Call) -> Subscription:
    text = call.path["id"]
    if text.isdecimal() and int(text) not in call.store.subscriptions:
        raise not_found(f"subscription {text}")
    return call.store.subscriptions[check_system_id(text, call.store)]
