"""The match report of a first contact: how the records of both services belong together, to be read before the go."""

from __future__ import annotations

from typing import Any

from .context import Sync
from .first_contact import MATCH_REPORT, awaiting
from .model import Example, Matches

_WORDS = {
    "one_to_one": "one-to-one",
    "one_to_many": "one-to-many",
    "many_to_one": "many-to-one",
    "none_in_ipaas": "none, only in Salesforce",
    "none_in_salesforce": "none, only in iPaaS.com",
}
_LINE_EXAMPLES = 3  # the log shows fewer than the summary


def match_report(sync: Sync) -> dict[str, Any] | None:
    """Return the match report of a run whose first contact waits for a go, and remember it; None for any other run.

    Shape: `{"collection", "run_id", "covers_all", "linked", "one_to_one", "one_to_many", "many_to_one",
    "none_in_ipaas", "none_in_salesforce"}`, each class `{"count", "examples": [{"salesforce": [ids], "ipaas": [ids]}]}`
    with at most ten examples. *covers_all*: a run with `full` has read every Salesforce record.
    """
    if sync.params.by_id or not awaiting(sync):
        return None
    key = f"{MATCH_REPORT}:{sync.collection}"
    stored = sync.ledger.fact(sync.scope, key)
    full = sync.params.full or bool(stored and stored[0]["covers_all"] and not sync.params.dry_run)
    run_key = sync.run.run_key if sync.params.dry_run else None
    report = _shape(sync, sync.ledger.matches(sync.scope, sync.collection, run_key), covers_all=full)
    if not sync.params.dry_run:
        sync.ledger.set_fact(sync.scope, key, report)
    return report


def _shape(sync: Sync, found: Matches, *, covers_all: bool) -> dict[str, Any]:
    unlinked = found.examples["one_to_one"]
    pairs = [*unlinked, *found.examples["linked"]][: max(len(unlinked), 10)]
    classes: dict[str, tuple[int, list[Example]]] = {
        "one_to_one": (found.linked + found.one_to_one, pairs),
        "one_to_many": (found.one_to_many, found.examples["one_to_many"]),
        "many_to_one": (found.many_to_one, found.examples["many_to_one"]),
        "none_in_ipaas": (found.salesforce_alone, found.examples["salesforce_alone"]),
        "none_in_salesforce": (found.ipaas_alone, found.examples["ipaas_alone"]),
    }
    return {
        "collection": sync.collection,
        "run_id": sync.run.run_id,
        "covers_all": covers_all,
        "linked": found.linked,
        **{
            name: {"count": n, "examples": [{"salesforce": list(a), "ipaas": list(b)} for a, b in examples]}
            for name, (n, examples) in classes.items()
        },
    }


def table(report: dict[str, Any]) -> str:
    """Lay a match report out for the task log: a line per class, and what to do next."""
    lines = [
        f"Match report, collection {report['collection']}: first contact waits, nothing is created and no field is written.",
        f"{'':<26}{'records':>8}  for example (Salesforce = iPaaS.com)",
    ]
    for name, words in _WORDS.items():
        found = report[name]
        shown = ";  ".join(_example(each) for each in found["examples"][:_LINE_EXAMPLES])
        more = " ..." if found["count"] > len(found["examples"][:_LINE_EXAMPLES]) and shown else ""
        lines.append(f"{words:<26}{found['count']:>8}  {shown}{more}".rstrip())
    if waiting := report["one_to_one"]["count"] - report["linked"]:
        lines.append(
            f"{waiting} of the one-to-one pairs are not linked: they share a name or number only, or are parked."
        )
    if not report["covers_all"]:
        lines.append(
            "Only Salesforce records of the look-back window are in it: trigger the DAG with full = true for all."
        )
    lines.append(
        "Next step: read it, then trigger the DAG with confirm_first_contact = true (a dry run shows what follows)."
    )
    return "\n".join(lines)


def _example(example: dict[str, list[str]]) -> str:
    sides = (" + ".join(example[side]) for side in ("salesforce", "ipaas"))
    return " = ".join(side for side in sides if side)
