"""The upsert into iPaaS.com: links with their external ids first, then creates and updates, several lanes at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_ipaas.errors import AuthenticationError, ServiceError, UnknownOutcome

from .applying import Settler, Written, refused, shown_after, target_row
from .canary import CanarySurprise, alike, canary_due, canary_passed, compare
from .claiming import claim_creates, held, renew_claims
from .context import Sync, ipaas_stamp
from .extract_ipaas import external_id_in
from .fates import seen_row
from .in_flight import InFlight
from .keys import content_hash, email_key
from .linking import LinkWriter
from .lost_creates import agreeing, as_created, likeness, link_as_sent, was_sent
from .model import Item, Link, Record, Seen
from .progress import Progress
from .rebuild import WRITES_BEGAN
from .refusals import classify
from .shares import PAGE, WHOLE, Share, lead_parts, shares_of


class IPaaSApplier:
    """Writes what a run planned for iPaaS.com."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self.settler = Settler(sync, "to_ipaas")
        self.links = LinkWriter(sync, self.settler)
        self._creates = InFlight()

    def run(self, share: Share = WHOLE) -> dict[str, int]:
        """Write the links and records of a share; return counts by outcome.

        Raises CanarySurprise, ConfigurationRefused or a ServiceError that stopped the run; everything not written is
        planned still, and parked by the report.
        """
        sync = self.sync
        size = max(32, sync.ipaas.lanes * 8)
        self.links.write(share, size)
        progress = Progress(sync, f"Written to iPaaS.com{share.told}", self._planned() // share.of)
        planned = sync.ledger.items(
            sync.run.run_key,
            collection=sync.collection,
            side="salesforce",
            roles=sync.counted_roles,
            state="planned",
            batch=size if share == WHOLE else PAGE,
        )
        for batch in share.batches(planned, size):
            self._apply([item for item in batch if item.op != "link"])
            self.links.finish([item for item in batch if item.op == "link"])
            progress.add(len(batch))
        self.settler.finish()
        return self.settler.counts

    def lead(self, tasks: int, calls_per_second: float | None = None) -> list[Share]:
        """Write everything; or, where that is much, a little until the canaries are through, and share out the rest.

        Returns the shares for at most *tasks* tasks, none where nothing is left. Raises as `run` does: then there is
        nothing to share.
        """
        planned = self._planned()
        if not shares_of(planned, tasks, calls_per_second):
            self.run()
            return []
        parts = lead_parts(planned)
        for number in range(parts):
            self.run(Share(number, parts))
            if not self._canary_ahead():
                break
        shares = shares_of(self._planned(), tasks, calls_per_second)
        if not shares:
            self.run()
        return shares

    def _planned(self, op: str | None = None) -> int:
        sync = self.sync
        return sync.ledger.count_items(
            sync.run.run_key,
            collection=sync.collection,
            side="salesforce",
            op=op,
            state="planned",
            roles=sync.counted_roles,
        )

    def _canary_ahead(self) -> bool:
        """Tell whether something is left to write of a kind that no canary has tried yet."""
        due = {op: canary_due(self.sync, "ipaas", op) for op in ("create", "update", "external_id")}
        creates = due["create"] and (self._planned("create") or self._planned("resolve_create"))
        return bool(
            creates or (due["update"] and self._planned("update")) or (due["external_id"] and self.links.any_left())
        )

    # Records

    def _apply(self, items: list[Item]) -> None:
        sync = self.sync
        if not items:
            return
        ready, waiting = claim_creates(sync, items, "to_ipaas", sync.ipaas.server_now())
        if waiting:
            self.settler.settle(waiting)
        if any(item.op != "update" for item in ready):
            sync.ledger.set_fact(sync.scope, f"{WRITES_BEGAN}:{sync.collection}", True)
        self.settler.intents(ready)
        ready = self._canaries(ready)
        results, stop = [], None
        for item, answer in sync.ipaas.parallel(self._write, ready):
            if isinstance(answer, Written):
                results.append(answer)
            elif isinstance(answer, Exception):
                results.append(Written(item, "later", text=str(answer)))
                stop = stop or answer
        self.settler.settle(results)
        self._creates.forget()  # linked now, and told by that
        if stop is not None:
            raise stop

    def _canaries(self, items: list[Item]) -> list[Item]:
        """Write one record of each kind that has no canary yet, alone; return the others."""
        rest = list(items)
        for op in ("update", "create"):
            while canary_due(self.sync, "ipaas", op):
                item = next((i for i in rest if (i.op == "update") == (op == "update")), None)
                if item is None:
                    break
                rest.remove(item)
                self._canary(item, op)
        return rest

    def _canary(self, item: Item, op: str) -> None:
        sync = self.sync
        before = sync.ipaas.get(sync.kind, item.target_id) if op == "update" and item.target_id else None
        result = self._write(item)
        self.settler.settle([result])
        if result.verdict != "written" or result.target_id is None:
            return
        shown = sync.ipaas.get(sync.kind, result.target_id)
        if shown is None:
            raise CanarySurprise(
                f"canary: {sync.kind} {result.target_id} cannot be read after its {op}.",
                next_step="Correct the paths of this kind in the connection's api_profile.",
            )
        kept = sync.mapping.show_ipaas(before) if before else None
        sent = {**result.theirs, **_promised(item, sync, result.theirs)}
        compare("ipaas", op, result.target_id, sent, sync.mapping.show_ipaas(shown), kept)
        if op == "create":
            if result.id_taken:
                return  # another record holds this id, which proves nothing of others: the next one is the canary
            self.links.check_external_id(result.target_id, item.record_id)
        if before is not None:
            compared = {rule.ipaas for rule in sync.mapping.fields if not rule.ipaas_custom}
            _compare_unmapped(result.target_id, before, shown, {*compared, *sync.mapping.shape.server_fields})
        canary_passed(sync, "ipaas", op)

    def _write(self, item: Item) -> Written:
        """Write one record; runs in a lane. Refusals are results, everything else is raised."""
        try:
            if item.op == "update":
                return self._update(item)
            return self._create(item)
        except UnknownOutcome as error:
            text = f"The answer to its creation was lost ({error.message})"
            return Written(item, "uncertain", text=text) if item.op != "update" else Written(item, "later", text=text)
        except AuthenticationError:
            raise
        except ServiceError as error:
            if error.transient or not error.code or (error.status or 0) >= 500:
                raise
            return refused(item, error)

    def _update(self, item: Item) -> Written:
        sync = self.sync
        payload = item.payload or {}
        changes: dict[str, Any] = payload["changes"]
        target_id = str(item.target_id)
        # Asked for before the target is read: nothing may come between that read and the write.
        link = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id]).get(item.record_id)
        current = sync.ipaas.get(sync.kind, target_id)
        if current is None:
            return Written(item, "gone")
        now = sync.mapping.show_ipaas(current)
        moved = [key for key in changes if not sync.mapping.same(key, payload["base"].get(key), now.get(key))]
        if moved and not all(sync.mapping.agree(key, changes[key], now.get(key)) for key in changes):
            return Written(
                item, "superseded", target_id, text=f"The target has moved since it was read: {', '.join(moved)}."
            )
        source = sync.mapping.show_salesforce(item.record or {})
        cleared = self._cleared_beside(link, now)
        body = sync.mapping.ipaas_update_body(current, changes, source={**source, **dict.fromkeys(cleared)})
        edited = self._edited_beside(link, [key for key in body.sent if key not in changes], now)
        if edited:
            text = f"Somebody has edited what goes with it, and that is carried over first: {', '.join(edited)}."
            return Written(item, "superseded", target_id, text=text)
        sent = {key: source.get(key) for key in {*changes, *body.sent}}
        if not moved and body.sent:
            answer = sync.ipaas.update(sync.kind, target_id, body.record) or sync.ipaas.get(sync.kind, target_id)
            verdict = "written"
        else:
            answer, verdict = current, "nothing"
        shown = sync.mapping.show_ipaas(answer or current)
        reformed = {
            key: (value, shown.get(key))
            for key, value in now.items()
            if key not in sent and value != shown.get(key) and alike(value, shown.get(key))
        }
        if "company" in changes:
            self.links.relate(item, target_id)
        return Written(
            item,
            verdict,  # type: ignore[arg-type]
            target_id,
            ours=sent,
            theirs={key: shown.get(key) for key in sent},
            target_seen=self._target_seen(target_id, answer or current, shown, list(sent), reformed),
            warnings=body.warnings,
            reformed=reformed,
        )

    def _cleared_beside(self, link: Link | None, now: dict[str, Any]) -> list[str]:
        """Name the phones that somebody has cleared along with their address, where that is an edit: they stay so."""
        shown = (link.ipaas_showing if link else None) or {}
        phones = [r for r in self.sync.mapping.fields if r.kind == "phone_on_address" and r.blank != "keep"]
        return [rule.key for rule in phones if shown.get(rule.key) is not None and now.get(rule.key) is None]

    def _edited_beside(self, link: Link | None, keys: list[str], now: dict[str, Any]) -> list[str]:
        """Return which of these fields, written though they did not change, show an edit: the phone of an address."""
        shown = (link.ipaas_showing if link else None) or {}
        same = self.sync.mapping.same
        return [key for key in keys if now.get(key) is not None and not same(key, shown.get(key), now[key])]

    def _target_seen(
        self,
        target_id: str,
        answer: Record,
        shown: dict[str, Any],
        keys: list[str],
        reformed: dict[str, tuple[Any, Any]],
    ) -> Seen | None:
        """Note what the target shows now, but for what others may have changed there since it was captured."""
        sync = self.sync
        stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, "ipaas", [target_id]).get(target_id)
        if stored is None or (stored.record is None and stored.outcome == "unchanged"):
            return self._listed_seen(target_id, answer, shown, [*keys, *reformed])
        if stored.record is None or stored.outcome in ("parked", "failed"):
            return None
        before = sync.mapping.show_ipaas(stored.record)
        keys = [*keys, *(key for key, (value, _) in reformed.items() if sync.mapping.same(key, before.get(key), value))]
        row = target_row(sync, stored, stamp=ipaas_stamp(answer), new_hash=shown_after(before, shown, keys))
        # What goes to Salesforce yet was captured before this PUT gave it another form.
        forms = {key: after for key, (_, after) in reformed.items() if key in (stored.payload or {}).get("changes", {})}
        if forms:
            stored.payload = {**(stored.payload or {}), "shown": forms}
        sync.ledger.save_items(sync.run.run_key, [stored])
        # One that is to be written to Salesforce yet counts as seen when that has its fate: this run may end before.
        return None if stored.state == "planned" else row

    def _listed_seen(self, target_id: str, answer: Record, shown: dict[str, Any], keys: list[str]) -> Seen | None:
        """Note the target's new version where the run listed it unchanged, so that its link says what it showed."""
        sync = self.sync
        seen = sync.ledger.seen(sync.scope, sync.collection, "ipaas", [target_id]).get(target_id)
        link = sync.ledger.links(sync.scope, sync.collection, "ipaas", [target_id]).get(target_id)
        if seen is None or link is None or link.ipaas_showing is None:
            return None
        if content_hash(link.ipaas_showing) != seen.content_hash:
            return None
        new_hash = shown_after(link.ipaas_showing, shown, keys)
        return replace(seen, content_hash=new_hash, stamp=ipaas_stamp(answer), fate="unchanged")

    def _create(self, item: Item) -> Written:
        """Create a record that nobody else has: looked up by external id and by e-mail or name right before."""
        sync = self.sync
        changes: dict[str, Any] = (item.payload or {})["changes"]
        found = sync.ipaas.record_with_external_id(sync.kind, item.record_id)
        if found is not None:
            return self._found(item, found)
        alike = self._alike(item)
        if alike and item.op == "resolve_create":
            shown = {str(r["id"]): sync.mapping.show_ipaas(sync.ipaas.get(sync.kind, str(r["id"])) or r) for r in alike}
            own = [found for found in alike if self._is_ours(item, shown[str(found["id"])])]
            if len(own) == 1 and self._explains_best(item, str(own[0]["id"]), shown):
                return self._adopt(item, str(own[0]["id"]))
            if own:
                text = (
                    f"Several records could be the one that was created: {', '.join(str(r['id']) for r in alike[:5])}."
                )
                return Written(item, "uncertain", text=text)
            if sync.collection == "account" or not any(self._has_email_of(item, found) for found in alike):
                # Somebody has changed it since. An e-mail that is still the same links the two; a name never does.
                text = f"Any of these could be the one that was created: {', '.join(str(r['id']) for r in alike[:5])}."
                return Written(item, "uncertain", text=text)
        if alike:
            return self._exists(item, str(alike[0]["id"]))
        if item.op == "resolve_create":
            _, taken = renew_claims(sync, [item], "to_ipaas", sync.ipaas.server_now())
            if taken:
                return taken[0]
        body = sync.mapping.ipaas_create_body(changes, record_context=_context(item.record or {}))
        record = dict(body.record)
        if sync.settings.external_ids_on_write in ("auto", "nested"):
            record["external_ids"] = [{"system_id": _number(sync.settings.system_id), "external_id": item.record_id}]
        _, taken = held(sync, [item], "to_ipaas")
        if taken:
            return taken[0]
        with self._creates.going_on() as made:
            answer = sync.ipaas.create(sync.kind, record)
            made(str(answer["id"]))
        return self._created(item, answer, body.warnings)

    def _alike(self, item: Item) -> list[Record]:
        """Return unlinked records with the same e-mail or name, now or in what a lost create has sent.

        Those that this task made are somebody else's.
        """
        sync = self.sync
        record, field = item.record or {}, "email_address" if sync.collection == "contact" else "name"
        values = {record.get("Email") if sync.collection == "contact" else record.get("Name")}
        if item.op == "resolve_create":
            sent = sync.mapping.ipaas_create_body(was_sent(item), record_context=_context(record))
            values.add(sent.record.get(field))
        rows = {str(r["id"]): r for value in values if value for r in sync.ipaas.find(sync.kind, str(value))}
        linked = sync.ledger.links(sync.scope, sync.collection, "ipaas", list(rows))
        strangers = self._creates.made_by_others([record_id for record_id in rows if record_id not in linked])
        return [rows[record_id] for record_id in strangers]

    def _has_email_of(self, item: Item, record: Record) -> bool:
        """Tell whether a record has the e-mail that the source says now, not only the one that was sent."""
        return email_key(record.get("email_address")) == item.email_key

    def _explains_best(self, item: Item, ipaas_id: str, shown: dict[str, dict[str, Any]]) -> bool:
        """Tell that no other record shows more of what was sent: somebody may have changed the one that was made."""
        sent = was_sent(item)
        agree = {i: agreeing(self.sync.mapping, "to_ipaas", sent, each) for i, each in shown.items()}
        return all(count <= agree[ipaas_id] for count in agree.values())

    def _is_ours(self, item: Item, shown: dict[str, Any]) -> bool:
        """Tell whether a record looks like what a create with a lost answer has sent, more than like any other such."""
        sync = self.sync
        ours = likeness(sync.mapping, "to_ipaas", was_sent(item), shown)
        if ours is None:
            return False
        others = (c for c in sync.ledger.open_claims(sync.scope, sync.collection, "to_ipaas") if c.sent)
        rivals = (likeness(sync.mapping, "to_ipaas", c.sent, shown) for c in others if c.source_id != item.record_id)
        return all(rival is None or rival <= ours for rival in rivals)

    def _found(self, item: Item, found: str) -> Written:
        """Link what carries our id already; the next run compares the two, as a first contact where nobody sent it."""
        sync = self.sync
        link = sync.ledger.links(sync.scope, sync.collection, "ipaas", [found]).get(found)
        if link is not None and link.salesforce_id != item.record_id:
            text = f"iPaaS.com {found} carries its id, and is linked with Salesforce {link.salesforce_id}."
            return Written(item, "taken", found, text=text)
        if item.op == "resolve_create":
            return self._adopt(item, found)
        sync.ledger.add_link(Link(sync.scope, sync.collection, item.record_id, found, settled_by=sync.run.run_key))
        text = f"iPaaS.com {found} carries this Salesforce id already; the next run compares the two."
        return Written(item, "superseded", text=text)

    def _exists(self, item: Item, found: str) -> Written:
        text = f"iPaaS.com {found} has appeared with the same external id, e-mail or name since the run read it."
        return Written(item, "superseded", text=text)

    def _adopt(self, item: Item, ipaas_id: str) -> Written:
        """Link the record that an earlier attempt did create."""
        answer = self.sync.ipaas.get(self.sync.kind, ipaas_id)
        if answer is None:
            return Written(item, "superseded", text=f"iPaaS.com {ipaas_id} is gone again.")
        shown = self.sync.mapping.show_ipaas(answer)
        if as_created(self.sync.mapping, item, shown):
            return self._created(item, answer, ())
        self.sync.ipaas.set_external_id(self.sync.kind, ipaas_id, item.record_id)
        self.links.relate(item, ipaas_id)
        return link_as_sent(self.sync, item, ipaas_id, shown)

    def _created(self, item: Item, answer: Record, warnings: tuple[str, ...]) -> Written:
        sync = self.sync
        ipaas_id = str(answer["id"])
        extra: tuple[str, ...] = ()
        owes = id_taken = False
        if not self._carries(answer, item.record_id):
            try:
                sync.ipaas.set_external_id(sync.kind, ipaas_id, item.record_id)
            except AuthenticationError:
                owes = True  # no refusal of this id: a ledger that is lost would not know the record without it
            except ServiceError as error:
                if error.transient:
                    raise
                # The record exists: the link in the ledger has to hold it, whatever its external id says.
                extra = ("external_id_not_stored",)
                id_taken = (
                    classify(error.code, error.message, error.fields, service="ipaas", status=error.status).kind
                    == "duplicate"
                )
        if any(part not in answer for part in sync.mapping.ipaas_parts):
            answer = sync.ipaas.get(sync.kind, ipaas_id) or answer
        shown = sync.mapping.show_ipaas(answer)
        extra += self.links.relate(item, ipaas_id)
        ours = sync.mapping.show_salesforce(item.record or {})
        seen = seen_row(sync, sync.ipaas_item(answer, "counterpart", item.record_id))
        seen.fate, seen.content_hash = "unchanged", content_hash(shown)
        return Written(
            item,
            "written",
            ipaas_id,
            created=True,
            ours=ours,
            theirs=shown,
            target_seen=seen,
            warnings=(*warnings, *extra),
            owes_external_id=owes,
            id_taken=id_taken,
        )

    def _carries(self, answer: Record, salesforce_id: str) -> bool:
        if self.sync.settings.external_ids_on_write == "endpoint":
            return False
        return external_id_in(self.sync, answer) == salesforce_id


def _context(record: Record) -> Record:
    return {"name": record.get("Name"), "first_name": record.get("FirstName"), "last_name": record.get("LastName")}


def _number(system_id: str) -> int | str:
    return int(system_id) if system_id.isdigit() else system_id


def _promised(item: Item, sync: Sync, sent: dict[str, Any]) -> dict[str, Any]:
    """Return what the planned changes say in iPaaS.com's form: the answer may already have lost some."""
    changes = (item.payload or {}).get("changes", {})
    values = {key: sync.mapping.to_ipaas(key, value).value for key, value in changes.items()}
    # A phone without an address to live on was not sent, and says so as a warning.
    unsent = {r.key for r in sync.mapping.fields if r.kind == "phone_on_address" and sent.get(r.key) is None}
    return {key: value for key, value in values.items() if value is not None and key not in unsent}


def _compare_unmapped(record_id: str, before: Record, after: Record, leave_out: set[str | None]) -> None:
    """The first PUT must not have lost anything that was not written: other fields, addresses, custom fields."""
    lost = [
        name
        for name, value in before.items()
        if name not in leave_out and value not in (None, "", [], {}) and after.get(name) in (None, "", [], {})
    ]
    if lost:
        raise CanarySurprise(
            f"canary: {', '.join(sorted(lost))} of record {record_id} are empty after the first update, though not changed.",
            next_step='Correct server_fields and the nested array names in the connection\'s api_profile ("put": "replace").',
        )
