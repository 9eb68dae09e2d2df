"""The plan of a run: every captured record gets its fate, or the write that is to give it one.

No network here; the decisions on pairs are pure (`pairs`, `merge`, `match`), this module looks up what they need and
notes what they say.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.mapping import Held

from .backfill import RUNNING, running_backfill
from .broken import FIELD_BROKEN, broken_fields, reason_text
from .context import Sync, parse_stamp
from .explain import Explainer
from .fates import asked_for, owes_external_id
from .first_contact import awaiting, waits_for_go
from .lost_creates import LostCreates
from .matching import MatchIndex, ineligible
from .merge import Sides
from .model import DIRECTION_FROM, Claim, Direction, Item, Link, Side
from .pairs import PairPlan, forget_waiting_phones, plan_create, plan_pair
from .plan_notes import PlanCounts, PlanNotes, match_text, values_of
from .prepare import moved
from .progress import Progress
from .rebuild import FIRST_CONTACT


class Planner:
    """Plans one collection of one run. With *preview* it only counts what it would plan; *explainer* is told why."""

    def __init__(
        self,
        sync: Sync,
        *,
        preview: bool = False,
        parents_ready: frozenset[str] = frozenset(),
        explainer: Explainer | None = None,
    ) -> None:
        self.sync = sync
        self.preview = preview
        self._notes = PlanNotes(sync, preview=preview)
        self.parents_ready = parents_ready
        self._explainer = explainer
        self.awaiting = awaiting(sync)  # a go: link what matches, and write nothing else
        self._backfill = running_backfill(sync)
        self.first_contact = sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}") is None
        self._index = MatchIndex(sync)
        self._lost: LostCreates | None = None
        self._handled: set[tuple[Side, str]] = set()
        self._broken = {key: told["why"] for key, told in broken_fields(sync).items()}
        self._claims: dict[str, Claim] = {}
        self._has_company: dict[str, bool] = {}

    def run(self) -> PlanCounts:
        """Plan everything captured: Salesforce records first, then what iPaaS.com has beside them."""
        for side in ("salesforce", "ipaas"):
            if side == "ipaas" and self.sync.is_parent:
                break
            sync = self.sync
            wanted: dict[str, Any] = {
                "collection": sync.collection, "side": side, "roles": sync.counted_roles, "state": "captured",
            }  # fmt: skip
            progress = Progress(sync, f"Planned of {side}", sync.ledger.count_items(sync.run.run_key, **wanted))
            for batch in sync.ledger.items(sync.run.run_key, **wanted):
                with sync.ledger.transaction():
                    self._plan_batch(side, batch)
                progress.add(len(batch))
        return self._notes.counts

    def _plan_batch(self, side: Side, batch: list[Item]) -> None:
        sync = self.sync
        self._handled.clear()
        ids = [item.record_id for item in batch]
        links = sync.ledger.links(sync.scope, sync.collection, side, ids)
        other: Side = "ipaas" if side == "salesforce" else "salesforce"
        opposite = [link.ipaas_id if side == "salesforce" else link.salesforce_id for link in links.values()]
        others = sync.ledger.items_by_id(sync.run.run_key, sync.collection, other, opposite)
        self._notes.book.load(DIRECTION_FROM[side], ids)
        self._notes.book.load(DIRECTION_FROM[other], opposite)
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
            self._notes.book.flush()

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
                self._notes.gone(item, "source_deleted", link.ipaas_id)
                return [item]
            both = ", ".join(item.payload["ipaas_ids"])
            text = (
                f"Merged into {item.payload['merged_into']}, which is linked as well: iPaaS.com {both} are duplicates."
            )
            self._notes.decide(item, "parked", "merged_duplicate", target_id=link.ipaas_id, message=text)
            return [item]
        target_id = link.ipaas_id if item.side == "salesforce" else link.salesforce_id
        if item.missing:
            return self._plan_missing(item, target_id)
        if self._owes_external_id(item):
            item.link_to = link.ipaas_id
        if other is not None and other.missing:
            return self._plan_without_target(item, other, link)
        unread = other is None or other.record is None
        if unread and self.awaiting and waits_for_go(self._notes.book.waiting(item)):
            item.target_id = target_id
            return self._notes.wait_for_go(item)
        if link.settled_by != self.sync.run.run_key and _stale(link, item, other):
            text = "Another run has written this pair since it was read."
            self._notes.decide(item, "parked", "superseded", target_id=target_id, message=text)
            return [item]
        if other is None or unread:
            return self._plan_against_link(item, link, target_id)
        salesforce, ipaas = (item, other) if item.side == "salesforce" else (other, item)
        return self._plan_records(salesforce, ipaas, link)

    def _plan_against_link(self, item: Item, link: Link, target_id: str) -> list[Item]:
        """Plan a record whose counterpart shows nothing new: what the link remembers of it stands for it."""
        if not moved(item, link):
            item.target_id = target_id
            stop = self._judged(item)
            if stop is not None and self.sync.params.writes(item.direction):
                self._notes.stop(item, stop, linked=True)
            else:
                self._notes.decide(item, "unchanged", target_id=target_id)
            return [item]
        if item.side == "ipaas":
            text = "Its counterpart was not read: the prerequisites of this run did not finish."
            self._notes.decide(item, "parked", "superseded", target_id=target_id, message=text)
            return [item]
        stand_in = Item(item.collection, "ipaas", link.ipaas_id, role="counterpart", state="done")
        return self._plan_records(item, stand_in, link)[:1]

    def _plan_missing(self, item: Item, target_id: str | None) -> list[Item]:
        """Give its fate to a record that is not there.

        A linked one that Salesforce does not show has not been deleted for that: what waits of it goes on waiting.
        """
        unseen = item.missing == "not_found"
        if unseen and (asked_for(self.sync, item) or self.sync.is_parent):
            self._notes.gone(item, "record_not_found", target_id)
        elif unseen and target_id and item.side == "salesforce" and self._notes.book.waiting(item) is not None:
            text = "The integration user does not see it any more; that is no sign of a delete."
            self._notes.decide(item, "parked", "source_not_visible", target_id=target_id, message=text)
        else:
            self._notes.gone(item, "source_deleted", target_id)
        return [item]

    def _plan_without_target(self, item: Item, other: Item, link: Link) -> list[Item]:
        target_id = other.record_id
        known_deleted = other.side == "ipaas" or link.state == "salesforce_deleted"
        if other.missing == "not_found" and not known_deleted:
            text = f"Salesforce {target_id} is not visible to the integration user; that is no sign of a delete."
            self._notes.decide(item, "parked", "target_not_visible", target_id=target_id, message=text)
            return [item]
        state = "salesforce_deleted" if other.side == "salesforce" else "ipaas_deleted"
        if link.state == "active" and not self._notes.dry:
            link.state = state  # type: ignore[assignment]
            self.sync.ledger.save_link(link)
        self._notes.decide(item, "skipped", "target_deleted", target_id=target_id)
        return [item]

    def _plan_records(self, salesforce: Item, ipaas: Item, link: Link | None) -> list[Item]:
        """Merge a pair and note what is to be written; without a link it is a first contact that links them."""
        sync = self.sync
        self._handled |= {("salesforce", salesforce.record_id), ("ipaas", ipaas.record_id)}
        sides = self._sides(salesforce, ipaas, link)
        if link is not None:
            self._revive(link, salesforce, ipaas)
        judged = {item.direction: stop for item in (salesforce, ipaas) if (stop := self._judged(item)) is not None}
        plan = plan_pair(sync.mapping, link, sides, lambda way: way not in judged and self._writes(way), self._broken)
        if self._explainer is not None:
            self._explainer.pair(salesforce, ipaas, link, sides, plan)
        plan.pending -= {way for way in judged if sync.params.writes(way)}
        salesforce.target_id, ipaas.target_id = ipaas.record_id, salesforce.record_id
        if link is None or salesforce.link_to:
            salesforce.link_to = ipaas.record_id
        if self._owes_external_id(salesforce):
            salesforce.link_to = ipaas.record_id
        self._notes.conflicts(plan, salesforce, ipaas)
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
        self._notes.counts.matched += link is None
        held = {way for way in plan.pending if self.awaiting and sync.params.writes(way)}
        for direction in plan.pending - held:
            self._notes.pending(salesforce if direction == "to_ipaas" else ipaas, direction)
        if self._relation_waits(salesforce):
            held.add("to_ipaas")
        salesforce.link_version = ipaas.link_version = link.version if link else None
        stopped = {item.side for item in (salesforce, ipaas) if self._stop(item, judged.get(item.direction), link)}
        if "salesforce" not in stopped:
            waits = "to_ipaas" in held
            self._plan_source(salesforce, plan.to_ipaas, sides.ipaas, plan, fresh=link is None, held=waits)
        if ipaas.record is not None and "ipaas" not in stopped:
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
        return asked_for(self.sync, item) or self._notes.book.replayed(item)

    def _revive(self, link: Link, salesforce: Item, ipaas: Item) -> None:
        """Let a link live again whose deleted record is back, and a person who asks for it release what kept flipping."""
        asked = self._wanted(salesforce) or self._wanted(ipaas)
        if link.state not in ("salesforce_deleted", "ipaas_deleted") and not (link.flips and asked):
            return
        link.state, link.flips = "active", {} if asked else link.flips
        if not self._notes.dry and self.sync.ledger.save_link(link):
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
        broken = plan.broken if item.side == "ipaas" else []
        decided = changes or problem or held or broken or item.conflicts_resolved
        if not decided and item.role not in sync.counted_roles:
            item.state = "done"
            return
        item.role = sync.counted_roles[0]
        item.warnings = tuple(dict.fromkeys([*item.warnings, *plan.warnings[item.direction]]))
        if problem:
            self._notes.refuse_value(item, f"Field {problem}.")
        elif changes and plan.unsendable:
            self._notes.refuse_text(item, plan.unsendable)
        elif not changes and fresh:
            item.op, item.state = "link", "planned"
            item.payload = {**(item.payload or {}), "held": held}
        elif held:
            self._notes.wait_for_go(item)
        elif not changes and broken:
            told = broken_fields(sync)
            text = "; ".join(reason_text(told[key]) for key in broken)
            self._notes.decide(item, "parked", FIELD_BROKEN, message=f"{text}.")
        elif not changes:
            self._notes.decide(item, "unchanged")
        elif self._notes.book.waits(item):
            self._notes.book.wait(item)
        else:
            item.payload = {**(item.payload or {}), "changes": changes, "base": {k: base.get(k) for k in changes}}
            self._notes.planned(item, "update")

    def _park_pair(self, plan: PairPlan, salesforce: Item, ipaas: Item) -> list[Item]:
        """Hold a pair whole; both sides are parked where their direction is written."""
        details = (
            {"fields": {c.key: values_of(c) for c in plan.conflicts if c.winner is None}} if plan.conflicts else {}
        )
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
            self._notes.decide(item, "parked", plan.parked, message=text, details=details)
        return [salesforce, ipaas]

    # Unlinked records

    def _plan_unlinked(self, item: Item) -> list[Item]:
        sync = self.sync
        if item.missing or item.record is None:
            return self._plan_missing(item, None)
        claim = self._claims.get(item.record_id)
        writes = sync.params.writes(item.direction) and not self.awaiting
        if claim is not None and claim.state != "done" and writes:
            item.payload = {"changes": plan_create(sync.mapping, item, self._broken).changes(item.direction)}
            self._notes.planned(item, "resolve_create")
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
            self._notes.decide(item, "skipped", reason)
        elif verdict.verdict not in ("none", "link"):
            self._notes.decide(
                item,
                "parked",
                verdict.verdict,
                target_id=verdict.ids[0] if verdict.ids else None,
                message=match_text(item, verdict.verdict, verdict.ids, verdict.by),
            )
        elif self._is_baseline(item):
            self._notes.decide(item, "skipped", "before_first_contact")
        elif self.awaiting:
            return self._notes.wait_for_go(item)
        else:
            return self._plan_new(item)
        return [item]

    def _plan_new(self, item: Item) -> list[Item]:
        """Plan the creation of a record, unless something has to come first."""
        if not self._parent_ready(item):
            return self._park_child(item)
        stop = self._judged(item)
        if stop is not None:
            self._notes.stop(item, stop, linked=False)
        elif self._backfill is not None:
            text = f"Backfill {self._backfill} is under way, and creates it."
            self._notes.decide(item, "parked", RUNNING, message=text)
        elif self._notes.book.waits(item):
            self._notes.book.wait(item)
        else:
            self._plan_create(item)
        return [item]

    def _plan_match(self, item: Item, other: Item | None, *, eligible: bool) -> list[Item]:
        if other is None or other.record is None or other.missing:
            self._notes.decide(item, "parked", "superseded", message="The record it matches is gone or was not read.")
            return [item]
        salesforce, ipaas = (item, other) if item.side == "salesforce" else (other, item)
        if eligible and not self.awaiting and not self._parent_ready(salesforce):
            return self._park_child(item)
        return self._plan_records(salesforce, ipaas, None)

    def _plan_create(self, item: Item) -> None:
        plan = plan_create(self.sync.mapping, item, self._broken)
        if self._explainer is not None:
            self._explainer.create(item, plan)
        item.warnings = tuple(dict.fromkeys([*item.warnings, *plan.warnings[item.direction]]))
        if problem := plan.problems.get(item.direction):
            self._notes.refuse_value(item, f"Field {problem}.")
            return
        if plan.unsendable:
            self._notes.refuse_text(item, plan.unsendable)
            return
        item.payload = {"changes": plan.changes(item.direction)}
        if self._lacks_account(item, plan):
            item.warnings = (*item.warnings, "contact_created_without_account")
        self._notes.planned(item, "create")

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
        if self._notes.dry or reason is not None or self._is_baseline(item):
            if not self._notes.dry:
                self._notes.book.decide(item, "skipped", reason or "before_first_contact")
                item.outcome = item.reason = None
            return [item]
        self._notes.pending(item, item.direction)
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
        self._notes.decide(item, "parked", reason, message=text)
        return [item]

    # The go of a first contact

    def _relation_waits(self, salesforce: Item) -> bool:
        """Tell a Customer whose relationship to its Company is made once the first contact may write."""
        related = self.awaiting and self.sync.collection == "contact" and self.sync.settings.relationships
        return related and self.sync.params.writes("to_ipaas") and bool((salesforce.record or {}).get("AccountId"))

    def _owes_external_id(self, item: Item) -> bool:
        waiting = self._notes.book.waiting(item)
        if self.awaiting and waits_for_go(waiting):
            return False  # it has one; what waits is the relationship that goes with it
        return owes_external_id(waiting)

    # What the mapping's filters say

    def _judged(self, item: Item) -> Held | None:
        return self.sync.mapping.judge(item.side, item.record) if item.record else None

    def _writes(self, direction: Direction) -> bool:
        return not self.awaiting and self.sync.params.writes(direction)

    def _stop(self, item: Item, held: Held | None, link: Link | None) -> bool:
        """Give one side of a pair that the mapping holds back its fate, where this run owes it one in its direction."""
        owes = item.role in self.sync.counted_roles and self.sync.params.writes(item.direction)
        if held is None or not owes or (link is None and held.kind == "filtered"):
            return False
        self._notes.stop(item, held, linked=link is not None)
        return True

    def _settle(self, link: Link, showings: dict[str, dict[str, Any]]) -> None:
        """Remember what both sides show of the fields that need no write."""
        salesforce = {**(link.salesforce_showing or {}), **showings["salesforce"]}
        ipaas = {**(link.ipaas_showing or {}), **showings["ipaas"]}
        if self._notes.dry or (salesforce == link.salesforce_showing and ipaas == link.ipaas_showing):
            return
        before = link.ipaas_showing
        link.salesforce_showing, link.ipaas_showing = salesforce, ipaas
        forget_waiting_phones(self.sync.mapping, link, before)
        if self.sync.ledger.save_link(link):
            link.version += 1


def _stale(link: Link, item: Item, other: Item | None) -> bool:
    """Tell a pair that another run has written since this one read it, and that would be written again."""
    read = [each for each in (item, other) if each is not None and each.record is not None]
    before = any(each.captured_at and link.settled_at and each.captured_at < link.settled_at for each in read)
    return before and any(moved(each, link) for each in read)
