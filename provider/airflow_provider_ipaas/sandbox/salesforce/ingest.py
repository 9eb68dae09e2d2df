"""The resources of Bulk API 2.0 ingest: create a job, upload its data, close it, look at it, read its results."""

from __future__ import annotations

import csv
import io
from typing import Any

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.answers import JSONResponse
from airflow_provider_ipaas.sandbox.salesforce.context import Call
from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError, not_found
from airflow_provider_ipaas.sandbox.salesforce.jobs import DELIMITERS, ENDED, LINE_ENDINGS, OPERATIONS, Job
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.stamps import stamp

MAX_BYTES = 150 * 1024 * 1024
# The documents write unprocessedrecords, some clients unprocessedRecords; paths of results are told apart without case.
_RESULTS = ("successfulresults", "failedresults", "unprocessedrecords")


def create(call: Call) -> Response:
    """Create a job."""
    body = call.json_object()
    operation = _one_of(body, "operation", OPERATIONS, None)
    definition = call.store.schema.get(str(body.get("object") or "").lower())
    if definition is None:
        raise SalesforceError("INVALIDENTITY", f"Entity '{body.get('object')}' is not supported by the Bulk API.")
    if operation == "hardDelete":
        raise SalesforceError("FEATURENOTENABLED", "hardDelete is not enabled for this user")
    _one_of(body, "contentType", ("CSV",), "CSV")
    layout = (
        _one_of(body, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
        _one_of(body, "lineEnding", tuple(LINE_ENDINGS), "LF"),
    )
    key = _key(definition, body) if operation == "upsert" else None
    job = call.org.jobs.open(definition, operation, key, layout, call.writer().options)
    return JSONResponse(_shown(call, job, "Open", counts=False))


def _key(definition: ObjectDef, body: dict[str, Any]) -> FieldDef:
    name = str(body.get("externalIdFieldName") or "")
    if not name:
        raise SalesforceError(
            "INVALIDJOB",
            f"InvalidJob : External ID was blank for {definition.name}. An External ID must be specified for upsert.",
        )
    found = definition.by_lower.get(name.lower())
    if found is None or not (found.external_id or found.id_lookup):
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Field name provided, {name}, is not an External ID")
    return found


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise SalesforceError("INVALIDJOB", f"InvalidJob : {name} must be one of {', '.join(allowed)}, not {value}")
    return str(value)


def upload(call: Call) -> Response:
    """Take the one file of a job."""
    job = _job(call)
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise SalesforceError("UNSUPPORTED_MEDIA_TYPE", f"Content type {kind} isn't supported", status=415)
    if job.state != "Open" or job.data is not None:
        raise _wrong_state(job, "uploading data")
    if len(call.body) > MAX_BYTES:
        raise SalesforceError("REQUEST_TOO_LARGE", "The upload exceeds 150 MB.", status=413)
    try:
        data = call.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SalesforceError("INVALIDBATCH", "InvalidBatch : The data is not UTF-8.") from None
    call.org.jobs.upload(job, data, call.request.scope.get("sandbox.refusals", ()))
    return Response(status_code=201)


def change(call: Call) -> Response:
    """Close a job for processing (`UploadComplete`), or give it up (`Aborted`)."""
    job, state = _job(call), call.json_object().get("state")
    allowed = {"UploadComplete": ("Open",), "Aborted": ("Open", "UploadComplete")}
    if state not in allowed:
        raise SalesforceError("INVALIDJOB", f"InvalidJob : state must be UploadComplete or Aborted, not {state}")
    if job.state not in allowed[str(state)]:
        raise _wrong_state(job, f"changing it to {state}")
    call.org.jobs.change(job, str(state))
    return JSONResponse(_shown(call, job, str(state), counts=False))


def read(call: Call) -> Response:
    """Show a job."""
    job = _job(call)
    return JSONResponse(_shown(call, job, call.org.jobs.show(job), counts=True))


def listing(call: Call) -> Response:
    """List the jobs."""
    shown = [_shown(call, job, job.shown, counts=False) for job in call.org.jobs.all.values()]
    return JSONResponse({"done": True, "records": shown, "nextRecordsUrl": None})


def delete(call: Call) -> Response:
    """Delete a job that is closed, with its data."""
    job = _job(call)
    if job.state == "Open":
        raise _wrong_state(job, "deleting it")
    del call.org.jobs.all[job.id]
    return Response(status_code=204)


def results(call: Call) -> Response:
    """Return the rows that were written, refused, or not processed, as CSV."""
    job, which = _job(call), call.path("results").lower()
    if which not in _RESULTS:
        raise not_found()
    if job.shown not in ENDED:
        raise _wrong_state(job, "reading its results")
    rows: list[list[str]]
    if which == "successfulresults":
        head = ["sf__Id", "sf__Created", *job.header]
        rows = [[record_id, str(created).lower(), *row.values()] for record_id, created, row in job.done]
    elif which == "failedresults":
        head = ["sf__Id", "sf__Error", *job.header]
        rows = [[record_id, error, *row.values()] for record_id, error, row in job.failed]
    else:
        head = list(job.header)
        rows = [list(row.values()) for row in job.unprocessed]
    text = io.StringIO(newline="")
    ending = LINE_ENDINGS[job.line_ending]
    csv.writer(text, delimiter=DELIMITERS[job.delimiter], lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(
        # Which row comes when is the org's affair: the last one first, so that nobody counts on it.
        [head, *reversed(rows)]
    )
    return Response(text.getvalue().encode("utf-8", "replace"), media_type="text/csv")


def _job(call: Call) -> Job:
    given = call.path("job")
    found = next(
        (job for job in call.org.jobs.all.values() if job.id in (given, given[:18]) or job.id[:15] == given), None
    )
    if found is None:
        raise not_found()
    return found


def _wrong_state(job: Job, what: str) -> SalesforceError:
    return SalesforceError("INVALIDJOBSTATE", f"Invalid job state: {job.shown} does not allow {what}. Job: {job.id}")


def _shown(call: Call, job: Job, state: str, *, counts: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.definition.name,
        "createdById": job.options.by,
        "createdDate": stamp(job.created),
        "systemModstamp": stamp(job.changed),
        "state": state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    if job.key is not None:
        shown["externalIdFieldName"] = job.key.name
    if state == "Open":
        shown["contentUrl"] = f"services/data/v{call.version}/jobs/ingest/{job.id}/batches"
    if counts:
        ended = state in ENDED
        shown |= {
            "jobType": "V2Ingest",
            "retries": 0,
            "numberRecordsProcessed": len(job.done) + len(job.failed) if ended else 0,
            "numberRecordsFailed": len(job.failed) if ended else 0,
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }
        if ended and job.error is not None:
            shown["errorMessage"] = job.error
    return shown
