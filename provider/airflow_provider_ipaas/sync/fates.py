"""Giving records their fate, so that it is durable: the item of the run, what was last seen, and what waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from airflow_provider_ipaas.catalogue import NEXT_STEP

from .backfill import AGAIN, RUNNING
from .context import Sync
from .model import Direction, Item, Outcome, Seen, Side, Unresolved
from .parked import EXTERNAL_ID_MISSING
from .schedule import AWAITING, NO_TIME, REFUSED


class FateBook:
    """Collects fates and writes them in few statements; `flush` belongs into the caller's transaction."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self._waiting: dict[tuple[Direction, str], Unresolved] = {}
        self._seen: dict[Side, list[Seen]] = defaultdict(list)
        self._gone: dict[Side, list[str]] = defaultdict(list)
        self._cleared: dict[Direction, list[str]] = defaultdict(list)
        self._parked: list[Unresolved] = []

    def load(self, direction: Direction, ids: Iterable[str]) -> None:
        """Load what already waits of these records."""
        found = self.sync.ledger.unresolved(self.sync.scope, self.sync.collection, direction, ids)
        self._waiting |= {(direction, record_id): row for record_id, row in found.items()}

    def waiting(self, item: Item) -> Unresolved | None:
        return self._waiting.get((item.direction, item.record_id))

    def replayed(self, item: Item) -> bool:
        """Tell a waiting record that a person has asked to be tried again."""
        before = self.waiting(item)
        return before is not None and before.next_at is None

    def flush(self) -> None:
        """Write what was collected."""
        sync = self.sync
        for side, rows in self._seen.items():
            sync.ledger.save_seen(sync.scope, sync.collection, side, rows)
        for side, ids in self._gone.items():
            sync.ledger.forget_seen(sync.scope, sync.collection, side, ids)
        for direction, ids in self._cleared.items():
            known = [record_id for record_id in ids if (direction, record_id) in self._waiting]
            if known:
                sync.ledger.clear_unresolved(sync.scope, sync.collection, direction, known)
        if self._parked:
            sync.ledger.save_unresolved(self._parked)
        self._seen, self._gone, self._cleared = defaultdict(list), defaultdict(list), defaultdict(list)
        self._parked, self._waiting = [], {}

    def decide(
        self,
        item: Item,
        outcome: Outcome,
        reason: str | None = None,
        *,
        target_id: str | None = None,
        message: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Set the item's fate and make it durable, unless it is a dry run. Parked ones wait in the ledger."""
        item.state, item.outcome, item.reason = "done", outcome, reason
        item.target_id = target_id or item.target_id
        item.message = message or item.message
        if reason and outcome in ("parked", "failed", "skipped"):
            item.next_step = item.next_step or NEXT_STEP.get(reason)
        if self.sync.params.dry_run:
            return
        self.remember(item)
        if outcome == "parked":
            self.park(item, reason or "not_attempted", details=details)
        elif outcome != "failed" and item.link_to and owes_external_id(self.waiting(item)):
            self.park(item, EXTERNAL_ID_MISSING)  # until it is stored
        elif outcome != "failed" and not self._waits_since(item):
            self._cleared[item.direction].append(item.record_id)

    def _waits_since(self, item: Item) -> bool:
        """Tell a record that another run has let wait since this one read it: it saw a younger version."""
        before = self.waiting(item)
        if before is None or before.run_key == self.sync.run.run_key or item.captured_at is None:
            return False
        return before.last_at is not None and before.last_at > item.captured_at

    def remember(self, item: Item) -> None:
        """Note the version that was decided on, so that later runs can tell a change.

        One that is gone may come back as it was, and has to be looked at then.
        """
        if item.missing:
            self._gone[item.side].append(item.record_id)
        elif item.record is not None:
            self._seen[item.side].append(seen_row(self.sync, item))

    def park(
        self,
        item: Item,
        reason: str,
        *,
        direction: Direction | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Let a source record wait; it is due again in every run, or once a person has said go."""
        now = self.sync.clock()
        direction = direction or item.direction
        before = self._waiting.get((direction, item.record_id))
        self._parked.append(
            Unresolved(
                scope=self.sync.scope,
                collection=item.collection,
                direction=direction,
                source_id=item.record_id,
                reason=reason,
                target_id=item.target_id,
                # What a target has refused before stays known, so that the same refusal is no news later.
                code=before.code if before else None,
                attempts=before.attempts if before else 0,
                message=item.message,
                next_step=item.next_step or NEXT_STEP.get(reason),
                content_hash=item.content_hash,
                mapping_fingerprint=self.sync.mapping.fingerprint,
                details={**(details or {}), **_debt(before), **self._relation(item, reason)},
                first_at=before.first_at if before else now,
                last_at=now,
                next_at=NO_TIME if reason == AWAITING else now + AGAIN if reason == RUNNING else now,
                run_key=self.sync.run.run_key,
            )
        )

    def _relation(self, item: Item, reason: str) -> dict[str, Any]:
        """A relationship is made along with the external id: a pair whose fields wait has it made then as well."""
        related = self.sync.settings.relationships and item.collection == "contact" and item.side == "salesforce"
        return {EXTERNAL_ID_MISSING: True} if reason == AWAITING and related and item.target_id else {}

    def refuse(self, item: Item, code: str, message: str, next_step: str) -> None:
        """Note that the target refused a record: *failed* the first time, *parked* until its code changes."""
        now = self.sync.clock()
        before = self.waiting(item)
        again = before is not None and before.code == code
        attempts = (before.attempts if before else 0) + 1
        item.state = "done"
        item.outcome, item.reason = ("parked", REFUSED) if again else ("failed", code)
        item.code, item.message, item.next_step = code, message, next_step
        if self.sync.params.dry_run:
            return
        self._parked.append(
            Unresolved(
                scope=self.sync.scope,
                collection=item.collection,
                direction=item.direction,
                source_id=item.record_id,
                reason=REFUSED,
                target_id=item.target_id,
                code=code,
                message=message,
                next_step=next_step,
                attempts=attempts,
                content_hash=item.content_hash,
                mapping_fingerprint=self.sync.mapping.fingerprint,
                details=_debt(before),
                first_at=before.first_at if before else now,
                last_at=now,
                next_at=self.sync.settings.retries.next_attempt(now, attempts),
                run_key=self.sync.run.run_key,
            )
        )
        self.remember(item)

    def waits(self, item: Item) -> bool:
        """Tell a refused record that is not due: not edited, same mapping, not asked for by id."""
        before = self.waiting(item)
        if before is None or before.reason != REFUSED or asked_for(self.sync, item):
            return False
        same = before.content_hash == item.content_hash
        same = same and before.mapping_fingerprint == self.sync.mapping.fingerprint
        return same and before.next_at is not None and before.next_at > self.sync.clock()

    def wait(self, item: Item) -> None:
        """Count a refused record that is not due."""
        before = self.waiting(item)
        if before is not None:
            item.code, item.message, item.next_step = before.code, before.message, before.next_step
        item.state, item.outcome, item.reason = "done", "parked", REFUSED


def seen_row(sync: Sync, item: Item) -> Seen:
    """Make the last-seen row of a decided item."""
    in_step = item.outcome in ("created", "updated", "unchanged", "linked")
    fate = "unchanged" if in_step else f"{item.outcome}:{item.reason or ''}"
    return Seen(
        record_id=item.record_id,
        stamp=item.stamp,
        content_hash=item.content_hash,
        email_key=item.email_key,
        name_key=item.name_key,
        number_key=item.number_key,
        external_id=item.external_id,
        baseline=item.reason == "before_first_contact",
        fate=fate,
        mapping_fingerprint=sync.mapping.fingerprint,
    )


def owe_external_ids(sync: Sync, pairs: Sequence[tuple[str, str]]) -> None:
    """Note that iPaaS.com has to get these Salesforce ids for its records; a crash must not forget it."""
    now = sync.clock()
    waiting = sync.ledger.unresolved(sync.scope, sync.collection, "to_ipaas", [pair[0] for pair in pairs])
    for row in waiting.values():
        row.details = {**row.details, EXTERNAL_ID_MISSING: True}
    owing = [
        Unresolved(
            sync.scope,
            sync.collection,
            "to_ipaas",
            salesforce_id,
            EXTERNAL_ID_MISSING,
            target_id=ipaas_id,
            next_step=NEXT_STEP[EXTERNAL_ID_MISSING],
            first_at=now,
            last_at=now,
            next_at=now,
            run_key=sync.run.run_key,
        )
        for salesforce_id, ipaas_id in pairs
        if salesforce_id not in waiting
    ]
    sync.ledger.save_unresolved([*waiting.values(), *owing])


def pay_external_ids(sync: Sync, salesforce_ids: Iterable[str]) -> None:
    """Note that iPaaS.com has the ids of linked records; what else they wait for stays."""
    found = sync.ledger.unresolved(sync.scope, sync.collection, "to_ipaas", salesforce_ids)
    owing = [row for row in found.values() if owes_external_id(row)]
    paid = [row.source_id for row in owing if row.reason == EXTERNAL_ID_MISSING]
    others = [row for row in owing if row.reason != EXTERNAL_ID_MISSING]
    for row in others:
        row.details = {key: value for key, value in row.details.items() if key != EXTERNAL_ID_MISSING}
    if paid:
        sync.ledger.clear_unresolved(sync.scope, sync.collection, "to_ipaas", paid)
    if others:
        sync.ledger.save_unresolved(others)


def owes_external_id(waiting: Unresolved | None) -> bool:
    """Tell a linked record whose id iPaaS.com has not got yet, whatever else it waits for."""
    return waiting is not None and (waiting.reason == EXTERNAL_ID_MISSING or EXTERNAL_ID_MISSING in waiting.details)


def _debt(before: Unresolved | None) -> dict[str, Any]:
    return {EXTERNAL_ID_MISSING: True} if owes_external_id(before) else {}


def asked_for(sync: Sync, item: Item) -> bool:
    ids = sync.params.salesforce_ids if item.side == "salesforce" else sync.params.ipaas_ids
    return item.record_id in ids
