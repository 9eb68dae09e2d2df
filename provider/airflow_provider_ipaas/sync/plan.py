"""The plan of a run: every captured record gets its fate, or the write that is to give it one.

No network here; the decisions on pairs are pure (`pairs`, `merge`, `match`), this module looks up what they need and
notes what they say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_ipaas.catalogue import NEXT_STEP
from airflow_provider_ipaas.mapping import Held

from .context import Sync, parse_stamp
from .fates import FateBook, asked_for, owes_external_id
from .first_contact import awaiting, waits_for_go
from .lost_creates import LostCreates
from .mass_change import Changes
from .matching import MatchIndex, ineligible
from .merge import Sides
from .model import DIRECTION_FROM, DIRECTIONS, Claim, Direction, Item, Link, Side
from .pairs import Conflict, PairPlan, plan_create, plan_pair
from .prepare import moved
from .rebuild import FIRST_CONTACT
from .schedule import AWAITING


@dataclass(slots=True)
class PlanCounts:
    """What a plan holds, for the log and, before the parents are written, for the brakes."""

    changes: dict[Direction, Changes]
    matched: int = 0  # pairs that are not linked yet
    creates: dict[Direction, int] = field(default_factory=lambda: {"to_ipaas": 0, "to_salesforce": 0})
    updates: dict[Direction, int] = field(default_factory=lambda: {"to_ipaas": 0, "to_salesforce": 0})


class Planner:
    """Plans one collection of one run. With *preview* it only counts what it would plan."""

    def __init__(self, sync: Sync, *, preview: bool = False, parents_ready: frozenset[str] = frozenset()) -> None:
        self.sync = sync
        self.preview = preview
        self.parents_ready = parents_ready
        self.counts = PlanCounts({way: Changes(sync.collection, way) for way in DIRECTIONS})
        self.awaiting = awaiting(sync)  # a go: link what matches, and write nothing else
        self.first_contact = sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}") is None
        self._index = MatchIndex(sync)
        self._lost: LostCreates | None = None
        self._book = FateBook(sync)
        self._handled: set[tuple[Side, str]] = set()
        self._claims: dict[str, Claim] = {}
        self._has_company: dict[str, bool] = {}

    def run(self) -> PlanCounts:
        """Plan everything captured: Salesforce records first, then what iPaaS.com has beside them."""
        for side in ("salesforce", "ipaas"):
            if side == "ipaas" and self.sync.is_parent:
                break
            for batch in self.sync.ledger.items(
                self.sync.run.run_key,
                collection=self.sync.collection,
                side=side,
                roles=self.sync.counted_roles,
                state="captured",
            ):
                with self.sync.ledger.transaction():
                    self._plan_batch(side, batch)
        return self.counts

    def _plan_batch(self, side: Side, batch: list[Item]) -> None:
        sync = self.sync
        self._handled.clear()
        ids = [item.record_id for item in batch]
        links = sync.ledger.links(sync.scope, sync.collection, side, ids)
        other: Side = "ipaas" if side == "salesforce" else "salesforce"
        opposite = [link.ipaas_id if side == "salesforce" else link.salesforce_id for link in links.values()]
        others = sync.ledger.items_by_id(sync.run.run_key, sync.collection, other, opposite)
        self._book.load(DIRECTION_FROM[side], ids)
        self._book.load(DIRECTION_FROM[other], opposite)
        unlinked = [item for item in batch if item.record_id not in links]
        self._index.load(side, unlinked)
        self._load_unlinked(side, unlinked)
        touched: list[Item] = []
        for item in batch:
            if (side, item.record_id) in self._handled:
                continue
            link = links.get(item.record_id)
            if link is not None:
                counterpart = others.get(link.ipaas_id if side == "salesforce" else link.salesforce_id)
                touched += self._plan_linked(item, counterpart, link)
            else:
                touched += self._plan_unlinked(item)
        if not self.preview:
            sync.ledger.save_items(sync.run.run_key, touched)
            self._book.flush()

    def _load_unlinked(self, side: Side, items: list[Item]) -> None:
        """Load the claims on the records of a batch, and which of their Accounts are Companies, at once."""
        sync = self.sync
        ids = [item.record_id for item in items]
        self._claims = sync.ledger.claims(sync.scope, sync.collection, DIRECTION_FROM[side], ids)
        accounts = {str(account) for item in items if (account := (item.record or {}).get("AccountId"))}
        linked = sync.ledger.links(sync.scope, "account", "salesforce", accounts)
        self._has_company = {account: account in linked for account in accounts}

    # Linked records

    def _plan_linked(self, item: Item, other: Item | None, link: Link) -> list[Item]:
        if item.payload and "merged_into" in item.payload:
            if not item.payload["ipaas_ids"]:
                self._gone(item, "source_deleted", link.ipaas_id)
                return [item]
            both = ", ".join(item.payload["ipaas_ids"])
            text = (
                f"Merged into {item.payload['merged_into']}, which is linked as well: iPaaS.com {both} are duplicates."
            )
            self._decide(item, "parked", "merged_duplicate", target_id=link.ipaas_id, message=text)
            return [item]
        target_id = link.ipaas_id if item.side == "salesforce" else link.salesforce_id
        if item.missing:
            reason = (
                "record_not_found" if item.missing == "not_found" and asked_for(self.sync, item) else "source_deleted"
            )
            self._gone(item, reason, target_id)
            return [item]
        if self._owes_external_id(item):
            item.link_to = link.ipaas_id
        if other is not None and other.missing:
            return self._plan_without_target(item, other, link)
        if other is None and self.awaiting and waits_for_go(self._book.waiting(item)):
            return self._await(item)
        if _stale(link, item, other):
            text = "Another run has written this pair since it was read."
            self._decide(item, "parked", "superseded", target_id=target_id, message=text)
            return [item]
        if other is None or other.record is None:
            return self._plan_against_link(item, link, target_id)
        salesforce, ipaas = (item, other) if item.side == "salesforce" else (other, item)
        return self._plan_records(salesforce, ipaas, link)

    def _plan_against_link(self, item: Item, link: Link, target_id: str) -> list[Item]:
        """Plan a record whose counterpart shows nothing new: what the link remembers of it stands for it."""
        if not moved(item, link):
            item.target_id = target_id
            held = self._judged(item)
            if held is not None and self.sync.params.writes(item.direction):
                self._stop(item, held, linked=True)
            else:
                self._decide(item, "unchanged", target_id=target_id)
            return [item]
        if item.side == "ipaas":
            text = "Its counterpart was not read: the prerequisites of this run did not finish."
            self._decide(item, "parked", "superseded", target_id=target_id, message=text)
            return [item]
        stand_in = Item(item.collection, "ipaas", link.ipaas_id, role="counterpart", state="done")
        return self._plan_records(item, stand_in, link)[:1]

    def _plan_without_target(self, item: Item, other: Item, link: Link) -> list[Item]:
        target_id = other.record_id
        known_deleted = other.side == "ipaas" or link.state == "salesforce_deleted"
        if other.missing == "not_found" and not known_deleted:
            text = f"Salesforce {target_id} is not visible to the integration user; that is no sign of a delete."
            self._decide(item, "parked", "target_not_visible", target_id=target_id, message=text)
            return [item]
        state = "salesforce_deleted" if other.side == "salesforce" else "ipaas_deleted"
        if link.state == "active" and not self._dry:
            link.state = state  # type: ignore[assignment]
            self.sync.ledger.save_link(link)
        self._decide(item, "skipped", "target_deleted", target_id=target_id)
        return [item]

    def _plan_records(self, salesforce: Item, ipaas: Item, link: Link | None) -> list[Item]:
        """Merge a pair and note what is to be written; without a link it is a first contact that links them."""
        sync = self.sync
        self._handled |= {("salesforce", salesforce.record_id), ("ipaas", ipaas.record_id)}
        sides = self._sides(salesforce, ipaas, link)
        if link is not None:
            self._revive(link, salesforce, ipaas)
        judged = {item.direction: stop for item in (salesforce, ipaas) if (stop := self._judged(item)) is not None}
        plan = plan_pair(sync.mapping, link, sides, lambda way: way not in judged and self._writes(way))
        plan.pending -= {way for way in judged if sync.params.writes(way)}
        salesforce.target_id, ipaas.target_id = ipaas.record_id, salesforce.record_id
        if link is None or salesforce.link_to:
            salesforce.link_to = ipaas.record_id
        if self._owes_external_id(salesforce):
            salesforce.link_to = ipaas.record_id
        self._log_conflicts(plan, salesforce, ipaas)
        if plan.parked:
            return self._park_pair(plan, salesforce, ipaas)
        showings = {
            "salesforce": {key: sides.salesforce.get(key) for key in plan.settled},
            "ipaas": {key: sides.ipaas.get(key) for key in plan.settled},
        }
        if link is not None:
            self._settle(link, showings)
        else:
            salesforce.payload = {"settled": showings}
        self.counts.matched += link is None
        held = {way for way in plan.pending if self.awaiting and sync.params.writes(way)}
        for direction in plan.pending - held:
            self._hold_pending(salesforce if direction == "to_ipaas" else ipaas, direction)
        if self._relation_waits(salesforce):
            held.add("to_ipaas")
        salesforce.link_version = ipaas.link_version = link.version if link else None
        for item in (salesforce, ipaas):
            reason = judged.get(item.direction)
            if reason is not None and self._counts(item) and not (link is None and reason.kind == "filtered"):
                self._stop(item, reason, linked=link is not None)
        if salesforce.outcome is None:
            waits = "to_ipaas" in held
            self._plan_source(salesforce, plan.to_ipaas, sides.ipaas, plan, fresh=link is None, held=waits)
        if ipaas.record is not None and ipaas.outcome is None:
            waits = "to_salesforce" in held
            self._plan_source(ipaas, plan.to_salesforce, sides.salesforce, plan, fresh=link is None, held=waits)
        return [salesforce, ipaas]

    def _sides(self, salesforce: Item, ipaas: Item, link: Link | None) -> Sides:
        """Return what both sides show; a record of iPaaS.com that shows nothing new was not read again."""
        there = self.sync.mapping.show_ipaas(ipaas.record) if ipaas.record is not None else None
        if there is None:
            there = dict((link.ipaas_showing if link else None) or {})
        here = self.sync.mapping.show_salesforce(salesforce.record or {})
        return Sides(here, there, parse_stamp(salesforce.stamp), parse_stamp(ipaas.stamp))

    def _wanted(self, item: Item) -> bool:
        """Tell a record that a person asked for, by id or by a replay."""
        return asked_for(self.sync, item) or self._book.replayed(item)

    def _revive(self, link: Link, salesforce: Item, ipaas: Item) -> None:
        """Let a link live again whose deleted record is back, and a person who asks for it release what kept flipping."""
        asked = self._wanted(salesforce) or self._wanted(ipaas)
        if link.state not in ("salesforce_deleted", "ipaas_deleted") and not (link.flips and asked):
            return
        link.state, link.flips = "active", {} if asked else link.flips
        if not self._dry and self.sync.ledger.save_link(link):
            link.version += 1

    def _plan_source(
        self, item: Item, changes: dict[str, Any], base: dict[str, Any], plan: PairPlan, *, fresh: bool, held: bool
    ) -> None:
        """Give one side of a pair its update, or its fate; a *fresh* pair is not in step before it is linked.

        *held*: it has changes that wait for the go of a first contact.
        """
        sync = self.sync
        if not sync.params.writes(item.direction) or (sync.is_parent and item.direction != "to_ipaas"):
            item.state, item.role = "done", "counterpart"
            return
        problem = plan.problems.get(item.direction)
        decided = changes or problem or held or item.conflicts_resolved
        if not decided and item.role not in sync.counted_roles:
            item.state = "done"
            return
        item.role = sync.counted_roles[0]
        item.warnings = tuple(dict.fromkeys([*item.warnings, *plan.warnings[item.direction]]))
        if problem:
            self._refuse_value(item, f"Field {problem}.")
        elif changes and plan.unsendable:
            self._refuse_text(item, plan.unsendable)
        elif not changes and fresh:
            item.op, item.state = "link", "planned"
            item.payload = {**(item.payload or {}), "held": held}
        elif held:
            self._await(item)
        elif not changes:
            self._decide(item, "unchanged")
        elif self._book.waits(item):
            self._book.wait(item)
        else:
            item.payload = {**(item.payload or {}), "changes": changes, "base": {k: base.get(k) for k in changes}}
            self._note(item, "update")

    def _park_pair(self, plan: PairPlan, salesforce: Item, ipaas: Item) -> list[Item]:
        """Hold a pair whole; both sides are parked where their direction is written."""
        details = {"fields": {c.key: _values(c) for c in plan.conflicts if c.winner is None}} if plan.conflicts else {}
        names = ", ".join(plan.parked_fields)
        counted = False
        for item in (salesforce, ipaas):
            item.link_to = None
            if item.record is None:
                continue  # not read by this run: it shows nothing new
            if not self.sync.params.writes(item.direction):
                item.state, item.role = "done", "counterpart"
                continue
            item.role = self.sync.counted_roles[0]
            if plan.parked == "conflict" and not counted:
                item.conflicts_parked, counted = len(plan.parked_fields), True
            text = f"{'Both sides changed' if plan.parked == 'conflict' else 'Keeps flipping'}: {names}."
            self._decide(item, "parked", plan.parked, message=text, details=details)
        return [salesforce, ipaas]

    # Unlinked records

    def _plan_unlinked(self, item: Item) -> list[Item]:
        sync = self.sync
        if item.missing or item.record is None:
            asked = asked_for(sync, item)
            self._gone(item, "record_not_found" if asked or sync.is_parent else "source_deleted", None)
            return [item]
        claim = self._claims.get(item.record_id)
        writes = sync.params.writes(item.direction) and not self.awaiting
        if claim is not None and claim.state != "done" and writes:
            item.payload = {"changes": plan_create(sync.mapping, item).changes(item.direction)}
            self._note(item, "resolve_create")
            return [item]
        reason = ineligible(sync.mapping, item)
        verdict = self._index.match(item)
        if self._may_be_ours(item, verdict.ids):
            return self._hold(item, "uncertain_create", "An earlier attempt may have made it; this run finds out.")
        if verdict.verdict == "link" and verdict.ids:
            return self._plan_match(item, self._index.opposite(verdict.ids[0]), eligible=reason is None)
        if not sync.params.writes(item.direction):
            return self._leave_for_later(item, reason)
        if reason is not None:
            self._decide(item, "skipped", reason)
        elif verdict.verdict not in ("none", "link"):
            self._decide(
                item,
                "parked",
                verdict.verdict,
                target_id=verdict.ids[0] if verdict.ids else None,
                message=_match_text(item, verdict.verdict, verdict.ids, verdict.by),
            )
        elif self._is_baseline(item):
            self._decide(item, "skipped", "before_first_contact")
        elif self.awaiting:
            return self._await(item)
        else:
            return self._plan_new(item)
        return [item]

    def _plan_new(self, item: Item) -> list[Item]:
        """Plan the creation of a record, unless something has to come first."""
        if not self._parent_ready(item):
            return self._park_child(item)
        stop = self._judged(item)
        if stop is not None:
            self._stop(item, stop, linked=False)
        elif self._book.waits(item):
            self._book.wait(item)
        else:
            self._plan_create(item)
        return [item]

    def _plan_match(self, item: Item, other: Item | None, *, eligible: bool) -> list[Item]:
        if other is None or other.record is None or other.missing:
            self._decide(item, "parked", "superseded", message="The record it matches is gone or was not read.")
            return [item]
        salesforce, ipaas = (item, other) if item.side == "salesforce" else (other, item)
        if eligible and not self.awaiting and not self._parent_ready(salesforce):
            return self._park_child(item)
        return self._plan_records(salesforce, ipaas, None)

    def _plan_create(self, item: Item) -> None:
        plan = plan_create(self.sync.mapping, item)
        item.warnings = tuple(dict.fromkeys([*item.warnings, *plan.warnings[item.direction]]))
        if problem := plan.problems.get(item.direction):
            self._refuse_value(item, f"Field {problem}.")
            return
        if plan.unsendable:
            self._refuse_text(item, plan.unsendable)
            return
        item.payload = {"changes": plan.changes(item.direction)}
        if self._lacks_account(item, plan):
            item.warnings = (*item.warnings, "contact_created_without_account")
        self._note(item, "create")

    def _lacks_account(self, item: Item, plan: PairPlan) -> bool:
        """Tell a Contact that no mapping gives an Account; with relationships the upsert asks for the Company first."""
        if item.side != "ipaas" or item.collection != "contact" or self.sync.settings.relationships:
            return False
        return "AccountId" not in self.sync.mapping.salesforce_body(plan.to_salesforce)

    def _is_baseline(self, item: Item) -> bool:
        """A record without a stamp that was there before the first contact is matched, not created."""
        if item.side != "ipaas" or item.stamp or self.sync.params.full or asked_for(self.sync, item):
            return False
        return self.first_contact

    def _leave_for_later(self, item: Item, reason: str | None) -> list[Item]:
        """A direction that this run does not write: nothing is counted, and nothing is forgotten."""
        item.state, item.role = "done", "counterpart"
        if self._dry or reason is not None or self._is_baseline(item):
            if not self._dry:
                self._book.decide(item, "skipped", reason or "before_first_contact")
                item.outcome = item.reason = None
            return [item]
        self._hold_pending(item, item.direction)
        return [item]

    def _parent_ready(self, item: Item) -> bool:
        """A Contact's Account is a Company, or this run makes it one."""
        if self.sync.collection != "contact" or not self.sync.params.writes("to_ipaas"):
            return True
        account_id = (item.record or {}).get("AccountId")
        if not account_id or account_id in self.parents_ready:
            return True
        if account_id not in self._has_company:  # that of a matched Contact, while Customers are planned
            linked = self.sync.ledger.links(self.sync.scope, "account", "salesforce", [account_id])
            self._has_company[account_id] = bool(linked)
        return self._has_company[account_id]

    def _may_be_ours(self, item: Item, ids: tuple[str, ...]) -> bool:
        """Tell a record that a create of unknown outcome may have made: the run finds that out first."""
        if self._lost is None:
            self._lost = LostCreates.load(self.sync)
        return self._lost.may_have_made(item, ids)

    def _park_child(self, item: Item) -> list[Item]:
        return self._hold(item, "parent_not_synced", "Its Account is not a Company of iPaaS.com yet.")

    def _hold(self, item: Item, reason: str, text: str) -> list[Item]:
        if not self.sync.params.writes(item.direction):
            item.state, item.role = "done", "counterpart"
            return [item]
        self._decide(item, "parked", reason, message=text)
        return [item]

    # The go of a first contact

    def _await(self, item: Item) -> list[Item]:
        """Let a record wait for the go; the match report counts them, so they get no line each."""
        if self.preview:
            item.state = "done"
        else:
            self._book.decide(item, "parked", AWAITING)
        return [item]

    def _relation_waits(self, salesforce: Item) -> bool:
        """Tell a Customer whose relationship to its Company is made once the first contact may write."""
        related = self.awaiting and self.sync.collection == "contact" and self.sync.settings.relationships
        return related and self.sync.params.writes("to_ipaas") and bool((salesforce.record or {}).get("AccountId"))

    def _owes_external_id(self, item: Item) -> bool:
        waiting = self._book.waiting(item)
        if self.awaiting and waits_for_go(waiting):
            return False  # it has one; what waits is the relationship that goes with it
        return owes_external_id(waiting)

    # Noting decisions

    @property
    def _dry(self) -> bool:
        return self.preview or self.sync.params.dry_run

    def _note(self, item: Item, op: str) -> None:
        counts = self.counts.creates if op == "create" else self.counts.updates
        counts[item.direction] += 1
        if op == "update":
            self.counts.changes[item.direction].add(item)
        item.op, item.state = op, "planned"  # type: ignore[assignment]

    def _decide(self, item: Item, outcome: str, reason: str | None = None, **more: Any) -> None:
        if self.preview:
            item.state = "done"
            return
        self._book.decide(item, outcome, reason, **more)  # type: ignore[arg-type]
        if outcome == "parked":
            self.sync.log.warning(
                "Parked %s %s (%s): %s Next step: %s",
                item.side,
                item.record_id,
                reason,
                _ids(item),
                item.next_step,
            )

    def _gone(self, item: Item, reason: str, target_id: str | None) -> None:
        if reason == "record_not_found" and not self.preview:
            item.code = item.reason = "record_not_found"
            item.state, item.outcome, item.message = "done", "failed", f"{item.side} has no record {item.record_id}."
            self._book.decide(item, "failed", reason, target_id=target_id)
        else:
            self._decide(item, "skipped", reason, target_id=target_id)

    def _refuse_text(self, item: Item, problem: str) -> None:
        if self.preview:
            return
        text = f"Field {problem}, which neither service accepts."
        self._book.refuse(item, "invalid_text", text, NEXT_STEP["invalid_text"])
        self.sync.log.error("Refused %s %s (invalid_text): %s", item.side, item.record_id, text)

    def _refuse_value(self, item: Item, text: str) -> None:
        """Refuse a record for a value that the mapping can't translate; the text names the field, not the value."""
        if self.preview:
            item.state = "done"
            return
        if self._book.waits(item):
            self._book.wait(item)
            return
        self._book.refuse(item, "mapping_error", text, NEXT_STEP["mapping_error"])
        self.sync.log.error("Refused %s %s (mapping_error): %s", item.side, item.record_id, text)

    # What the mapping's filters say

    def _judged(self, item: Item) -> Held | None:
        return self.sync.mapping.judge(item.side, item.record) if item.record else None

    def _writes(self, direction: Direction) -> bool:
        return not self.awaiting and self.sync.params.writes(direction)

    def _counts(self, item: Item) -> bool:
        """Tell a source record that this run has to give a fate in a direction that it writes."""
        return item.role in self.sync.counted_roles and self.sync.params.writes(item.direction)

    def _stop(self, item: Item, held: Held, *, linked: bool) -> None:
        """Give a record that the mapping holds back its fate."""
        if held.kind == "filtered":
            self._decide(item, "skipped", "left_filter" if linked else "filtered")
        elif held.kind == "waits":
            self._decide(item, "parked", "error_filter", message=held.message)
        else:
            self._refuse_value(item, held.message)

    def _hold_pending(self, item: Item, direction: Direction) -> None:
        if not self._dry:
            self._book.park(item, "direction_off", direction=direction)

    def _settle(self, link: Link, showings: dict[str, dict[str, Any]]) -> None:
        """Remember what both sides show of the fields that need no write."""
        salesforce = {**(link.salesforce_showing or {}), **showings["salesforce"]}
        ipaas = {**(link.ipaas_showing or {}), **showings["ipaas"]}
        if self._dry or (salesforce == link.salesforce_showing and ipaas == link.ipaas_showing):
            return
        link.salesforce_showing, link.ipaas_showing = salesforce, ipaas
        if self.sync.ledger.save_link(link):
            link.version += 1

    def _log_conflicts(self, plan: PairPlan, salesforce: Item, ipaas: Item) -> None:
        if self.preview:
            return
        for conflict in plan.conflicts:
            if conflict.winner is None:
                continue
            target = salesforce if conflict.winner == "to_ipaas" else ipaas
            target.conflicts_resolved += 1
            self.sync.log.warning(
                "Conflict on %s: both sides changed; %s wins. Salesforce %s, iPaaS.com %s.",
                conflict.key,
                "Salesforce" if conflict.winner == "to_ipaas" else "iPaaS.com",
                salesforce.record_id,
                ipaas.record_id,
            )


def _writes_nothing(direction: Direction) -> bool:  # noqa: ARG001 -- asked like RunParams.writes
    return False


def _values(conflict: Conflict) -> dict[str, Any]:
    return {
        "salesforce": conflict.salesforce,
        "ipaas": conflict.ipaas,
        "salesforce_before": conflict.salesforce_before,
        "ipaas_before": conflict.ipaas_before,
    }


def _match_text(item: Item, verdict: str, ids: tuple[str, ...], by: str) -> str:
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
    where = f"the other service has {shown}" if ids else f"another record of {item.side} has the same"
    return {
        "ambiguous_match": f"The {by} does not name one record on each side: {where}.",
        "match_already_linked": f"The record with the same {by} is linked to another one: {where}.",
        "possible_duplicate": f"Same {by} as an unlinked record: {where}.",
    }[verdict]


def _stale(link: Link, item: Item, other: Item | None) -> bool:
    """Tell a pair that another run has written since this one read it, and that would be written again."""
    read = [each for each in (item, other) if each is not None and each.record is not None]
    before = any(each.captured_at and link.settled_at and each.captured_at < link.settled_at for each in read)
    return before and any(moved(each, link) for each in read)


def _ids(item: Item) -> str:
    return f"{item.message or ''} Counterpart: {item.target_id or 'none'}.".strip()
