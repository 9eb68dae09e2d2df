"""What people and automations do in both services; every operation is a name and a few numbers.

Records are named by a number, taken modulo how many there are: a sequence stays one when some of it is left out.
"""

from __future__ import annotations

from typing import Any

from .fields import COLLECTION, KIND, MAPPED, SOBJECT
from .ipaas import Company
from .oracle import Oracle
from .salesforce import EXTERNAL_ID, Flow, Org
from .values import (
    COPIED,
    POOLED,
    field_at,
    ipaas_blank,
    ipaas_values,
    salesforce_blank,
    salesforce_values,
    text_of,
)

Record = dict[str, Any]


class Users:
    """Carries out operations; one that makes no sense at the moment does nothing."""

    def __init__(self, org: Org, company: Company, oracle: Oracle) -> None:
        self.org = org
        self.company = company
        self.oracle = oracle
        self.linked: set[tuple[str, str]] = set()  # pairs that a person said are the same
        self.once_hidden: set[str] = set()
        self._number = 0

    def do(self, name: str, *args: Any) -> None:
        getattr(self, f"do_{name}")(*args)

    def number(self) -> int:
        """Return a number that no value has used yet."""
        self._number += 1
        return self._number

    def fresh(self, sobject: str, name: str) -> str:
        """Return a new value for a field, for the flows."""
        field = next(field for field in MAPPED[COLLECTION[sobject]] if field.salesforce == name)
        return text_of(field, self.number(), 0)

    # Both services

    def do_new(self, side: str, collection: str, parent: int, filled: int, variant: int) -> None:
        """Create a record; *filled* has a bit for each field beyond the required ones."""
        if side == "salesforce":
            self._new_salesforce(collection, parent, filled, variant)
        else:
            self._new_ipaas(collection, filled, variant)

    def _new_salesforce(self, collection: str, parent: int, filled: int, variant: int) -> None:
        values: Record = {"Rating": "Hot"} if collection == "account" else {"Title": "Buyer"}
        for at, field in enumerate(MAPPED[collection]):
            required = field.key in ("name", "last_name", "email")
            if required or filled >> at & 1:
                values |= salesforce_values(field, self.number(), variant if required else 0)
        if filled >> 10 & 1 and collection == "account":  # both addresses the same
            values |= {n.replace("Billing", "Shipping"): v for n, v in values.items() if n.startswith("Billing")}
        if collection == "contact":
            accounts = self.org.alive("Account")
            values["AccountId"] = accounts[parent % len(accounts)] if accounts and parent >= 0 else None
            if filled >> 11 & 1:
                values["Email"] = None
        self.org.insert(SOBJECT[collection], values)

    def _new_ipaas(self, collection: str, filled: int, variant: int) -> None:
        kind = KIND[collection]
        values: Record = {"terms": "Net 30"} if collection == "account" else {"comment": "Likes tea"}
        values |= {"addresses": [], "custom_fields": []}
        for at, field in enumerate(MAPPED[collection]):
            required = field.key in ("name", "last_name", "email", "first_name")
            if required or filled >> at & 1:
                values |= ipaas_values(collection, field, self.number(), variant if required else POOLED, values) or {}
        if kind == "customer":
            values["customer_number"] = f"C-{self.number()}"
            if self.company.by_email(values["email_address"]) is not None:
                return
        self.company.insert(kind, values)

    def do_edit(self, side: str, collection: str, record: int, field: int, variant: int) -> None:
        """Set one mapped field to something new, or to what the record opposite says."""
        chosen = self._chosen(side, collection, record)
        if chosen is None:
            return
        target = field_at(collection, field)
        if side == "salesforce":
            values = self._copied(collection, chosen, target) if variant == COPIED else None
            if not self.org.locked(chosen):
                self.org.update(chosen, values or salesforce_values(target, self.number(), variant))
            return
        values = ipaas_values(
            collection, target, self.number(), variant, self.company.records[KIND[collection]][chosen]
        )
        if values is not None and self._email_is_free(chosen, values):
            self.company.edit(KIND[collection], chosen, values)

    def do_set(self, side: str, collection: str, record: int, field: int, value: int) -> None:
        """Set one mapped field to one of a few values, as an automation does that knows no others."""
        chosen = self._chosen(side, collection, record)
        if chosen is None:
            return
        target, number = field_at(collection, field), 900_000 + value
        if side == "salesforce":
            if not self.org.locked(chosen):
                self.org.update(chosen, salesforce_values(target, number, 0))
            return
        values = ipaas_values(collection, target, number, 0, self.company.records[KIND[collection]][chosen])
        if values is not None and self._email_is_free(chosen, values):
            self.company.edit(KIND[collection], chosen, values)

    def _copied(self, collection: str, record_id: str, target: Any) -> Record | None:
        """Return what the record opposite says of a plain field, typed in once more."""
        partner = self.oracle.partner_of(("salesforce", collection, record_id))
        record = self.company.records[KIND[collection]].get(partner or "")
        if record is None or target.kind not in ("text", "phone", "email") or record[target.ipaas] in (None, "", "-"):
            return None  # nothing, or a placeholder, which nobody types
        return {target.salesforce: record[target.ipaas]}

    def _email_is_free(self, record_id: str, values: Record) -> bool:
        email = values.get("email_address")
        return email is None or self.company.by_email(email) in (None, record_id)

    def do_blank(self, side: str, collection: str, record: int, field: int) -> None:
        """Empty one field; the services insist on names, and iPaaS.com on e-mails."""
        chosen = self._chosen(side, collection, record)
        target = field_at(collection, field)
        if (
            chosen is None
            or target.key in ("name", "last_name")
            or (side == "ipaas" and target.key in ("email", "first_name"))
        ):
            return
        if side == "salesforce":
            if not self.org.locked(chosen):
                self.org.update(chosen, salesforce_blank(target))
        else:
            values = ipaas_blank(target, self.company.records[KIND[collection]][chosen])
            self.company.edit(KIND[collection], chosen, values or {})

    def do_delete(self, side: str, collection: str, record: int) -> None:
        chosen = self._chosen(side, collection, record)
        if chosen is None:
            return
        if side == "salesforce":
            if not self.org.locked(chosen):
                self.org.delete(chosen)
        else:
            self.company.deactivate(KIND[collection], chosen)

    def do_undelete(self, side: str, collection: str, record: int) -> None:
        if side == "ipaas":
            kind = KIND[collection]
            gone = sorted(record_id for of, record_id in self.company.inactive if of == kind)
            if gone:
                self.company.reactivate(kind, gone[record % len(gone)])
            return
        gone = self._binned(collection)
        if gone:
            self.org.undelete(gone[record % len(gone)])

    def _binned(self, collection: str) -> list[str]:
        rows = self.org.rows.items()
        return [
            i for i, r in rows if r["sobject"] == SOBJECT[collection] and r["IsDeleted"] and not r["MasterRecordId"]
        ]

    # Salesforce

    def do_purge(self, collection: str, record: int) -> None:
        gone = self._binned(collection)
        if gone:
            self.org.purge(gone[record % len(gone)])

    def do_merge(self, collection: str, winner: int, loser: int, taken: int) -> None:
        ids = [i for i in self.org.alive(SOBJECT[collection]) if not self.org.locked(i)]
        if len(ids) < 2:
            return
        first = ids[winner % len(ids)]
        rest = [record_id for record_id in ids if record_id != first]
        fields = [field for at, field in enumerate(MAPPED[collection]) if taken >> at & 1 and field.kind != "address"]
        second = rest[loser % len(rest)]
        self.org.merge(first, second, [field.salesforce for field in fields])
        self.oracle.merged(("salesforce", collection, first), ("salesforce", collection, second))

    def merged_into(self, record_id: str) -> set[str]:
        """Return a row and all those that were merged into it, directly or not."""
        group = {record_id}
        while more := {i for i, row in self.org.rows.items() if row["MasterRecordId"] in group} - group:
            group |= more
        return group

    def do_reparent(self, contact: int, account: int) -> None:
        contacts, accounts = self.org.alive("Contact"), self.org.alive("Account")
        if contacts and not self.org.locked(contacts[contact % len(contacts)]):
            parent = accounts[account % len(accounts)] if accounts and account >= 0 else None
            self.org.update(contacts[contact % len(contacts)], {"AccountId": parent})

    def do_touch(self, collection: str, record: int) -> None:
        """Save a row without a change: only its stamp moves."""
        chosen = self._chosen("salesforce", collection, record)
        if chosen is not None and not self.org.locked(chosen):
            self.org.update(chosen, {})

    def do_hide(self, collection: str, record: int) -> None:
        chosen = self._chosen("salesforce", collection, record)
        if chosen is not None:
            self.org.hidden.add(chosen)
            self.once_hidden.add(chosen)

    def do_take(self, collection: str, field: int, why: int) -> None:
        """Take a field from the API user: its sight, or the right to edit it. Not what records are recognised by."""
        target = field_at(collection, field)
        if target.key not in ("name", "last_name", "email"):
            name = f"{target.salesforce}City" if target.kind == "address" else target.salesforce
            self.org.taken[SOBJECT[collection], name] = ("missing", "read_only")[why % 2]

    def do_give(self) -> None:
        """Give all fields back."""
        self.org.taken.clear()

    def do_show(self) -> None:
        """Let the API user see everything again; an admin who shares records touches none of them."""
        self.org.hidden.clear()

    def do_open(self, collection: str, record: int, field: int) -> None:
        """Begin a long transaction: an insert, or an update of one row."""
        target = field_at(collection, field)
        chosen = self._chosen("salesforce", collection, record) if record >= 0 else None
        if chosen is not None and self.org.locked(chosen):
            return
        values = salesforce_values(target, self.number(), 0)
        if chosen is None:
            for needed in MAPPED[collection]:
                if needed.key in ("name", "last_name", "email"):
                    values |= salesforce_values(needed, self.number(), 0)
            accounts = self.org.alive("Account")
            if collection == "contact" and accounts:
                values["AccountId"] = accounts[field % len(accounts)]
        self.org.begin(SOBJECT[collection], chosen, values)

    def do_flow(self, collection: str, field: int, left: int, delayed: int) -> None:
        """Let an automation of the org rewrite a field after the next writes of the API user."""
        target = field_at(collection, field)
        if target.kind != "address":
            self.org.flows.append(Flow(SOBJECT[collection], target.salesforce, left, bool(delayed)))

    def do_delayed(self) -> None:
        self.org.run_delayed()

    # Identity

    def do_link(self, collection: str, salesforce: int, ipaas: int, where: int) -> None:
        """Let a person say that two records are the same, by the external id on one of them."""
        here = self._chosen("salesforce", collection, salesforce)
        there = self._chosen("ipaas", collection, ipaas)
        kind = KIND[collection]
        if here is None or there is None or self.org.locked(here):
            return
        if where == 0:
            if self.company.holder(kind, here) is None and (kind, there) not in self.company.external:
                self.company.external[kind, there] = here
                self.linked.add((here, there))
        elif self.org.external_id_field and not self.org.rows[here][EXTERNAL_ID]:
            taken = {row.get(EXTERNAL_ID) for row in self.org.rows.values()}
            if there not in taken:
                self.org.update(here, {EXTERNAL_ID: there})
                self.linked.add((here, there))

    def _chosen(self, side: str, collection: str, record: int) -> str | None:
        ids = self.org.alive(SOBJECT[collection]) if side == "salesforce" else self.company.alive(KIND[collection])
        return ids[record % len(ids)] if ids else None
