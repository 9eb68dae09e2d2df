"""The rest of the REST API: resources, limits, describe, queries, replication."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce.context import Call
from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.forms import origin_of
from airflow_provider_ipaas.sandbox.salesforce.query import page_size, query_text
from airflow_provider_ipaas.sandbox.salesforce.stamps import parse_stamp, stamp
from airflow_provider_ipaas.sandbox.salesforce.users import identity_url

VERSIONS = (
    ("Winter '24", "59.0"),
    ("Spring '24", "60.0"),
    ("Summer '24", "61.0"),
    ("Winter '25", "62.0"),
    ("Spring '25", "63.0"),
    ("Summer '25", "64.0"),
)
_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "recent", "search", "sobjects")
_UPDATED_DAYS, _DELETED_DAYS = 30, 15
_MAX_IDS = 600_000
_OTHER_LIMITS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
}


def versions() -> list[dict[str, str]]:
    """Return the versions on offer, oldest first."""
    return [{"label": label, "url": f"/services/data/v{number}", "version": number} for label, number in VERSIONS]


def resources(call: Call) -> Response:
    """List the resources of a version."""
    base = f"/services/data/v{call.version}"
    identity = identity_url(call.session.user, origin_of(call.request))
    listed = {name: f"{base}/{name}" for name in _RESOURCES}
    return JSONResponse({**listed, "identity": identity})


def limits(call: Call) -> Response:
    """Show the org's limits."""
    maximum = call.store.switches["api_limit"]
    shown = {"DailyApiRequests": {"Max": maximum, "Remaining": max(0, maximum - call.store.api_used)}}
    return JSONResponse(shown | {name: {"Max": n, "Remaining": n} for name, n in _OTHER_LIMITS.items()})


def describe_global(call: Call) -> Response:
    """List the objects the user can see."""
    base = f"/services/data/v{call.version}/sobjects"
    sobjects = []
    for definition in call.store.schema.values():
        url = f"{base}/{definition.name}"
        urls = {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"}
        sobjects.append({**definition.summary(), "urls": urls})
    return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})


def describe(call: Call) -> Response:
    """Describe one object with its fields."""
    definition = call.definition()
    restricted = call.store.switches["restricted_picklists"]
    base = f"/services/data/v{call.version}/sobjects/{definition.name}"
    children = [
        {"childSObject": child.name, "field": field.name, "relationshipName": f"{child.name}s", "cascadeDelete": True}
        for child in call.store.schema.values()
        for field in child.fields.values()
        if definition.name in field.reference_to and field.name == f"{definition.name}Id"
    ]
    body: dict[str, Any] = {
        **definition.summary(),
        "childRelationships": children,
        "fields": [field.describe(restricted_on=restricted) for field in definition.fields.values()],
        "recordTypeInfos": [],
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }
    return JSONResponse(body)


def query(call: Call) -> Response:
    """Run a query."""
    return _query(call, all_rows=False)


def query_all(call: Call) -> Response:
    """Run a query that also sees deleted and merged rows."""
    return _query(call, all_rows=True)


def _query(call: Call, *, all_rows: bool) -> Response:
    size = page_size(call.request.headers.get("sforce-query-options"))
    text = query_text(call.request.query_params)
    return JSONResponse(call.org.queries.run(text, version=call.version, size=size, all_rows=all_rows))


def query_more(call: Call) -> Response:
    """Return a further page."""
    return JSONResponse(call.org.queries.more(call.path("locator")))


def updated(call: Call) -> Response:
    """List the ids changed in a span (getUpdated)."""
    start, end = _span(call, _UPDATED_DAYS)
    low, high = stamp(start), stamp(end)
    table = call.store.tables[call.definition().name]
    ids = [row["Id"] for row in table.since(low, high) if not row["IsDeleted"] and row["SystemModstamp"] < high]
    if len(ids) > _MAX_IDS:
        raise SalesforceError("EXCEEDED_ID_LIMIT", f"More than {_MAX_IDS} ids; narrow the dates.")
    return JSONResponse({"ids": ids, "latestDateCovered": stamp(_covered(call, end))})


def deleted(call: Call) -> Response:
    """List the ids deleted in a span (getDeleted)."""
    start, end = _span(call, _DELETED_DAYS)
    low, high = stamp(start), stamp(end)
    table = call.store.tables[call.definition().name]
    gone = sorted((at, record_id) for record_id, at in table.deleted_on.items() if low <= at < high)
    earliest = stamp(call.store.clock.now() - timedelta(days=_DELETED_DAYS))
    return JSONResponse(
        {
            "deletedRecords": [{"id": record_id, "deletedDate": at} for at, record_id in gone],
            "earliestDateAvailable": earliest,
            "latestDateCovered": stamp(_covered(call, end)),
        }
    )


def _covered(call: Call, end: datetime) -> datetime:
    """Return how far the answer can be trusted: not past now, nor past the start of an open transaction."""
    covered = min(end, call.store.clock.now())
    oldest = call.store.transactions.earliest_start()
    return covered if oldest is None else min(covered, oldest.replace(second=0, microsecond=0))


def _span(call: Call, days: int) -> tuple[datetime, datetime]:
    moments = []
    for name in ("start", "end"):
        moment = parse_stamp(call.request.query_params.get(name, ""))
        if moment is None:
            raise SalesforceError("INVALID_REPLICATION_DATE", f"{name} is missing or no date-time")
        moments.append(moment.replace(second=0))
    start, end = moments
    if start >= end:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate must be before endDate")
    if start < call.store.clock.now() - timedelta(days=days):
        raise SalesforceError("INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return start, end
