"""How the records of both services belong together, by SQL over what was last seen of them.

Counting goes by groups of equal keys, never by pairs: an e-mail that a thousand records on each side share is a thousand
rows here, not a million.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    FunctionFilter,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union,
    union_all,
)

from airflow_provider_ipaas.sync.model import Collection, Example, Matches, Side

from . import runs
from .items import of_side
from .tables import item, link, seen

_SHOWN = 5  # ids of one record's counterparts in an example
_KEYS = {"account": ("name_key", "number_key"), "contact": ("email_key", None)}


def matches(
    connection: Connection, scope: str, collection: Collection, run_key: str | None, *, examples: int
) -> Matches:
    """Count pairs, groups and single records; *run_key*: what a dry run captured and would link stands for the rest."""
    run_no = runs.number(connection, run_key) if run_key is not None else None
    pairs = _pairs(scope, collection, run_no)
    here = _free(_salesforce(scope, collection, run_no), pairs, "salesforce_id")
    there = _free(_ipaas(scope, collection), pairs, "ipaas_id")
    rows = _with_degrees(here, there, two_keys=_KEYS[collection][1] is not None)
    both = _only_each_other(rows)
    found = Matches(linked=_size(connection, pairs), one_to_one=_size(connection, both))
    spread = _spread(connection, rows)
    found.salesforce_alone, found.one_to_many = spread.get("salesforce", (0, 0))
    found.ipaas_alone, found.many_to_one = spread.get("ipaas", (0, 0))
    shown: dict[str, Callable[[], list[Example]]] = {
        "linked": lambda: _shown(connection, pairs, examples),
        "one_to_one": lambda: _shown(connection, both, examples),
        "one_to_many": lambda: _groups(connection, rows, "salesforce", there, examples),
        "many_to_one": lambda: [(ids, own) for own, ids in _groups(connection, rows, "ipaas", here, examples)],
        "salesforce_alone": lambda: [((i,), ()) for i in _alone(connection, rows, "salesforce", examples)],
        "ipaas_alone": lambda: [((), (i,)) for i in _alone(connection, rows, "ipaas", examples)],
    }
    # Each look is a pass over all records: none for what there is none of.
    found.examples = {name: look() if getattr(found, name) else [] for name, look in shown.items()}
    return found


# Who is there


def _pairs(scope: str, collection: Collection, run_no: int | None) -> CTE:
    """Pairs that are linked, and those that the run of *run_no* would link."""
    stored = select(link.c.salesforce_id, link.c.ipaas_id).where(
        link.c.scope == scope, link.c.collection == collection, link.c.state == "active"
    )
    if run_no is None:
        return stored.cte("pairs")
    planned = select(item.c.record_id, item.c.link_to).where(
        *of_side(run_no, collection, "salesforce"), item.c.link_to.is_not(None)
    )
    return union(stored, planned).cte("pairs")


def _salesforce(scope: str, collection: Collection, run_no: int | None) -> FromClause:
    if run_no is None:
        return _seen(scope, collection, "salesforce", seen.c.fate.not_like("skipped:%"))
    captured = (*of_side(run_no, collection, "salesforce"), item.c.missing == "", item.c.role == "seen")
    kept = or_(item.c.outcome.is_(None), item.c.outcome != "skipped")
    return select(item.c.record_id, *_keys(item, collection)).where(*captured, kept).subquery()


def _ipaas(scope: str, collection: Collection) -> FromClause:
    # Skipped as having been there before the first contact: those are the very records to match.
    return _seen(scope, collection, "ipaas", seen.c.fate != "skipped:source_deleted")


def _seen(scope: str, collection: Collection, side: Side, kept: ColumnElement[bool]) -> FromClause:
    own = (seen.c.scope == scope, seen.c.collection == collection, seen.c.side == side)
    return select(seen.c.record_id, *_keys(seen, collection)).where(*own, kept).subquery()


def _keys(table: FromClause, collection: Collection) -> Sequence[ColumnElement[Any]]:
    first, second = _KEYS[collection]
    return table.c[first].label("k1"), (table.c[second] if second else null()).label("k2")


def _free(rows: FromClause, pairs: CTE, name: str) -> FromClause:
    """Leave out what is linked."""
    is_linked = exists(select(literal(1)).where(pairs.c[name] == rows.c.record_id))
    return select(rows.c.record_id, rows.c.k1, rows.c.k2).where(~is_linked).subquery()


# How many opposite


def _with_degrees(here: FromClause, there: FromClause, *, two_keys: bool) -> CTE:
    """Count for each record the different ones opposite that have one of its keys: by one, by the other, less by both."""
    sides: tuple[tuple[Side, FromClause], ...] = (("salesforce", here), ("ipaas", there))
    rows = union_all(*(select(literal(side).label("side"), *table.c) for side, table in sides)).subquery()
    degree: Any = 0
    for names, sign in [(("k1",), 1), (("k2",), 1), (("k1", "k2"), -1)][: 3 if two_keys else 1]:
        columns = [rows.c[name] for name in names]
        theirs, ours = (_how_many(rows, side).over(partition_by=columns) for side in ("ipaas", "salesforce"))
        opposite = case((rows.c.side == "salesforce", theirs), else_=ours)
        # Rows without the key are a group of their own, which nothing matches.
        degree = degree + sign * case((and_(*(column.is_not(None) for column in columns)), opposite), else_=0)
    return select(rows.c.side, rows.c.record_id, rows.c.k1, rows.c.k2, degree.label("degree")).cte("rows")


def _only_each_other(rows: CTE) -> CTE:
    """Pairs of which each is the only one that matches the other: alone with it among those that match one record."""
    parts = []
    for key in (rows.c.k1, rows.c.k2):
        ours, theirs = (func.max(case((rows.c.side == side, rows.c.record_id))) for side in ("salesforce", "ipaas"))
        both = and_(_how_many(rows, "salesforce") == 1, _how_many(rows, "ipaas") == 1)
        wanted = select(ours.label("salesforce_id"), theirs.label("ipaas_id"))
        parts.append(wanted.where(rows.c.degree == 1, key.is_not(None)).group_by(key).having(both))
    return union(*parts).cte("both_ways")


def _how_many(rows: FromClause, side: Side) -> FunctionFilter[int]:
    return func.count().filter(rows.c.side == side)


# Numbers and examples


def _size(connection: Connection, rows: CTE) -> int:
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def _spread(connection: Connection, rows: CTE) -> dict[str, tuple[int, int]]:
    """Return, by side, how many records match nothing and how many match several."""
    alone, several = func.count().filter(rows.c.degree == 0), func.count().filter(rows.c.degree > 1)
    found = connection.execute(select(rows.c.side, alone, several).group_by(rows.c.side))
    return {side: (none, many) for side, none, many in found}


def _shown(connection: Connection, pairs: CTE, limit: int) -> list[Example]:
    wanted = select(pairs).order_by(pairs.c[0], pairs.c[1]).limit(limit)
    return [((ours,), (theirs,)) for ours, theirs in connection.execute(wanted)]


def _groups(connection: Connection, rows: CTE, side: Side, other: FromClause, limit: int) -> list[Example]:
    """Return some records that several opposite match, each with some of those."""
    several = rows.c.side == side, rows.c.degree > 1
    wanted = select(rows.c.record_id, rows.c.k1, rows.c.k2).where(*several).order_by(rows.c.record_id).limit(limit)
    found: list[Example] = []
    for row in connection.execute(wanted).all():
        alike = or_(*(other.c[k] == value for k, value in (("k1", row.k1), ("k2", row.k2)) if value is not None))
        ids = connection.execute(select(other.c.record_id).where(alike).order_by(other.c.record_id).limit(_SHOWN))
        found.append(((row.record_id,), tuple(ids.scalars())))
    return found


def _alone(connection: Connection, rows: CTE, side: Side, limit: int) -> list[str]:
    alone = rows.c.side == side, rows.c.degree == 0
    return list(
        connection.execute(select(rows.c.record_id).where(*alone).order_by(rows.c.record_id).limit(limit)).scalars()
    )
