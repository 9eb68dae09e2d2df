"""The two models behind the ports of the sync core: pages, batches, lanes, and what goes wrong on the way."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from airflow_provider_ipaas.errors import ServiceError, UnknownOutcome
from airflow_provider_ipaas.sync.ports import FieldFacts, ObjectFacts, Record, WriteError, WriteResult

from .clock import salesforce_stamp
from .ipaas import SYSTEM_ID, Company
from .process import Process
from .salesforce import _SYSTEM, API_USER, EXTERNAL_ID, FIELDS, ORG_ID, Org
from .soql import Query, Row, parse

T = TypeVar("T")
R = TypeVar("R")
# Called with side, kind, body, what creates the record and where known its source: the checks want to know for whom
# a record is made.
Made = Callable[..., Any]
PAGE = 4
_COUNT = re.compile(r"SELECT COUNT\(Id\) total FROM (\w+)")


class SalesforceModel:
    """Implements `SalesforcePort` for one process."""

    user_id = API_USER

    def __init__(
        self,
        process: Process,
        org: Org,
        made: Made,
        *,
        covered: Callable[[str, datetime], None],
        org_id: str = ORG_ID,
        page_is_fresh: bool = False,
    ) -> None:
        self._process = process
        self._org = org
        self._made = made
        self.org_id = org_id
        self._covered = covered
        self._page_is_fresh = page_is_fresh

    @property
    def calls(self) -> int:
        return self._process.counts["salesforce"]

    @property
    def usage(self) -> tuple[int, int] | None:
        return None

    def server_now(self) -> datetime:
        return self._org.clock.salesforce()

    def describe(self, sobject: str) -> ObjectFacts:
        names = [*FIELDS[sobject], *_SYSTEM, *([EXTERNAL_ID] if self._org.external_id_field else [])]
        taken = {name: why for (of, name), why in self._org.taken.items() if of == sobject}
        facts = {
            n: FieldFacts(n, n, "string", 255, n not in taken, n not in taken, n == EXTERNAL_ID, n == EXTERNAL_ID)
            for n in names
            if taken.get(n) != "missing"
        }
        return self._call("describe", lambda: ObjectFacts(sobject, facts))

    def latest_date_covered(self, sobject: str, start: datetime, end: datetime) -> datetime:
        fence = self._call("updated", lambda: min(self._org.covered(), end))
        self._covered(sobject, fence)
        return fence

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[Record]:
        if counted := _COUNT.fullmatch(soql):
            query = Query((), counted[1], None, ())
            yield {"total": len(self._call("query", lambda: self._matching(query, include_deleted)))}
            return
        query = parse(soql)
        ordered = query.order == ("SystemModstamp", "Id")
        # Like the client: a query in the order of stamps goes on where it stopped when its locator is lost. What has
        # changed since the query began stands out of order, and is no place to go on from.
        begun = salesforce_stamp(self.server_now())
        stopped: tuple[str, str] | None = None
        place = ("", "")
        while True:
            try:
                for row in self._pages(query, include_deleted):
                    here = (row["SystemModstamp"], row["Id"])
                    if stopped is not None and here <= stopped:
                        continue
                    if here[0] < begun:
                        place = max(place, here)
                    yield _projected(row, query.fields, self._org)
                return
            except ServiceError as error:
                if error.code != "INVALID_QUERY_LOCATOR" or not ordered:
                    raise
                stopped = place

    def _pages(self, query: Query, include_deleted: bool) -> Iterator[Row]:
        script = self._process.script
        found: list[Row] = []
        at = 0
        while True:
            if at == 0:
                found = self._call("query", lambda: self._matching(query, include_deleted))
            else:
                self._call("query", lambda: None)
            fault = script.fault[0]
            if fault == "locator" and at:
                script.hit["a page locator has expired"] += 1
                raise ServiceError(
                    "The locator is gone.", service="salesforce", status=400, code="INVALID_QUERY_LOCATOR"
                )
            page = found[at : at + PAGE]
            if fault == "twice" and page:
                script.hit["a page comes twice"] += 1
                page = [*page, *page]
            if fault == "shuffled" and len(page) > 1:
                script.hit["a page comes shuffled"] += 1
                script.rng.shuffle(page)
            for row in page:
                now = self._org.visible(row["Id"]) if self._page_is_fresh else row
                if now is not None and (include_deleted or not now["IsDeleted"]):
                    yield now
            at += PAGE
            if at >= len(found):
                return

    def _check_fields(self, sobject: str, fields: Sequence[str]) -> None:
        for name in fields:
            if self._org.taken.get((sobject, name)) == "missing":
                raise ServiceError(f"No such column {name}.", service="salesforce", status=400, code="INVALID_FIELD")

    def _matching(self, query: Query, include_deleted: bool) -> list[Row]:
        org = self._org
        self._check_fields(query.sobject, query.fields)
        rows = [
            row
            for record_id, row in org.rows.items()
            if row["sobject"] == query.sobject
            and record_id not in org.hidden
            and (include_deleted or not row["IsDeleted"])
            and (query.where is None or query.where(row))
        ]
        if query.order:
            rows.sort(key=lambda row: [row[name] for name in query.order])
        else:
            self._process.script.rng.shuffle(rows)
        return rows

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
        def read() -> list[Record | None]:
            self._check_fields(sobject, fields)
            rows = [self._org.visible(record_id) for record_id in ids]
            return [_projected(row, fields, self._org) if row and not row["IsDeleted"] else None for row in rows]

        return self._call("retrieve", read)

    def create(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        def one(record: Record) -> WriteResult:
            return self._made("salesforce", sobject, record, lambda: self._org.api_create(sobject, record))

        return self._write("create", records, one, "create")

    def update(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        def one(record: Record) -> WriteResult:
            fields = {name: value for name, value in record.items() if name != "Id"}
            return self._org.api_update(sobject, record["Id"], fields)

        return self._write("update", records, one)

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> list[WriteResult]:
        def one(record: Record) -> WriteResult:
            return self._made("salesforce", sobject, record, lambda: self._org.api_upsert(sobject, record))

        return self._write("upsert", records, one)

    def parallel(self, call: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[tuple[T, R | Exception]]:
        """Make the calls in any order, as lanes do; give the results in the items' order."""
        wanted = [*items]
        assert len(wanted) <= lanes
        return in_any_order(call, wanted, self._process.script.rng)

    def open_upsert_job(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> str:
        def one(record: Record) -> WriteResult:
            if any("mangle" in str(value) for value in record.values()):
                return WriteResult(None, False, errors=(WriteError("STRING_TOO_LONG", "Bad row."),))
            return self._made("salesforce", sobject, record, lambda: self._org.api_upsert(sobject, record))

        def open_job() -> str:
            self._org.job_number += 1
            job = f"750{self._org.job_number:015}"
            self._org.jobs[job] = lambda: {record[external_id_field]: one(record) for record in records}
            return job

        return self._call("open_job", open_job, "idempotent write")

    def finish_upsert_job(
        self, job_id: str, external_id_field: str, told: Callable[[int], None]
    ) -> dict[str, WriteResult]:
        """Run a job; sometimes it leaves rows unprocessed, refuses one, or goes on when nobody waits any more."""
        script = self._process.script

        def finish() -> dict[str, WriteResult]:
            told(0)
            job = self._org.jobs.pop(job_id, dict)  # one that another attempt has ended writes nothing
            if script.rng.random() < 0.1:
                script.hit["a bulk job does not end"] += 1
                self._org.running[job_id] = job
                raise UnknownOutcome("The job has not ended.", service="salesforce")
            results = job()
            if results and script.rng.random() < 0.2:
                script.hit["a bulk job tells nothing of a record"] += 1
                results.pop(script.rng.choice(sorted(results)))
            return results

        return self._call("job", finish, "create")

    def end_job(self, job_id: str) -> bool:
        """Stop a job, or let it run to its end first."""

        def end() -> bool:
            self._org.jobs.pop(job_id, None)
            job = self._org.running.pop(job_id, None)
            if job is not None and self._process.script.rng.random() < 0.5:
                self._process.script.hit["a bulk job ends in a later run"] += 1
                job()
            return True

        return self._call("end_job", end, "idempotent write")

    def _write(
        self,
        method: str,
        records: Sequence[Record],
        one: Callable[[Record], WriteResult],
        effect: str = "idempotent write",
    ) -> list[WriteResult]:
        def write() -> list[WriteResult]:
            if any("mangle" in str(value) for record in records for value in record.values()):
                raise ServiceError("Bad row.", service="salesforce", status=400, code="JSON_PARSER_ERROR")
            fault = self._process.script.fault
            refused = fault[1] % len(records) if fault[0] == "refuse" else -1
            if refused < 0:
                return [one(record) for record in records]
            self._process.script.hit["one record of a batch is refused"] += 1
            error = WriteError(fault[2], "refused by the script")
            return [
                WriteResult(None, False, errors=(error,)) if at == refused else one(record)
                for at, record in enumerate(records)
            ]

        return self._call(method, write, effect)

    def _call(self, method: str, work: Callable[[], T], effect: str = "read") -> T:
        return self._process.call("salesforce", method, work, effect)


def in_any_order(call: Callable[[T], R], items: Sequence[T], rng: random.Random) -> Iterator[tuple[T, R | Exception]]:
    order = [*range(len(items))]
    rng.shuffle(order)
    answers: dict[int, R | Exception] = {}
    for at in order:
        try:
            answers[at] = call(items[at])
        except Exception as error:
            answers[at] = error
    yield from ((item, answers[at]) for at, item in enumerate(items))


def _projected(row: Row, fields: Sequence[str], org: Org) -> Record:
    shown: Record = {}
    for name in fields:
        parent, _, own = name.partition(".")
        if own:
            account = org.rows.get(row.get(f"{parent}Id") or "")
            shown[parent] = {own: account[own]} if account else None
        elif name not in row:
            raise ServiceError(f"No such column {name}.", service="salesforce", status=400, code="INVALID_FIELD")
        else:
            shown[name] = row[name]
    return shown


class IPaaSModel:
    """Implements `IPaaSPort` for one process."""

    system_id = SYSTEM_ID
    lanes = 4

    def __init__(self, process: Process, company: Company, made: Made) -> None:
        self._process = process
        self._company = company
        self._made = made
        self._for: str | None = None  # the record that a lane is at

    @property
    def calls(self) -> int:
        return self._process.counts["ipaas"]

    def server_now(self) -> datetime:
        return self._company.clock.ipaas()

    def list(self, kind: str) -> Iterator[Record]:
        """List in the order of ids, page by page: a record that goes away meanwhile shifts the pages behind it."""
        company = self._company
        yielded: set[str] = set()
        page = 0
        while True:
            ids = self._call("list", lambda: sorted(company.alive(kind), key=int))
            for record_id in ids[page * PAGE : (page + 1) * PAGE]:
                row = company.shown(kind, record_id, in_list=True)
                if row is not None and record_id not in yielded:
                    yielded.add(record_id)
                    yield row
            page += 1
            if page * PAGE >= len(ids):
                return

    def get(self, kind: str, record_id: str) -> Record | None:
        return self._call("get", lambda: self._company.shown(kind, record_id))

    def find(self, kind: str, value: str) -> Sequence[Record]:
        return self._call("find", lambda: self._company.api_find(kind, value)) if value.strip() else []

    def create(self, kind: str, body: Record) -> Record:
        def make() -> Record:
            return self._made("ipaas", kind, body, lambda: self._company.api_create(kind, body), self._for)

        return self._call("create", make, "create")

    def update(self, kind: str, record_id: str, body: Record) -> Record | None:
        return self._call("update", lambda: self._company.api_update(kind, record_id, body), "idempotent write")

    def external_id_of(self, kind: str, record_id: str) -> str | None:
        alive = (kind, record_id) not in self._company.inactive
        return self._call("lookup", lambda: self._company.external.get((kind, record_id)) if alive else None)

    def record_with_external_id(self, kind: str, external_id: str) -> str | None:
        return self._call("lookup", lambda: self._company.live_holder(kind, external_id))

    def set_external_id(self, kind: str, record_id: str, external_id: str) -> None:
        self._call("link", lambda: self._company.api_link(kind, record_id, external_id), "idempotent write")

    def relationships(self, customer_id: str) -> Sequence[Record]:
        related = self._company.related
        rows = [{"related_to_id": c, "related_to_type": "Customer Company"} for of, c in related if of == customer_id]
        return self._call("relationships", lambda: rows)

    def relate(self, customer_id: str, company_id: str) -> None:
        self._call("relate", lambda: self._company.related.append((customer_id, company_id)), "create")

    def parallel(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Exception]]:
        """Make the calls in any order, as lanes do; give the results in the items' order."""

        def one(item: T) -> R:
            self._for = getattr(item, "record_id", None)
            try:
                return call(item)
            finally:
                self._for = None

        return in_any_order(one, [*items], self._process.script.rng)

    def _call(self, method: str, work: Callable[[], T], effect: str = "read") -> T:
        return self._process.call("ipaas", method, work, effect)
