"""Look at single records as a run by `record_ids` would, now: read both services, plan, and write nothing anywhere.

The steps are those of a dry run. What they note goes into the ledger that *sync* was given, which is one that forgets.
"""

from __future__ import annotations

from datetime import datetime

from .brake import plan_run
from .context import Sync, parse_stamp
from .explain import Explanation
from .explain_words import NAMES
from .extract_ipaas import capture_asked
from .extract_salesforce import extract_salesforce
from .model import Item, Side
from .outlook import Outlook
from .parents import parents_ready, preview_parents
from .prepare import read_opposite
from .preview import explanations, is_preview
from .rebuild import REBUILT


def explain_now(sync: Sync) -> list[Explanation]:
    """Explain the records that *sync* asks for by id; its params have to be those of a dry run.

    Raises what reading raises: `ServiceError` for a service that can't be reached, `ConfigurationError` for an org that
    is not the ledger's.
    """
    if not is_preview(sync):
        raise ValueError("only a dry run of record_ids explains")
    extract_salesforce(sync)
    capture_asked(sync)
    read_opposite(sync)
    preview_parents(sync)
    plan_run(sync, parents_ready=parents_ready(sync))
    found = explanations(sync)
    outlook = Outlook.load(sync)
    for each in found:
        each.notes += _notes(sync, outlook, each)
    return found


def _notes(sync: Sync, outlook: Outlook, found: Explanation) -> list[str]:
    notes = []
    if sync.ledger.fact(sync.scope, f"{REBUILT}:{sync.collection}") is not None:
        notes.append("The links were rebuilt and nobody has confirmed them: runs write nothing until confirm_rebuild.")
    ids: tuple[tuple[Side, str | None], ...] = (("salesforce", found.salesforce_id), ("ipaas", found.ipaas_id))
    for side, record_id in ids:
        item = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, [record_id or ""]).get(record_id or "")
        if item is not None and item.record is not None:
            notes.append(_coming(outlook, side, item))
    return notes


def _coming(outlook: Outlook, side: Side, item: Item) -> str:
    """Say whether the next ordinary run looks at a record by itself, by its stamp and what was last seen of it."""
    window = outlook.salesforce if side == "salesforce" else outlook.ipaas
    stamp = parse_stamp(item.stamp)
    changed = f"{NAMES[side]}: last changed {_moment(stamp)}" if stamp else f"{NAMES[side]}: no change stamp"
    known = outlook.known(side, [item], [item.record_id])[item.record_id]
    if known.coming:
        return f"{changed}; the next run looks at it."
    start = window.start
    if side == "salesforce" and start is not None and stamp is not None and stamp < start:
        return (
            f"{changed}, before the look-back of the next run ({_moment(start)}): only an edit, record_ids, a larger "
            "poll_days or full makes a run look at it."
        )
    if known.dropped:
        return f"{changed}; a person dropped it: it is looked at again when it changes, or by record_ids."
    return f"{changed}; this version was decided on already, the next run counts it as before."


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
