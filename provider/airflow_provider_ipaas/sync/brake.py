"""The plan of a whole run: made, held against its brake, and parked where it may not be written."""

from __future__ import annotations

from airflow_provider_ipaas.errors import IPaaSSyncError

from .context import Sync
from .fates import FateBook
from .model import DIRECTION_FROM, Outcome, Side
from .plan import PlanCounts, Planner

BRAKED = "braked"  # fact of a run: what it planned to create, by direction, when it was stopped

_WOULD: dict[str, Outcome] = {
    "create": "created",
    "resolve_create": "created",
    "update": "updated",
    "link": "unchanged",
}


class TooManyCreates(IPaaSSyncError):
    """The run plans more creates than `max_creates` allows; nothing was written."""


def plan_run(sync: Sync, *, parents_ready: frozenset[str] = frozenset()) -> PlanCounts:
    """Plan a run and hold it against its brake.

    Raises TooManyCreates when it plans more creates in one direction than `max_creates`; everything planned is parked
    then and nothing is written. A dry run turns the plan into the outcomes it would have.
    """
    counts = Planner(sync, parents_ready=parents_ready).run()
    if sync.params.dry_run:
        _finish_dry(sync)
        if sync.collection == "contact" and sync.parent_mapping is not None:
            _finish_dry(sync.for_parents())
    else:
        brake(sync, parents=parent_creates(sync))
    sync.run = sync.ledger.update_run(sync.run.run_key, phase="planned")
    return counts


def parent_creates(sync: Sync) -> int:
    """Return how many Accounts this run created, or planned to create, as parents of its Contacts."""
    run = sync.ledger.run(sync.run.run_key)
    return int(run.facts.get("parent_creates", 0)) if run else 0


def brake(sync: Sync, *, parents: int = 0) -> None:
    """Stop a run that plans too many creates, before its first write."""
    limit = sync.params.max_creates
    if limit is None:
        return
    run = sync.ledger.run(sync.run.run_key)
    planned = run.facts.get(BRAKED) if run else None
    if planned is None:
        planned = {
            "to_ipaas": parents + _planned_creates(sync, "salesforce"),
            "to_salesforce": _planned_creates(sync, "ipaas"),
        }
        if max(planned.values()) <= limit:
            return
        # Noted before anything is parked: another attempt would count less, and let the rest go.
        sync.ledger.update_run(sync.run.run_key, facts={BRAKED: planned})
    park_planned(sync, "max_creates")
    if sync.collection == "contact" and sync.parent_mapping is not None:
        park_planned(sync.for_parents(), "max_creates")
    sync.run = sync.ledger.update_run(sync.run.run_key, phase="planned")
    raise too_many(planned, limit, parents)


def too_many(planned: dict[str, int], limit: int, parents: int) -> TooManyCreates:
    """Word the brake: what was planned, and how to allow it."""
    most = max(planned.values())
    return TooManyCreates(
        f"max_creates: this run plans {planned['to_ipaas']} creates in iPaaS.com"
        + (f" ({parents} of them parent Companies)" if parents else "")
        + f" and {planned['to_salesforce']} in Salesforce; at most {limit} are allowed. Nothing was written, everything "
        "planned is parked.",
        next_step=(
            "If that many new records are expected (a first load, say), trigger the DAG with "
            f"max_creates = {most} or null; a dry run shows them first."
        ),
    )


def park_planned(sync: Sync, reason: str, *, message: str | None = None) -> int:
    """Park everything that is planned and not written, with a durable fate; return how many."""
    count = 0
    for side in ("salesforce", "ipaas"):
        for batch in sync.ledger.items(
            sync.run.run_key, collection=sync.collection, side=side, roles=sync.counted_roles, state="planned"
        ):
            book = FateBook(sync)
            with sync.ledger.transaction():
                book.load(DIRECTION_FROM[side], [item.record_id for item in batch])
                for item in batch:
                    item.link_to = None
                    book.decide(item, "parked", reason, message=message)
                sync.ledger.save_items(sync.run.run_key, batch)
                book.flush()
            count += len(batch)
    if reason == "max_creates":
        _unlink_plans(sync)
    return count


def _unlink_plans(sync: Sync) -> None:
    """Take back the links that were to be made: they would write external ids."""
    for batch in sync.ledger.items(sync.run.run_key, collection=sync.collection, side="salesforce", linking=True):
        for item in batch:
            item.link_to = None
        sync.ledger.save_items(sync.run.run_key, batch)


def _planned_creates(sync: Sync, side: Side) -> int:
    return sync.ledger.count_items(
        sync.run.run_key,
        collection=sync.collection,
        side=side,
        op="create",
        state="planned",
        roles=sync.counted_roles,
    )


def _finish_dry(sync: Sync) -> None:
    """Turn what is planned into what would happen."""
    for side in ("salesforce", "ipaas"):
        for batch in sync.ledger.items(
            sync.run.run_key, collection=sync.collection, side=side, roles=sync.counted_roles, state="planned"
        ):
            for item in batch:
                item.state, item.outcome = "done", _WOULD[item.op or "link"]
            sync.ledger.save_items(sync.run.run_key, batch)
