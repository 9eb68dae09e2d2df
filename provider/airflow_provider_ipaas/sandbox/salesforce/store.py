"""The state of the emulated org: records, users, switches, open transactions and flows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.salesforce.ids import make_id, to_18
from airflow_provider_ipaas.sandbox.salesforce.locks import Locks
from airflow_provider_ipaas.sandbox.salesforce.rules import FlowRule, ValidationRule
from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef, build_schema
from airflow_provider_ipaas.sandbox.salesforce.stamps import stamp
from airflow_provider_ipaas.sandbox.salesforce.switches import SWITCHES
from airflow_provider_ipaas.sandbox.salesforce.table import Row, Table
from airflow_provider_ipaas.sandbox.salesforce.transactions import Transactions
from airflow_provider_ipaas.sandbox.switches import Switches

API_USER = credentials.INTEGRATION_USER_ID
OTHER_USER = credentials.ADMIN_USER_ID
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class SalesforceStore:
    """Hold the org. Nothing here validates: `writes` does that for the API, controls and seeds write as they please."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.switches = Switches(SWITCHES)
        self._schema_version = -1
        self._schema: dict[str, ObjectDef] = {}
        self._visible: dict[str, ObjectDef] = {}
        self.tables: dict[str, Table] = {}
        self.reset()

    def reset(self) -> None:
        """Return to an empty org with two users and default switches."""
        self.switches.reset()
        self.everything = build_schema(codes=True, external_id=True, person_accounts=True)
        self.tables = {definition.name: Table(definition) for definition in self.everything.values()}
        self.transactions = Transactions(self)
        self.locks = Locks()
        self.flows: list[FlowRule] = []
        self.validation_rules: list[ValidationRule] = []
        self._due_flows: list[tuple[datetime, str, dict[str, Any]]] = []
        self._cascaded: dict[str, list[str]] = {}
        self._flows_before = list(self._due_flows)
        self._cascaded_before = dict(self._cascaded)
        self.api_used = 0
        self._add_people()

    def _add_people(self) -> None:
        people = (
            (API_USER, "Integration User", credentials.USERNAME),
            (OTHER_USER, "Ada Admin", credentials.ADMIN_USERNAME),
        )
        for user_id, name, email in people:
            fields = {"Id": user_id, "Name": name, "Username": email, "Email": email, "IsActive": True}
            self.insert("User", fields, by=OTHER_USER)
        organization = {"Id": credentials.ORG_ID, "Name": "Sandbox Org", "OrganizationType": "Developer Edition"}
        self.insert("Organization", {**organization, "IsSandbox": True, "InstanceName": "SBX1"}, by=OTHER_USER)
        for sobject in ("Account", "Contact"):
            names = {
                "DeveloperName": f"Standard_{sobject}_Duplicate_Rule",
                "MasterLabel": f"Standard {sobject} Duplicate Rule",
            }
            self.insert("DuplicateRule", {**names, "SobjectType": sobject}, by=OTHER_USER)

    def _show_duplicate_rules(self) -> None:
        """Let the rows that describe the duplicate rules follow their switches."""
        table = self.tables["DuplicateRule"]
        for row in list(table.rows.values()):
            active = self.switches[f"duplicate_rule_{row['SobjectType'].lower()}"] != "off"
            table.put({**row, "IsActive": active})

    # What the org looks like

    @property
    def schema(self) -> dict[str, ObjectDef]:
        """Return the objects as the API user sees them, by lower-case name; follows the switches."""
        if self._schema_version != self.switches.version:
            switches = self.switches
            objects = build_schema(
                codes=switches["state_country_picklists"],
                external_id=switches["external_id_field"],
                person_accounts=switches["person_accounts"],
            )
            hidden, fixed = _by_object(switches["hidden_fields"]), _by_object(switches["read_only_fields"])
            locked = {name.lower() for name in switches["read_only_objects"]}
            self._visible = {
                key: definition.only(hidden=hidden.get(key, ()), fixed=fixed.get(key, ()), writable=key not in locked)
                for key, definition in objects.items()
            }
            self._show_duplicate_rules()
            self._schema_version = switches.version
        return self._visible

    def definition_of(self, record_id: str) -> ObjectDef | None:
        """Return the object an id belongs to by its key prefix."""
        return next((d for d in self.schema.values() if d.prefix == record_id[:3]), None)

    def table(self, sobject: str) -> Table:
        """Return the rows of an sObject; KeyError when there is no such object."""
        return self.tables[self.everything[sobject.lower()].name]

    # Reading

    def get(self, record_id: str) -> Row | None:
        """Return a row (deleted ones too) by its 15- or 18-character id, or None."""
        full = to_18(record_id)
        if full is None:
            return None
        for table in self.tables.values():
            if table.prefix == full[:3]:
                return table.rows.get(full)
        return None

    def rows(self, sobject: str) -> list[Row]:
        """Return all rows of an sObject, deleted ones too."""
        return list(self.table(sobject).rows.values())

    # Writing

    def insert(
        self, sobject: str, fields: Mapping[str, Any], *, at: datetime | None = None, by: str | None = None
    ) -> str:
        """Add a record without validation and return its Id.

        `at` stamps it (default: now, by the service's clock); `by` is a user's id (default: another user than the API
        user). `fields` may name an `Id`.
        """
        definition = self.everything[sobject.lower()]
        table = self.tables[definition.name]
        table.sequence += 1
        now = stamp(at or self.clock.now())
        user = by or OTHER_USER
        row: Row = {f.name: False for f in definition.fields.values() if f.type == "boolean"}
        row.update(self._canonical(definition, fields))
        row.setdefault("Id", make_id(table.prefix, table.sequence))
        row.setdefault("OwnerId", user)
        row.update(CreatedDate=now, CreatedById=user, LastModifiedDate=now, LastModifiedById=user, SystemModstamp=now)
        if "OwnerId" not in definition.fields:
            del row["OwnerId"]
        _name_contact(definition.name, row)
        table.put(row)
        if definition.name == "Account" and row["IsPersonAccount"]:
            shadow = {"LastName": row.get("Name", "-"), "Email": row.get("PersonEmail"), "AccountId": row["Id"]}
            self.insert("Contact", {**shadow, "IsPersonAccount": True}, at=at, by=by)
        return str(row["Id"])

    def update(
        self,
        record_id: str,
        fields: Mapping[str, Any],
        *,
        at: datetime | None = None,
        by: str | None = None,
        system: bool = False,
    ) -> None:
        """Change a record without validation; the stamps move even when no value does.

        With `system` only SystemModstamp moves, as when an automated process touches a row. KeyError for an unknown id.
        """
        old = self._existing(record_id)
        definition = self.everything[self._sobject(old).lower()]
        now = stamp(at or self.clock.now())
        row = {**old, **self._canonical(definition, fields), "SystemModstamp": now}
        if not system:
            row.update(LastModifiedDate=now, LastModifiedById=by or OTHER_USER)
        row = {name: value for name, value in row.items() if value is not None}
        _name_contact(definition.name, row)
        self.tables[definition.name].put(row)

    def delete(
        self, record_id: str, *, at: datetime | None = None, by: str | None = None, master: str | None = None
    ) -> None:
        """Move a record to the recycle bin; an Account takes its Contacts with it unless they have a new `master`."""
        row = self._existing(record_id)
        table = self.tables[self._sobject(row)]
        changes: dict[str, Any] = {"IsDeleted": True}
        if master:
            changes["MasterRecordId"] = master
        self.update(row["Id"], changes, at=at, by=by)
        table.deleted_on[row["Id"]] = self._existing(record_id)["SystemModstamp"]
        if table.prefix == "001" and master is None:
            children = [child for child in self.children(row["Id"]) if not child["IsDeleted"]]
            self._cascaded[row["Id"]] = [child["Id"] for child in children]
            for child in children:
                self.delete(child["Id"], at=at, by=by)

    def undelete(self, record_id: str, *, at: datetime | None = None, by: str | None = None) -> None:
        """Take a record out of the recycle bin, with the Contacts that went there with it."""
        row = self._existing(record_id)
        self.update(row["Id"], {"IsDeleted": False, "MasterRecordId": None}, at=at, by=by)
        self.tables[self._sobject(row)].deleted_on.pop(row["Id"], None)
        for child in self._cascaded.pop(row["Id"], ()):
            self.undelete(child, at=at, by=by)

    def purge(self, record_id: str) -> None:
        """Remove a record for good, as an emptied recycle bin does; getDeleted still lists it."""
        row = self._existing(record_id)
        table = self.tables[self._sobject(row)]
        table.deleted_on.setdefault(row["Id"], stamp(self.clock.now()))
        table.remove(row["Id"])

    def merge(self, winner: str, losers: Iterable[str], *, at: datetime | None = None, by: str | None = None) -> None:
        """Merge up to two records into `winner`: losers are deleted and name their master, children move over."""
        master = self._existing(winner)
        rows = [self._existing(loser) for loser in losers]
        if not 1 <= len(rows) <= 2:
            raise ValueError("A merge takes one or two losers.")
        if any(self._sobject(row) != self._sobject(master) or row["Id"] == master["Id"] for row in rows):
            raise ValueError("A merge takes different records of one object.")
        for row in rows:
            self.delete(row["Id"], at=at, by=by, master=master["Id"])
            for child in self.children(row["Id"]):
                self.update(child["Id"], {"AccountId": master["Id"]}, at=at, by=by)
        self.update(master["Id"], {}, at=at, by=by)

    def children(self, account_id: str) -> list[Row]:
        """Return the Contacts of an Account, deleted ones too."""
        contacts = self.tables["Contact"]
        return [
            contacts.rows[i]
            for i in sorted(contacts.find("AccountId", account_id))
            if contacts.rows[i]["AccountId"] == account_id
        ]

    # What happens by itself

    def settle(self) -> None:
        """Do what has become due: commit transactions, run delayed flows."""
        now = self.clock.now()
        self.transactions.settle(now)
        due = [entry for entry in self._due_flows if entry[0] <= now]
        if due:
            self._due_flows = [entry for entry in self._due_flows if entry[0] > now]
            for at, record_id, changes in due:
                if self.get(record_id) is not None:
                    self.update(record_id, self._fill(record_id, changes), at=at, by=API_USER)

    def run_flows(self, record_id: str, *, at: datetime | None = None) -> None:
        """Run the flows that a write to this record starts, as the API user."""
        row = self._existing(record_id)
        for flow in self.flows:
            if not flow.starts_on(self._sobject(row), row):
                continue
            flow.runs += 1
            moment = at or self.clock.now()
            if flow.delay_s:
                self._due_flows.append((moment + timedelta(seconds=flow.delay_s), row["Id"], dict(flow.set)))
            else:
                self.update(row["Id"], self._fill(row["Id"], flow.set), at=moment, by=API_USER)
                row = self._existing(record_id)

    def _fill(self, record_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        row = self._existing(record_id)

        def fill(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            return _PLACEHOLDER.sub(lambda found: str(row.get(found[1]) or ""), value)

        return {name: fill(value) for name, value in changes.items()}

    # Undo, for calls that are all or none

    def begin_undo(self) -> None:
        """Begin to remember what writes change."""
        for table in self.tables.values():
            table.begin_undo()
        self._flows_before = list(self._due_flows)
        self._cascaded_before = dict(self._cascaded)

    def end_undo(self, *, rollback: bool) -> None:
        """Stop remembering; with `rollback` put everything back as it was."""
        for table in self.tables.values():
            table.end_undo(rollback=rollback)
        if rollback:
            self._due_flows, self._cascaded = self._flows_before, self._cascaded_before

    # Helpers

    def _existing(self, record_id: str) -> Row:
        row = self.get(record_id)
        if row is None:
            raise KeyError(record_id)
        return row

    def _sobject(self, row: Row) -> str:
        return next(name for name, table in self.tables.items() if table.prefix == row["Id"][:3])

    def sobject_of(self, record_id: str) -> str:
        """Return the name of the object a stored record belongs to; KeyError when there is no such record."""
        return self._sobject(self._existing(record_id))

    @staticmethod
    def _canonical(definition: ObjectDef, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return `fields` under their canonical names; KeyError for a name the object doesn't have."""
        row = {definition.by_lower[name.lower()].name: value for name, value in fields.items()}
        for name, value in row.items():
            if isinstance(value, str) and definition.fields[name].type in {"id", "reference"}:
                row[name] = to_18(value) or value
        return row


def _name_contact(sobject: str, row: Row) -> None:
    """Keep Contact.Name, which nobody writes, in step with its parts."""
    if sobject == "Contact":
        parts = (row.get("FirstName"), row.get("LastName"))
        row["Name"] = " ".join(part for part in parts if part)


def _by_object(entries: Iterable[str]) -> dict[str, list[str]]:
    """Group names like `Account.Fax` by object, in lower case."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        sobject, _, name = entry.partition(".")
        found.setdefault(sobject.lower(), []).append(name)
    return found
