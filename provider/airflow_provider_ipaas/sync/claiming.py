"""Claim, write, settle: who fails to insert the claim of a source record does not create its target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from .applying import Written
from .context import Sync
from .model import SOURCE_OF, Claim, Direction, Item

# No request of either service lives longer: a claim older than this has no write under way.
ABANDONED = timedelta(minutes=15)
_HELD = "held_since"  # in the payload of a create: when its claim was made or taken over


def claim_creates(
    sync: Sync, items: list[Item], direction: Direction, server_now: datetime
) -> tuple[list[Item], list[Written]]:
    """Claim the creates among *items*; return what may be written, and the results of those another run creates.

    A create that was claimed before and not settled (a crash, a lost answer) becomes `resolve_create`: find out first.
    One whose record was linked since the plan is nobody's to create any more.
    """
    creates = [item for item in items if item.op in ("create", "resolve_create")]
    if not creates:
        return list(items), []
    now = sync.clock()
    fresh = [
        Claim(
            sync.scope,
            sync.collection,
            direction,
            item.record_id,
            sync.run.run_key,
            "sending",
            claimed_at=now,
            sent_at=server_now,
            sent=dict((item.payload or {}).get("changes", {})),
        )
        for item in creates
    ]
    won = sync.ledger.claim(fresh)
    held = sync.ledger.claims(
        sync.scope, sync.collection, direction, [i.record_id for i in creates if i.record_id not in won]
    )
    # Read after the claims: who held one before us had linked the record when it dropped the claim.
    linked = sync.ledger.links(sync.scope, sync.collection, SOURCE_OF[direction], [i.record_id for i in creates])
    waiting: list[Written] = []
    blocked: set[str] = set()
    for item in creates:
        claim = held.get(item.record_id)
        if item.record_id in linked:
            blocked.add(item.record_id)
            waiting.append(Written(item, "superseded", text="It was linked by another run since this one planned."))
        elif item.record_id in won:
            item.op = "create"
            hold(item, now)
        elif claim is not None and _take(sync, claim, now):
            item.op = "resolve_create"
            sent_at = claim.sent_at.isoformat() if claim.sent_at else None
            item.payload = {**(item.payload or {}), "claimed_at": sent_at, "sent": claim.sent}
            hold(item, _after(claim, now))
        else:
            blocked.add(item.record_id)
            waiting.append(Written(item, "in_progress", text="Another run is creating it."))
    return [item for item in items if item.record_id not in blocked], waiting


def renew_claims(
    sync: Sync, items: Sequence[Item], direction: Direction, server_now: datetime
) -> tuple[list[Item], list[Written]]:
    """Note what is about to be created anew after a lost create left nothing: a later search has to look for this.

    Returns the creates that are still ours, and the results of the others.
    """
    with sync.ledger.transaction():
        ours, others = held(sync, items, direction)
        now = sync.clock()
        claims = [
            Claim(
                sync.scope,
                sync.collection,
                direction,
                item.record_id,
                sync.run.run_key,
                claimed_at=now,
                sent_at=server_now,
                sent=dict((item.payload or {}).get("changes", {})),
            )
            for item in ours
        ]
        sync.ledger.save_claims(claims)
    for item in ours:
        hold(item, now)
    return ours, others


def hold(item: Item, claimed_at: datetime) -> None:
    """Note with which claim an item may be created: who takes the claim over makes it a later one."""
    item.payload = {**(item.payload or {}), _HELD: _told(claimed_at)}


def held(sync: Sync, items: Sequence[Item], direction: Direction) -> tuple[list[Item], list[Written]]:
    """Return the creates that are still ours right before they are sent, and the results of the others.

    A task that was given up may still be running beside its own retry, and wake up when that has taken over.
    """
    claims = sync.ledger.claims(sync.scope, sync.collection, direction, [item.record_id for item in items])
    ours, others = [], []
    for item in items:
        claim = claims.get(item.record_id)
        if claim is not None and claim.claimed_at and _told(claim.claimed_at) == (item.payload or {}).get(_HELD):
            ours.append(item)
        else:
            others.append(Written(item, "in_progress", text="Another attempt has taken it over."))
    return ours, others


def _take(sync: Sync, claim: Claim, now: datetime) -> bool:
    return _may_take(sync, claim, now) and sync.ledger.take_claim(claim, sync.run.run_key, _after(claim, now))


def _after(claim: Claim, now: datetime) -> datetime:
    """Return now, or where clocks disagree a moment after the claim."""
    return now if claim.claimed_at is None else max(now, claim.claimed_at + timedelta(microseconds=1))


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _may_take(sync: Sync, claim: Claim, now: datetime) -> bool:
    """Tell a claim whose write is not under way: ours, of a run that ended, with a lost answer, or old."""
    if claim.state == "done":
        return False
    if claim.run_key == sync.run.run_key or claim.state == "unknown":
        return True
    owner = sync.ledger.run(claim.run_key)
    if owner is None or owner.phase == "reported":
        return True
    return claim.claimed_at is None or now - claim.claimed_at > ABANDONED
