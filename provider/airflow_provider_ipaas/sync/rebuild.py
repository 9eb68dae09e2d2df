"""An empty ledger that meets records carrying our external ids: identity lives in the services, links come back.

Nothing is written to either service until a person has confirmed, since a lost, older or foreign ledger looks the
same from here.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_ipaas.errors import LedgerError

from .context import Sync, batches
from .ids import PREFIX, looks_like_salesforce, to_18
from .model import Link
from .salesforce_reads import object_fields

FIRST_CONTACT = "first_contact"
WRITES_BEGAN = "writes_began"
REBUILT = "rebuilt"


class LedgerRebuilt(LedgerError):
    """The links of a collection were rebuilt from external ids; a person has to confirm before anything is written."""


def is_empty(sync: Sync) -> bool:
    """Tell a ledger that knows nothing of this collection from one that only has no links (yet)."""
    began = any(sync.ledger.fact(sync.scope, f"{name}:{sync.collection}") for name in (FIRST_CONTACT, WRITES_BEGAN))
    return not began and sync.ledger.count_links(sync.scope, sync.collection) == 0


def relink(sync: Sync, pairs: Iterable[tuple[str, str]]) -> int:
    """Link (Salesforce id, iPaaS.com id) pairs that external ids name; nothing agreed yet; return how many are new.

    The links and the note that a person has to confirm them are one: a run that ends in between must not go on without.
    """
    with sync.ledger.transaction():
        added = _add_links(sync, pairs)
        if added and not sync.params.dry_run:
            stored = sync.ledger.fact(sync.scope, f"{REBUILT}:{sync.collection}")
            sync.ledger.set_fact(sync.scope, f"{REBUILT}:{sync.collection}", (stored[0] if stored else 0) + added)
        if added:
            sync.ledger.update_run(sync.run.run_key, facts={"rebuilt": True})
    return added


def _add_links(sync: Sync, pairs: Iterable[tuple[str, str]]) -> int:
    added = 0
    for salesforce_id, ipaas_id in pairs:
        if not looks_like_salesforce(salesforce_id) or not salesforce_id.startswith(PREFIX[sync.collection]):
            continue
        if not sync.params.dry_run:
            link = Link(sync.scope, sync.collection, to_18(salesforce_id), ipaas_id, settled_by=sync.run.run_key)
            if sync.ledger.add_link(link) is None:
                continue
        added += 1
    return added


def check_rebuild(sync: Sync) -> None:
    """Raise LedgerRebuilt while the links come from a rebuild that nobody has confirmed."""
    key = f"{REBUILT}:{sync.collection}"
    run = sync.ledger.run(sync.run.run_key)
    fresh = bool(run and run.facts.get("rebuilt"))
    if fresh or is_empty(sync):
        _relink_from_salesforce(sync)
        run = sync.ledger.run(sync.run.run_key)
        fresh = bool(run and run.facts.get("rebuilt"))
    pending = sync.ledger.fact(sync.scope, key)
    if pending is None and not fresh:
        return
    if sync.params.confirm_rebuild and not sync.params.dry_run:
        sync.ledger.drop_fact(sync.scope, key)
        sync.log.warning(
            "ledger_rebuilt confirmed: %s links of collection %s stand as rebuilt.",
            pending[0] if pending else 0,
            sync.collection,
        )
        return
    count = pending[0] if pending else "some"
    raise LedgerRebuilt(
        f"ledger_rebuilt: the ledger knew no links of collection {sync.collection} but met records that carry external "
        f"ids of subscription {sync.settings.system_id}; {count} links were rebuilt from them. Nothing was written to "
        "either service.",
        next_step=(
            "Check that this is the right ledger (connection ipaas_ledger) and that a lost or foreign one is no "
            "surprise; then trigger the DAG with confirm_rebuild = true."
        ),
    )


def _relink_from_salesforce(sync: Sync) -> None:
    fields = object_fields(sync)
    name = sync.settings.external_id_field
    if name is None or name not in fields:
        return
    rows = sync.salesforce.query(f"SELECT Id, {name} FROM {sync.sobject} WHERE {name} != null ORDER BY Id")  # noqa: S608
    for batch in batches(rows):
        relink(sync, [(str(row["Id"]), str(row[name])) for row in batch])
