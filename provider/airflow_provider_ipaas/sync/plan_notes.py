"""What a plan decides, noted: fates with their log lines, planned writes with their counts. A preview counts only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_ipaas.catalogue import NEXT_STEP
from airflow_provider_ipaas.mapping import Held

from .context import Sync
from .fates import FateBook
from .mass_change import Changes
from .model import DIRECTIONS, Direction, Item
from .pairs import Conflict, PairPlan
from .schedule import AWAITING


@dataclass(slots=True)
class PlanCounts:
    """What a plan holds, for the log and, before the parents are written, for the brakes."""

    changes: dict[Direction, Changes]
    matched: int = 0  # pairs that are not linked yet
    creates: dict[Direction, int] = field(default_factory=lambda: {"to_ipaas": 0, "to_salesforce": 0})
    updates: dict[Direction, int] = field(default_factory=lambda: {"to_ipaas": 0, "to_salesforce": 0})


class PlanNotes:
    """Notes decisions on the items, in the ledger and in the log."""

    def __init__(self, sync: Sync, *, preview: bool) -> None:
        self.sync = sync
        self.preview = preview
        self.book = FateBook(sync)
        self.counts = PlanCounts({way: Changes(sync.collection, way) for way in DIRECTIONS})

    @property
    def dry(self) -> bool:
        return self.preview or self.sync.params.dry_run

    def planned(self, item: Item, op: str) -> None:
        counts = self.counts.creates if op == "create" else self.counts.updates
        counts[item.direction] += 1
        if op == "update":
            self.counts.changes[item.direction].add(item)
        item.op, item.state = op, "planned"  # type: ignore[assignment]

    def decide(self, item: Item, outcome: str, reason: str | None = None, **more: Any) -> None:
        if self.preview:
            item.state = "done"
            return
        self.book.decide(item, outcome, reason, **more)  # type: ignore[arg-type]
        if outcome == "parked":
            self.sync.log.warning(
                "Parked %s %s (%s): %s Next step: %s",
                item.side,
                item.record_id,
                reason,
                _ids(item),
                item.next_step,
            )

    def gone(self, item: Item, reason: str, target_id: str | None) -> None:
        if reason == "record_not_found" and not self.preview:
            item.code = item.reason = "record_not_found"
            item.state, item.outcome, item.message = "done", "failed", f"{item.side} has no record {item.record_id}."
            self.book.decide(item, "failed", reason, target_id=target_id)
        else:
            self.decide(item, "skipped", reason, target_id=target_id)

    def refuse_text(self, item: Item, problem: str) -> None:
        if self.preview:
            return
        text = f"Field {problem}, which neither service accepts."
        self.book.refuse(item, "invalid_text", text, NEXT_STEP["invalid_text"])
        self.sync.log.error("Refused %s %s (invalid_text): %s", item.side, item.record_id, text)

    def refuse_value(self, item: Item, problem: str) -> None:
        """Refuse a record for a value that the mapping can't translate; the text names the field, not the value."""
        if self.preview:
            item.state = "done"
            return
        if self.book.waits(item):
            self.book.wait(item)
            return
        self.book.refuse(item, "mapping_error", f"Field {problem}.", NEXT_STEP["mapping_error"])
        self.sync.log.error("Refused %s %s (mapping_error): Field %s.", item.side, item.record_id, problem)

    def stop(self, item: Item, held: Held, *, linked: bool) -> None:
        """Give a record that the mapping holds back its fate."""
        if held.kind == "filtered":
            self.decide(item, "skipped", "left_filter" if linked else "filtered")
        elif held.kind == "waits":
            self.decide(item, "parked", "error_filter", message=held.message)
        else:
            self.refuse_value(item, held.message.removesuffix("."))

    def pending(self, item: Item, direction: Direction) -> None:
        if not self.dry:
            self.book.park(item, "direction_off", direction=direction)

    def wait_for_go(self, item: Item) -> list[Item]:
        """Let a record wait for the go; the match report counts them, so they get no line each."""
        if self.preview:
            item.state = "done"
        else:
            self.book.decide(item, "parked", AWAITING)
        return [item]

    def conflicts(self, plan: PairPlan, salesforce: Item, ipaas: Item) -> None:
        if self.preview:
            return
        for conflict in plan.conflicts:
            if conflict.winner is None:
                continue
            target = salesforce if conflict.winner == "to_ipaas" else ipaas
            target.conflicts_resolved += 1
            self.sync.log.warning(
                "Conflict on %s: both sides changed; %s wins. Salesforce %s, iPaaS.com %s.",
                conflict.key,
                "Salesforce" if conflict.winner == "to_ipaas" else "iPaaS.com",
                salesforce.record_id,
                ipaas.record_id,
            )


def _ids(item: Item) -> str:
    return f"{item.message or ''} Counterpart: {item.target_id or 'none'}.".strip()


def values_of(conflict: Conflict) -> dict[str, Any]:
    """Return what a person needs to settle a conflict: both values, and what each side showed before."""
    return {
        "salesforce": conflict.salesforce,
        "ipaas": conflict.ipaas,
        "salesforce_before": conflict.salesforce_before,
        "ipaas_before": conflict.ipaas_before,
    }


def match_text(item: Item, verdict: str, ids: tuple[str, ...], by: str) -> str:
    """Say why a record is not matched, with the records that it could be the same as."""
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
    where = f"the other service has {shown}" if ids else f"another record of {item.side} has the same"
    return {
        "ambiguous_match": f"The {by} does not name one record on each side: {where}.",
        "match_already_linked": f"The record with the same {by} is linked to another one: {where}.",
        "possible_duplicate": f"Same {by} as an unlinked record: {where}.",
    }[verdict]
