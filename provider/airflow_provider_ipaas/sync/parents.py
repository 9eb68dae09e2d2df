"""The Accounts that Contacts need: synced first, through the same pipeline, to iPaaS.com only."""

from __future__ import annotations

from .apply_ipaas import IPaaSApplier
from .context import BATCH, Sync
from .extract_ipaas import list_index
from .matching import MatchIndex, ineligible
from .model import Item
from .plan import Planner
from .prepare import find_candidates, store
from .salesforce_reads import object_fields, rows_by_id


def sync_parents(sync: Sync) -> dict[str, int]:
    """Sync the Accounts of Contacts that are about to become Customers; return counts for the log.

    Nothing is written in a dry run, nor when the whole run would pass `max_creates`: the plan says so then.
    """
    if sync.collection != "contact" or not sync.params.writes("to_ipaas"):
        return {}
    parents = sync.for_parents()
    _capture_parents(sync, parents)
    wanted = _unfinished(parents)
    if not wanted:
        return {}
    list_index(parents)
    find_candidates(parents)
    Planner(parents).run()
    creates = parents.ledger.count_items(
        sync.run.run_key, collection="account", side="salesforce", op="create", roles=("parent",)
    )
    sync.ledger.update_run(sync.run.run_key, facts={"parent_creates": creates})
    if sync.params.dry_run or _too_many(sync, creates):
        return {"parents": wanted, "creates": creates}
    counts = IPaaSApplier(parents).run()
    return {"parents": wanted, **counts}


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
        found = {item.record_id for item in items}
        items += [
            Item("account", "salesforce", i, role="parent", missing="not_found", captured_at=sync.clock())
            for i in wanted
            if i not in found
        ]
        store(parents, items)


def _needs_parent(index: MatchIndex, item: Item) -> bool:
    """Tell a Contact that is about to become a Customer, or to be linked with one."""
    wanted = ("link", "none") if item.role == "seen" else ("link",)
    return ineligible(item) is None and index.match(item).verdict in wanted


def _too_many(sync: Sync, parents: int) -> bool:
    """Count what the whole run would create, before the first parent is written."""
    limit = sync.params.max_creates
    if limit is None:
        return False
    counts = Planner(sync, preview=True, parents_ready=parents_ready(sync)).run().creates
    return parents + counts["to_ipaas"] > limit or counts["to_salesforce"] > limit
