"""What both upserts share: journal, settling, refusals, and stopping before an error of configuration marks records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_ipaas.errors import IPaaSSyncError, ServiceError

from .broken import broken_fields
from .canary import canary_due
from .context import Sync
from .fates import FateBook, seen_row
from .first_contact import is_held
from .keys import content_hash
from .model import Direction, Item, JournalEntry, Link, Seen, Side
from .pairs import flip_history, forget_waiting_phones
from .parked import EXTERNAL_ID_MISSING
from .ports import WriteError
from .refusals import Refusal, classify
from .schedule import AWAITING

CONFIG_STREAK = 5  # refusals of configuration in a row before a canary counts as "every record alike"

Verdict = Literal[
    "written",
    "linked",
    "nothing",
    "superseded",
    "gone",
    "refused",
    "uncertain",
    "in_progress",
    "later",
    "held",
    "taken",
    "waits",
]
_LINKING = frozenset({"written", "linked", "nothing"})  # the two records are in step, and their link says so


class ConfigurationRefused(IPaaSSyncError):
    """The target refuses every record alike: an error of configuration; no record is marked."""


@dataclass(slots=True)
class Written:
    """What became of one planned write. *ours* and *theirs*: showings to settle, in Salesforce's and iPaaS.com's form."""

    item: Item
    verdict: Verdict
    target_id: str | None = None
    created: bool = False
    ours: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    target_seen: Seen | None = None
    refusal: Refusal | None = None
    reason: str | None = None  # what a write that *waits* waits for
    text: str | None = None
    warnings: tuple[str, ...] = ()
    error: Exception | None = None
    owes_external_id: bool = False  # iPaaS.com has not got it yet, and will take it later
    id_taken: bool = False  # another record of iPaaS.com holds this external id
    rival: Link | None = None  # another run has linked one of the two with another record since the plan
    # iPaaS.com: fields that a PUT sent back as they were and the service now shows in another form: before and after.
    reformed: dict[str, tuple[Any, Any]] = field(default_factory=dict)


class Settler:
    """Gives written records their durable fate: link, last seen, claim, journal and item in one transaction."""

    def __init__(self, sync: Sync, direction: Direction) -> None:
        self.sync = sync
        self.direction = direction
        self.side: Side = "salesforce" if direction == "to_ipaas" else "ipaas"
        self.proven = False  # a write of this task went through, so refusals are about records
        self.counts: dict[str, int] = {}
        self._held: list[Written] = []

    def intents(self, items: Sequence[Item]) -> None:
        """Journal what is about to be written."""
        self.sync.ledger.journal([self._entry(item, "intent", "", item.target_id) for item in items])

    def settle(self, results: Sequence[Written]) -> None:
        """Note the outcomes of a batch; refusals that look like configuration are held back until one goes through.

        Raises ConfigurationRefused when the whole first batch was refused for the same reason of configuration.
        """
        config = [r for r in results if r.refusal is not None and r.refusal.kind == "config"]
        if any(r.verdict in _LINKING or r.verdict == "held" for r in results):
            self.proven = True
        if not self.proven and config and len(config) == len(results):
            self._held += config
            codes = {r.refusal.code for r in self._held if r.refusal}
            if len(codes) == 1 and (len(results) > 1 or len(self._held) >= CONFIG_STREAK):
                self._stop()
            return
        self._write([*self._held, *results])
        self._held = []

    def finish(self) -> None:
        """Settle what was held back; nothing else was written, so the whole batch was refused for its configuration."""
        # One refused record proves nothing where earlier runs have written this kind.
        alone = len(self._held) == 1 and not canary_due(
            self.sync, "ipaas" if self.direction == "to_ipaas" else "salesforce", "update"
        )
        if self._held and not self.proven and not alone:
            self._stop()
        self._write(self._held)
        self._held = []

    def _stop(self) -> None:
        refusal = self._held[0].refusal
        ids = ", ".join(r.item.record_id for r in self._held[:3])
        if refusal is None:  # pragma: no cover - held results always carry their refusal
            return
        self._release(self._held)
        raise ConfigurationRefused(
            f"Every record of the first batch ({ids}{' ...' if len(self._held) > 3 else ''}) was refused with "
            f"{refusal.code}: {refusal.message} No record was marked.",
            next_step=refusal.next_step,
        )

    def _write(self, results: Sequence[Written]) -> None:
        if not results:
            return
        sync = self.sync
        book = FateBook(sync)
        with sync.ledger.transaction():
            book.load(self.direction, [r.item.record_id for r in results])
            self._link([r for r in results if r.verdict in _LINKING and r.target_id])
            for result in results:
                self._one(book, result)
            sync.ledger.save_items(sync.run.run_key, [r.item for r in results])
            book.flush()
            seen = [r.target_seen for r in results if r.target_seen is not None]
            sync.ledger.save_seen(
                sync.scope, sync.collection, "ipaas" if self.side == "salesforce" else "salesforce", seen
            )
            sync.ledger.journal([self._entry(r.item, "outcome", r.item.outcome or "", r.target_id) for r in results])
            self._release(results)
        for result in results:
            self._log(result)

    def _one(self, book: FateBook, result: Written) -> None:
        item = result.item
        item.warnings = tuple(dict.fromkeys([*item.warnings, *result.warnings]))
        item.target_id = result.target_id or item.target_id
        if result.verdict in _LINKING:
            outcome = "created" if result.created else "updated" if result.verdict == "written" else "unchanged"
            if result.rival is not None:
                self._part(book, result, result.rival)
            else:
                book.decide(item, outcome)  # type: ignore[arg-type]
            if result.owes_external_id and result.rival is None:
                book.park(item, EXTERNAL_ID_MISSING)
        elif result.verdict == "gone":
            self._bury(item)
            book.decide(item, "skipped", "target_deleted")
        elif result.verdict == "refused" and result.refusal is not None:
            self._refuse(book, item, result.refusal)
        else:
            reason = result.reason or {
                "superseded": "superseded",
                "uncertain": "uncertain_create",
                "in_progress": "create_in_progress",
                "held": AWAITING,
                "taken": "match_already_linked",
            }.get(result.verdict, "not_attempted")
            book.decide(item, "parked", reason, message=result.text)
        key = item.outcome or ""
        self.counts[key] = self.counts.get(key, 0) + 1

    def _refuse(self, book: FateBook, item: Item, refusal: Refusal) -> None:
        if refusal.kind == "deleted":
            book.decide(item, "skipped", "target_deleted", message=refusal.message)
        elif refusal.kind == "locked":
            book.decide(item, "parked", "row_locked", message=refusal.message)
        elif refusal.kind == "duplicate":
            item.code, item.next_step = refusal.code, refusal.next_step
            book.decide(item, "parked", "possible_duplicate", message=f"{refusal.code}: {refusal.message}")
        else:
            book.refuse(item, refusal.code, refusal.message, refusal.next_step)

    def _part(self, book: FateBook, result: Written, rival: Link) -> None:
        """Give its fate to a record that was written for a pair which another run has parted meanwhile."""
        text = f"Another run has linked Salesforce {rival.salesforce_id} with iPaaS.com {rival.ipaas_id} meanwhile"
        if result.created:
            text += f"; {result.target_id} was created as well, and is a duplicate"
        book.decide(result.item, "parked", "merged_duplicate" if result.created else "superseded", message=f"{text}.")

    def _link(self, results: Sequence[Written]) -> None:
        """Make or renew links: what each side shows of the written fields is what they agree on now.

        A link that one of two records has with another record since the plan stays as it is, and is the result's rival.
        """
        sync = self.sync
        pending = list(results)
        for _ in range(3):
            if not pending:
                return
            pending = self._link_free(pending)
        theirs = sync.ledger.links(sync.scope, sync.collection, "ipaas", [self._pair(r)[1] for r in pending])
        for result in pending:
            salesforce_id, ipaas_id = self._pair(result)
            rival = theirs.get(ipaas_id)
            if rival is not None and rival.salesforce_id != salesforce_id:
                result.rival = rival
            else:
                text = "The link of Salesforce %s and iPaaS.com %s was changed by another run meanwhile."
                sync.log.warning(text, salesforce_id, ipaas_id)

    def _link_free(self, results: Sequence[Written]) -> list[Written]:
        """Write the links that nobody else has touched; return the results to look at again."""
        sync = self.sync
        stored = sync.ledger.links(sync.scope, sync.collection, "salesforce", [self._pair(r)[0] for r in results])
        renewed: dict[str, tuple[Link, Written]] = {}
        again: list[Written] = []
        for result in results:
            salesforce_id, ipaas_id = self._pair(result)
            link = stored.get(salesforce_id)
            if link is not None and link.ipaas_id != ipaas_id:
                result.rival = link
            elif salesforce_id in renewed:
                again.append(result)  # what is written by then is another version
            else:
                fresh = link is None
                if link is None:
                    link = Link(sync.scope, sync.collection, salesforce_id, ipaas_id)
                self._renew(link, result, fresh=fresh)
                renewed[salesforce_id] = (link, result)
        done = sync.ledger.put_links([link for link, _ in renewed.values()])
        return [*(result for key, (_, result) in renewed.items() if key not in done), *again]

    def _pair(self, result: Written) -> tuple[str, str]:
        """Return the Salesforce id and the iPaaS.com id of a result that has both."""
        own, target = result.item.record_id, str(result.target_id)
        return (own, target) if self.side == "salesforce" else (target, own)

    def _renew(self, link: Link, result: Written, *, fresh: bool) -> None:
        """Note on a link what both sides show of the written fields."""
        sync = self.sync
        before = link.ipaas_showing
        link.salesforce_showing = {**(link.salesforce_showing or {}), **result.ours}
        link.ipaas_showing = {**(link.ipaas_showing or {}), **result.theirs}
        forget_waiting_phones(sync.mapping, link, before)
        if fresh:
            # Nothing is agreed on a field that Salesforce does not let us use: a first contact once it is mended.
            for key in broken_fields(sync):
                link.salesforce_showing.pop(key, None)
                link.ipaas_showing.pop(key, None)
        for key, (before, after) in result.reformed.items():
            if sync.mapping.same(key, link.ipaas_showing.get(key), before):
                link.ipaas_showing[key] = after
        if not result.created:
            for key in result.ours:
                flip_history(
                    link, key, result.ours[key] if self.direction == "to_salesforce" else result.theirs.get(key)
                )
        link.settled_at, link.settled_by = sync.clock(), sync.run.run_key
        # The target lives, since it was written. Of the source this run knows only that it did when it was read.
        if link.state != ("salesforce_deleted" if self.side == "salesforce" else "ipaas_deleted"):
            link.state = "active"

    def _bury(self, item: Item) -> None:
        """Note on the link that its target is deleted, so that an undelete can be told."""
        sync = self.sync
        link = sync.ledger.links(sync.scope, sync.collection, self.side, [item.record_id]).get(item.record_id)
        if link is not None and link.state == "active":
            link.state = "ipaas_deleted" if self.direction == "to_ipaas" else "salesforce_deleted"
            sync.ledger.save_link(link)

    def _release(self, results: Sequence[Written]) -> None:
        """Drop the claims of creates whose outcome is known; the others are looked into by the next attempt."""
        known = [
            r.item.record_id
            for r in results
            if r.item.op in ("create", "resolve_create") and r.verdict not in ("uncertain", "in_progress", "later")
        ]
        self.sync.ledger.drop_claims(self.sync.scope, self.sync.collection, self.direction, known)

    def _entry(
        self, item: Item, phase: Literal["intent", "outcome"], outcome: str, target_id: str | None
    ) -> JournalEntry:
        return JournalEntry(
            run_key=self.sync.run.run_key,
            scope=self.sync.scope,
            collection=self.sync.collection,
            direction=self.direction,
            source_id=item.record_id,
            target_id=target_id or item.target_id,
            op=item.op or "link",
            phase=phase,
            outcome=outcome,
            code=item.code,
            fields=tuple(sorted((item.payload or {}).get("changes", {}))),
        )

    def _log(self, result: Written) -> None:
        item = result.item
        if item.outcome not in ("failed", "parked") or result.verdict == "held":
            return  # those that are held are counted by the match report
        level = self.sync.log.error if item.outcome == "failed" else self.sync.log.warning
        level(
            "%s %s %s -> %s (%s): %s Next step: %s",
            "Refused" if item.outcome == "failed" else "Parked",
            item.side,
            item.record_id,
            item.target_id or "new",
            item.code or item.reason,
            item.message or "",
            item.next_step or "",
        )


def linked(item: Item, *, made: bool) -> Written:
    """Make the result of a match that needed no write, or whose fields wait for the go of a first contact."""
    return Written(item, ("held" if is_held(item) else "linked") if made else "later")


def refused(item: Item, error: ServiceError) -> Written:
    """Make the result of a record that the service refused."""
    refusal = classify(error.code, error.message, error.fields, service=error.service, status=error.status)
    return Written(item, "refused", refusal=refusal)


def refused_by(item: Item, errors: Sequence[WriteError]) -> Written:
    """Make the result of a record that a batch write refused; its first error speaks."""
    first = errors[0] if errors else WriteError("unknown", "refused without a reason")
    return Written(item, "refused", refusal=classify(first.code, first.message, first.fields))


def shown_after(before: dict[str, Any], after: dict[str, Any], keys: Sequence[str]) -> str:
    """Hash what was captured with our keys as the service shows them now.

    An edit by somebody else between the capture and our write is not in it, so the next run sees that as a change.
    """
    return content_hash({**before, **{key: after.get(key) for key in keys}})


def target_row(sync: Sync, target: Item, *, stamp: str | None, new_hash: str) -> Seen:
    """Make the last-seen row of a target that was in step before and is now."""
    target.content_hash, target.stamp = new_hash, stamp
    row = seen_row(sync, target)
    # A record that the mapping's filter holds keeps changes that were not sent: another mapping may let them go.
    held = sync.mapping.judge(target.side, target.record) if target.record else None
    row.fate = "skipped:left_filter" if held is not None else "unchanged"
    return row
