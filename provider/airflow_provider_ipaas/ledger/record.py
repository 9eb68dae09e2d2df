"""All that the ledger knows of a record that waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from airflow_provider_ipaas.sync.model import DIRECTIONS, SOURCE_OF, Direction, Link, Unresolved
from airflow_provider_ipaas.sync.parked import Selection

from . import claims as claim_rows
from . import links as link_rows
from . import seen as seen_rows
from .parked import WaitingRecord, conditions
from .rows import Shape
from .tables import journal, run, unresolved

_JOURNAL_LINES = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What was done to a record, and by which run or person. Names fields, not values."""

    at: datetime
    run_key: str
    actor: str | None
    direction: str
    op: str
    phase: str
    outcome: str
    code: str | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A record that waits; *values* are those of its fields, for people who ask for them.

    *link_state* is None for a record that is not linked, *create_state* for one whose creation was not begun. Values are
    by field: `salesforce` and `ipaas` as they were when it was parked (missing where the ledger does not hold them),
    `salesforce_before` and `ipaas_before` as they were when both sides last agreed.
    """

    record: WaitingRecord
    salesforce_id: str | None
    ipaas_id: str | None
    link_state: str | None
    settled_at: datetime | None
    create_state: str | None
    stamp: str | None
    run: tuple[str, str] | None  # DAG and run id of the run that decided last
    journal: tuple[JournalLine, ...]
    values: Mapping[str, Mapping[str, Any]] = field(repr=False)


_WAITING = Shape(Unresolved, unresolved)
_RECORD = Shape(WaitingRecord, unresolved)
_LINE = Shape(JournalLine, journal)


def shown(connection: Connection, selection: Selection, *, limit: int) -> list[Shown]:
    """Return selected records, those that wait longest first."""
    statement = (
        select(*_WAITING.columns)
        .where(*conditions(selection))
        .order_by(unresolved.c.first_at, unresolved.c.source_id)
        .limit(limit)
    )
    return [_shown(connection, _WAITING.value(row)) for row in connection.execute(statement).all()]


def _shown(connection: Connection, waiting: Unresolved) -> Shown:
    scope, collection, direction, source_id = waiting.scope, waiting.collection, waiting.direction, waiting.source_id
    side = SOURCE_OF[direction]
    link = link_rows.find(connection, scope, collection, side, [source_id]).get(source_id)
    seen = seen_rows.find(connection, scope, collection, side, [source_id]).get(source_id)
    claim = claim_rows.find(connection, scope, collection, direction, [source_id]).get(source_id)
    decided = connection.execute(select(run.c.dag_id, run.c.run_id).where(run.c.run_key == waiting.run_key)).first()
    own, target = (link.salesforce_id, link.ipaas_id) if link else (None, None)
    if link is None:
        own, target = (source_id, waiting.target_id) if side == "salesforce" else (waiting.target_id, source_id)
    return Shown(
        record=WaitingRecord(**{name: getattr(waiting, name) for name in _RECORD.names}),
        salesforce_id=own,
        ipaas_id=target,
        link_state=link.state if link else None,
        settled_at=link.settled_at if link else None,
        create_state=claim.state if claim else None,
        stamp=seen.stamp if seen else None,
        run=(decided.dag_id, decided.run_id) if decided else None,
        journal=_journal(connection, waiting, link),
        values=_values(waiting, link),
    )


def _journal(connection: Connection, waiting: Unresolved, link: Link | None) -> tuple[JournalLine, ...]:
    """Return the last lines about the record, and about the one it is linked with, the newest first."""
    places = {(waiting.direction, waiting.source_id)}
    if link is not None:
        places |= {(d, link.salesforce_id if SOURCE_OF[d] == "salesforce" else link.ipaas_id) for d in DIRECTIONS}
    return journal_of(connection, waiting.scope, waiting.collection, places)


def journal_of(
    connection: Connection, scope: str, collection: str, places: Iterable[tuple[Direction, str]]
) -> tuple[JournalLine, ...]:
    """Return the last lines about sources, each with its direction, the newest first."""
    rows = connection.execute(
        select(*_LINE.columns)
        .where(journal.c.scope == scope, journal.c.collection == collection)
        .where(or_(*((journal.c.direction == d) & (journal.c.source_id == i) for d, i in sorted(places))))
        .order_by(journal.c.no.desc())
        .limit(_JOURNAL_LINES)
    )
    return tuple(_LINE.value(row) for row in rows)


def _values(waiting: Unresolved, link: Link | None) -> dict[str, dict[str, Any]]:
    """Return the values in dispute; without any, what both sides showed when they last agreed."""
    disputed = waiting.details.get("fields")
    if disputed:
        return {key: dict(values) for key, values in disputed.items()}
    return last_values(link) if link else {}


def last_values(link: Link) -> dict[str, dict[str, Any]]:
    """Return by field what both sides showed when they last agreed."""
    here, there = link.salesforce_showing or {}, link.ipaas_showing or {}
    return {
        key: {"salesforce_before": here.get(key), "ipaas_before": there.get(key)}
        for key in dict.fromkeys([*here, *there])
    }
