"""What reconcile reads: every row of both services in pages, and records by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from airflow_provider_ipaas.errors import MalformedAnswer

from .context import BATCH, Sync, batches
from .extract_ipaas import LIST_BATCH, external_id_in, is_short, read_many
from .ids import full_id
from .model import Item, Record
from .salesforce_reads import rows_by_id, whole_rows
from .windows import Window


def count_rows(sync: Sync) -> int:
    """Return how many records Salesforce counts, deleted ones left out."""
    (row,) = sync.salesforce.query(f"SELECT COUNT(Id) total FROM {sync.sobject}")  # noqa: S608
    total = row.get("total")
    if not isinstance(total, int):
        raise MalformedAnswer(f"Salesforce counts the rows of {sync.sobject} without a number.", service="salesforce")
    return total


def salesforce_listed(sync: Sync, fields: set[str], now: datetime) -> Iterator[list[Item]]:
    """Stream every row that is not deleted, whole; 2,000 a call."""
    for rows in batches(whole_rows(sync, fields, Window(None, None, now)), BATCH):
        yield [sync.salesforce_item(row, "seen", fields) for row in rows]


def ipaas_listed(sync: Sync) -> Iterator[list[Item]]:
    """Stream every record of iPaaS.com, whole and with the external id it carries: one more call each where list rows
    are short, and where records don't show external ids."""
    for rows in batches(sync.ipaas.list(sync.kind), LIST_BATCH):
        short = {str(row["id"]) for row in rows if is_short(sync, row, linked=False)}
        fetched = read_many(sync, [str(row["id"]) for row in rows if str(row["id"]) in short])
        records = [fetched[str(row["id"])] if str(row["id"]) in short else row for row in rows]
        yield _items(sync, [record for record in records if record is not None])


def salesforce_by_id(sync: Sync, fields: set[str], ids: Sequence[str]) -> dict[str, Item]:
    """Read Salesforce records by id, deleted and merged ones too; those that are not visible are absent."""
    return {str(row["Id"]): sync.salesforce_item(row, "seen", fields) for row in rows_by_id(sync, fields, ids)}


def ipaas_by_id(sync: Sync, ids: Sequence[str]) -> dict[str, Item]:
    """Read records of iPaaS.com by id; those that are not there are absent."""
    found = {record_id: record for record_id, record in read_many(sync, list(ids)).items() if record is not None}
    return {item.record_id: item for item in _items(sync, list(found.values()))}


def _items(sync: Sync, records: list[Record]) -> list[Item]:
    """Make items with the external id that each record carries now, shown by itself or looked up."""
    shows = sync.settings.external_ids_on_read != "lookup"
    hidden = [str(record["id"]) for record in records if not (shows and "external_ids" in record)]
    found = _look_up(sync, hidden)
    return [
        sync.ipaas_item(record, "seen", found.get(str(record["id"]), external_id_in(sync, record)))
        for record in records
    ]


def _look_up(sync: Sync, ids: list[str]) -> dict[str, str | None]:
    carried: dict[str, str | None] = {}
    for record_id, answer in sync.ipaas.parallel(lambda i: sync.ipaas.external_id_of(sync.kind, i), ids):
        if isinstance(answer, Exception):
            raise answer
        carried[record_id] = full_id(answer) if answer else None
    return carried
