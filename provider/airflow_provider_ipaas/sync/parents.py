"""The Accounts that Contacts need: synced first, through the same pipeline, to iPaaS.com only."""

from __future__ import annotations

from .apply_ipaas import IPaaSApplier
from .brake import would_stop
from .context import BATCH, Sync
from .extract_ipaas import list_index
from .first_contact import awaiting
from .matching import MatchIndex, ineligible
from .model import Item
from .parked import DROPPED
from .plan import Planner
from .prepare import find_candidates, store
from .salesforce_reads import object_fields, rows_by_id


def sync_parents(sync: Sync) -> dict[str, int]:
    """Sync the Accounts of Contacts that are about to become Customers; return counts for the log.

    Nothing is written in a dry run, nor when a brake would stop the whole run: the plan says so then.
    """
    if sync.collection != "contact" or not sync.params.writes("to_ipaas") or awaiting(sync):
        return {}
    parents = sync.for_parents()
    _capture_parents(sync, parents)
    wanted = _unfinished(parents)
    if not wanted:
        return {}
    list_index(parents)
    _plan_parents(parents)
    creates = parents.ledger.count_items(
        sync.run.run_key, collection="account", side="salesforce", op="create", roles=("parent",)
    )
    sync.ledger.update_run(sync.run.run_key, facts={"parent_creates": creates})
    if sync.params.dry_run or _would_stop(sync, parents):
        return {"parents": wanted, "creates": creates}
    counts = IPaaSApplier(parents).run()
    return {"parents": wanted, **counts}


def preview_parents(sync: Sync) -> None:
    """Plan the Accounts of captured Contacts by what is known of the Companies; for a run that writes nothing."""
    if sync.collection != "contact" or not sync.params.writes("to_ipaas") or awaiting(sync):
        return
    parents = sync.for_parents()
    _capture_parents(sync, parents)
    _plan_parents(parents)


def _plan_parents(parents: Sync) -> None:
    find_candidates(parents)
    Planner(parents).run()


def _unfinished(parents: Sync) -> int:
    """Count the parents that are captured or planned and not written, also by an earlier attempt of the task."""
    return sum(
        parents.ledger.count_items(
            parents.run.run_key, collection="account", side="salesforce", state=state, roles=("parent",)
        )
        for state in ("captured", "planned")
    )


def parents_ready(sync: Sync) -> frozenset[str]:
    """Return the Accounts that this run would have synced: planned still, for a dry run or a braked one."""
    if sync.collection != "contact":
        return frozenset()
    ready: set[str] = set()
    for batch in sync.ledger.items(
        sync.run.run_key, collection="account", side="salesforce", roles=("parent",), state="planned"
    ):
        ready |= {item.record_id for item in batch}
    return frozenset(ready)


def _capture_parents(sync: Sync, parents: Sync) -> None:
    """Capture the Accounts of unlinked Contacts that are not Companies yet, and whose Company is to be compared."""
    index = MatchIndex(sync)
    for batch in sync.ledger.items(
        sync.run.run_key,
        collection="contact",
        side="salesforce",
        roles=("seen", "candidate"),
        state="captured",
        batch=BATCH,
    ):
        linked = sync.ledger.links(sync.scope, "contact", "salesforce", [item.record_id for item in batch])
        unlinked = [item for item in batch if item.record_id not in linked and not item.missing]
        index.load("salesforce", unlinked)
        ids = {str((item.record or {})["AccountId"]) for item in unlinked if _needs_parent(index, item)}
        known = sync.ledger.links(sync.scope, "account", "salesforce", ids)
        stored = sync.ledger.items_by_id(sync.run.run_key, "account", "salesforce", ids)
        wanted = sorted(ids - set(known) - set(stored))
        if not wanted:
            continue
        fields = object_fields(parents)
        items = [parents.salesforce_item(row, "parent", fields) for row in rows_by_id(parents, fields, wanted)]
        dropped = _dropped(parents, items)
        items = [item for item in items if item.record_id not in dropped]
        wanted = [record_id for record_id in wanted if record_id not in dropped]
        found = {item.record_id for item in items}
        items += [
            Item("account", "salesforce", i, role="parent", missing="not_found", captured_at=sync.clock())
            for i in wanted
            if i not in found
        ]
        store(parents, items)


def _dropped(parents: Sync, items: list[Item]) -> set[str]:
    """Return the Accounts that a person dropped and that have not changed since: their Contacts go on waiting."""
    seen = parents.ledger.seen(parents.scope, "account", "salesforce", [item.record_id for item in items])
    return {
        item.record_id
        for item in items
        if (last := seen.get(item.record_id)) is not None
        and last.fate == f"skipped:{DROPPED}"
        and last.content_hash == item.content_hash
    }


def _needs_parent(index: MatchIndex, item: Item) -> bool:
    """Tell a Contact that is about to become a Customer, or to be linked with one."""
    wanted = ("link", "none") if item.role == "seen" else ("link",)
    return ineligible(index.sync.mapping, item) is None and index.match(item).verdict in wanted


def _would_stop(sync: Sync, parents: Sync) -> bool:
    """Count what the whole run would do, before the first parent is written."""
    preview = Planner(sync, preview=True, parents_ready=parents_ready(sync))
    return would_stop(sync, parents, preview.run())
