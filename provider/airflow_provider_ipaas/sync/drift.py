"""What reconcile says of a linked pair or of an unlinked record. Pure: what was read and what the ledger knows go in.

*Drift* is what no ordinary run would mend by itself: a change that no run will read any more, a record that none has
read, an external id that is not there. What waits, what the next run reads and what is left alone on purpose is
*explained*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_ipaas.mapping import CollectionMapping, Showing

from .context import parse_stamp
from .fates import owes_external_id
from .matching import ineligible
from .merge import Sides
from .model import DIRECTIONS, Direction, Item, Link, Seen, Unresolved
from .pairs import PairPlan, plan_pair
from .parked import DROPPED
from .prepare import knows_both, moved

# Drift: cause -> what it is and what becomes of it. The keys are those of the summary.
DRIFT: dict[str, str] = {
    "changed_in_salesforce": "Salesforce shows another value than when the pair last agreed",
    "changed_in_ipaas": "iPaaS.com shows another value than when the pair last agreed",
    "changed_in_both": "both show another value than when the pair last agreed",
    "never_agreed": "linked, but of a mapped field that differs nothing was agreed yet",
    "missed_in_salesforce": "in Salesforce, not linked, and no run has given it a fate",
    "missed_in_ipaas": "in iPaaS.com, not linked, and no run has given it a fate",
    "deleted_in_salesforce": "deleted in Salesforce, and no run has noticed",
    "merged_in_salesforce": "merged into another record in Salesforce, and no run has noticed",
    "deleted_in_ipaas": "deleted in iPaaS.com, and no run has noticed",
    "undeleted": "both records are there again, and no run has noticed",
    "external_id_missing": "the iPaaS.com record does not carry the Salesforce id",
    "external_id_differs": "one of the two carries the id of another record than it is linked with",
    "not_visible_in_salesforce": "the integration user does not see the Salesforce record; that is no sign of a delete",
    "rows_not_read": "Salesforce has counted more rows than it has handed out",
}

# What a person has to look at: a repair would be a guess.
FOR_PERSONS: dict[str, str] = {
    "external_id_differs": "Look at both records and at the one whose id is carried, and correct the external id of the "
    "wrong one.",
    "not_visible_in_salesforce": "Give the integration user access to the record, or delete it in both services.",
    "rows_not_read": "Run reconcile again. If it stays, check the integration user's access, and report it as a bug.",
}

# Explained: nothing to do beyond what the ordinary runs do. `waiting:` and `skipped:` carry a reason of the catalogue.
EXPLAINED: dict[str, str] = {
    "pending": "changed since the last run, or not processed yet: the next run reads it by itself",
    "waiting:": "waits in the ledger, see Integration monitoring",
    "skipped:": "not synced, for the reason it was skipped with",
    "before_first_contact": "was in iPaaS.com before the first run, and nothing in Salesforce matches it",
    "older_than_first_run": "last changed before the window of the first run; a run with full = true takes it over",
    "deleted": "one of the two is deleted, and the ledger knows: deletes are not synced",
    "merged_duplicate": "merged into a record that is linked as well, and the ledger knows",
    "synced_meanwhile": "a run has written the pair while reconcile read it",
    "differs_as_agreed": "in step, though not equal: a service's own form of a value, a blank that does not overwrite, an "
    "address that cannot be sent",
}

_DROPPED = f"skipped:{DROPPED}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause of one pair or record, and the directions that a repair takes it up in."""

    cause: str
    repair: tuple[Direction, ...] = ()
    owes_external_id: bool = False

    @property
    def is_drift(self) -> bool:
        return self.cause in DRIFT


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of one record: what was last seen, what it waits for, and what becomes of it now.

    *coming*: the next run captures it by itself. *dropped*: a person dropped it from the records that wait, and it has
    not changed since.
    """

    seen: Seen | None = None
    waiting: Unresolved | None = None
    coming: bool = False
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A link with what both services show of it right now; a side is None where its service shows no such record."""

    link: Link
    salesforce: Item | None
    ipaas: Item | None
    here: Known
    there: Known

    @property
    def waiting(self) -> Unresolved | None:
        return self.here.waiting or self.there.waiting


def judge_pair(mapping: CollectionMapping, pair: Pair) -> list[Finding]:
    """Return what is to be said of a pair; nothing where it is in step."""
    if pair.link.state == "merged":
        return [Finding("merged_duplicate")]
    if pair.salesforce is None or pair.salesforce.missing or pair.ipaas is None:
        return [_judge_gone(mapping, pair)]
    if pair.link.state != "active":
        found = [_unless_explained(mapping, pair, Finding("undeleted", ("to_ipaas",)))]
    else:
        found = list(_judge_fields(mapping, pair, pair.salesforce, pair.ipaas))
    return [*found, *_judge_external_ids(pair, pair.salesforce, pair.ipaas)]


def _judge_gone(mapping: CollectionMapping, pair: Pair) -> Finding:
    """Say what became of a pair of which one record is not there any more."""
    here = pair.salesforce
    if pair.link.state != "active":  # whichever of the two the ledger knows of: the pair is at rest
        return Finding("deleted")
    if here is not None and here.missing:
        return _unless_explained(mapping, pair, Finding(f"{here.missing}_in_salesforce", ("to_ipaas",)))
    if here is None:
        waiting = pair.waiting
        return Finding(f"waiting:{waiting.reason}") if waiting else Finding("not_visible_in_salesforce")
    return _unless_explained(mapping, pair, Finding("deleted_in_ipaas", ("to_ipaas",)))


def _judge_fields(mapping: CollectionMapping, pair: Pair, here: Item, there: Item) -> Iterator[Finding]:
    """Merge what both show the way a run would: what it would write, and nobody will, is drift."""
    showings = mapping.show_salesforce(here.record or {}), mapping.show_ipaas(there.record or {})
    sides = Sides(*showings, parse_stamp(here.stamp), parse_stamp(there.stamp))
    judged = {item.direction for item in (here, there) if mapping.judge(item.side, item.record or {}) is not None}
    plan = plan_pair(mapping, pair.link, sides, lambda direction: direction not in judged)
    directions = tuple(d for d in DIRECTIONS if plan.changes(d) or plan.parked)
    if directions:
        yield _unless_explained(mapping, pair, Finding(_cause(pair.link, plan), directions))
    elif not _is_equal(mapping, *showings):
        yield Finding("differs_as_agreed")


def _cause(link: Link, plan: PairPlan) -> str:
    keys = {*plan.to_ipaas, *plan.to_salesforce, *plan.parked_fields}
    if not keys & set(link.salesforce_showing or {}) & set(link.ipaas_showing or {}):
        return "never_agreed"
    if plan.conflicts or (plan.to_ipaas and plan.to_salesforce):
        return "changed_in_both"
    return "changed_in_salesforce" if plan.to_ipaas else "changed_in_ipaas"


def _is_equal(mapping: CollectionMapping, here: Showing, there: Showing) -> bool:
    """Tell whether both sides say the same in every field that goes both ways."""
    both = [rule.key for rule in mapping.fields if rule.direction == "both" and not rule.on_create_only]
    return all(mapping.agree(key, here.get(key), there.get(key)) for key in both)


def showings_agree(mapping: CollectionMapping, link: Link) -> bool:
    """Tell whether what a link remembers of both sides is equal: both may show their own form of a value."""
    return _is_equal(mapping, link.salesforce_showing or {}, link.ipaas_showing or {})


def _coming(mapping: CollectionMapping, pair: Pair) -> frozenset[Direction]:
    """Return the directions in which the next run compares the pair by itself.

    A run that captures one record of a pair does not always read the other: see `prepare`.
    """
    fresh = not knows_both(mapping, pair.link)
    there = pair.there.coming and pair.ipaas is not None and (fresh or moved(pair.ipaas, pair.link))
    to_ipaas = pair.here.coming or there
    to_salesforce = pair.there.coming or (pair.here.coming and fresh)
    return frozenset(d for d, is_coming in zip(DIRECTIONS, (to_ipaas, to_salesforce), strict=True) if is_coming)


def _unless_explained(mapping: CollectionMapping, pair: Pair, drift: Finding) -> Finding:
    """Return the drift, or what explains it: the pair waits, was dropped by a person, or is about to be read."""
    if pair.waiting is not None:
        return Finding(f"waiting:{pair.waiting.reason}")
    coming = _coming(mapping, pair)
    missed = tuple(direction for direction in drift.repair if direction not in coming)
    if not missed:
        return Finding("pending")
    dropped = {"to_ipaas": pair.here.dropped, "to_salesforce": pair.there.dropped}
    if all(dropped[direction] for direction in missed):
        return Finding(_DROPPED)
    return Finding(drift.cause, missed)


def _judge_external_ids(pair: Pair, here: Item, there: Item) -> Iterator[Finding]:
    """Hold what both records carry against the link. Salesforce's field may be blank: it is set in creates only."""
    if here.external_id not in (None, pair.link.ipaas_id):
        yield Finding("external_id_differs")
    elif there.external_id not in (None, pair.link.salesforce_id):
        owed = owes_external_id(pair.here.waiting)  # after a merge the loser's id is replaced
        yield Finding("waiting:external_id_missing" if owed else "external_id_differs")
    elif there.external_id is None:
        if owes_external_id(pair.here.waiting):
            yield Finding("waiting:external_id_missing")
        else:
            yield Finding("external_id_missing", owes_external_id=True)


def judge_salesforce_alone(mapping: CollectionMapping, item: Item, known: Known, *, is_older: bool) -> Finding:
    """Say why a Salesforce record has no link; *is_older*: it last changed before the first run's window."""
    reason = ineligible(mapping, item)
    if known.waiting is not None:
        return Finding(f"waiting:{known.waiting.reason}")
    if reason is not None:
        return Finding(f"skipped:{reason}")
    if known.coming:
        return Finding("pending")
    if known.dropped:
        return Finding(_DROPPED)
    if known.seen is None and is_older:
        return Finding("older_than_first_run")
    return Finding("missed_in_salesforce", ("to_ipaas",))


def judge_ipaas_alone(known: Known) -> Finding:
    """Say why a record of iPaaS.com has no link."""
    if known.waiting is not None:
        return Finding(f"waiting:{known.waiting.reason}")
    if known.coming:
        return Finding("pending")
    if known.dropped:
        return Finding(_DROPPED)
    if known.seen is not None and known.seen.fate == "skipped:filtered":
        return Finding("skipped:filtered")
    if known.seen is not None and (known.seen.baseline or known.seen.fate == "skipped:before_first_contact"):
        return Finding("before_first_contact")
    return Finding("missed_in_ipaas", ("to_salesforce",))
