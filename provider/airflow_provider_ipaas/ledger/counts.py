"""The counts of a run, by SQL over its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from airflow_provider_ipaas.sync.model import Collection, Role, Side, State, Tally

from . import runs
from .items import of_side
from .tables import item


def count(
    connection: Connection,
    run_key: str,
    collection: Collection,
    side: Side,
    *,
    op: str | None,
    state: State | None,
    roles: Sequence[Role] | None,
) -> int:
    run_no = runs.number(connection, run_key)
    if run_no is None:
        return 0
    statement = select(func.count()).select_from(item).where(*of_side(run_no, collection, side))
    if op is not None:
        statement = statement.where(item.c.op == op)
    if state is not None:
        statement = statement.where(item.c.state == state)
    if roles is not None:
        statement = statement.where(item.c.role.in_(list(roles)))
    return connection.execute(statement).scalar_one()


def tally(connection: Connection, run_key: str, collection: Collection, side: Side, role: Role) -> Tally:
    """Count what became of the items of one role on one side; an item without an outcome is undecided."""
    result = Tally()
    run_no = runs.number(connection, run_key)
    if run_no is None:
        return result
    chosen = (*of_side(run_no, collection, side), item.c.role == role)
    groups = connection.execute(
        select(
            item.c.outcome,
            item.c.reason,
            func.count().label("rows"),
            func.sum(item.c.conflicts_resolved).label("resolved"),
            func.sum(item.c.conflicts_parked).label("parked"),
        )
        .where(*chosen)
        .group_by(item.c.outcome, item.c.reason)
    )
    outcomes: Counter[str] = Counter()
    by_reason: dict[str, Counter[str]] = {"skipped": Counter(), "parked": Counter()}
    for group in groups:
        result.conflicts_resolved += int(group.resolved)
        result.conflicts_parked += int(group.parked)
        if group.outcome is None:
            result.undecided += group.rows
            continue
        outcomes[group.outcome] += group.rows
        if group.outcome in by_reason and group.reason is not None:
            by_reason[group.outcome][group.reason] += group.rows
    result.outcomes = dict(outcomes)
    result.skipped_by_reason = dict(by_reason["skipped"])
    result.parked_by_reason = dict(by_reason["parked"])
    warnings: Counter[str] = Counter()
    texts = connection.execute(
        select(item.c.warnings, func.count().label("rows"))
        .where(*chosen, item.c.warnings != ())
        .group_by(item.c.warnings)
    )
    for group in texts:
        for warning in group.warnings:
            warnings[warning] += group.rows
    result.warnings = dict(warnings)
    return result
