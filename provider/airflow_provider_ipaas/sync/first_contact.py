"""`first_contact: link_only`: match and link, and hold every create and every field until a person has said go.

The go is remembered per pair of services and collection. What it releases stays released, also when the connection's
setting changes later; a lost ledger asks again.
"""

from __future__ import annotations

from airflow_provider_ipaas.errors import ConfigurationError

from .context import Sync
from .model import Item, Unresolved
from .rebuild import FIRST_CONTACT
from .schedule import AWAITING

GO = "first_contact_go"
MATCH_REPORT = "match_report"


def awaiting(sync: Sync) -> bool:
    """Tell a collection whose first contact waits for a go: this run links, and writes nothing else.

    A collection that was in step before the connection was set to `link_only` has no first contact any more.
    """
    if sync.settings.first_contact != "link_only" or sync.params.confirm_first_contact:
        return False
    return _open(sync)


def may_take_up(sync: Sync) -> tuple[str, ...]:
    """Return the reasons whose records a run takes up whenever they are due: those of a first contact that may go on."""
    return () if awaiting(sync) else (AWAITING,)


def check_go(sync: Sync) -> None:
    """Raise ConfigurationError where a go is given before there is a match report that anybody could have read."""
    if sync.settings.first_contact != "link_only" or not sync.params.confirm_first_contact or not _open(sync):
        return
    if sync.ledger.fact(sync.scope, f"{MATCH_REPORT}:{sync.collection}") is None:
        raise ConfigurationError(
            f"confirm_first_contact: there is no match report of collection {sync.collection} yet. Nothing was read or "
            "written.",
            next_step=(
                "Trigger the DAG without confirm_first_contact first (with full = true for all records): it links what "
                "matches and shows the match report. Read it, then confirm."
            ),
        )


def remember_go(sync: Sync) -> None:
    """Release the collection for good; a run of single records (`record_ids`) is a trial and releases only those."""
    if sync.settings.first_contact != "link_only" or not sync.params.confirm_first_contact or not _open(sync):
        return
    if sync.params.dry_run or sync.params.by_id:
        return
    sync.ledger.set_fact(sync.scope, f"{GO}:{sync.collection}", sync.run.run_key)
    sync.log.warning(
        "First contact of collection %s confirmed: from this run on it creates and updates like any other.",
        sync.collection,
    )


def is_held(item: Item) -> bool:
    """Tell a match that is linked, and whose fields wait for the go."""
    return bool((item.payload or {}).get("held"))


def waits_for_go(waiting: Unresolved | None) -> bool:
    """Tell a record that a run before has found waiting for the go."""
    return waiting is not None and waiting.reason == AWAITING


def _open(sync: Sync) -> bool:
    if sync.ledger.fact(sync.scope, f"{GO}:{sync.collection}") is not None:
        return False
    began = sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}") is not None
    return not began or sync.ledger.fact(sync.scope, f"{MATCH_REPORT}:{sync.collection}") is not None
