"""The look-back extraction from Salesforce: what changed in the window, what is due, what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from airflow_provider_ipaas.errors import ConfigurationError, ServiceError

from .backfill import keep_up
from .broken import differs, in_doubt, reach_back
from .budget import hold_to_budget, remember_usage
from .context import BATCH, Sync, batches, parse_stamp
from .first_contact import check_go, may_take_up
from .lost_creates import API_USER
from .model import Item, Link, Record, Seen
from .progress import Progress
from .salesforce_reads import deleted_rows, forget_fields, object_fields, rows_by_id, whole_rows, window_stamps
from .windows import Window, look_back

# `updated` answers ids too: ask for a span that holds the longest transaction, not for the whole window.
FENCE_SPAN = timedelta(minutes=30)


def extract_salesforce(sync: Sync) -> dict[str, int]:
    """Capture the Salesforce side of a run into the ledger; return counts for the log.

    Rows that were processed in this very version are captured as Id and stamp with the fate they had. Raises
    ConfigurationError when the connection answers for another org than it was pinned to, or a go comes too early.
    """
    pin_org(sync)
    check_go(sync)
    if sync.params.by_id:
        forget_fields(sync)  # a run of single records may query nothing here that would tell that a field has gone
    try:
        return _extract(sync, object_fields(sync))
    except ServiceError as error:
        if error.code != "INVALID_FIELD":
            raise
        # The fields are remembered for a while; one of them has gone (or is not visible any more) since.
        forget_fields(sync)
        return _extract(sync, object_fields(sync))


def _extract(sync: Sync, fields: set[str]) -> dict[str, int]:
    if sync.params.by_id:
        asked = _capture_ids(sync, fields, sync.params.salesforce_ids, report_missing=True)
        return {"asked": asked}
    watermark = sync.ledger.watermark(sync.scope, sync.collection, "salesforce")
    now = sync.salesforce.server_now()
    poll_days = sync.params.poll_days or sync.settings.poll_days
    window = reach_back(sync, look_back(now, poll_days, watermark, full=sync.params.full))
    fence = sync.salesforce.latest_date_covered(sync.sobject, now - FENCE_SPAN, now)
    remember_usage(sync)
    hold_to_budget(sync, f"reading {sync.sobject}s")
    _remember_window(sync, window, fence.isoformat())
    _capture_unagreed(sync, fields)
    known, newer = _capture_older(sync, fields, window)
    whole = _capture_whole(sync, fields, window) if newer else 0
    if sync.params.full and watermark is not None:
        _capture_gone(sync, fields, look_back(now, poll_days, watermark, full=False))
    due = _capture_due(sync, fields)
    return {"whole_rows": whole, "id_and_stamp_rows": known, "due": due}


def check_org(sync: Sync) -> str:
    """Pin the org at first contact and return its id; refuse a connection that suddenly answers for another one."""
    org_id = sync.salesforce.org_id
    conn_id = sync.settings.salesforce_conn_id
    pinned = sync.ledger.pin(f"salesforce:{conn_id}", org_id)
    if pinned != org_id:
        raise ConfigurationError(
            f"Connection {conn_id} answers for Salesforce org {org_id}, but the ledger is pinned to org {pinned}. "
            "Nothing was read or written.",
            next_step=(
                f"Correct API Url or the credentials of connection {conn_id}; to sync another org as well, "
                "use another connection id and another DAG (sync_dag)."
            ),
        )
    return org_id


def pin_org(sync: Sync) -> None:
    """Check the org, and note on the run which pair it works on."""
    org_id = check_org(sync)
    # Who we are there is known without a call now; the plan asks no service.
    sync.run = sync.ledger.update_run(
        sync.run.run_key,
        scope=scope_of(org_id, sync.settings.system_id),
        facts={API_USER: sync.salesforce.user_id},
    )
    keep_up(sync)


def scope_of(org_id: str, system_id: str) -> str:
    """Name the pair that a ledger row belongs to."""
    return f"{org_id}/{system_id}"


def _remember_window(sync: Sync, window: Window, fence: str) -> None:
    if window.start is None:
        sync.log.info("Salesforce: reading every %s, whatever its age.", sync.sobject)
    else:
        sync.log.info(
            "Salesforce: reading every %s changed since %s UTC.", sync.sobject, f"{window.start:%Y-%m-%d %H:%M}"
        )
    sync.ledger.update_run(
        sync.run.run_key,
        facts={
            "salesforce_window": {
                "start": window.start.isoformat() if window.start else None,
                "now": window.now.isoformat(),
                "fence": fence,
            }
        },
    )


def _capture_older(sync: Sync, fields: set[str], window: Window) -> tuple[int, bool]:
    """Capture the older part of the window; read whole what is not yet processed in its present version.

    Returns how many rows that were, and whether the rest of the window holds any.
    """
    if window.start is None or window.whole_from is None or window.start >= window.whole_from:
        return 0, True
    count, newer = 0, False
    for page in batches(window_stamps(sync, window.start), 2000):
        rows = [row for row in page if _is_older(row, window.whole_from)]
        newer = newer or len(rows) < len(page)
        rows = _without_dead(sync, rows)
        known, fresh = split_processed(sync, rows)
        sync.ledger.add_items(sync.run.run_key, known)
        _capture_ids(sync, fields, fresh, report_missing=False)
        count += len(rows)
    return count, newer


def _is_older(row: Record, than: datetime) -> bool:
    stamp = parse_stamp(row["SystemModstamp"])
    return stamp is not None and stamp < than.replace(microsecond=0)


def _capture_whole(sync: Sync, fields: set[str], window: Window) -> int:
    count = 0
    progress = Progress(sync, "Read from Salesforce")
    for rows in batches(whole_rows(sync, fields, window)):
        rows = _without_dead(sync, rows)
        items = [item_of(sync, row, fields) for row in rows]
        if not sync.params.full:
            # Stamps are whole seconds: a second edit within the one that was processed shows in the content only.
            contents = {item.record_id: item.content_hash for item in items}
            known, fresh = split_processed(sync, rows, contents)
            wanted = {*fresh, *_catching_up(sync, items)}
            known = [item for item in known if item.record_id not in wanted]
            items = [*known, *(item for item in items if item.record_id in wanted)]
        sync.ledger.add_items(sync.run.run_key, items)
        count += len(items)
        progress.add(len(items))
    return count


def _capture_unagreed(sync: Sync, fields: set[str]) -> None:
    """Capture the records, of any age, that were linked while a field was broken which is whole again."""
    keys = in_doubt(sync, "salesforce")
    for links in sync.ledger.walk_links(sync.scope, sync.collection) if keys else ():
        ids = [link.salesforce_id for link in links if _lacks(link, keys)]
        _capture_ids(sync, fields, ids, report_missing=False)


def _unagreed(sync: Sync, ids: list[str]) -> set[str]:
    keys = in_doubt(sync, "salesforce")
    links = sync.ledger.links(sync.scope, sync.collection, "salesforce", ids) if keys else {}
    return {record_id for record_id, link in links.items() if _lacks(link, keys)}


def _lacks(link: Link, keys: tuple[str, ...]) -> bool:
    return any(key not in (link.salesforce_showing or {}) for key in keys)


def _catching_up(sync: Sync, items: list[Item]) -> list[str]:
    """Return the records that differ from their link by a field that was broken until now."""
    keys = in_doubt(sync, "salesforce")
    if not keys:
        return []
    links = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in items])
    shown = ((i.record_id, sync.mapping.show_salesforce(i.record or {})) for i in items)
    return [i for i, showing in shown if differs(sync.mapping, links.get(i), "salesforce", showing, keys)]


def _capture_gone(sync: Sync, fields: set[str], window: Window) -> None:
    """Capture what was deleted or merged since the last run: a full load lists what is there, and moves the watermark."""
    for rows in batches(deleted_rows(sync, fields, window)):
        items = [item_of(sync, row, fields) for row in _without_dead(sync, rows)]
        sync.ledger.add_items(sync.run.run_key, items)


def _capture_due(sync: Sync, fields: set[str]) -> int:
    if not sync.params.writes("to_ipaas"):
        return 0
    count = 0
    fingerprint, reasons = sync.mapping.fingerprint, may_take_up(sync)
    for waiting in sync.ledger.due(
        sync.scope, sync.collection, "to_ipaas", sync.clock(), BATCH, mapping_fingerprint=fingerprint, reasons=reasons
    ):
        ids = [row.source_id for row in waiting]
        stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, "salesforce", ids)
        wanted = [i for i in ids if i not in stored or stored[i].record is None]
        count += _capture_ids(sync, fields, wanted, report_missing=False, due=True)
        gone = [
            i
            for i in wanted
            if i not in sync.ledger.items_by_id(sync.run.run_key, sync.collection, "salesforce", wanted)
        ]
        sync.ledger.add_items(sync.run.run_key, [missing_item(sync, i, "not_found") for i in gone])
    return count


def _capture_ids(sync: Sync, fields: set[str], ids: Iterable[str], *, report_missing: bool, due: bool = False) -> int:
    """Capture whole rows by id; with *report_missing* those that do not exist get an item that says so.

    Records that wait (*due*) are counted and get a fate even when they are deleted meanwhile.
    """
    ids = list(ids)
    found: set[str] = set()
    for rows in batches(rows_by_id(sync, fields, ids)):
        found |= {str(row["Id"]) for row in rows}
        sync.ledger.add_items(sync.run.run_key, [item_of(sync, row, fields, counted=due) for row in rows])
    if report_missing:
        gone = [record_id for record_id in ids if record_id not in found]
        sync.ledger.add_items(sync.run.run_key, [missing_item(sync, record_id, "not_found") for record_id in gone])
    return len(ids)


def missing_item(sync: Sync, record_id: str, missing: str) -> Item:
    """Make the item of a Salesforce record that could not be read."""
    return Item(sync.collection, "salesforce", record_id, missing=missing, captured_at=sync.clock())  # type: ignore[arg-type]


def item_of(sync: Sync, row: Record, fields: set[str], *, counted: bool = False) -> Item:
    """Make the counted item of a whole row; a deleted one is no source, it only tells what became of its link."""
    item = sync.salesforce_item(row, "seen", fields)
    if item.missing and not sync.params.by_id and not counted:
        item.role = "counterpart"
    return item


_FILTERED = ("skipped:filtered", "skipped:left_filter")


def _filtered(sync: Sync, row: Record) -> bool:
    """Tell a row that the mapping's filter holds; what a filter reads need not be in the content."""
    held = sync.mapping.judge("salesforce", row)
    return held is not None and held.kind == "filtered"


def split_processed(
    sync: Sync, rows: list[Record], contents: Mapping[str, str] | None = None
) -> tuple[list[Item], list[str]]:
    """Split rows into those processed in this very version (as decided items) and the ids to look at.

    *contents*: the content hashes of rows that were read whole; a version has the same stamp and the same content.
    """
    ids = [str(row["Id"]) for row in rows]
    seen = sync.ledger.seen(sync.scope, sync.collection, "salesforce", ids)
    # In step, but something is owed to the other side still (an external id): it has to be planned.
    owed = sync.ledger.unresolved(sync.scope, sync.collection, "to_ipaas", ids)
    unsure = _unagreed(sync, ids)
    known: list[Item] = []
    fresh: list[str] = []
    for row in rows:
        record_id = str(row["Id"])
        last = seen.get(record_id)
        if (
            last is None
            or not settled_fate(sync, last)
            or last.stamp != row["SystemModstamp"]
            or row.get("IsDeleted")
            or record_id in owed
            or record_id in unsure
            or (contents is not None and contents.get(record_id) != last.content_hash)
            or (contents is not None and _filtered(sync, row) != (last.fate in _FILTERED))
        ):
            fresh.append(record_id)
        else:
            known.append(_as_before(sync, last))
    return known, fresh


def settled_fate(sync: Sync, last: Seen) -> bool:
    """Tell whether a version's fate still stands: in step, or skipped under the same mapping.

    Refused and parked ones are looked at again: the ledger knows whether they are due.
    """
    if last.fate == "unchanged":
        return True
    return last.fate.startswith("skipped:") and last.mapping_fingerprint == sync.mapping.fingerprint


def _as_before(sync: Sync, last: Seen) -> Item:
    outcome, _, reason = last.fate.partition(":")
    return Item(
        sync.collection,
        "salesforce",
        last.record_id,
        stamp=last.stamp,
        captured_at=sync.clock(),
        state="done",
        outcome=outcome,  # type: ignore[arg-type]
        reason=reason or None,
    )


def _without_dead(sync: Sync, rows: list[Record]) -> list[Record]:
    """Leave deleted rows out but those whose link does not know it yet."""
    dead = [str(row["Id"]) for row in rows if row.get("IsDeleted")]
    if not dead:
        return rows
    links = sync.ledger.links(sync.scope, sync.collection, "salesforce", dead)
    news = {record_id for record_id, link in links.items() if link.state in ("active", "ipaas_deleted")}
    return [row for row in rows if not row.get("IsDeleted") or str(row["Id"]) in news]
