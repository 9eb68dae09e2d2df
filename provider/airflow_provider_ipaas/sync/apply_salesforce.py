"""The upsert into Salesforce: targets read again before the write, batches of 200, what they show read back after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_ipaas.errors import ServiceError, UnknownOutcome

from .applying import Settler, Written, linked, refused, refused_by, shown_after, target_row
from .canary import CanarySurprise, alike, canary_due, canary_passed, compare, told_before
from .claiming import claim_creates, held, renew_claims
from .context import Sync, batches
from .fates import owe_external_ids, seen_row
from .halving import Send, in_halves
from .keys import content_hash
from .linking import store_external_ids
from .lost_creates import as_created, find_in_salesforce, link_as_sent
from .model import Item, Record
from .ports import WriteResult
from .rebuild import WRITES_BEGAN
from .salesforce_reads import object_fields, rows_by_external_id, rows_by_id

CHUNK = 2000  # what one retrieve reads
BATCH_SIZE = 200  # what one Collections call writes


class SalesforceApplier:
    """Writes what a run planned for Salesforce."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self.settler = Settler(sync, "to_salesforce")
        self._fields: set[str] | None = None

    def run(self) -> dict[str, int]:
        """Write updates and creates; return counts by outcome.

        Raises CanarySurprise, ConfigurationRefused, RequestLimitExceeded or a ServiceError that stopped the run;
        everything not written is planned still, and parked by the report.
        """
        sync = self.sync
        for chunk in sync.ledger.items(
            sync.run.run_key,
            collection=sync.collection,
            side="ipaas",
            roles=sync.counted_roles,
            state="planned",
            batch=CHUNK,
        ):
            self._links([item for item in chunk if item.op == "link"])
            self._updates([item for item in chunk if item.op == "update"])
            self._creates([item for item in chunk if item.op in ("create", "resolve_create")])
        self.settler.finish()
        return self.settler.counts

    @property
    def fields(self) -> set[str]:
        if self._fields is None:
            self._fields = object_fields(self.sync)
        return self._fields

    @property
    def external_id_field(self) -> str | None:
        """The external-id field, where the org has one that the API user sees."""
        name = self.sync.settings.external_id_field
        return name if name and name in self.fields else None

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
        done: list[tuple[Item, str]] = []
        try:
            rest = self._canary_updates(ready, before)
            for batch in batches(rest, BATCH_SIZE):
                self.settler.intents(batch)
                self._send(batch, self._send_updates, done)
        finally:
            self._settle_written(done, before)

    def _send_updates(self, items: Sequence[Item]) -> list[WriteResult]:
        records = [{"Id": item.target_id, **self._body(item)} for item in items]
        return self.sync.salesforce.update(self.sync.sobject, records)

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
            return Written(item, "later", text="It is not linked yet.")
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
            self._send([item], self._send_updates, done)
            self._settle_written(done, before, canary="update")
        return rest

    # Creates

    def _creates(self, items: list[Item]) -> None:
        sync = self.sync
        if not items:
            return
        ready, results = claim_creates(sync, items, "to_salesforce", sync.salesforce.server_now())
        if results:
            self.settler.settle(results)
        sync.ledger.set_fact(sync.scope, f"{WRITES_BEGAN}:{sync.collection}", True)
        ready = self._without_existing(ready)
        ready = self._resolve(ready)
        if canary_due(sync, "salesforce", "create"):
            ready = self._canary_creates(ready)
        for batch in batches(ready, BATCH_SIZE):
            self._create_batch(batch)

    def _without_existing(self, items: list[Item]) -> list[Item]:
        """Leave out records whose iPaaS.com id Salesforce holds meanwhile: the next run links them."""
        if self.external_id_field is None:
            return items
        ids = [item.record_id for item in items if item.op == "create"]
        there = {str(row[self.external_id_field]) for row in rows_by_external_id(self.sync, self.fields, ids)}
        found = [item for item in items if item.record_id in there]
        if found:
            text = "Salesforce holds a record with this external id since the run read it."
            self.settler.settle([Written(item, "superseded", text=text) for item in found])
        return [item for item in items if item.record_id not in there]

    def _canary_creates(self, items: list[Item]) -> list[Item]:
        rest = list(items)
        while rest and canary_due(self.sync, "salesforce", "create"):
            self._create_batch([rest.pop(0)], canary="create")
        return rest

    def _create_batch(self, batch: list[Item], *, canary: str | None = None) -> None:
        sync = self.sync
        if sync.settings.relationships and sync.collection == "contact":
            self._find_accounts(batch)
        self.settler.intents(batch)
        batch, taken = held(sync, batch, "to_salesforce")
        if taken:
            self.settler.settle(taken)
        done: list[tuple[Item, str]] = []
        try:
            self._send(batch, self._send_creates, done)
        except UnknownOutcome as error:
            text = f"The answer to its creation was lost ({error.message})"
            made = {item.record_id for item, _ in done}
            lost = [item for item in batch if item.state == "planned" and item.record_id not in made]
            self.settler.settle([Written(item, "uncertain", text=text) for item in lost])
        self._settle_written(done, {}, created=True, canary=canary)

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

    # Sending and settling

    def _send(self, items: Sequence[Item], send: Send, done: list[tuple[Item, str]]) -> None:
        """Send one batch; settle what was refused, add what is written with its id to *done* as it comes."""
        for part, answer in in_halves(items, send):
            if isinstance(answer, ServiceError):
                self.settler.settle([refused(part[0], answer)])
                continue
            results = list(zip(part, answer, strict=True))
            done += [(item, str(result.id or item.target_id)) for item, result in results if result.success]
            if done:
                self.settler.proven = True
            bad = [refused_by(item, result.errors) for item, result in results if not result.success]
            if bad:
                self.settler.settle(bad)

    def _settle_written(
        self,
        done: list[tuple[Item, str]],
        before: dict[str, Record],
        *,
        created: bool = False,
        canary: str | None = None,
    ) -> None:
        """Read back what was written and settle it: what Salesforce shows now is the form it keeps."""
        if not done:
            return
        sync = self.sync
        after = self._retrieve([record_id for _, record_id in done])
        results = [self._result(item, record_id, before, after, created=created) for item, record_id in done]
        with sync.ledger.transaction():
            if created:
                owe_external_ids(sync, [(record_id, item.record_id) for item, record_id in done])
            self.settler.settle(results)
        if created:
            store_external_ids(self.sync, done)
        if canary:
            self._check_canary(canary, results[0], before, after)

    def _result(
        self, item: Item, record_id: str, before: dict[str, Record], after: dict[str, Record], *, created: bool
    ) -> Written:
        sync = self.sync
        changes = (item.payload or {})["changes"]
        sent = {key: sync.mapping.to_salesforce(key, value).value for key, value in changes.items()}
        row = after.get(record_id)
        actual = sync.mapping.show_salesforce(row) if row else sent
        by_others = row is not None and not created and row.get("LastModifiedById") != sync.salesforce.user_id
        shown = {**actual, **_edited_since(sync, sent, actual, by_others=by_others, created=created)}
        keys = [key for key in changes if key in shown]
        ours = {key: shown.get(key) for key in (actual if created and row else keys)}
        theirs = {**sync.mapping.show_ipaas(item.record or {})} if created else dict(changes)
        theirs |= (item.payload or {}).get("shown", {})
        return Written(
            item,
            "written",
            record_id,
            created=created,
            ours=ours,
            theirs=theirs,
            target_seen=self._target_seen(record_id, before.get(record_id), row, shown, keys, created=created)
            if shown == actual
            else None,
        )

    def _target_seen(
        self,
        record_id: str,
        before: Record | None,
        row: Record | None,
        shown: dict[str, Any],
        keys: list[str],
        *,
        created: bool,
    ) -> Any:
        """Note the version that our write made, so that the next run takes it for no news.

        Not where somebody else edited meanwhile: then the next run has to look.
        """
        sync = self.sync
        if row is None:
            return None
        if created:
            item = sync.salesforce_item(row, "counterpart", set(row))
            seen = seen_row(sync, item)
            seen.fate = "unchanged"
            return None if "AccountId" not in row and sync.collection == "contact" else seen
        stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, "salesforce", [record_id]).get(record_id)
        if stored is None or stored.record is None or before is None or stored.outcome in ("parked", "failed"):
            return None
        if stored.state == "planned":
            return None  # it waits for iPaaS.com still, and counts as seen when that has its fate
        if before.get("SystemModstamp") != stored.stamp or row.get("LastModifiedById") != sync.salesforce.user_id:
            return None
        captured = sync.mapping.show_salesforce(stored.record)
        # What can't be read back by id (a parent's name) is taken as captured; it moves this record's stamp anyway.
        now = {key: shown.get(key) if shown.get(key) is not None else captured.get(key) for key in captured}
        expected = shown_after(captured, shown, keys)
        if content_hash({**now, **{key: shown.get(key) for key in keys}}) != expected:
            return None
        return target_row(sync, stored, stamp=row.get("SystemModstamp"), new_hash=expected)

    def _check_canary(self, op: str, result: Written, before: dict[str, Record], after: dict[str, Record]) -> None:
        sync = self.sync
        record_id = str(result.target_id)
        row = after.get(record_id)
        if row is None:
            raise CanarySurprise(
                f"canary: Salesforce {record_id} cannot be read after its {op}.",
                next_step="Give the integration user read access to what it creates (View All on the object).",
            )
        changes = (result.item.payload or {})["changes"]
        sent = {key: sync.mapping.to_salesforce(key, value).value for key, value in changes.items()}
        old = before.get(record_id)
        kept = sync.mapping.show_salesforce(old) if old else None
        try:
            compare("salesforce", op, record_id, sent, sync.mapping.show_salesforce(row), kept)
        except CanarySurprise as surprise:
            if not told_before(sync, "salesforce", op, surprise):
                raise
            sync.log.warning("Again: %s It is taken for the org's way now.", surprise.message)
        canary_passed(sync, "salesforce", op)

    def _retrieve(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read the written fields and the stamps of records by id; those that are not visible are left out."""
        sync = self.sync
        names = {name for name in sync.mapping.salesforce_writable_fields if name in self.fields}
        names |= {"Id", "SystemModstamp", "LastModifiedById"}
        names |= {"AccountId", "Email"} if sync.collection == "contact" else {"Name", "AccountNumber"}
        found: dict[str, Record] = {}
        for chunk in batches(ids, CHUNK):
            rows = sync.salesforce.retrieve(sync.sobject, chunk, sorted(names))
            found |= {record_id: row for record_id, row in zip(chunk, rows, strict=True) if row is not None}
        return found


def _edited_since(
    sync: Sync, sent: dict[str, Any], actual: dict[str, Any], *, by_others: bool, created: bool
) -> dict[str, Any]:
    """Return what to settle instead of *actual* where it is no form of what was sent: an edit for the next run to see.

    A flow or another user has made it, in our transaction or right after.
    """
    edited = {
        key: value
        for key, value in sent.items()
        if value is not None and value != actual.get(key) and (by_others or not alike(value, actual.get(key)))
    }
    if created:
        fillable = (rule.key for rule in sync.mapping.fields if rule.kind != "constant" and not rule.on_create_only)
        edited |= {key: None for key in fillable if key not in sent and actual.get(key) is not None}
    return edited
