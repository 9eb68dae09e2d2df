"""Run SOQL statements and hand out their results page by page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.ids import make_id, to_18
from airflow_provider_ipaas.sandbox.salesforce.render import make_renderer
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.soql.evaluate import (
    Compiler,
    Condition,
    SortKey,
    candidates,
    sort_rows,
    stamp_bounds,
)
from airflow_provider_ipaas.sandbox.salesforce.soql.fields import Resolved, Resolver
from airflow_provider_ipaas.sandbox.salesforce.soql.parser import Statement, parse_query
from airflow_provider_ipaas.sandbox.salesforce.soql.tokens import malformed
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.table import Row, Table

PAGE_SIZES = range(200, 2001)
LOCATOR_LIFE = timedelta(days=2)
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)")
_LOCATOR = re.compile(r"(01g[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)-(\d+)")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result that is read in pages: the rows as they were when the query ran."""

    rows: list[Row]
    render: Callable[[Row], dict[str, Any]]
    page_size: int
    version: str
    opened: datetime


def page_size(header: str | None) -> int:
    """Return the page size a Sforce-Query-Options header asks for, within the legal range."""
    found = _BATCH_SIZE.search(header or "")
    if not found:
        return PAGE_SIZES[-1]
    return min(max(int(found[1]), PAGE_SIZES[0]), PAGE_SIZES[-1])


class Queries:
    """Execute queries on a store and keep the open locators."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self._cursors: dict[str, Cursor] = {}
        self._count = 0

    def run(self, text: str, *, version: str, size: int, all_rows: bool) -> dict[str, Any]:
        """Return the first page of a query."""
        statement = parse_query(text)
        definition = self._store.schema.get(statement.sobject.text.lower())
        if definition is None:
            raise _unknown_type(statement)
        resolver = Resolver(text, definition, self._store.schema)
        selection = [resolver.resolve(path) for path in statement.paths] or _field_set(statement, definition)
        rows = self._rows(statement, resolver, definition, all_rows=all_rows)
        if statement.count == "rows":
            return {"totalSize": len(rows), "done": True, "records": []}
        if statement.count == "field":
            read = selection[0].reader(self._store.get)
            total = sum(1 for row in rows if read(row) is not None)
            record = {"attributes": {"type": "AggregateResult"}, statement.count_alias: total}
            return {"totalSize": 1, "done": True, "records": [record]}
        render = make_renderer(selection, definition, self._store.get, version)
        return self._page("", Cursor(rows, render, size, version, self._store.clock.now()), 0)

    def more(self, locator: str) -> dict[str, Any]:
        """Return the page a `nextRecordsUrl` points to; INVALID_QUERY_LOCATOR when it has expired."""
        found = _LOCATOR.fullmatch(locator)
        cursor = self._cursors.get(to_18(found[1]) or "") if found else None
        if found is None or cursor is None or self._store.clock.now() - cursor.opened > LOCATOR_LIFE:
            raise _invalid_locator()
        offset = int(found[2])
        if not 0 < offset < len(cursor.rows):
            raise _invalid_locator()
        return self._page(to_18(found[1]) or "", cursor, offset)

    def expire_locators(self) -> int:
        """Forget all open locators; return how many there were."""
        count = len(self._cursors)
        self._cursors.clear()
        return count

    def _page(self, locator: str, cursor: Cursor, offset: int) -> dict[str, Any]:
        end = offset + cursor.page_size
        done = end >= len(cursor.rows)
        page: dict[str, Any] = {"totalSize": len(cursor.rows), "done": done}
        if not done:
            if not locator:
                self._count += 1
                locator = make_id("01g", self._count)
                self._cursors[locator] = cursor
            page["nextRecordsUrl"] = f"/services/data/v{cursor.version}/query/{locator}-{end}"
        page["records"] = [cursor.render(row) for row in cursor.rows[offset:end]]
        return page

    def _rows(self, statement: Statement, resolver: Resolver, definition: ObjectDef, *, all_rows: bool) -> list[Row]:
        store = self._store
        condition = Compiler(resolver, store.get).compile(statement.where) if statement.where else None
        keys = [self._sort_key(resolver, entry.path, entry) for entry in statement.order]
        table = store.tables[definition.name]
        source, by_stamp = _source(statement, definition, table)
        matching = _filter(source, condition, all_rows=all_rows)
        stop = None if statement.limit is None else statement.offset + statement.limit
        if not keys or (by_stamp and _is_stamp_order(keys)):
            return list(islice(matching, statement.offset, stop))
        rows = list(matching)
        sort_rows(rows, keys)
        return rows[statement.offset : stop]

    def _sort_key(self, resolver: Resolver, path: Any, entry: Any) -> SortKey:
        resolved = resolver.resolve(path)
        if not resolved.field.sortable:
            raise resolver.error(path, f"field '{resolved.field.name}' can not be sorted in a query call")
        return SortKey(resolved.reader(self._store.get), resolved.field, entry.descending, entry.nulls_last)


def _source(statement: Statement, definition: ObjectDef, table: Table) -> tuple[Iterable[Row], bool]:
    """Return rows among which all matches are, and whether they come in (SystemModstamp, Id) order."""
    ids = candidates(statement.where, definition, table)
    if ids is not None:
        return (table.rows[record_id] for record_id in sorted(ids)), False
    low, high = stamp_bounds(statement.where)
    if low or high or (statement.order and statement.order[0].path.text.lower() == "systemmodstamp"):
        return table.since(low, high), True
    return table.rows.values(), False


def _filter(rows: Iterable[Row], condition: Condition | None, *, all_rows: bool) -> Iterator[Row]:
    for row in rows:
        if (all_rows or not row["IsDeleted"]) and (condition is None or condition(row)):
            yield row


def _is_stamp_order(keys: list[SortKey]) -> bool:
    names = [key.field.name for key in keys]
    return not any(key.descending for key in keys) and names in (["SystemModstamp"], ["SystemModstamp", "Id"])


def _field_set(statement: Statement, definition: ObjectDef) -> list[Resolved]:
    def chosen(field: FieldDef) -> bool:
        return statement.field_set == "ALL" or field.custom == (statement.field_set == "CUSTOM")

    return [Resolved((), field) for field in definition.fields.values() if statement.field_set and chosen(field)]


def _unknown_type(statement: Statement) -> SalesforceError:
    name = statement.sobject.text
    return SalesforceError(
        "INVALID_TYPE",
        f"\n{statement.text[:120]}\nsObject type '{name}' is not supported. If you are attempting to use a custom "
        "object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call "
        "for the appropriate names.",
    )


def _invalid_locator() -> SalesforceError:
    return SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")


def query_text(params: Mapping[str, str]) -> str:
    """Return the `q` parameter; MALFORMED_QUERY when it is missing."""
    text = params.get("q", "")
    if not text.strip():
        raise malformed("A query string has to be specified")
    return text
