"""The life of a run in the ledger: what a cleared, retried or closed run may still do."""

from __future__ import annotations

from .context import Sync


def reopen(sync: Sync) -> None:
    """Begin a cleared run anew: what it had captured is old, the extracts read again."""
    if sync.run.phase == "reported":
        sync.log.info("This run was reported before; it starts again from what both services show now.")
        sync.ledger.drop_items(sync.run.run_key)
        sync.run = sync.ledger.restart_run(sync.run.run_key)
    elif sync.run.phase == "planned":
        # The plan is of an earlier attempt: where this one does not get as far, it must not count as planned.
        sync.run = sync.ledger.update_run(sync.run.run_key, phase="started")


def is_closed(sync: Sync) -> bool:
    """Tell a run that has been reported: its waiting records are the next run's."""
    if sync.run.phase != "reported":
        return False
    sync.log.warning(
        "This run has been reported, nothing is done for it any more. To run it again, clear it from its extract tasks "
        "on, or trigger a new run: waiting records are taken up by any run."
    )
    return True


def is_writable(sync: Sync) -> bool:
    """Tell whether there is a plan to write: not in a dry run, not before a plan stands, not after the report."""
    if is_closed(sync) or sync.params.dry_run:
        return False
    if sync.run.phase != "planned":
        sync.log.warning("There is no plan to write: an earlier task did not finish.")
        return False
    return True
