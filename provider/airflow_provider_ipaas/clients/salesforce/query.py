"""Stream the rows of a query, page by page, over lost locators."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_ipaas.catalogue import Handling, about
from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce import soql as soql_text
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.hosts import origin
from airflow_provider_ipaas.clients.salesforce.wire import Call, NotAnAnswer, Wire, read_object
from airflow_provider_ipaas.errors import MalformedAnswer, ServiceError
from airflow_provider_ipaas.sync.ports import Record

log = logging.getLogger(__name__)

_MAX_RESTARTS = 3
_ORDERED = re.compile(
    r"\border\s+by\s+SystemModstamp\s*(?:asc\s*)?,\s*Id\s*(?:asc\s*)?(?:limit\s+\d+\s*)?$", re.IGNORECASE
)
_SELECT = re.compile(r"\s*select\s+([\w.,\s]+?)\s+from\s", re.IGNORECASE | re.ASCII)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_NEXT = re.compile(r"/services/data/v\d+\.\d/query(?:All)?/[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Page:
    records: list[Record]
    next_url: str | None
    announced: int | None


class _RowsMissing(MalformedAnswer):
    """The pages ended, and held fewer rows than the org had announced."""


class _Place:
    """How far a stream ordered by stamp and Id has come, in the memory of one second's rows.

    After a restart every row before the last stamp, and those of the last stamp already yielded, are skipped. A row
    that changed since the query began has a later stamp: it may stand anywhere, is no place to go on from, and comes
    again with its new values. One committed late under an earlier stamp is left to the next run, whose window starts
    before anything that may still have been uncommitted.
    """

    def __init__(self) -> None:
        self._begun = ""
        self._stamp = ""
        self._ids: set[str] = set()
        self._until: tuple[str, frozenset[str]] | None = None

    def begin(self, now: datetime | None) -> None:
        """Note the server's time before the query is run (again); None where no answer has told it yet."""
        self._begun = now.strftime("%Y-%m-%dT%H:%M:%S") if now else ""
        if self._stamp:
            self._until = (self._stamp, frozenset(self._ids))

    def is_new(self, row: Record) -> bool:
        """Say whether *row* was not yielded before a restart, and remember it as yielded."""
        stamp, row_id = str(row["SystemModstamp"]), str(row["Id"])
        if self._until is not None:
            last, ids = self._until
            if stamp < last or (stamp == last and row_id in ids):
                return False
        if stamp >= self._stamp and (not self._begun or stamp[:19] < self._begun):
            if stamp > self._stamp:
                self._stamp, self._ids = stamp, set()
            self._ids.add(row_id)
        return True


def stream(wire: Wire, soql: str, *, include_deleted: bool) -> Iterator[Record]:
    """Yield the rows of *soql* as its pages arrive, without their `attributes`.

    Locators live two days, but can be lost to an org split or a failover. A query that ends with ORDER BY
    SystemModstamp, Id and selects both is then run again and goes on where it stopped; any other one raises. So it is
    with pages that end before all rows that were announced have come: raises MalformedAnswer where that stays so.
    """
    found = _FROM.search(soql)
    what = f"query {found.group(1)}" if found else "query"
    selected = _selected(soql)
    first = Call("GET", "queryAll" if include_deleted else "query", what, params={"q": soql})
    can_restart = _ORDERED.search(soql.strip()) is not None
    place = _Place()
    restarts = 0
    while True:
        place.begin(wire.transport.clock.now())
        try:
            for row in _pages(wire, first, selected):
                if not can_restart:
                    yield row
                elif "SystemModstamp" not in row or "Id" not in row:
                    can_restart = False
                    yield row
                elif place.is_new(row):
                    yield row
            return
        except ServiceError as error:
            lost = isinstance(error, _RowsMissing) or about(SERVICE, error.code).handling is Handling.RESTART
            if not lost or not can_restart or restarts >= _MAX_RESTARTS:
                raise
            restarts += 1
            why = "gave fewer rows than it had announced" if isinstance(error, _RowsMissing) else "lost its place"
            log.warning("Salesforce %s in a query in progress; running the query again.", why)


def _selected(soql: str) -> frozenset[str]:
    """Return what every row must have: the fields of the SELECT list and the parents of its paths."""
    found = _SELECT.match(soql)
    return frozenset(path.strip().partition(".")[0] for path in found.group(1).split(",")) if found else frozenset()


def _pages(wire: Wire, first: Call, selected: frozenset[str]) -> Iterator[Record]:
    """Yield the rows of all pages; while the rows of one are worked on, the next one is read."""

    def fetch(call: Call) -> _Page:
        return wire.send(call, lambda answer: _read_page(wire, answer, selected))

    # Most queries have one page: the thread starts with the second.
    ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="salesforce-page")
    try:
        # The first page is held by nobody else, so that it goes when the second is worked on.
        yield from _rows(fetch(first), first, lambda call: ahead.submit(fetch, call))
    finally:
        ahead.shutdown(wait=True, cancel_futures=True)


def _rows(page: _Page, first: Call, ask: Callable[[Call], Future[_Page]]) -> Iterator[Record]:
    seen: set[str] = set()
    rows = 0
    while True:
        following = None
        if page.next_url is not None and page.next_url not in seen:
            following = ask(Call("GET", page.next_url, first.what))
        yield from page.records
        rows += len(page.records)
        if page.next_url is None:
            if page.announced is not None and rows < page.announced:
                raise _RowsMissing(
                    f"Salesforce announced {page.announced:,} rows when asked to {first.what}, and gave {rows:,}.",
                    next_step="A later run reads them again; if it stays so, ask Salesforce's support.",
                    service=SERVICE,
                    code="ROWS_MISSING",
                )
            return
        if following is None:
            raise MalformedAnswer(
                f"Salesforce names the same next page again and again while asked to {first.what}.", service=SERVICE
            )
        seen.add(page.next_url)
        page = following.result()


def _read_page(wire: Wire, answer: Answer, selected: frozenset[str]) -> _Page:
    body = read_object(answer)
    records, done = body.get("records"), body.get("done")
    if not isinstance(records, list) or not isinstance(done, bool) or not all(isinstance(row, dict) for row in records):
        raise NotAnAnswer("JSON that is no page of a query")
    if not _are_rows(records, selected):
        raise NotAnAnswer("rows without the fields that were asked for")
    total = body.get("totalSize")
    announced = total if isinstance(total, int) and not isinstance(total, bool) else None
    return _Page(
        [plain(row) for row in records], None if done else _next_path(wire, body.get("nextRecordsUrl")), announced
    )


def _are_rows(rows: list[Record], selected: frozenset[str]) -> bool:
    """Say whether each row has what was selected (in any letter case), with an Id and a stamp that are such."""
    if not all(selected <= row.keys() for row in rows):
        lower = {name.lower() for name in selected}
        if not all(lower <= {name.lower() for name in row} for row in rows):
            return False
    if "Id" in selected and not all(soql_text.is_id(row.get("Id")) for row in rows):
        return False
    return "SystemModstamp" not in selected or all(_STAMP.fullmatch(str(r.get("SystemModstamp"))) for r in rows)


def _next_path(wire: Wire, url: Any) -> str:
    """Return the path of the next page; it must be a query page of the same instance, for the token goes along."""
    if not isinstance(url, str):
        raise NotAnAnswer("a page of a query that says neither that it is the last nor which is next")
    path = url
    if not url.startswith("/"):
        if origin(url) != wire.token.instance_url:
            raise NotAnAnswer("a next page on another host")
        path = urlsplit(url).path
    if not _NEXT.fullmatch(path):
        raise NotAnAnswer("a next page that is none of the query resource")
    return path


def plain(row: Record) -> Record:
    """Take `attributes` out of a row, its own and those of its parents; return it."""
    row.pop("attributes", None)
    for value in row.values():
        if isinstance(value, dict) and "attributes" in value:
            plain(value)
    return row
