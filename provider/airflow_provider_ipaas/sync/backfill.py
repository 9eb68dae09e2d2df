"""A first load beside the polls: while it is under way, the polls leave new records to it.

They go on with what is linked. What they leave waits (`backfill_running`) and is theirs again once the backfill has
ended, or has not been heard of for a while.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .context import Sync

BACKFILL = "backfill"
RUNNING = "backfill_running"
# A poll would read what it left again each time: it is due less often than that.
AGAIN = timedelta(hours=1)
# Longer than any step goes without a word, and shorter than anybody waits for new records.
LOST = timedelta(hours=2)
_EVERY = timedelta(minutes=5)


def keep_up(sync: Sync) -> None:
    """Note that this run's backfill is under way; any other run does nothing here."""
    if not sync.params.backfill or sync.params.dry_run or not sync.scope:
        return
    key, now = f"{BACKFILL}:{sync.run.collection}", sync.clock()
    stored = sync.ledger.fact(sync.scope, key)
    told = stored[0] if stored else {}
    if told.get("run_key") == sync.run.run_key and now - _when(told) < _EVERY:
        return
    value = {"run_key": sync.run.run_key, "run_id": sync.run.run_id, "at": now.isoformat()}
    sync.ledger.set_fact(sync.scope, key, value)


def running_backfill(sync: Sync) -> str | None:
    """Return the run id of the backfill that creates this collection's records now, where that is another run."""
    stored = sync.ledger.fact(sync.scope, f"{BACKFILL}:{sync.collection}")
    if stored is None or stored[0]["run_key"] == sync.run.run_key or sync.params.by_id:
        return None
    owner = sync.ledger.run(stored[0]["run_key"])
    if owner is None or owner.phase == "reported" or sync.clock() - _when(stored[0]) > LOST:
        return None
    return str(stored[0]["run_id"])


def _when(told: dict[str, str]) -> datetime:
    return datetime.fromisoformat(told["at"])
