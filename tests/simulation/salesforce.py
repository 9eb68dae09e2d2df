"""A model of one Salesforce org: rows with stamps of whole seconds, a recycle bin, merges, open transactions, flows.

Written from the documentation, without a look at the sandbox: two opinions on how the service behaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_ipaas.sync.ports import WriteError, WriteResult

from .clock import Clock, salesforce_stamp
from .soql import Row

EXTERNAL_ID = "iPaaS_Id__c"
ORG_ID = "00D000000000001EAA"
API_USER, OTHER_USER = "005000000000001AAA", "005000000000002AAA"
PREFIX = {"Account": "001", "Contact": "003"}
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
_SYSTEM = ("Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "CreatedDate", "CreatedById", "LastModifiedById")
FIELDS = {
    "Account": (
        *("Name", "AccountNumber", "Phone", "Fax", "Website", "Description", "Industry", "Rating"),
        *(f"Billing{part}" for part in _ADDRESS),
        *(f"Shipping{part}" for part in _ADDRESS),
    ),
    "Contact": ("FirstName", "LastName", "Email", "Phone", "Title", "AccountId", *(f"Mailing{p}" for p in _ADDRESS)),
}
REQUIRED = {"Account": "Name", "Contact": "LastName"}
_TEN_DIGITS = re.compile(r"\d{10}")

Watch = Callable[..., None]


@dataclass(slots=True)
class Flow:
    """An automation of the org, run as the API user after the API user's writes: sets a field to a new value."""

    sobject: str
    field: str
    left: int  # how often it fires yet
    delayed: bool  # a scheduled path: later, in a transaction of its own


@dataclass(slots=True)
class Transaction:
    """A change that is stamped already and seen by nobody before it commits."""

    started: datetime
    sobject: str
    record_id: str | None  # None: an insert
    fields: Row


@dataclass
class Org:
    """The org as its users, flows and the API see it. *watch* hears of every change of a row."""

    clock: Clock
    watch: Watch
    fresh: Callable[[str, str], str]  # (sobject, field) -> a value that nobody has used
    external_id_field: bool = True
    normalise_phones: bool = False
    rows: dict[str, Row] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    taken: dict[tuple[str, str], str] = field(default_factory=dict)  # fields that the API user lost: missing, read_only
    flows: list[Flow] = field(default_factory=list)
    delayed: list[tuple[str, str, str]] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    restamped: set[str] = field(default_factory=set)  # rows of which two versions share a stamp
    # Bulk jobs: what is uploaded, and what goes on without anybody who waits for it.
    jobs: dict[str, Callable[[], dict[str, WriteResult]]] = field(default_factory=dict)
    running: dict[str, Callable[[], dict[str, WriteResult]]] = field(default_factory=dict)
    job_number: int = 0
    _serial: int = 0

    # What users do

    def insert(self, sobject: str, fields: Row, *, actor: str = "user", at: datetime | None = None) -> str:
        """Make a row; `iPaaS_Id__c` only where the org has it."""
        self._serial += 1
        # Ids in no order of time, so that nothing can rely on one.
        record_id = f"{PREFIX[sobject]}{self._serial * 700_001 % 1_000_003:012d}AAA"
        stamp = salesforce_stamp(at or self.clock.salesforce())
        user = OTHER_USER if actor == "user" else API_USER
        row: Row = dict.fromkeys((*FIELDS[sobject], *((EXTERNAL_ID,) if self.external_id_field else ())))
        row |= {"Id": record_id, "IsDeleted": False, "MasterRecordId": None, "CreatedDate": stamp, "CreatedById": user}
        row |= {"SystemModstamp": stamp, "LastModifiedById": user, "sobject": sobject, "deleted_with": None}
        row |= self._stored(fields)
        self.rows[record_id] = row
        self.watch("salesforce", sobject, record_id, None, row, actor)
        return record_id

    def update(self, record_id: str, fields: Row, *, actor: str = "user", at: datetime | None = None) -> None:
        before = self.rows[record_id]
        row = {**before, **self._stored(fields)}
        row["SystemModstamp"] = salesforce_stamp(at or self.clock.salesforce())
        if row["SystemModstamp"] <= before["SystemModstamp"]:
            self.restamped.add(record_id)
        row["LastModifiedById"] = OTHER_USER if actor == "user" else API_USER
        self.rows[record_id] = row
        self.watch("salesforce", row["sobject"], record_id, before, row, actor)

    def delete(self, record_id: str, *, master: str | None = None, with_account: str | None = None) -> None:
        """Put a row into the recycle bin; an Account takes its Contacts along."""
        if self.rows[record_id]["sobject"] == "Account" and master is None:
            for child in self.children(record_id):
                self.delete(child, with_account=record_id)
        self._mark(record_id, IsDeleted=True, MasterRecordId=master, deleted_with=with_account)

    def undelete(self, record_id: str) -> None:
        """Take a row out of the recycle bin, with the Contacts that went with it."""
        row = self.rows[record_id]
        account = row.get("AccountId")
        if account is not None and (account not in self.rows or self.rows[account]["IsDeleted"]):
            self.update(record_id, {"AccountId": None})
        if self.external_id_field and row[EXTERNAL_ID] and self._holder(row["sobject"], row[EXTERNAL_ID]):
            return  # the org refuses two rows with one value
        self._mark(record_id, IsDeleted=False, MasterRecordId=None, deleted_with=None)
        for child in [i for i, r in self.rows.items() if r["deleted_with"] == record_id]:
            self.undelete(child)

    def purge(self, record_id: str) -> None:
        """Empty a row from the recycle bin."""
        del self.rows[record_id]
        for child in [i for i, r in self.rows.items() if r["deleted_with"] == record_id]:
            del self.rows[child]

    def merge(self, winner: str, loser: str, taken: Iterable[str]) -> None:
        """Merge two rows: the winner takes some fields of the loser and its Contacts."""
        fields = {name: self.rows[loser][name] for name in taken}
        for child in self.children(loser):
            self.update(child, {"AccountId": winner})
        self.delete(loser, master=winner)
        self.update(winner, fields)

    def children(self, account: str) -> list[str]:
        return [i for i, r in self.rows.items() if r.get("AccountId") == account and not r["IsDeleted"]]

    def alive(self, sobject: str) -> list[str]:
        return [i for i, row in self.rows.items() if row["sobject"] == sobject and not row["IsDeleted"]]

    def locked(self, record_id: str) -> bool:
        return any(record_id == transaction.record_id for transaction in self.transactions)

    def begin(self, sobject: str, record_id: str | None, fields: Row) -> None:
        self.transactions.append(Transaction(self.clock.salesforce(), sobject, record_id, fields))

    def commit(self) -> None:
        """Let what open transactions did be seen, under the stamps of when it was done."""
        transactions, self.transactions = self.transactions, []
        for change in transactions:
            if change.record_id is None:
                self.insert(change.sobject, change.fields, at=change.started)
            elif change.record_id in self.rows and not self.rows[change.record_id]["IsDeleted"]:
                self.update(change.record_id, change.fields, at=change.started)

    def run_delayed(self) -> None:
        """Run what flows have put off, and jobs that nobody waits for any more."""
        running, self.running = self.running, {}
        for job in running.values():
            job()
        delayed, self.delayed = self.delayed, []
        for record_id, name, value in delayed:
            if record_id in self.rows and not self.rows[record_id]["IsDeleted"] and not self.locked(record_id):
                self.update(record_id, {name: value}, actor="flow")

    # What the API does

    def covered(self) -> datetime:
        """Return `latestDateCovered`: nothing before it is still to be committed."""
        return min([self.clock.salesforce(), *(t.started for t in self.transactions)]).replace(microsecond=0)

    def visible(self, record_id: str) -> Row | None:
        row = self.rows.get(record_id)
        return None if row is None or record_id in self.hidden else row

    def api_create(self, sobject: str, fields: Row) -> WriteResult:
        error = self._refusal(sobject, None, fields)
        if error is not None:
            return WriteResult(None, False, errors=(error,))
        record_id = self.insert(sobject, fields, actor="api")
        self._flow(sobject, record_id)
        return WriteResult(record_id, True, created=True)

    def api_update(self, sobject: str, record_id: str, fields: Row) -> WriteResult:
        error = self._refusal(sobject, record_id, fields)
        if error is not None:
            return WriteResult(None, False, errors=(error,))
        self.update(record_id, fields, actor="api")
        self._flow(sobject, record_id)
        return WriteResult(record_id, True)

    def api_upsert(self, sobject: str, fields: Row) -> WriteResult:
        holder = self._holder(sobject, fields[EXTERNAL_ID])
        return self.api_update(sobject, holder, fields) if holder else self.api_create(sobject, fields)

    def _holder(self, sobject: str, value: str) -> str | None:
        return next((i for i in self.alive(sobject) if self.rows[i].get(EXTERNAL_ID) == value), None)

    def _refusal(self, sobject: str, record_id: str | None, fields: Row) -> WriteError | None:
        lost = [why for name in fields if (why := self.taken.get((sobject, name)))]
        if lost:
            code = "INVALID_FIELD" if "missing" in lost else "INVALID_FIELD_FOR_INSERT_UPDATE"
            return WriteError(code, "Unable to create/update fields")
        unknown = set(fields) - {*FIELDS[sobject], EXTERNAL_ID}
        assert not unknown, f"the sync writes fields that the org has not: {unknown}"
        if record_id is not None:
            if record_id in self.hidden:
                return WriteError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
            if record_id not in self.rows or self.rows[record_id]["IsDeleted"]:
                return WriteError("ENTITY_IS_DELETED", "entity is deleted")
            if self.locked(record_id):
                return WriteError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        required = REQUIRED[sobject]
        if not (fields.get(required) or "").strip() and (record_id is None or required in fields):
            return WriteError("REQUIRED_FIELD_MISSING", "Required fields are missing", (required,))
        if any(isinstance(value, str) and "poison" in value for value in fields.values()):
            return WriteError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No poison, please.")
        return None

    def _flow(self, sobject: str, record_id: str) -> None:
        for flow in self.flows:
            if flow.sobject != sobject or flow.left <= 0:
                continue
            flow.left -= 1
            value = self.fresh(sobject, flow.field)
            if flow.delayed:
                self.delayed.append((record_id, flow.field, value))
            else:
                self.update(record_id, {flow.field: value}, actor="flow")

    def _mark(self, record_id: str, **system: Any) -> None:
        before = self.rows[record_id]
        stamp = salesforce_stamp(self.clock.salesforce())
        row = {**before, **system, "SystemModstamp": stamp, "LastModifiedById": OTHER_USER}
        self.rows[record_id] = row
        self.watch("salesforce", row["sobject"], record_id, before, row, "user")

    def _stored(self, fields: Row) -> Row:
        """Keep values in the org's own form: trimmed, blanks as null, phones written its way."""
        stored = {}
        for name, value in fields.items():
            text = value.strip() or None if isinstance(value, str) else value
            if self.normalise_phones and name == "Phone" and text and _TEN_DIGITS.fullmatch(text):
                text = f"({text[:3]}) {text[3:6]}-{text[6:]}"
            stored[name] = text
        return stored
