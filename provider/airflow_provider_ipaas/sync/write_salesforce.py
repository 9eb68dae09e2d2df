"""Writes to Salesforce: sent, read back, held against what was sent, and settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .applying import Settler, Written, shown_after, target_row
from .budget import calls_left, hold_to_budget
from .canary import CanarySurprise, alike, canary_passed, compare, told_before
from .context import Sync, batches
from .fates import owe_external_ids, seen_row
from .keys import content_hash
from .linking import store_external_ids
from .model import Item, Record
from .salesforce_reads import object_fields
from .sending import Send, Sent
from .waves import MOST, Batch, Lanes, Waves

CHUNK = 2000  # what one retrieve reads
BATCH_SIZE = 200  # what one Collections call writes


class SalesforceWriter:
    """Sends what is ready to be written and settles what became of it."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self.settler = Settler(sync, "to_salesforce")
        self.lanes = Lanes()
        self.written = 0  # by this task
        self._fields: set[str] | None = None

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

    def _waves(self, items: Sequence[Item], lock_of: Callable[[Item], str], *, most: int = MOST) -> Waves:
        """Cut records into batches, and these into what goes at once: one until a write of this task has gone through."""

        def lanes() -> int:
            return calls_left(self.sync, min(most, self.lanes.count)) if self.settler.proven else 1

        return Waves(batches(items, BATCH_SIZE), lock_of, lanes)

    def _send(self, wave: Sequence[Batch], send: Send, done: list[tuple[Item, str]]) -> list[Sent]:
        """Send batches at once; settle what was refused, add what is written with its id to *done*.

        Returns the batches that an error has stopped.
        """
        sync = self.sync
        hold_to_budget(sync, f"writing {sum(map(len, wave))} {sync.sobject}s")
        sent: list[Sent] = []
        for batch, answer in sync.salesforce.parallel(lambda batch: Sent.of(batch, send), wave, len(wave)):
            sent.append(answer if isinstance(answer, Sent) else Sent(batch, error=answer))
            done += sent[-1].done
        self.settler.proven |= any(each.done for each in sent)
        self.lanes.note(crowded=any(each.met_lock or each.too_many for each in sent))
        for refusals in (part for each in sent for part in each.refused):
            self.settler.settle(refusals)
        return [each for each in sent if each.error is not None]

    def _stop_or_again(self, stopped: Sequence[Sent], waves: Waves | None = None) -> None:
        """Let batches that were too many at once go again, if they were several; raise what stopped any other."""
        for each in stopped:
            several = waves is not None and waves.size > 1
            if each.error is not None and not (each.too_many and several):
                raise each.error
        for each in stopped:
            if waves is not None:
                waves.again(each.left)

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
        self.written += len(done)
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
        names = {*sync.mapping.salesforce_writable_fields, "Id", "SystemModstamp", "LastModifiedById"}
        names |= {"AccountId", "Email"} if sync.collection == "contact" else {"Name", "AccountNumber"}
        names &= self.fields | {"Id"}
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
        if value != actual.get(key) and (by_others or value is None or not alike(value, actual.get(key)))
    }
    if created:
        fillable = (rule.key for rule in sync.mapping.fields if rule.kind != "constant" and not rule.on_create_only)
        edited |= {key: None for key in fillable if key not in sent and actual.get(key) is not None}
    return edited
