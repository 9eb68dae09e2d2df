"""The plan of a whole run: made, held against its brakes, and parked where it may not be written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_ipaas.errors import IPaaSSyncError

from .budget import tell_forecast
from .context import Sync
from .explain import Explainer
from .fates import FateBook
from .first_contact import is_held
from .mass_change import Changes, Excess, excesses, summed
from .model import DIRECTION_FROM, Item, Outcome, Side
from .plan import Planner
from .plan_notes import PlanCounts
from .preview import is_preview, keep_preview
from .schedule import AWAITING

HELD = "brake_held"
_WOULD: dict[str, Outcome] = {
    "create": "created",
    "resolve_create": "created",
    "update": "updated",
    "link": "unchanged",
}


class RunBraked(IPaaSSyncError):
    """The run would do more than it may without being asked; nothing was written."""


class TooManyCreates(RunBraked):
    """The run plans more creates than `max_creates` allows."""


class TooManyChanges(RunBraked):
    """The run would change, or blank, more of the linked records than the connection allows."""


def plan_run(sync: Sync, *, parents_ready: frozenset[str] = frozenset()) -> PlanCounts:
    """Plan a run and hold it against its brakes.

    Raises RunBraked when it plans more creates in one direction than `max_creates`, or more changes than the
    connection's limits; everything planned is parked then and nothing is written. A dry run says so in its log and
    its summary, and turns the plan into the outcomes it would have.
    """
    explainer = Explainer(sync.mapping) if is_preview(sync) else None
    counts = Planner(sync, parents_ready=parents_ready, explainer=explainer).run()
    tell_forecast(sync, counts)
    if sync.params.dry_run:
        for excess in _note(sync, find_excesses(sync)):
            sync.log.warning("%s: this run %s. It would stop before its first write.", excess.reason, excess.text)
        for each in _with_parents(sync):
            _finish_dry(each)
        if explainer is not None:
            keep_preview(sync, explainer)
    else:
        brake(sync)
    sync.run = sync.ledger.update_run(sync.run.run_key, phase="planned")
    return counts


def brake(sync: Sync) -> None:
    """Stop a run that plans too much, before its first write."""
    verdict = _facts(sync).get("braked") or _judge(sync)
    if verdict is None:
        _let_go(sync)
        return
    # Before the first is parked: an attempt that dies in between must not leave a rest that passes the limits.
    sync.ledger.update_run(sync.run.run_key, facts={"braked": verdict})
    for each in _with_parents(sync):
        park_planned(each, verdict["reason"])
        _unlink_plans(each)
    sync.run = sync.ledger.update_run(sync.run.run_key, phase="planned")
    kind = TooManyCreates if verdict["reason"] == "max_creates" else TooManyChanges
    raise kind(verdict["message"], next_step=verdict["next_step"])


def _judge(sync: Sync) -> dict[str, str] | None:
    """Return what stops the run, in words; None for a plan that may be written."""
    found = _note(sync, find_excesses(sync))
    if not found:
        return None
    plan = summed(changes for _, changes in _planned_changes(sync))
    message, next_step = _worded(found, plan, _hold(sync)), _how_to_allow(sync, found)
    return {"reason": found[0].reason, "message": message, "next_step": next_step}


def find_excesses(sync: Sync) -> list[Excess]:
    """Return every limit that what is planned passes, in both directions and for the parents of Contacts."""
    found = _too_many_creates(sync, created_parents(sync), _planned_creates(sync))
    if not sync.params.allow_mass_change:
        for each, changes in _planned_changes(sync):
            if changes.need_a_look(each.settings.limits):
                found += excesses(changes, _linked(each) + _matched(each), each.settings.limits)
    return found


def would_stop(sync: Sync, parents: Sync, preview: PlanCounts) -> bool:
    """Tell, before the first parent is written, whether the whole run would be stopped: *preview* is its plan."""
    limits = sync.settings.limits
    if _too_many_creates(sync, created_parents(sync), preview.creates):
        return True
    if sync.params.allow_mass_change:
        return False
    ours = [(c, sync, preview.matched) for c in preview.changes.values()]
    theirs = [(_changes_of(parents, "salesforce"), parents, _matched(parents))]
    return any(c.need_a_look(limits) and excesses(c, _linked(each) + n, limits) for c, each, n in [*ours, *theirs])


def created_parents(sync: Sync) -> int:
    """Return how many Accounts this run created, or planned to create, as parents of its Contacts."""
    return int(_facts(sync).get("parent_creates", 0))


def _facts(sync: Sync) -> dict[str, Any]:
    run = sync.ledger.run(sync.run.run_key)
    return run.facts if run else {}


# Counting


def _too_many_creates(sync: Sync, parents: int, planned: dict[Any, int]) -> list[Excess]:
    limit = sync.params.max_creates
    to_ipaas, to_salesforce = planned["to_ipaas"] + parents, planned["to_salesforce"]
    most = max(to_ipaas, to_salesforce)
    if limit is None or most <= limit:
        return []
    text = (
        f"plans {to_ipaas} creates in iPaaS.com"
        + (f" ({parents} of them parent Companies)" if parents else "")
        + f" and {to_salesforce} in Salesforce; at most {limit} are allowed"
    )
    return [Excess("max_creates", text, f"max_creates = {most} or null")]


def _planned_creates(sync: Sync) -> dict[str, int]:
    return {DIRECTION_FROM[side]: _count(sync, side, "create") for side in ("salesforce", "ipaas")}


def _planned_changes(sync: Sync) -> Iterator[tuple[Sync, Changes]]:
    """Count the updates of each direction, and those of parents that are planned still."""
    for each in _with_parents(sync):
        yield each, _changes_of(each, "salesforce")
        if not each.is_parent:
            yield each, _changes_of(each, "ipaas")


def _changes_of(sync: Sync, side: Side) -> Changes:
    changes = Changes(sync.collection, DIRECTION_FROM[side])
    if not _count(sync, side, "update"):
        return changes
    for batch in _planned(sync, side):
        for item in batch:
            if item.op == "update":
                changes.add(item)
    return changes


def _linked(sync: Sync) -> int:
    return sync.ledger.count_links(sync.scope, sync.collection, active=True)


def _matched(sync: Sync) -> int:
    """Count the pairs that the plan links anew: they are linked records by the time they are written."""
    count = 0
    for batch in sync.ledger.items(sync.run.run_key, collection=sync.collection, side="salesforce", linking=True):
        linked = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in batch])
        count += len(batch) - len(linked)
    return count


def _with_parents(sync: Sync) -> list[Sync]:
    """Return the run, and the same run seen as a sync of its parents where it has any."""
    has_parents = sync.collection == "contact" and sync.parent_mapping is not None
    return [sync, sync.for_parents()] if has_parents else [sync]


# Saying so


def _note(sync: Sync, found: list[Excess]) -> list[Excess]:
    """Keep what was found with the run: its summary says it too."""
    if found:
        told = [{"reason": e.reason, "message": f"This run {e.text}.", "allow": e.allow} for e in found]
        sync.ledger.update_run(sync.run.run_key, facts={"brakes": told})
    return found


def _worded(found: list[Excess], plan: str, since: str) -> str:
    first = found[0].reason
    texts = "; it ".join(e.text if e.reason == first else f"{e.text} ({e.reason})" for e in found)
    whole = "" if first == "max_creates" else f" The whole plan: {plan}."
    return f"{first}: this run {texts}.{whole} Nothing was written, everything planned is parked.{since}"


def _how_to_allow(sync: Sync, found: list[Excess]) -> str:
    allow = " and ".join(dict.fromkeys(excess.allow for excess in found))
    names = dict.fromkeys(name for excess in found for name in excess.settings)
    expected = "that many new records are" if not names else "this is"
    told = f"If {expected} expected (a first load, say), trigger the DAG with {allow}; a dry run shows them first."
    if names:
        told += (
            f" To allow it in every run, raise {' or '.join(names)} of connection {sync.settings.salesforce_conn_id}."
        )
        told += " If it is not meant, mend the source or the mapping: the next run plans afresh."
    return told


def _hold(sync: Sync) -> str:
    """Remember since when the brake holds; return the sentence that says so, for every run after the first."""
    if sync.params.by_id:
        return ""
    stored = sync.ledger.fact(sync.scope, f"{HELD}:{sync.collection}")
    held: dict[str, Any] = (
        dict(stored[0]) if stored else {"since": f"{sync.clock():%Y-%m-%d %H:%M} UTC", "runs": 0, "last": ""}
    )
    if held["last"] != sync.run.run_key:
        held |= {"runs": held["runs"] + 1, "last": sync.run.run_key}
        sync.ledger.set_fact(sync.scope, f"{HELD}:{sync.collection}", held)
    return f" It has been so since {held['since']}, for {held['runs']} runs." if held["runs"] > 1 else ""


def _let_go(sync: Sync) -> None:
    """Forget that the brake held, once a run of the whole window passes it."""
    if not sync.params.by_id:
        sync.ledger.drop_fact(sync.scope, f"{HELD}:{sync.collection}")


# Parking


def park_planned(sync: Sync, reason: str, *, message: str | None = None) -> int:
    """Park everything that is planned and not written, with a durable fate; return how many."""
    count = 0
    for side in ("salesforce", "ipaas"):
        for batch in _planned(sync, side):
            book = FateBook(sync)
            with sync.ledger.transaction():
                book.load(DIRECTION_FROM[side], [item.record_id for item in batch])
                for item in batch:
                    item.link_to = None
                    book.decide(item, "parked", reason, message=message)
                sync.ledger.save_items(sync.run.run_key, batch)
                book.flush()
            count += len(batch)
    return count


def _unlink_plans(sync: Sync) -> None:
    """Take back the links that were to be made: they would write external ids."""
    for batch in sync.ledger.items(sync.run.run_key, collection=sync.collection, side="salesforce", linking=True):
        for item in batch:
            item.link_to = None
        sync.ledger.save_items(sync.run.run_key, batch)


def _planned(sync: Sync, side: Side) -> Iterator[list[Item]]:
    return sync.ledger.items(
        sync.run.run_key, collection=sync.collection, side=side, roles=sync.counted_roles, state="planned"
    )


def _count(sync: Sync, side: Side, op: str) -> int:
    return sync.ledger.count_items(
        sync.run.run_key, collection=sync.collection, side=side, op=op, state="planned", roles=sync.counted_roles
    )


def _finish_dry(sync: Sync) -> None:
    """Turn what is planned into what would happen."""
    for side in ("salesforce", "ipaas"):
        for batch in _planned(sync, side):
            for item in batch:
                item.state, item.outcome = "done", _WOULD[item.op or "link"]
                if is_held(item):
                    item.outcome, item.reason = "parked", AWAITING
            sync.ledger.save_items(sync.run.run_key, batch)
