"""How the records of both services belong together, by SQL over what was last seen of them.

Counting goes by groups of equal keys, never by pairs: an e-mail that a thousand records on each side share is a thousand
rows here, not a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union,
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
    here = _free(_salesforce(scope, collection, run_no), pairs, "salesforce_id", "here")
    there = _free(_ipaas(scope, collection), pairs, "ipaas_id", "there")
    ours, theirs = _with_degrees(here, there, "ours"), _with_degrees(there, here, "theirs")
    both = _only_each_other(ours, theirs)
    found = Matches(linked=_size(connection, pairs), one_to_one=_size(connection, both))
    found.salesforce_alone, found.one_to_many = _spread(connection, ours)
    found.ipaas_alone, found.many_to_one = _spread(connection, theirs)
    found.examples = {
        "linked": _shown(connection, _some(pairs, examples)),
        "one_to_one": _shown(connection, _some(both, examples)),
        "one_to_many": _groups(connection, ours, there, examples),
        "many_to_one": [(ids, own) for own, ids in _groups(connection, theirs, here, examples)],
        "salesforce_alone": [((i,), ()) for i in _alone(connection, ours, examples)],
        "ipaas_alone": [((), (i,)) for i in _alone(connection, theirs, examples)],
    }
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


def _free(rows: FromClause, pairs: CTE, name: str, called: str) -> CTE:
    """Leave out what is linked."""
    is_linked = exists(select(literal(1)).where(pairs.c[name] == rows.c.record_id))
    return select(rows.c.record_id, rows.c.k1, rows.c.k2).where(~is_linked).cte(called)


# How many opposite


def _with_degrees(own: CTE, other: CTE, called: str) -> CTE:
    """Count for each record the different ones opposite that have one of its keys: by one, by the other, less by both."""
    by_1, by_2, by_both = (_grouped(other, names) for names in (("k1",), ("k2",), ("k1", "k2")))
    degree = sum((func.coalesce(group.c.n, 0) * sign for group, sign in ((by_1, 1), (by_2, 1), (by_both, -1))), 0)
    joined = own.outerjoin(by_1, own.c.k1 == by_1.c.k1).outerjoin(by_2, own.c.k2 == by_2.c.k2)
    joined = joined.outerjoin(by_both, and_(own.c.k1 == by_both.c.k1, own.c.k2 == by_both.c.k2))
    columns = (own.c.record_id, own.c.k1, own.c.k2, degree.label("degree"))  # type: ignore[union-attr]
    return select(*columns).select_from(joined).cte(called)


def _grouped(rows: CTE, names: Sequence[str]) -> FromClause:
    keys = [rows.c[name] for name in names]
    return select(*keys, func.count().label("n")).where(*(k.is_not(None) for k in keys)).group_by(*keys).subquery()


def _only_each_other(ours: CTE, theirs: CTE) -> CTE:
    """Pairs of which each is the only one that matches the other."""
    single = and_(ours.c.degree == 1, theirs.c.degree == 1)
    ids = ours.c.record_id.label("salesforce_id"), theirs.c.record_id.label("ipaas_id")
    parts = [select(*ids).where(single, ours.c[k] == theirs.c[k]) for k in ("k1", "k2")]
    return union(*parts).cte("both")


# Numbers and examples


def _size(connection: Connection, rows: CTE) -> int:
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def _spread(connection: Connection, rows: CTE) -> tuple[int, int]:
    """Return how many records match nothing, and how many match several."""
    alone = func.count().filter(rows.c.degree == 0)
    return tuple(connection.execute(select(alone, func.count().filter(rows.c.degree > 1))).one())  # type: ignore[return-value]


def _some(pairs: CTE, limit: int) -> Select[Any]:
    return select(pairs).order_by(pairs.c[0], pairs.c[1]).limit(limit)


def _shown(connection: Connection, wanted: Select[Any]) -> list[Example]:
    return [((ours,), (theirs,)) for ours, theirs in connection.execute(wanted)]


def _groups(connection: Connection, own: CTE, other: CTE, limit: int) -> list[Example]:
    """Return some records that several opposite match, each with some of those."""
    wanted = select(own).where(own.c.degree > 1).order_by(own.c.record_id).limit(limit)
    found: list[Example] = []
    for row in connection.execute(wanted).all():
        alike = or_(*(other.c[k] == value for k, value in (("k1", row.k1), ("k2", row.k2)) if value is not None))
        ids = connection.execute(select(other.c.record_id).where(alike).order_by(other.c.record_id).limit(_SHOWN))
        found.append(((row.record_id,), tuple(ids.scalars())))
    return found


def _alone(connection: Connection, own: CTE, limit: int) -> list[str]:
    wanted = select(own.c.record_id).where(own.c.degree == 0).order_by(own.c.record_id).limit(limit)
    return list(connection.execute(wanted).scalars())
