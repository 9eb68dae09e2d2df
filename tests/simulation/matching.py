"""The match report's counting, spelled out pair by pair: what the ledger's SQL has to answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_ipaas.sync.model import Matches

KEYS = {"account": ("name_key", "number_key"), "contact": ("email_key",)}
SHOWN = 5


def matching(
    collection: str, pairs: set[tuple[str, str]], here: Iterable[Any], there: Iterable[Any], examples: int
) -> Matches:
    """Count by comparing every record with every other one."""
    ours = {row.record_id: row for row in here if row.record_id not in {a for a, _ in pairs}}
    theirs = {row.record_id: row for row in there if row.record_id not in {b for _, b in pairs}}

    def alike(a: Any, b: Any) -> bool:
        return any(getattr(a, key) is not None and getattr(a, key) == getattr(b, key) for key in KEYS[collection])

    to = {i: sorted(n for n, b in theirs.items() if alike(a, b)) for i, a in sorted(ours.items())}
    back = {n: sorted(i for i in ours if n in to[i]) for n in sorted(theirs)}
    single = [(i, ids[0]) for i, ids in to.items() if len(ids) == 1 and len(back[ids[0]]) == 1]
    many = [((i,), tuple(ids[:SHOWN])) for i, ids in to.items() if len(ids) > 1]
    many_back = [(tuple(ids[:SHOWN]), (n,)) for n, ids in back.items() if len(ids) > 1]
    alone = [((i,), ()) for i, ids in to.items() if not ids]
    alone_back: list[Any] = [((), (n,)) for n, ids in back.items() if not ids]
    shown: dict[str, list[Any]] = {
        "linked": [((a,), (b,)) for a, b in sorted(pairs)],
        "one_to_one": [((a,), (b,)) for a, b in single],
        "one_to_many": many,
        "many_to_one": many_back,
        "salesforce_alone": alone,
        "ipaas_alone": alone_back,
    }
    numbers = {name: len(rows) for name, rows in shown.items()}
    return Matches(**numbers, examples={name: rows[:examples] for name, rows in shown.items()})
