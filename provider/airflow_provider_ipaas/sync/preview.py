"""What a dry run of single records tells: the explanation of each, in the log with its values, in the summary without.

Values stay in the ledger's items, which the report drops, and in the logs of the tasks of a run that a person asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .context import Sync
from .explain import Explainer, Explanation, fate_of
from .explain_table import table
from .explain_words import NAMES
from .model import OTHER, Item, Side
from .schedule import REFUSED

LOGGED = 50  # records of one run
IN_SUMMARY = 20
_KEPT = "explained"  # in an item's payload, between plan and report


def is_preview(sync: Sync) -> bool:
    """Tell a dry run of records that a person named."""
    return sync.params.dry_run and sync.params.by_id and not sync.is_parent


def explain_asked(sync: Sync, explainer: Explainer) -> list[tuple[Item, Explanation]]:
    """Return the explanation of each record that was asked for, a pair once, with its own item."""
    told: list[tuple[Item, Explanation]] = []
    met: set[tuple[Side, str]] = set()
    for item in _asked(sync):
        if (item.side, item.record_id) in met:
            continue
        found = explainer.of(item)
        items = [item, *_opposite(sync, item, found)]
        met |= {(each.side, each.record_id) for each in items}
        found.fates = {each.direction: fate_of(each) for each in items if each is item or each.outcome or each.reason}
        if item.outcome in ("created", "updated") and not explainer.knows(item):
            found.notes.append(
                "An earlier attempt of the task planned it; trigger the dry run again to see its fields."
            )
        found.notes += [note for each in items for note in _notes(sync, each)]
        told.append((item, found))
    return told


def _notes(sync: Sync, item: Item) -> Iterator[str]:
    """Say what a plan can't foresee: how the target answers, and a merge, which only a run that writes follows."""
    waiting = sync.ledger.unresolved(sync.scope, sync.collection, item.direction, [item.record_id]).get(item.record_id)
    if waiting is not None and waiting.reason == REFUSED:
        target = NAMES[OTHER[item.side]]
        times = "once" if waiting.attempts <= 1 else f"{waiting.attempts} times"
        yield f"{target} has refused it {times} ({waiting.code}), and may do so again: {waiting.message or ''}".rstrip(
            ": "
        )
    if item.missing == "merged":
        yield (
            f"It was merged into {item.master_id}: a run lets its link follow there, or parks it (merged_duplicate) where "
            "that record is linked as well."
        )


def keep_preview(sync: Sync, explainer: Explainer) -> None:
    """Log the explanations, and keep them with the run for its report."""
    told = [(item, found) for item, found in explain_asked(sync, explainer) if _KEPT not in (item.payload or {})]
    for item, found in told:
        item.payload = {**(item.payload or {}), _KEPT: found.as_dict()}
    sync.ledger.save_items(sync.run.run_key, [item for item, _ in told])
    _log(sync, explanations(sync))


def kept_preview(sync: Sync) -> dict[str, Any]:
    """Log the explanations again, and return them for the summary: at most *IN_SUMMARY* records, without values.

    Shape: `{"records": [{"collection", "salesforce_id", "ipaas_id", "link", "fates": {direction: {"outcome", "reason",
    "message", "next_step"}}, "notes", "fields": [{"field", "decision", "reason"}]}], "left_out": 0}`; fields that need
    nothing are left out.
    """
    found = explanations(sync)
    _log(sync, found)
    records = [each.without_values() for each in found[:IN_SUMMARY]]
    for record in records:
        record["fields"] = [line for line in record["fields"] if line["decision"] != "nothing"]
    return {"records": records, "left_out": len(found) - len(records)}


def explanations(sync: Sync) -> list[Explanation]:
    """Return what `keep_preview` kept, in the order in which the records were asked for."""
    kept = [payload[_KEPT] for item in _asked(sync) if _KEPT in (payload := item.payload or {})]
    return [Explanation.from_dict(each) for each in kept]


def _log(sync: Sync, found: list[Explanation]) -> None:
    for each in found[:LOGGED]:
        sync.log.info("%s", table(each))
    if len(found) > LOGGED:
        sync.log.info("%d more records are not shown; ask for fewer record_ids to see them.", len(found) - LOGGED)


def _asked(sync: Sync) -> Iterator[Item]:
    asked: tuple[tuple[Side, tuple[str, ...]], ...] = (
        ("salesforce", sync.params.salesforce_ids),
        ("ipaas", sync.params.ipaas_ids),
    )
    for side, ids in asked:
        items = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, ids)
        yield from (items[record_id] for record_id in ids if record_id in items)


def _opposite(sync: Sync, item: Item, found: Explanation) -> list[Item]:
    other: Side = OTHER[item.side]
    record_id = found.ipaas_id if other == "ipaas" else found.salesforce_id
    items = sync.ledger.items_by_id(sync.run.run_key, sync.collection, other, [record_id]) if record_id else {}
    return list(items.values())
