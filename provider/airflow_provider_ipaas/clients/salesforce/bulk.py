"""Bulk API 2.0: thousands of upserts as one job, which the org works off by itself and tells the result of each row.

A job writes nothing before it is closed, so a job that was opened and lost does no harm. One that was closed goes on
whatever becomes of the caller: who closes a job notes its id first.
"""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce import soql
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, readable
from airflow_provider_ipaas.clients.salesforce.wire import Call, NotAnAnswer, Wire, read_object
from airflow_provider_ipaas.errors import AuthenticationError, RequestLimitExceeded, ServiceError, UnknownOutcome
from airflow_provider_ipaas.sync.ports import Record, WriteError, WriteResult

log = logging.getLogger(__name__)

NULL = "#N/A"  # clears a field; a blank cell says nothing
MAX_BYTES = 100_000_000  # 150 MB count after base64, which makes a third more of it
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
# Seconds between two looks at a job: each costs the org a call, and a job rarely ends within the first few seconds.
_WAITS = (1.0, 2.0, 4.0, 8.0)
_WAIT = 15.0
# CODE:message:fields --
_ERROR = re.compile(r"([A-Z][A-Z0-9_]*):(.*):([^:]*)--", re.DOTALL)


def open_upsert(wire: Wire, sobject: str, external_id_field: str, records: Sequence[Record]) -> str:
    """Create a job, upload its rows and return its id; nothing is written yet.

    Raises ServiceError, and ValueError for rows that are too big for one upload.
    """
    key = soql.name(external_id_field)
    data = _csv(records)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data):,} bytes are too many for one job; {MAX_BYTES:,} are allowed.")
    body = {
        "object": soql.name(sobject),
        "operation": "upsert",
        "externalIdFieldName": key,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    call = Call("POST", "jobs/ingest", f"create a bulk job for {sobject}", "idempotent", body=body)
    job_id: str = wire.send(call, _read_id)
    try:
        upload = Call("PUT", f"{_path(job_id)}/batches", "upload the rows of a bulk job", "idempotent", body=data)
        wire.send(upload, lambda answer: answer.status)
    except ServiceError:
        _give_up(wire, job_id)
        raise
    return job_id


def finish(
    wire: Wire, job_id: str, external_id_field: str, *, limit_s: float, told: Callable[[int], None]
) -> dict[str, WriteResult]:
    """Close a job, wait for its end and return the results of the rows it processed, by their external id.

    *told* hears now and then how many rows are processed. Raises UnknownOutcome where the job has not ended after
    *limit_s* seconds, or where it can't be told how it ended.
    """
    _set(wire, job_id, "UploadComplete")
    state = _wait(wire, job_id, limit_s, told)
    if state is None:
        _give_up(wire, job_id)
        raise UnknownOutcome(
            f"The bulk job {job_id} of Salesforce has not ended in {limit_s:,.0f} s; what it has written is to be found out.",
            service=SERVICE,
            code="BULK_JOB_TIMEOUT",
        )
    done = _results(wire, job_id, "successfulResults", external_id_field, _done)
    return done | _results(wire, job_id, "failedResults", external_id_field, _failed)


def end(wire: Wire, job_id: str, *, limit_s: float) -> bool:
    """Stop a job that somebody left behind, or wait for its end where it can't be stopped; tell whether it has ended."""
    _give_up(wire, job_id)
    return _wait(wire, job_id, limit_s, lambda _: None) is not None


def _set(wire: Wire, job_id: str, state: str) -> None:
    call = Call("PATCH", _path(job_id), f"set a bulk job to {state}", "idempotent", body={"state": state})
    try:
        wire.send(call, read_object)
    except ServiceError as error:
        # The answer to a first attempt may have been lost: then the job has left the state it can be closed in.
        if error.code != "INVALIDJOBSTATE" or _info(wire, job_id).get("state") in (None, "Open"):
            raise


def _give_up(wire: Wire, job_id: str) -> None:
    try:
        wire.send(
            Call("PATCH", _path(job_id), "abort a bulk job", "idempotent", body={"state": "Aborted"}), read_object
        )
    except (AuthenticationError, RequestLimitExceeded):
        raise
    except ServiceError as error:
        log.info("The bulk job %s could not be aborted (%s).", job_id, error.code or type(error).__name__)


def _wait(wire: Wire, job_id: str, limit_s: float, told: Callable[[int], None]) -> str | None:
    """Look at a job until it has ended and return how; None when it does not within *limit_s* seconds of waiting."""
    waited = 0.0
    waits = iter(_WAITS)
    while True:
        try:
            info = _info(wire, job_id)
        except ServiceError as error:
            if error.status == 404:
                return "Aborted"  # deleted, and with it what it had not processed
            raise
        state = str(info.get("state"))
        if state in ENDED:
            if state == "Failed":
                log.warning(
                    "The bulk job %s failed: %s", job_id, readable(str(info.get("errorMessage") or "no reason given"))
                )
            return state
        if waited >= limit_s:
            return None
        processed = info.get("numberRecordsProcessed")
        told(processed if isinstance(processed, int) else 0)
        pause = next(waits, _WAIT)
        wire.sleep(pause)
        waited += pause


def _info(wire: Wire, job_id: str) -> dict[str, Any]:
    return wire.send(Call("GET", _path(job_id), "look at a bulk job"), read_object)


def _path(job_id: str) -> str:
    return f"jobs/ingest/{soql.id18(job_id)}"


def _read_id(answer: Answer) -> str:
    try:
        return soql.id18(str(read_object(answer).get("id")))
    except ValueError:
        raise NotAnAnswer("JSON that names no job") from None


def _csv(records: Sequence[Record]) -> bytes:
    """Write rows under one header: the fields of all of them, in the order in which they first occur."""
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([soql.name(name) for name in names])
    writer.writerows([_cell(record[name]) if name in record else "" for name in names] for record in records)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return NULL
    if value == NULL or isinstance(value, dict | list):
        raise ValueError(f"A value of type {type(value).__name__} can't be told in a row of CSV.")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _results(
    wire: Wire, job_id: str, which: str, key: str, result: Callable[[dict[str, str]], WriteResult]
) -> dict[str, WriteResult]:
    def read(answer: Answer) -> dict[str, WriteResult]:
        reader = csv.DictReader(io.StringIO(answer.text, newline=""), restval="", strict=True)
        try:
            rows = list(reader)
        except csv.Error:
            raise NotAnAnswer("results of a bulk job that are cut off") from None
        if answer.text.strip() and not {"sf__Id", key} <= set(reader.fieldnames or ()):
            raise NotAnAnswer("something else than the results of a bulk job")
        return {row[key]: result(row) for row in rows}

    return wire.send(Call("GET", f"{_path(job_id)}/{which}", "read the results of a bulk job"), read)


def _done(row: dict[str, str]) -> WriteResult:
    try:
        record_id = soql.id18(row["sf__Id"])
    except ValueError:
        raise NotAnAnswer("a result that says success but names no record") from None
    return WriteResult(record_id, True, created=row.get("sf__Created") == "true")


def _failed(row: dict[str, str]) -> WriteResult:
    found = _ERROR.fullmatch(row.get("sf__Error", "").strip())
    if found is None:
        error = WriteError("UNKNOWN", readable(row.get("sf__Error") or "Salesforce gave no reason."))
    else:
        code, message, fields = found.groups()
        error = WriteError(
            code, readable(message), tuple(re.split(r"[\s,]+", fields.strip())) if fields.strip() else ()
        )
    return WriteResult(None, False, errors=(error,))
