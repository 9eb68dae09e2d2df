"""Bulk API 2.0 ingest jobs: an uploaded CSV file, processed behind the caller's back, with a result for each row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ipaas.sandbox.faults import Refusal
from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.ids import make_id
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.writes import WriteOptions, Writer, upsert_row

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
NULL = "#N/A"
Cells = dict[str, str]


@dataclass(slots=True)
class Job:
    """One job. *shown* is the state that its owner has been told: a result may be read after the last one only."""

    id: str
    definition: ObjectDef
    operation: str
    key: FieldDef | None  # the external-id field of an upsert
    delimiter: str
    line_ending: str
    options: WriteOptions
    created: datetime
    changed: datetime
    state: str = "Open"
    shown: str = "Open"
    data: str | None = None
    due: datetime | None = None
    header: list[str] = field(default_factory=list)
    done: list[tuple[str, bool, Cells]] = field(default_factory=list)
    failed: list[tuple[str, str, Cells]] = field(default_factory=list)
    unprocessed: list[Cells] = field(default_factory=list)
    error: str | None = None


class Jobs:
    """The ingest jobs of an org."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self.all: dict[str, Job] = {}
        self._made = 0

    def reset(self) -> None:
        """Forget every job."""
        self.all.clear()
        self._made = 0

    def open(
        self,
        definition: ObjectDef,
        operation: str,
        key: FieldDef | None,
        layout: tuple[str, str],
        options: WriteOptions,
    ) -> Job:
        """Create a job that waits for its data; *layout* names column delimiter and line ending."""
        now = self._store.clock.now()
        # Bulk API 2.0 takes no duplicate-rule header.
        options = replace(options, allow_save=False, refusals=())
        self._made += 1
        job = Job(make_id("750", self._made), definition, operation, key, *layout, options, now, now)
        self.all[job.id] = job
        return job

    def upload(self, job: Job, data: str, refusals: Sequence[Refusal]) -> None:
        """Take the data; *refusals* are the faults that its rows will meet."""
        job.data = data
        job.options = replace(job.options, refusals=refusals)

    def change(self, job: Job, state: str) -> None:
        """Close a job for processing, or give it up."""
        now = self._store.clock.now()
        job.changed = now
        job.state = job.shown = state
        if state == "UploadComplete":
            job.due = now + timedelta(seconds=self._store.switches["bulk_job_s"])
        else:
            job.unprocessed = list(_rows(job))

    def work(self) -> None:
        """Process the jobs that are due."""
        now = self._store.clock.now()
        for job in self.all.values():
            if job.state == "UploadComplete" and job.due is not None and job.due <= now:
                job.changed = now
                self._process(job)

    def show(self, job: Job) -> str:
        """Return the state to tell: a job is seen in progress before it is seen to have ended."""
        if job.shown == "UploadComplete":
            job.shown = "InProgress"
        elif job.shown == "InProgress" and job.state in ENDED:
            job.shown = job.state
        return job.shown

    def _process(self, job: Job) -> None:
        rows = list(_rows(job))
        problem = _header_problem(job)
        if problem is not None:
            job.state, job.error, job.unprocessed = "Failed", f"InvalidBatch : {problem}", rows
            return
        writer = Writer(self._store, job.options)
        keys = Counter(_cell(row, job.key.name).strip().lower() for row in rows) if job.key else Counter()
        for index, row in enumerate(rows):
            try:
                record_id, created = self._write(job, writer, row, index, keys)
            except SalesforceError as error:
                told = f"{error.code}:{error.message}:{' '.join(error.fields or ())} --"
                job.failed.append((_cell(row, "Id") if job.operation == "update" else "", told, row))
            else:
                job.done.append((record_id, created, row))
        job.state = "JobComplete"

    def _write(self, job: Job, writer: Writer, row: Cells, index: int, keys: Counter[str]) -> tuple[str, bool]:
        own = _cell(row, "Id")
        if job.operation in ("delete", "hardDelete"):
            writer.delete(job.definition, own, index)
            return own, False
        payload = _payload(row)
        if job.operation == "update":
            if not own:
                raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", fields=[])
            writer.update(job.definition, own, _without(payload, "Id"), index)
            return own, False
        if job.key is None:
            return writer.create(job.definition, payload, index), True
        value = _cell(row, job.key.name).strip()
        if not value or value == NULL:
            raise SalesforceError("MISSING_ARGUMENT", f"{job.key.name} not specified", fields=[job.key.name])
        if keys[value.lower()] > 1:
            message = f"Duplicate external id specified: {value}"
            raise SalesforceError("DUPLICATE_VALUE", message, fields=[job.key.name])
        rest = _without(payload, job.key.name)
        return upsert_row(self._store, writer, job.definition, job.key, rest, value, index)


def _rows(job: Job) -> Iterator[Cells]:
    """Read the rows of the upload; cells that a short row lacks are blank."""
    lines = csv.reader(io.StringIO(job.data or "", newline=""), delimiter=DELIMITERS[job.delimiter])
    job.header = [name.strip() for name in next(lines, [])]
    for cells in lines:
        if cells:
            yield {name: cells[at] if at < len(cells) else "" for at, name in enumerate(job.header)}


def _header_problem(job: Job) -> str | None:
    if not job.header:
        return "Field name not found : "
    needed = "Id" if job.operation in ("update", "delete", "hardDelete") else job.key.name if job.key else ""
    if needed and needed.lower() not in {name.lower() for name in job.header}:
        return f"Field name not found : {needed}"
    for name in job.header:
        relationship, _, _own = name.partition(".")
        known = job.definition.by_relationship if "." in name else job.definition.by_lower
        if relationship.lower() not in known:
            return f"Field name not found : {name}"
    return None


def _payload(row: Cells) -> dict[str, Any]:
    """Return what a row writes: a blank cell says nothing, `#N/A` clears a field, `Account.Key__c` names a parent."""
    payload: dict[str, Any] = {}
    for name, cell in row.items():
        if not cell:
            continue
        value = None if cell == NULL else cell
        relationship, _, own = name.partition(".")
        payload[relationship] = {own: value} if own and value is not None else value
    return payload


def _cell(row: Mapping[str, str], name: str) -> str:
    return next((cell for key, cell in row.items() if key.lower() == name.lower()), "")


def _without(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key.lower() != name.lower()}
