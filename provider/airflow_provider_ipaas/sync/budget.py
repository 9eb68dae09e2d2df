"""Calls to Salesforce: an org's daily limit is shared by everything that runs there, and this must not use it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_ipaas.errors import RequestLimitExceeded

if TYPE_CHECKING:
    from .context import Sync
    from .plan_notes import PlanCounts

USAGE = "salesforce_usage"  # fact of a run: calls used and allowed, as its extract saw them
# What a write of up to 200 records costs: the write, and a share of the reads before and after it.
_BATCH = 200
_READS = 2000
JOB_SIZE = 10_000  # of so many records the org makes one batch of a bulk job
_JOB = 12  # what one costs: open, upload, close, its results, and some looks at it in between
# iPaaS.com, for each record: two look-ups, the create and its external id; one read and one write; the external id.
_CREATE, _UPDATE = 4, 2
_WORTH_TELLING = 100


@dataclass(frozen=True, slots=True)
class CallBudget:
    """How much of the org's calls in 24 hours may be used when this stops, or says so; and the calls of one run."""

    stop_percent: int = 80
    warn_percent: int = 60
    per_run: int | None = None


def hold_to_budget(sync: Sync, before: str) -> None:
    """Raise RequestLimitExceeded where the org, or this run, has no calls left for the sync; warn once on the way.

    Calls that finish what was begun (reading back what was just written) are not held.
    """
    budget, usage = sync.settings.budget, sync.salesforce.usage
    if usage is not None and usage[1] > 0:
        used, allowed = usage
        percent = 100 * used / allowed
        if percent >= budget.stop_percent:
            raise RequestLimitExceeded(
                f"The org has used {used:,} of its {allowed:,} API calls of 24 hours ({percent:.0f} %), and this connection "
                f"leaves off at {budget.stop_percent} %: stopped before {before}.",
                next_step=(
                    "Nothing is lost: a later run goes on here once the org's rolling count has come down. Look at who "
                    "else calls (Setup > Company Information), run less often, or raise api_stop_percent."
                ),
                service="salesforce",
                code="API_BUDGET",
            )
        if percent >= budget.warn_percent and sync.note_once("api_budget"):
            sync.log.warning(
                "The org has used %s of its %s API calls of 24 hours (%.0f %%); this connection leaves off at %d %%.",
                f"{used:,}",
                f"{allowed:,}",
                percent,
                budget.stop_percent,
            )
    if budget.per_run is not None and (calls := _calls_of_run(sync)) >= budget.per_run:
        raise RequestLimitExceeded(
            f"This run has made {calls:,} calls to Salesforce, of the {budget.per_run:,} that the connection allows for one: "
            f"stopped before {before}.",
            next_step="Nothing is lost: the next run goes on here. Raise max_calls_per_run where runs should do more.",
            service="salesforce",
            code="API_BUDGET",
        )


def calls_left(sync: Sync, most: int) -> int:
    """Return how many calls, *most* at most, the budget has room for; 1 where it is used up, which raises when it is held."""
    budget, usage, left = sync.settings.budget, sync.salesforce.usage, most
    if usage is not None and usage[1] > 0:
        left = min(left, -(-usage[1] * budget.stop_percent // 100) - usage[0])
    if budget.per_run is not None:
        left = min(left, budget.per_run - _calls_of_run(sync))
    return max(left, 1)


def remember_usage(sync: Sync) -> None:
    """Note what the org has used, for the plan, which asks no service."""
    if (usage := sync.salesforce.usage) is not None:
        sync.ledger.update_run(sync.run.run_key, facts={USAGE: list(usage)})


def tell_forecast(sync: Sync, counts: PlanCounts) -> None:
    """Say before a big load about how many calls its writes take, and whether they fit into the budget."""
    creates, updates = counts.creates, counts.updates
    ipaas = _CREATE * creates["to_ipaas"] + _UPDATE * updates["to_ipaas"]
    bulk_from = sync.settings.bulk_threshold if sync.settings.external_id_field else 0
    salesforce = _calls(creates["to_salesforce"], bulk_from=bulk_from) + _calls(updates["to_salesforce"])
    if salesforce + ipaas < _WORTH_TELLING:
        return
    run = sync.ledger.run(sync.run.run_key)
    usage = run.facts.get(USAGE) if run else None
    sync.log.info(
        "What is planned takes about %s calls to Salesforce and %s to iPaaS.com%s.",
        f"{salesforce:,}",
        f"{ipaas:,}",
        f"; the org has used {usage[0]:,} of its {usage[1]:,} calls of 24 hours" if usage else "",
    )
    if not usage:
        return
    left = usage[1] * sync.settings.budget.stop_percent // 100 - usage[0]
    if salesforce > left:
        sync.log.warning(
            "That is more than the %s calls that are left until this connection leaves off (%d %%): the run writes what "
            "fits and parks the rest (api_budget); later runs go on with it.",
            f"{max(left, 0):,}",
            sync.settings.budget.stop_percent,
        )


def _calls(records: int, *, bulk_from: int = 0) -> int:
    """Return about how many calls to Salesforce so many writes take."""
    if not records:
        return 0
    by_job = 0 < bulk_from <= records
    return (_JOB * -(-records // JOB_SIZE) if by_job else -(-records // _BATCH)) + 2 * -(-records // _READS)


def _calls_of_run(sync: Sync) -> int:
    run = sync.ledger.run(sync.run.run_key)
    told = [calls for key, calls in (run.facts if run else {}).items() if key.startswith("calls:")]
    return sum(int(calls.get("salesforce", 0)) for calls in told) + sync.salesforce.calls
