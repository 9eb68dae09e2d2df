"""What happened in sequences, counted by name: a simulation in which something never happens proves nothing about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_ipaas.sync.model import DIRECTIONS

from .runs import Planned

if TYPE_CHECKING:
    from .world import World

PARKED = (
    *("ambiguous_match", "api_budget", "conflict", "create_in_progress", "flip_flop", "match_already_linked"),
    *("max_creates", "merged_duplicate", "not_attempted", "parent_not_synced", "possible_duplicate"),
    *("refused_before", "row_locked", "superseded", "target_not_visible", "uncertain_create", "field_broken"),
)
SKIPPED = (
    *("before_first_contact", "contact_without_account", "contact_without_email", "source_deleted"),
    "target_deleted",
)
RULES = tuple(f"V{number}" for number in range(1, 11))
# What users do, on either side; what runs are; what goes wrong; and what becomes of records.
EXPECTED = (
    *(f"{what} {side}" for what in ("new", "edit", "blank", "delete", "undelete") for side in ("salesforce", "ipaas")),
    *("burst", "merge", "reparent", "purge", "touch", "hide", "show", "take", "give", "open", "commit", "link"),
    *("a flow edits as the API user", "users act in the middle of a run"),
    "a row appears under a stamp that was read past",
    *("run plain", "run record_ids", "run dry_run", "run full", "run max_creates", "run confirm_rebuild"),
    *("run direction=to_ipaas", "run direction=to_salesforce"),
    *("clear", "task", "zombie", "two runs at once, one collection", "two runs at once, both collections"),
    *("lose", "restore", "wrong_org"),
    *(f"dies {when} a call{whose}" for when in ("before", "after") for whose in ("", " of the ledger")),
    *(f"answer of a {what} is lost" for what in ("create", "read", "idempotent write")),
    *(f"salesforce refuses a call: {why}" for why in ("auth", "busy", "limit")),
    *(f"ipaas refuses a call: {why}" for why in ("auth", "busy")),
    *("one record of a batch is refused", "a page locator has expired", "a page comes twice", "a page comes shuffled"),
    *(f"{fate} {way}" for fate in ("created", "updated", "failed") for way in DIRECTIONS),
    *("conflict resolved", "conflict parked"),
    *(f"parked {reason}" for reason in PARKED),
    *(f"skipped {reason}" for reason in SKIPPED),
)

_SIDED = ("new", "edit", "blank", "delete", "undelete")


def traces(world: World) -> tuple[int, ...]:
    """Return numbers of which at least one differs after an operation that took effect."""
    org, company, users = world.org, world.company, world.users
    return (
        world.oracle.user_changes,
        world.made,
        int(world.clock.true.timestamp()),
        len(org.rows),
        len(org.hidden),
        len(org.taken),
        len(org.transactions),
        len(org.flows),
        len(org.delayed),
        len(company.inactive),
        len(users.linked),
        len(world.copies),
        world.ledgers,
    )


def name_of(op: list[Any]) -> str:
    """Name an operation, with the side it happens on."""
    if op[0] in _SIDED:
        return f"{op[0]} {op[1]}"
    if op[0] == "two":
        return "two runs at once, " + ("one collection" if op[1][0] == op[2][0] else "both collections")
    return str(op[0])


def of_run(run: Planned) -> Iterator[str]:
    """Name what a run was, and which fates it gave."""
    yield "run " + (", ".join(f"{k}={v}" if k == "direction" else k for k, v in sorted(run.params.items())) or "plain")
    if run.summary is None:
        return
    for direction in DIRECTIONS:
        counts = run.summary[direction]
        for fate in ("parked", "skipped"):
            yield from (f"{fate} {reason}" for reason, number in counts[f"{fate}_by_reason"].items() if number)
        yield from (f"{fate} {direction}" for fate in ("created", "updated", "failed") if counts[fate])
        yield from (f"conflict {fate}" for fate, number in counts["conflicts"].items() if number)
