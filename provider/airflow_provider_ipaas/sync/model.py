"""The nouns of a sync run: what was seen, what is linked, what is claimed, what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Side = Literal["salesforce", "ipaas"]
Direction = Literal["to_ipaas", "to_salesforce"]
Collection = Literal["account", "contact"]
Record = dict[str, Any]

DIRECTIONS: tuple[Direction, ...] = ("to_ipaas", "to_salesforce")
SOURCE_OF: dict[Direction, Side] = {"to_ipaas": "salesforce", "to_salesforce": "ipaas"}
DIRECTION_FROM: dict[Side, Direction] = {"salesforce": "to_ipaas", "ipaas": "to_salesforce"}
OTHER: dict[Side, Side] = {"salesforce": "ipaas", "ipaas": "salesforce"}

# seen: counted in its direction; due: a parked one taken up again (counted too); the rest is read to compare only.
Role = Literal["seen", "counterpart", "candidate", "parent"]
# captured: read, not decided; planned: a write is due; done: it has its fate.
State = Literal["captured", "planned", "done"]
# link: a match that needs no write; resolve_create: a create whose outcome is not known.
Op = Literal["create", "update", "resolve_create", "link"]
Outcome = Literal["created", "updated", "unchanged", "skipped", "parked", "failed", "linked"]
# Why a record that was asked for has no content.
Missing = Literal["", "not_found", "deleted", "merged"]


@dataclass(slots=True)
class Run:
    """One DAG run on one collection; *scope* is the pair it works on (org id and Salesforce's system id)."""

    run_key: str
    dag_id: str
    run_id: str
    collection: Collection
    scope: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    mapping_fingerprint: str = ""
    started_at: datetime | None = None
    phase: str = "started"  # started, prepared, planned, reported
    facts: dict[str, Any] = field(default_factory=dict)  # windows, fences, calls by task: small JSON
    summary: dict[str, Any] | None = None


@dataclass(slots=True)
class Item:
    """One record that a run read, and what became of it in the direction away from its side."""

    collection: Collection
    side: Side
    record_id: str
    role: Role = "seen"
    stamp: str | None = None  # the service's change stamp as ISO text
    record: Record | None = None  # None: read as Id and stamp only, or missing
    missing: Missing = ""
    master_id: str | None = None  # Salesforce: the winner of a merge
    content_hash: str = ""
    email_key: str | None = None
    name_key: str | None = None
    number_key: str | None = None
    external_id: str | None = None  # the other side's id that this record carries
    captured_at: datetime | None = None
    state: State = "captured"
    op: Op | None = None
    link_to: str | None = None  # Salesforce rows: the iPaaS.com id to link with before anything is written
    target_id: str | None = None
    link_id: int | None = None
    link_version: int | None = None
    payload: dict[str, Any] | None = None  # {"changes": {...}, "base": {...}, ...}
    outcome: Outcome | None = None
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    next_step: str | None = None
    warnings: tuple[str, ...] = ()
    conflicts_resolved: int = 0
    conflicts_parked: int = 0

    @property
    def direction(self) -> Direction:
        """The direction this record is the source of."""
        return DIRECTION_FROM[self.side]


@dataclass(slots=True)
class Link:
    """A Salesforce record and the iPaaS.com record it is kept in step with."""

    scope: str
    collection: Collection
    salesforce_id: str
    ipaas_id: str
    salesforce_showing: dict[str, Any] | None = None  # None: nothing agreed yet
    ipaas_showing: dict[str, Any] | None = None
    state: Literal["active", "salesforce_deleted", "ipaas_deleted", "merged"] = "active"
    flips: dict[str, list[str]] = field(default_factory=dict)
    settled_at: datetime | None = None
    settled_by: str = ""  # run_key
    version: int = 0
    id: int | None = None


@dataclass(slots=True)
class Seen:
    """What was last seen of a record, linked or not: enough to tell a change and to match by."""

    record_id: str
    stamp: str | None = None
    content_hash: str = ""
    email_key: str | None = None
    name_key: str | None = None
    number_key: str | None = None
    external_id: str | None = None
    baseline: bool = False
    fate: str = ""  # outcome or outcome:reason of the last run that decided on it
    mapping_fingerprint: str = ""
    # iPaaS.com: what its listed row showed when it was last read whole, and when that was. A ledger keeps both where a
    # row comes without them.
    row_hash: str | None = None
    read_at: datetime | None = None


@dataclass(slots=True)
class Unresolved:
    """A source record that waits: parked, or refused and to be tried again.

    *details* of one parked for a conflict: ``{"fields": {key: {"salesforce": value, "ipaas": value,
    "salesforce_before": value, "ipaas_before": value}}}``, the values of each parked field as either side shows it (text,
    or a dict for an address, None for a blank) and showed it when both last agreed. Such values stay in the ledger:
    logs and summaries name the fields only.
    """

    scope: str
    collection: Collection
    direction: Direction
    source_id: str
    reason: str
    target_id: str | None = None
    code: str | None = None
    message: str | None = None
    next_step: str | None = None
    attempts: int = 0
    content_hash: str = ""
    mapping_fingerprint: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    next_at: datetime | None = None  # due from then on, by the worker's clock; None: a person asked for it, due at once
    run_key: str | None = None  # the run that decided last


@dataclass(slots=True)
class Claim:
    """The right to create the target of one source record; unique per scope, collection, direction and source."""

    scope: str
    collection: Collection
    direction: Direction
    source_id: str
    run_key: str
    state: Literal["sending", "unknown", "done"] = "sending"
    claimed_at: datetime | None = None  # worker's clock
    sent_at: datetime | None = None  # the target service's clock
    sent: dict[str, Any] = field(default_factory=dict)  # key -> value in the target's form, to find it again by
    target_id: str | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the append-only journal: an intent before a write, an outcome after it. Names fields, not values.

    *actor* is who replayed or dropped a waiting record; *run_key* is empty where no run did it.
    """

    run_key: str
    scope: str
    collection: Collection
    direction: Direction
    source_id: str
    target_id: str | None
    op: str
    phase: Literal["intent", "outcome"]
    outcome: str = ""
    code: str | None = None
    fields: tuple[str, ...] = ()
    actor: str | None = None


Example = tuple[tuple[str, ...], tuple[str, ...]]  # Salesforce ids, iPaaS.com ids


@dataclass(slots=True)
class Matches:
    """How the records of one collection belong together. All but *linked* are without a link.

    *one_to_one*: pairs that only each other match. *one_to_many*: Salesforce records that several of iPaaS.com match;
    *many_to_one*: the other way round. *salesforce_alone*, *ipaas_alone*: records that nothing opposite matches. Accounts
    and Companies match by name or account number, Contacts and Customers by e-mail. Records that are skipped don't count.
    """

    linked: int = 0
    one_to_one: int = 0
    one_to_many: int = 0
    many_to_one: int = 0
    salesforce_alone: int = 0
    ipaas_alone: int = 0
    examples: dict[str, list[Example]] = field(default_factory=dict)  # by the names above


@dataclass(slots=True)
class Tally:
    """The counts of one direction (or of the parents) of one run, straight from its items."""

    outcomes: dict[str, int] = field(default_factory=dict)
    undecided: int = 0
    skipped_by_reason: dict[str, int] = field(default_factory=dict)
    parked_by_reason: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    conflicts_resolved: int = 0
    conflicts_parked: int = 0
