"""The upsert into Salesforce: targets read again before the write, batches of 200, what they show read back after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow_provider_ipaas.errors import UnknownOutcome

from .applying import ConfigurationRefused, Written, linked, refused_by
from .budget import JOB_SIZE
from .bulk import BulkJobs, JobNotTried, fits
from .canary import canary_due
from .claiming import claim_creates, held, renew_claims
from .context import Sync, batches
from .fates import owe_external_ids
from .linking import store_external_ids
from .lost_creates import as_created, find_in_salesforce, link_as_sent
from .model import Item, Record
from .ports import WriteResult
from .progress import Progress
from .rebuild import WRITES_BEGAN
from .salesforce_reads import forget_fields, rows_by_external_id, rows_by_id, rows_with_external_id
from .sending import Sent
from .waves import MOST, Batch
from .write_salesforce import CHUNK, SalesforceWriter

IDS_PER_LOOK_UP, ROWS_PER_CALL = 200, 2000


class SalesforceApplier(SalesforceWriter):
    """Writes what a run planned for Salesforce."""

    def __init__(self, sync: Sync) -> None:
        super().__init__(sync)
        self.jobs = BulkJobs(sync)

    def run(self) -> dict[str, int]:
        """Write updates and creates; return counts by outcome.

        Raises CanarySurprise, ConfigurationRefused, RequestLimitExceeded or a ServiceError that stopped the run;
        everything not written is planned still, and parked by the report.
        """
        try:
            self._write()
        except ConfigurationRefused:
            forget_fields(self.sync)  # a permission may be gone since they were looked at: the next run looks again
            raise
        return self.settler.counts

    def _write(self) -> None:
        sync = self.sync
        wanted: dict[str, Any] = {
            "collection": sync.collection, "side": "ipaas", "roles": sync.counted_roles, "state": "planned",
        }  # fmt: skip
        progress = Progress(sync, "Written to Salesforce", sync.ledger.count_items(sync.run.run_key, **wanted))
        creates = sync.ledger.count_items(sync.run.run_key, **wanted, op="create")
        size = JOB_SIZE if self._by_job(creates) else CHUNK
        for chunk in sync.ledger.items(sync.run.run_key, **wanted, batch=size):
            self._links([item for item in chunk if item.op == "link"])
            self._updates([item for item in chunk if item.op == "update"])
            self._creates([item for item in chunk if item.op in ("create", "resolve_create")])
            progress.add(len(chunk))
        self.settler.finish()

    def _links(self, items: list[Item]) -> None:
        """A match without a write is in step once the other upsert has linked it."""
        sync = self.sync
        links = sync.ledger.links(sync.scope, sync.collection, "ipaas", [item.record_id for item in items])
        if items:
            self.settler.settle([linked(i, made=i.record_id in links) for i in items])

    # Updates

    def _updates(self, items: list[Item]) -> None:
        if not items:
            return
        before = self._retrieve([str(item.target_id) for item in items])
        ready: list[Item] = []
        results: list[Written] = []
        for item in items:
            result = self._against_base(item, before.get(str(item.target_id)))
            if result is None:
                ready.append(item)
            else:
                results.append(result)
        if results:
            self.settler.settle(results)

        def lock_of(item: Item) -> str:
            return self._lock_of(item, before[str(item.target_id)])

        ready.sort(key=lock_of)  # what locks the same record goes together
        done: list[tuple[Item, str]] = []
        try:
            waves = self._waves(self._canary_updates(ready, before), lock_of)
            for wave in waves:
                self.settler.intents([item for batch in wave for item in batch])
                self._stop_or_again(self._send(wave, self._send_updates, done), waves)
        finally:
            self._settle_written(done, before)

    def _send_updates(self, items: Sequence[Item]) -> list[WriteResult]:
        records = [{"Id": item.target_id, **self._body(item)} for item in items]
        return self.sync.salesforce.update(self.sync.sobject, records)

    def _lock_of(self, item: Item, row: Record | None = None) -> str:
        """Name the record that a write of this one locks with it: a Contact's Account, an Account's new parent."""
        if self.sync.collection == "contact":
            return str((row or {}).get("AccountId") or (item.payload or {}).get("account_id") or "")
        fields = self.sync.mapping.salesforce_writable_fields
        return str(self._body(item).get("ParentId") or "") if "ParentId" in fields else ""

    def _body(self, item: Item) -> dict[str, object]:
        return self.sync.mapping.salesforce_body((item.payload or {})["changes"])

    def _against_base(self, item: Item, now: Record | None) -> Written | None:
        """Hold the target as it is now against what the write was planned on; None: go ahead."""
        sync = self.sync
        target_id = str(item.target_id)
        if now is None:
            return self._absent(item, target_id)
        link = sync.ledger.links(sync.scope, sync.collection, "ipaas", [item.record_id]).get(item.record_id)
        if link is None:
            return self._unlinked(item, target_id)
        if link.salesforce_id != target_id:
            return Written(item, "superseded", text=f"It is linked with Salesforce {link.salesforce_id} meanwhile.")
        changes, base = (item.payload or {})["changes"], (item.payload or {})["base"]
        shown = sync.mapping.show_salesforce(now)
        moved = [key for key in changes if not sync.mapping.same(key, base.get(key), shown.get(key))]
        agreed = all(sync.mapping.agree(key, shown.get(key), value) for key, value in changes.items())
        if agreed or not self._body(item):
            ours = {key: shown.get(key) for key in changes}
            return Written(item, "nothing", target_id, ours=ours, theirs=dict(changes))
        if moved:
            text = f"The target has moved since it was read: {', '.join(moved)}."
            return Written(item, "superseded", target_id, text=text)
        return None

    def _unlinked(self, item: Item, target_id: str) -> Written:
        """Let a match whose link could not be made wait for what its counterpart waits for."""
        sync = self.sync
        other = sync.ledger.items_by_id(sync.run.run_key, sync.collection, "salesforce", [target_id]).get(target_id)
        if other is not None and other.outcome == "parked" and other.reason and not other.link_to:
            text = f"Its link with Salesforce {target_id} could not be made: {other.message or other.reason}"
            return Written(item, "waits", target_id, reason=other.reason, text=text)
        return Written(item, "later", text="It is not linked yet.")

    def _absent(self, item: Item, target_id: str) -> Written:
        rows = list(rows_by_id(self.sync, self.fields, [target_id]))
        if rows and rows[0].get("IsDeleted"):
            return Written(item, "gone", target_id)
        return Written(item, "later", target_id, text="The record is not visible to the integration user right now.")

    def _canary_updates(self, items: list[Item], before: dict[str, Record]) -> list[Item]:
        """Write single records until one is through and reads back as it should; return the others."""
        rest = list(items)
        while rest and canary_due(self.sync, "salesforce", "update"):
            item = rest.pop(0)
            self.settler.intents([item])
            done: list[tuple[Item, str]] = []
            stopped = self._send([[item]], self._send_updates, done)
            self._settle_written(done, before, canary="update")
            self._stop_or_again(stopped)
        return rest

    # Creates

    def _creates(self, items: list[Item]) -> None:
        sync = self.sync
        if not items:
            return
        if not self.jobs.end_left_behind():
            text = "A bulk job that an earlier attempt began is under way in Salesforce still."
            self.settler.settle([Written(item, "later", text=text) for item in items])
            return
        ready, results = claim_creates(sync, items, "to_salesforce", sync.salesforce.server_now())
        if results:
            self.settler.settle(results)
        sync.ledger.set_fact(sync.scope, f"{WRITES_BEGAN}:{sync.collection}", True)
        ready = self._without_existing(ready)
        ready = self._by_account(self._resolve(ready))
        by_job = self._by_job(len(ready))
        if canary_due(sync, "salesforce", "create"):
            ready = self._canary_creates(ready)
        if by_job and ready:
            ready = self._create_by_job(ready)
        done: list[tuple[Item, str]] = []
        findable = self.external_id_field is not None
        waves = self._waves(ready, self._lock_of, most=MOST if findable else 1)
        try:
            for wave in waves:
                self._stop_or_again(self._create_wave(wave, done), waves)
                if not findable:
                    # What a task that dies has created could be found by its values only: as little as can be.
                    written, done = done, []
                    self._settle_written(written, {}, created=True)
        finally:
            self._settle_written(done, {}, created=True)

    def _without_existing(self, items: list[Item]) -> list[Item]:
        """Leave out records whose iPaaS.com id Salesforce holds meanwhile: the next run links them."""
        if self.external_id_field is None:
            return items
        there = self._holding([item.record_id for item in items if item.op == "create"])
        found = [item for item in items if item.record_id in there]
        if found:
            text = "Salesforce holds a record with this external id since the run read it."
            self.settler.settle([Written(item, "superseded", text=text) for item in found])
        return [item for item in items if item.record_id not in there]

    def _holding(self, ids: list[str]) -> set[str]:
        """Return which of these iPaaS.com ids Salesforce holds, as far as that may have changed since the run read it."""
        sync, name = self.sync, str(self.external_id_field)
        run = sync.ledger.run(sync.run.run_key)
        fence = (run.facts.get("salesforce_window") or {}).get("fence") if run else None
        # By id, or all that was changed since every change was visible, our own writes among it: what takes fewer calls.
        if fence is None or len(ids) <= IDS_PER_LOOK_UP * (1 + self.written // ROWS_PER_CALL):
            rows = rows_by_external_id(sync, self.fields, ids)
        else:
            rows = rows_with_external_id(sync, datetime.fromisoformat(fence))
        return {str(row[name]) for row in rows}

    def _canary_creates(self, items: list[Item]) -> list[Item]:
        rest = list(items)
        while rest and canary_due(self.sync, "salesforce", "create"):
            done: list[tuple[Item, str]] = []
            stopped = self._create_wave([[rest.pop(0)]], done)
            self._settle_written(done, {}, created=True, canary="create")
            self._stop_or_again(stopped)
        return rest

    def _by_account(self, items: list[Item]) -> list[Item]:
        """Give Contacts their Accounts, and put those of one Account together: each of them locks it."""
        if self.sync.settings.relationships and self.sync.collection == "contact":
            self._find_accounts(items)
        return sorted(items, key=self._lock_of)

    def _by_job(self, count: int) -> bool:
        # In this order: the last two may ask the org.
        return self.jobs.enough(count) and self.jobs.safe(self.external_id_field)

    def _create_by_job(self, items: list[Item]) -> list[Item]:
        """Create records as one bulk job; return those that it has not processed, for batches."""
        key = str(self.external_id_field)
        bodies = {item.record_id: {**self._create_body(item), key: item.record_id} for item in items}
        going = [item for item in items if fits(bodies[item.record_id])]
        try:
            self.settler.intents(going)
            results = self.jobs.create(going, bodies, key)
        except JobNotTried:
            return items
        except UnknownOutcome as error:
            self.settler.settle([Written(item, "uncertain", text=error.message) for item in going])
            return [item for item in items if not fits(bodies[item.record_id])]
        done, bad, rest = [], [], []
        for item in items:
            result = results.get(item.record_id)
            refusal = None if result is None or result.success else refused_by(item, result.errors)
            if result is None or (refusal and refusal.refusal and refusal.refusal.kind == "locked"):
                rest.append(item)
            elif refusal is not None:
                bad.append(refusal)
            else:
                done.append((item, str(result.id)))
        self.settler.proven |= bool(done)
        if bad:
            self.settler.settle(bad)
        for part in batches(done, CHUNK):
            self._settle_written(part, {}, created=True)
        return rest

    def _create_wave(self, wave: Sequence[Batch], done: list[tuple[Item, str]]) -> list[Sent]:
        """Create records; add what is created with its id to *done*, settle the others; return what was stopped."""
        sync = self.sync
        going: list[Batch] = []
        for batch in wave:
            self.settler.intents(batch)
            batch, taken = held(sync, batch, "to_salesforce")
            if taken:
                self.settler.settle(taken)
            if batch:
                going.append(batch)
        if not going:
            return []
        stopped = self._send(going, self._send_creates, done)
        for each in stopped:
            if isinstance(each.error, UnknownOutcome):
                text = f"The answer to its creation was lost ({each.error.message})"
                self.settler.settle([Written(item, "uncertain", text=text) for item in each.left])
        return [each for each in stopped if not isinstance(each.error, UnknownOutcome)]

    def _send_creates(self, items: Sequence[Item]) -> list[WriteResult]:
        name = self.external_id_field
        records = [self._create_body(item) for item in items]
        if name is None:
            return self.sync.salesforce.create(self.sync.sobject, records)
        for item, record in zip(items, records, strict=True):
            record[name] = item.record_id
        return self.sync.salesforce.upsert(self.sync.sobject, name, records)

    def _create_body(self, item: Item) -> dict[str, object]:
        body = {key: value for key, value in self._body(item).items() if value is not None}
        account_id = (item.payload or {}).get("account_id")
        if account_id:
            body["AccountId"] = account_id
        if self.sync.collection == "contact" and "AccountId" not in body:
            item.warnings = tuple(dict.fromkeys([*item.warnings, "contact_created_without_account"]))
        return body

    def _find_accounts(self, items: list[Item]) -> None:
        """Give a Contact the Account of the Company that its Customer is related to, where that one is linked."""
        sync = self.sync
        for item, answer in sync.ipaas.parallel(lambda item: sync.ipaas.relationships(item.record_id), items):
            if isinstance(answer, Exception):
                raise answer
            companies = [
                str(entry.get("related_to_id"))
                for entry in answer
                if entry.get("related_to_type") == "Customer Company"
            ]
            links = sync.ledger.links(sync.scope, "account", "ipaas", companies)
            linked = [links[company].salesforce_id for company in companies if company in links]
            if len(linked) == 1:
                item.payload = {**(item.payload or {}), "account_id": linked[0]}

    def _resolve(self, items: list[Item]) -> list[Item]:
        """Find out about creates whose answer was lost; return what may be created (again)."""
        sync = self.sync
        lost = [item for item in items if item.op == "resolve_create"]
        findings = find_in_salesforce(sync, lost, self.fields, self.external_id_field)
        if findings.unknown:
            self.settler.settle(findings.unknown)
        self._adopt(findings.made)
        ready = [item for item in items if item.op != "resolve_create"]
        if findings.again:
            again, taken = renew_claims(sync, findings.again, "to_salesforce", sync.salesforce.server_now())
            if taken:
                self.settler.settle(taken)
            ready += again
        return ready

    def _adopt(self, made: list[tuple[Item, str]]) -> None:
        """Link what earlier attempts did create; where either side has changed since, the next run merges."""
        sync = self.sync
        rows = self._retrieve([record_id for _, record_id in made])
        same: list[tuple[Item, str]] = []
        older: list[tuple[Item, str]] = []
        for item, record_id in made:
            shown = sync.mapping.show_salesforce(rows[record_id]) if record_id in rows else {}
            (same if as_created(sync.mapping, item, shown) else older).append((item, record_id))
        self._settle_written(same, {}, created=True)
        with sync.ledger.transaction():
            owe_external_ids(sync, [(record_id, item.record_id) for item, record_id in older])
            results = [
                link_as_sent(sync, item, record_id, sync.mapping.show_salesforce(rows.get(record_id, {})))
                for item, record_id in older
            ]
            if results:
                self.settler.settle(results)
        store_external_ids(self.sync, older)
