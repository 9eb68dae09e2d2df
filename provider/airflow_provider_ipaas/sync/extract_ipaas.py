"""The extraction from iPaaS.com: every row is listed, what is new, changed or in the window is captured whole.

There is no filter by change time, and companies carry no stamp: content is compared with what was last seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime

from airflow_provider_ipaas.errors import ServiceError

from .broken import differs, in_doubt
from .context import BATCH, Sync, batches, ipaas_stamp, parse_stamp
from .extract_salesforce import scope_of, settled_fate
from .first_contact import may_take_up
from .ids import full_id
from .model import Item, Link, Record, Seen
from .progress import Progress
from .rebuild import FIRST_CONTACT, is_empty, relink
from .slices import Slice, row_hash
from .windows import look_back

LIST_BATCH = 200


@dataclass(slots=True)
class _Listing:
    """What one listing is compared against."""

    start: datetime | None  # of the window; None: everything counts
    first: bool  # the pair's first listing: what it shows is the baseline
    only: frozenset[str]  # ids of a manual sync; empty: no manual sync
    index_only: bool  # read names and e-mails to match by, capture nothing
    rebuild: bool  # an empty ledger: records that carry our external ids give it its links back
    now: datetime  # the worker's: since when records were read whole is told by the same clock
    slice: Slice | None = None  # whose turn it is; None: every record is read whole, whatever its row shows
    doubts: tuple[str, ...] = ()  # fields that are, or were, broken in Salesforce
    rows: int = 0
    read: int = 0
    captured: int = 0


def extract_ipaas(sync: Sync) -> dict[str, int]:
    """Capture the iPaaS.com side of a run into the ledger; return counts for the log."""
    _find_scope(sync)
    now = sync.ipaas.server_now()
    watermark = None if sync.params.full else sync.ledger.watermark(sync.scope, sync.collection, "ipaas")
    poll_days = sync.params.poll_days or sync.settings.poll_days
    window = look_back(now, poll_days, watermark, full=sync.params.full)
    start = window.start.isoformat() if window.start else None
    sync.ledger.update_run(sync.run.run_key, facts={"ipaas_window": {"start": start, "now": now.isoformat()}})
    listing = _Listing(
        start=window.start,
        first=sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}") is None,
        only=frozenset(sync.params.ipaas_ids),
        index_only=sync.params.by_id,
        rebuild=is_empty(sync),
        now=sync.clock(),
        doubts=in_doubt(sync, "ipaas"),
    )
    turns = Slice(sync, listing.now)
    if not (sync.params.full or listing.first or listing.rebuild or listing.doubts or turns.is_small):
        listing.slice = turns
    _list(sync, listing)
    if not sync.params.dry_run:
        turns.remember(listing.rows, listed=not listing.index_only)
    if sync.params.by_id:
        asked = _capture_ids(sync, sync.params.ipaas_ids, report_missing=True)
        return {"rows": listing.rows, "asked": asked}
    if listing.slice:
        _tell_slice(sync, listing, turns)
    due = _capture_due(sync)
    return {"rows": listing.rows, "read": listing.read, "captured": listing.captured, "due": due}


def capture_asked(sync: Sync) -> int:
    """Capture the records that were asked for by id, without listing the others; what was listed before is known."""
    return _capture_ids(sync, sync.params.ipaas_ids, report_missing=True)


def list_index(sync: Sync) -> int:
    """Read the names and e-mails of all rows for matching, capture nothing (Contacts' parents)."""
    listing = _Listing(start=None, first=False, only=frozenset(), index_only=True, rebuild=False, now=sync.clock())
    _list(sync, listing)
    return listing.rows


def _tell_slice(sync: Sync, listing: _Listing, turns: Slice) -> None:
    hours = sync.settings.deep_check.total_seconds() / 3600
    sync.log.info(
        "iPaaS.com: %s rows listed, %s read whole; every record is read whole at least once in %g hours.",
        f"{listing.rows:,}",
        f"{listing.read:,}",
        hours,
    )
    if turns.put_off:
        sync.log.warning(
            "Runs have paused: the turns of %s more records are put off to the next runs, of which %s were not read "
            "whole for more than %g hours. To read everything now, trigger with full.",
            f"{turns.put_off:,}",
            f"{turns.overdue:,}",
            hours,
        )


def _find_scope(sync: Sync) -> None:
    """Both extracts run at once: take the org from the pin; at the very first contact nothing is known yet anyway."""
    if not sync.run.scope:
        org_id = sync.ledger.pinned(f"salesforce:{sync.settings.salesforce_conn_id}") or sync.salesforce.org_id
        sync.run.scope = scope_of(org_id, sync.settings.system_id)


def _list(sync: Sync, listing: _Listing) -> None:
    progress = Progress(sync, "Listed in iPaaS.com")
    for rows in batches(sync.ipaas.list(sync.kind), LIST_BATCH):
        progress.add(len(rows))
        ids = [str(row["id"]) for row in rows]
        seen = sync.ledger.seen(sync.scope, sync.collection, "ipaas", ids)
        links = sync.ledger.links(sync.scope, sync.collection, "ipaas", ids)
        listing.rows += len(rows)
        if listing.index_only and not listing.rebuild:
            _index(sync, [sync.ipaas_item(row, "candidate", external_id_in(sync, row)) for row in rows], seen, {})
            continue
        revived = {record_id for record_id, link in links.items() if link.state == "ipaas_deleted"}
        waiting = sync.ledger.unresolved(sync.scope, sync.collection, "to_salesforce", ids)
        short = {str(row["id"]): row for row in rows if is_short(sync, row, linked=str(row["id"]) in links)}
        standing = {
            record_id
            for record_id, row in short.items()
            if listing.slice
            and record_id not in revived
            and record_id not in waiting
            and listing.slice.stands(row, seen.get(record_id), in_window=_in_window(listing, ipaas_stamp(row)))
        }
        items = list(_whole_items(sync, rows, seen, links, short.keys() - standing, standing))
        read = [item for item in items if item.record_id not in standing]
        listing.read += len(short.keys() - standing)
        _index(sync, read, seen, short, listing.now)
        if listing.rebuild:
            relink(sync, [(item.external_id, item.record_id) for item in items if item.external_id])
        if listing.index_only:
            continue
        if listing.doubts:
            shown = ((i.record_id, sync.mapping.show_ipaas(i.record or {})) for i in items)
            revived |= {i for i, s in shown if differs(sync.mapping, links.get(i), "ipaas", s, listing.doubts)}
        judged = (
            i if (n := i.record_id) in revived else _judge(sync, listing, i, seen.get(n), waits=n in waiting)
            for i in items
        )
        captured = [item for item in judged if item]
        sync.ledger.add_items(sync.run.run_key, captured)
        listing.captured += len(captured)


def _whole_items(
    sync: Sync,
    rows: list[Record],
    seen: dict[str, Seen],
    links: dict[str, Link],
    wanted: Set[str],
    standing: Set[str],
) -> Iterator[Item]:
    """Make the items of listed rows: those *wanted* are fetched by id, those *standing* show what was last seen."""
    fetched = read_many(sync, [str(row["id"]) for row in rows if str(row["id"]) in wanted])
    for row in rows:
        record_id = str(row["id"])
        if record_id in standing:
            item = sync.ipaas_item(row, "seen", seen[record_id].external_id)
            item.content_hash = seen[record_id].content_hash
            yield item
            continue
        record = fetched.get(record_id) if record_id in wanted else row
        if record is not None:  # deleted between the list and the read
            yield _with_external_id(sync, record, seen.get(record_id), linked=record_id in links)


def is_short(sync: Sync, row: Record, *, linked: bool) -> bool:
    """Tell a listed row that lacks a nested part which the sync needs; of a linked record the external id is known."""
    if sync.settings.list_rows != "auto":
        return sync.settings.list_rows == "short"
    nested = set(sync.mapping.ipaas_parts)
    if not linked and sync.settings.external_ids_on_read != "lookup":
        nested.add("external_ids")
    return any(part not in row for part in nested)


def _with_external_id(sync: Sync, record: Record, last: Seen | None, *, linked: bool) -> Item:
    """Make the item; where whole records don't show external ids, look the one up of an unlinked record once."""
    item = sync.ipaas_item(record, "seen", external_id_in(sync, record))
    shows = sync.settings.external_ids_on_read != "lookup" and "external_ids" in record
    if linked or shows:
        return item
    unchanged = last is not None and last.content_hash == item.content_hash
    if last and unchanged:
        item.external_id = last.external_id
    else:
        found = sync.ipaas.external_id_of(sync.kind, item.record_id)
        item.external_id = full_id(found) if found else None
    return item


def external_id_in(sync: Sync, record: Record) -> str | None:
    """Return the Salesforce id that a record carries for our subscription; links to deleted records count as none."""
    entries = record.get("external_ids")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and str(entry.get("system_id")) == sync.settings.system_id:
            value = str(entry.get("external_id") or "")
            return None if not value or value.startswith("DELETED:") else full_id(value)
    return None


def _index(
    sync: Sync, items: list[Item], seen: dict[str, Seen], short: Mapping[str, Record], now: datetime | None = None
) -> None:
    """Remember what records are matched by, and of those read whole the row that was listed (*short*).

    Their content counts as seen only once a run has decided on it.
    """
    rows: list[Seen] = []
    for item in items:
        last = seen.get(item.record_id)
        external = item.external_id or (last.external_id if last else None)
        keys = (item.email_key, item.name_key, item.number_key, external)
        row = short.get(item.record_id)
        read = (row_hash(sync, row, item.content_hash), now) if row is not None else (None, None)
        if last is None:
            rows.append(Seen(item.record_id, None, "", *keys, row_hash=read[0], read_at=read[1]))
        elif row is not None or (last.email_key, last.name_key, last.number_key, last.external_id) != keys:
            kept = replace(last, email_key=keys[0], name_key=keys[1], number_key=keys[2], external_id=external)
            rows.append(replace(kept, row_hash=read[0], read_at=read[1]))
    sync.ledger.save_seen(sync.scope, sync.collection, "ipaas", rows)


def _judge(sync: Sync, listing: _Listing, item: Item, last: Seen | None, *, waits: bool) -> Item | None:
    """Return the item to capture, None for a record that this run has no business with.

    One that *waits* is looked at again even when what it shows is in step; outside the window once it is due.
    """
    stamp = parse_stamp(item.stamp)
    in_window = _in_window(listing, item.stamp)
    unseen = last is None or not last.content_hash
    changed = unseen or (last is not None and last.content_hash != item.content_hash)
    if changed and unseen and listing.first and stamp is not None and not in_window:
        # An old record at first contact: baseline, matched when its counterpart comes, not a source.
        if sync.params.moves_watermark:
            sync.ledger.save_seen(
                sync.scope, sync.collection, "ipaas", [seen_of(sync, item, "baseline", baseline=True)]
            )
        return None
    if changed or (in_window and (waits or sync.params.full or last is None or not settled_fate(sync, last))):
        return item
    if not in_window or last is None:
        return None
    outcome, _, reason = last.fate.partition(":")
    item.record, item.state, item.outcome, item.reason = None, "done", outcome, reason or None  # type: ignore[assignment]
    return item


def _in_window(listing: _Listing, stamp: str | None) -> bool:
    moment = parse_stamp(stamp)
    return listing.start is None or (moment is not None and moment >= listing.start)


def seen_of(sync: Sync, item: Item, fate: str, *, baseline: bool = False) -> Seen:
    """Make the last-seen row of an item that has its fate."""
    return Seen(
        record_id=item.record_id,
        stamp=item.stamp,
        content_hash=item.content_hash,
        email_key=item.email_key,
        name_key=item.name_key,
        number_key=item.number_key,
        external_id=item.external_id,
        baseline=baseline,
        fate=fate,
        mapping_fingerprint=sync.mapping.fingerprint,
    )


def _capture_due(sync: Sync) -> int:
    if not sync.params.writes("to_salesforce"):
        return 0
    count = 0
    fingerprint, reasons = sync.mapping.fingerprint, may_take_up(sync)
    for waiting in sync.ledger.due(
        sync.scope,
        sync.collection,
        "to_salesforce",
        sync.clock(),
        BATCH,
        mapping_fingerprint=fingerprint,
        reasons=reasons,
    ):
        ids = [row.source_id for row in waiting]
        stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, "ipaas", ids)
        wanted = [record_id for record_id in ids if record_id not in stored or stored[record_id].record is None]
        count += _capture_ids(sync, wanted, report_missing=True)
    return count


def _capture_ids(sync: Sync, ids: Iterable[str], *, report_missing: bool) -> int:
    """Capture whole records by id; with *report_missing* those that do not exist get an item that says so."""
    ids = list(ids)
    for chunk in batches(ids, LIST_BATCH):
        items = capture(sync, chunk, "seen")
        if report_missing:
            found = {item.record_id for item in items}
            items += [
                Item(sync.collection, "ipaas", record_id, missing="not_found", captured_at=sync.clock())
                for record_id in chunk
                if record_id not in found
            ]
        sync.ledger.add_items(sync.run.run_key, items)
    return len(ids)


def capture(sync: Sync, ids: list[str], role: str) -> list[Item]:
    """Read records whole and make their items; those that do not exist are left out."""
    seen = sync.ledger.seen(sync.scope, sync.collection, "ipaas", ids)
    links = sync.ledger.links(sync.scope, sync.collection, "ipaas", ids)
    items = []
    for record_id, record in read_many(sync, ids).items():
        if record is not None:
            item = _with_external_id(sync, record, seen.get(record_id), linked=record_id in links)
            item.role = role  # type: ignore[assignment]
            items.append(item)
    return items


def read_many(sync: Sync, ids: list[str]) -> dict[str, Record | None]:
    """Read records by id, several at once; the first error ends the reading."""
    found: dict[str, Record | None] = {}
    if not ids:
        return found
    for record_id, answer in sync.ipaas.parallel(lambda record_id: sync.ipaas.get(sync.kind, record_id), ids):
        if isinstance(answer, ServiceError):
            if record_id in sync.params.ipaas_ids and answer.status in (400, 422) and not answer.transient:
                found[record_id] = None  # asked for by a person, and no id at all to the service
                continue
            answer.record_id = answer.record_id or record_id
            raise answer
        if isinstance(answer, Exception):
            raise answer
        found[record_id] = answer
    return found
