"""All that the ledger knows of a record, linked or not, waiting or not: found by either of its ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync.ids import split_record_ids
from airflow_provider_ipaas.sync.model import (
    DIRECTION_FROM,
    DIRECTIONS,
    OTHER,
    SOURCE_OF,
    Collection,
    Direction,
    Link,
    Run,
    Seen,
    Side,
    Unresolved,
)

from . import claims as claim_rows
from . import links as link_rows
from . import seen as seen_rows
from . import waiting as waiting_rows
from .record import JournalLine
from .rows import Shape
from .tables import journal, run, watermark

_JOURNAL_LINES = 200
_RUNS = 50
_LINE = Shape(JournalLine, journal)
_RUN = Shape(Run, run)
Place = tuple[str, Collection]


@dataclass(frozen=True, slots=True)
class Showing:
    """What both sides showed of a field when they last agreed, and its last write; *agreed* False: never compared."""

    key: str
    agreed: bool
    salesforce_before: Any = field(repr=False)
    ipaas_before: Any = field(repr=False)
    written: JournalLine | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record, or the pair it is linked in. *runs*: (DAG, run id) by run key; *whole_run*: the last one of a window.

    *disputed*: the values of a conflict that waits, by field. Values are for people who ask.
    """

    scope: str
    collection: Collection
    salesforce_id: str | None
    ipaas_id: str | None
    link: Link | None = field(repr=False)
    seen: Mapping[Side, Seen]
    waiting: tuple[Unresolved, ...] = field(repr=False)
    creates: Mapping[Direction, str]
    journal: tuple[JournalLine, ...]
    runs: Mapping[str, tuple[str, str]]
    whole_run: Run | None = field(repr=False)
    watermarks: Mapping[Side, datetime]

    @property
    def fields(self) -> list[Showing]:
        """The fields that the ledger knows, in the order of the mapping that noted them."""
        here = (self.link.salesforce_showing if self.link else None) or {}
        there = (self.link.ipaas_showing if self.link else None) or {}
        written = {
            name: line
            for line in reversed(self.journal)
            if line.phase == "outcome" and line.outcome in ("created", "updated")
            for name in line.fields
        }
        names = dict.fromkeys([*here, *there, *written])
        return [
            Showing(key, key in here and key in there, here.get(key), there.get(key), written.get(key)) for key in names
        ]


def parse_id(text: str, collection: Collection | None = None) -> tuple[Side, str]:
    """Return whose id it is, in its full form. Raises ConfigurationError for what is no id, or another object's."""
    try:
        salesforce, ipaas = split_record_ids([text.strip()], collection)
    except ConfigurationError as error:
        raise ConfigurationError(error.message.removeprefix("record_ids: "), next_step=error.next_step) from None
    return ("salesforce", salesforce[0]) if salesforce else ("ipaas", ipaas[0])


def places(connection: Connection, collection: Collection | None) -> list[Place]:
    """Return every org and subscription with its collections that a run has worked on."""
    found = connection.execute(select(run.c.scope, run.c.collection).where(run.c.scope != "").distinct()).all()
    # A run on Contacts syncs the Accounts that it needs as well.
    pairs: set[Place] = {(row.scope, row.collection) for row in found} | {(row.scope, "account") for row in found}
    return sorted(pair for pair in pairs if collection in (None, pair[1]))


def recorded(
    connection: Connection, record_id: str, side: Side, collection: Collection | None, scope: str | None = None
) -> list[Recorded]:
    """Return what is known of the record with this id on *side*: nothing, or one for each place that knows it."""
    asked = [place for place in places(connection, collection) if scope in (None, place[0])]
    found = (_recorded(connection, place, side, record_id) for place in asked)
    return [each for each in found if each is not None]


def _recorded(connection: Connection, place: Place, side: Side, record_id: str) -> Recorded | None:
    scope, collection = place
    link = link_rows.find(connection, scope, collection, side, [record_id]).get(record_id)
    ids: dict[Side, str | None] = {side: record_id, OTHER[side]: None}
    if link is not None:
        ids = {"salesforce": link.salesforce_id, "ipaas": link.ipaas_id}
    seen: dict[Side, Seen] = {}
    waiting: list[Unresolved] = []
    creates: dict[Direction, str] = {}
    for each, own in ids.items():
        if own is None:
            continue
        way = DIRECTION_FROM[each]
        if (last := seen_rows.find(connection, scope, collection, each, [own]).get(own)) is not None:
            seen[each] = last
        waiting += waiting_rows.find(connection, scope, collection, way, [own]).values()
        if (claim := claim_rows.find(connection, scope, collection, way, [own]).get(own)) is not None:
            creates[way] = claim.state
    lines = _journal(connection, place, ids)
    if link is None and not seen and not waiting and not creates and not lines:
        return None
    keys = {link.settled_by if link else None, *(row.run_key for row in waiting), *(line.run_key for line in lines)}
    return Recorded(
        scope,
        collection,
        ids["salesforce"],
        ids["ipaas"],
        link,
        seen,
        tuple(waiting),
        creates,
        lines,
        _runs(connection, (key for key in keys if key)),
        _whole_run(connection, place),
        _watermarks(connection, place),
    )


def _journal(connection: Connection, place: Place, ids: Mapping[Side, str | None]) -> tuple[JournalLine, ...]:
    """Return the last lines about either record, the newest first."""
    own = [(way, ids[SOURCE_OF[way]]) for way in DIRECTIONS if ids[SOURCE_OF[way]] is not None]
    rows = connection.execute(
        select(*_LINE.columns)
        .where(journal.c.scope == place[0], journal.c.collection == place[1])
        .where(or_(*((journal.c.direction == way) & (journal.c.source_id == i) for way, i in own)))
        .order_by(journal.c.no.desc())
        .limit(_JOURNAL_LINES)
    )
    return tuple(_LINE.value(row) for row in rows)


def _runs(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    rows = connection.execute(select(run.c.run_key, run.c.dag_id, run.c.run_id).where(run.c.run_key.in_(list(keys))))
    return {row.run_key: (row.dag_id, row.run_id) for row in rows}


def _whole_run(connection: Connection, place: Place) -> Run | None:
    """Return the last reported run that read a window: neither a dry one nor one of single records."""
    rows = connection.execute(
        select(*_RUN.columns)
        .where(run.c.scope == place[0], run.c.collection == place[1], run.c.phase == "reported")
        .order_by(run.c.started_at.desc(), run.c.no.desc())
        .limit(_RUNS)
    )
    found = (_RUN.value(row) for row in rows)
    return next((r for r in found if not r.params.get("dry_run") and not r.params.get("record_ids")), None)


def _watermarks(connection: Connection, place: Place) -> dict[Side, datetime]:
    rows = connection.execute(
        select(watermark.c.side, watermark.c.value).where(
            watermark.c.scope == place[0], watermark.c.collection == place[1]
        )
    )
    return {row.side: row.value for row in rows}
