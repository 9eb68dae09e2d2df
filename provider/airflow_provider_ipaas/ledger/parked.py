"""What people do with the records that wait: look at them by group or one by one, replay them, drop them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update

from airflow_provider_ipaas.sync.model import DIRECTIONS, SOURCE_OF, Collection, Direction, JournalEntry
from airflow_provider_ipaas.sync.parked import DROPPED, EXTERNAL_ID_MISSING, PAIRED, WAITS_FOR_GO, Selection, why_kept
from airflow_provider_ipaas.sync.schedule import AWAITING

from . import seen as seen_rows
from .claims import find_open, write_journal
from .columns import Words
from .rows import Shape, chunked
from .tables import seen, unresolved


@dataclass(frozen=True, slots=True)
class Group:
    """Records that wait for the same reason."""

    scope: str
    collection: str
    direction: str
    reason: str
    count: int
    oldest: datetime | None
    next_at: datetime | None  # the first that is due; None: at once
    next_step: str | None  # None when it is not the same for all
    codes: tuple[tuple[str, int], ...]  # with their counts, the most frequent first


@dataclass(frozen=True, slots=True)
class WaitingRecord:
    """One record that waits, without anything of its content."""

    scope: str
    collection: str
    direction: str
    source_id: str
    target_id: str | None
    reason: str
    code: str | None
    message: str | None
    next_step: str | None
    attempts: int
    first_at: datetime
    last_at: datetime | None
    next_at: datetime | None  # None: at once, a person asked for it
    run_key: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to. *waited*: those that would have waited for their time; the others were due anyway.

    *kept*: how many were not replayed, by why.
    """

    count: int
    by_reason: dict[str, int]
    waited: int
    kept: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What dropping came to. *kept*: how many were not dropped, by why."""

    count: int
    by_reason: dict[str, int]
    kept: dict[str, int]


_RECORD = Shape(WaitingRecord, unresolved)
_KEYS = [unresolved.c[name] for name in ("scope", "collection", "direction", "reason")]
_PICKED = [*_KEYS, *(unresolved.c[n] for n in ("source_id", "target_id", "code", "content_hash", "details", "next_at"))]
# A row of the columns that replaying and dropping need.
Picked = Row[Any]


def conditions(selection: Selection) -> list[ColumnElement[bool]]:
    """Return what the rows of a selection fulfil; codes fit in any letter case."""
    found = [
        unresolved.c[name] == value
        for name in ("scope", "collection", "direction", "reason")
        if (value := getattr(selection, name)) is not None
    ]
    if selection.code is not None:
        # Both databases know letter case of ASCII only here, PostgreSQL by the column's collation.
        code = "".join(char.lower() if char.isascii() else char for char in selection.code)
        found.append(func.lower(unresolved.c.code, type_=Words()) == code)
    if selection.ids:
        found.append(or_(unresolved.c.source_id.in_(selection.ids), unresolved.c.target_id.in_(selection.ids)))
    return found


def count(connection: Connection, selection: Selection) -> int:
    """Return how many records are selected."""
    return connection.execute(select(func.count()).select_from(unresolved).where(*conditions(selection))).scalar_one()


def groups(connection: Connection, selection: Selection) -> list[Group]:
    """Return what is selected by scope, collection, direction and reason, the largest groups first."""
    statement = (
        select(
            *_KEYS,
            unresolved.c.code,
            func.count().label("rows"),
            func.min(unresolved.c.first_at).label("oldest"),
            func.min(unresolved.c.next_at).label("next_at"),
            func.count(unresolved.c.next_at).label("timed"),
            func.min(unresolved.c.next_step).label("least"),
            func.max(unresolved.c.next_step).label("most"),
            func.count(unresolved.c.next_step).label("steps"),
        )
        .where(*conditions(selection))
        .group_by(*_KEYS, unresolved.c.code)
    )
    parts: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in connection.execute(statement):
        parts[tuple(row[:4])].append(row)
    return sorted((_group(key, rows) for key, rows in parts.items()), key=lambda group: -group.count)


def _group(key: tuple[str, ...], rows: list[Any]) -> Group:
    scope, collection, direction, reason = key
    total = sum(row.rows for row in rows)
    steps = {step for row in rows for step in (row.least, row.most)}
    same = len(steps) == 1 and sum(row.steps for row in rows) == total
    timed = sum(row.timed for row in rows) == total
    codes = sorted(((row.code, row.rows) for row in rows if row.code), key=lambda part: (-part[1], part[0]))
    return Group(
        scope=scope,
        collection=collection,
        direction=direction,
        reason=reason,
        count=total,
        oldest=min((row.oldest for row in rows if row.oldest), default=None),
        next_at=min(row.next_at for row in rows) if timed else None,
        next_step=steps.pop() if same else None,
        codes=tuple(codes),
    )


def records(connection: Connection, selection: Selection, *, limit: int, offset: int = 0) -> list[WaitingRecord]:
    """Return selected records, those that wait longest first."""
    statement = (
        select(*_RECORD.columns)
        .where(*conditions(selection))
        .order_by(unresolved.c.first_at, unresolved.c.source_id)
        .limit(limit)
        .offset(offset)
    )
    return [_RECORD.value(row) for row in connection.execute(statement)]


def replay(
    connection: Connection, selection: Selection, now: datetime, *, actor: str, run_key: str, limit: int | None
) -> Replayed:
    """Make what is selected due at once; the next run in its direction reads it, whatever its age, and tries it again."""
    chosen = _pick(connection, selection, limit)
    picked = [row for row in chosen if row.reason != AWAITING]
    for of, ids in _by_place(picked):
        connection.execute(update(unresolved).where(*of, unresolved.c.source_id.in_(ids)).values(next_at=None))
    write_journal(connection, [_entry(row, "replay", "due", actor, run_key) for row in picked], now)
    waited = sum(row.next_at is not None and row.next_at > now for row in picked)
    held = len(chosen) - len(picked)
    return Replayed(len(picked), _by_reason(picked), waited, {WAITS_FOR_GO: held} if held else {})


def drop(
    connection: Connection, selection: Selection, now: datetime, *, actor: str, run_key: str, limit: int | None
) -> Dropped:
    """Forget that what is selected waits; later runs count it as skipped (`dropped`) until it changes.

    What would do harm, or would come back by itself, is kept (`why_kept`).
    """
    picked = _pick(connection, selection, limit)
    is_open = _open_creates(connection, picked)
    kept: Counter[str] = Counter()
    gone: list[Picked] = []
    for row in picked:
        why = why_kept(
            row.reason,
            owes_id=EXTERNAL_ID_MISSING in row.details,
            create_is_open=_key(row) in is_open,
            asked=selection.reason,
        )
        if why:
            kept[why] += 1
        else:
            gone.append(row)
    for of, ids in _by_place(gone):
        connection.execute(delete(unresolved).where(*of, unresolved.c.source_id.in_(ids)))
    _mark_dropped(connection, gone)
    write_journal(connection, [_entry(row, "drop", DROPPED, actor, run_key) for row in gone], now)
    return Dropped(len(gone), _by_reason(gone), dict(kept))


def _pick(connection: Connection, selection: Selection, limit: int | None) -> list[Picked]:
    """Return the selected rows, locked, those that wait longest first, and the other half of each pair."""
    statement = (
        select(*_PICKED)
        .where(*conditions(selection))
        .order_by(unresolved.c.first_at, unresolved.c.source_id)
        .with_for_update()
    )
    picked = list(connection.execute(statement if limit is None else statement.limit(limit)))
    known = {_key(row) for row in picked}
    pairs = [row for row in picked if row.reason in PAIRED and row.target_id]
    for (scope, collection, direction), rows in _grouped(pairs, lambda row: tuple(row[:3])):
        other = next(name for name in DIRECTIONS if name != direction)
        for ids in chunked(row.target_id for row in rows):
            found = connection.execute(
                select(*_PICKED)
                .where(*_of(scope, collection, other), unresolved.c.source_id.in_(ids))
                .where(unresolved.c.reason.in_(PAIRED))
                .with_for_update()
            )
            picked += [row for row in found if _key(row) not in known]
    return picked


def _key(row: Picked) -> tuple[str, str, str, str]:
    return row.scope, row.collection, row.direction, row.source_id


def _of(scope: str, collection: str, direction: str) -> tuple[ColumnElement[bool], ...]:
    return unresolved.c.scope == scope, unresolved.c.collection == collection, unresolved.c.direction == direction


def _by_place(rows: Iterable[Picked]) -> Iterator[tuple[tuple[ColumnElement[bool], ...], list[str]]]:
    """Cut rows into what one statement takes: where they are, and their source ids."""
    for place, found in _grouped(rows, lambda row: tuple(row[:3])):
        for ids in chunked(row.source_id for row in found):
            yield _of(*place), ids


def _grouped(rows: Iterable[Picked], key: Callable[[Picked], tuple[Any, ...]]) -> Iterator[tuple[Any, list[Picked]]]:
    found: defaultdict[tuple[Any, ...], list[Picked]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    yield from found.items()


def _open_creates(connection: Connection, rows: Iterable[Picked]) -> set[tuple[str, str, str, str]]:
    """Return the keys of records whose creation was begun and not ended."""
    return {
        (*place, claim.source_id)
        for place in {tuple(row[:3]) for row in rows}
        for claim in find_open(connection, *place)
    }


def _mark_dropped(connection: Connection, rows: Iterable[Picked]) -> None:
    """Let runs count the records as skipped while they show what was decided on; a changed one is looked at again."""
    for (scope, collection, direction), found in _grouped(rows, lambda row: tuple(row[:3])):
        side = SOURCE_OF[direction]
        hashes = {row.source_id: row.content_hash for row in found}
        last = seen_rows.find(connection, scope, collection, side, hashes)
        same = [i for i, known in last.items() if known.content_hash and known.content_hash == hashes[i]]
        for ids in chunked(same):
            place = (seen.c.scope == scope, seen.c.collection == collection, seen.c.side == side)
            connection.execute(update(seen).where(*place, seen.c.record_id.in_(ids)).values(fate=f"skipped:{DROPPED}"))


def _by_reason(rows: Iterable[Picked]) -> dict[str, int]:
    return dict(Counter(row.reason for row in rows).most_common())


def _entry(row: Picked, op: str, outcome: str, actor: str, run_key: str) -> JournalEntry:
    collection: Collection = row.collection
    direction: Direction = row.direction
    return JournalEntry(
        run_key=run_key,
        scope=row.scope,
        collection=collection,
        direction=direction,
        source_id=row.source_id,
        target_id=row.target_id,
        op=op,
        phase="outcome",
        outcome=outcome,
        code=row.code,
        actor=actor,
    )
