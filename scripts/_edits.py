"""What people do in both services between the runs of the demo, and where it has to arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from _processes import StartError
from _sandbox import SandboxProcess

_NEEDED_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: what was done, what the other service must show for it, and how to look."""

    where: str
    what: str
    expected: str
    look: Callable[[], str | None]

    def arrived(self) -> bool:
        return self.look() == self.expected


def edit_both_sides(sandbox: SandboxProcess) -> list[Edit]:
    """Change and create records in both services as other users; return what has to arrive where."""
    return [*_edit_companies(sandbox), *_edit_people(sandbox)]


def edits_table(edits: list[Edit]) -> Table:
    """Show each edit and whether it has arrived."""
    table = Table(title="Edits between the first and the second run", title_justify="left", title_style="bold")
    for heading in ("Made in", "Edit", "The other side shows", ""):
        table.add_column(heading)
    for edit in edits:
        shown = edit.look()
        table.add_row(edit.where, edit.what, shown or "nothing", "✓" if shown == edit.expected else "[red]✗[/]")
    return table


def _edit_companies(sandbox: SandboxProcess) -> list[Edit]:
    pairs = _pairs(sandbox, "companies")
    (phone, website, fax, description, both) = pairs[:_NEEDED_PAIRS]
    edits = [
        _in_salesforce(sandbox, "Account", phone, "Phone", "+1 555 0142", "companies", "phone_number"),
        _in_salesforce(sandbox, "Account", website, "Website", "https://new.example.com", "companies", "url"),
        _in_ipaas(sandbox, "companies", fax, "fax_number", "+1 555 0199", "Account", "Fax"),
        _in_ipaas(sandbox, "companies", description, "description", "Orders monthly.", "Account", "Description"),
    ]
    sandbox.edit_ipaas("companies", both[1], {"phone_number": "+1 555 0188"})
    conflict = _in_salesforce(sandbox, "Account", both, "Phone", "+1 555 0177", "companies", "phone_number")
    edits.append(
        Edit("both", "Account.Phone = +1 555 0177, phone_number = +1 555 0188", conflict.expected, conflict.look)
    )
    sandbox.create_salesforce("Account", {"Name": "Cedar Lane Bakery", "Phone": "+1 555 0150"})
    sandbox.create_ipaas("companies", {"name": "Harbour Light Books", "phone_number": "+1 555 0160"})
    edits += [
        Edit(
            "Salesforce",
            "new Account Cedar Lane Bakery",
            "Cedar Lane Bakery",
            _finder(sandbox, "/ipaas/records/companies", "name", "Cedar Lane Bakery"),
        ),
        Edit(
            "iPaaS.com",
            "new company Harbour Light Books",
            "Harbour Light Books",
            _finder(sandbox, "/salesforce/records/Account", "Name", "Harbour Light Books"),
        ),
    ]
    return edits


def _edit_people(sandbox: SandboxProcess) -> list[Edit]:
    (first_name, last_name) = _pairs(sandbox, "customers")[:2]
    account_id = _pairs(sandbox, "companies")[0][0]
    new_contact, new_customer = "ines.moreau@example.com", "tomas.lind@example.com"
    edits = [
        _in_salesforce(sandbox, "Contact", first_name, "FirstName", "Alexandra", "customers", "first_name"),
        _in_ipaas(sandbox, "customers", last_name, "last_name", "Rivera-Stone", "Contact", "LastName"),
        Edit(
            "Salesforce",
            f"new Contact {new_contact}",
            new_contact,
            _finder(sandbox, "/ipaas/records/customers", "email_address", new_contact),
        ),
        Edit(
            "iPaaS.com",
            f"new customer {new_customer}",
            new_customer,
            _finder(sandbox, "/salesforce/records/Contact", "Email", new_customer),
        ),
    ]
    sandbox.create_salesforce(
        "Contact", {"FirstName": "Ines", "LastName": "Moreau", "Email": new_contact, "AccountId": account_id}
    )
    sandbox.create_ipaas("customers", {"first_name": "Tomas", "last_name": "Lind", "email_address": new_customer})
    return edits


def _pairs(sandbox: SandboxProcess, kind: str) -> list[tuple[str, int]]:
    pairs = sandbox.pairs(kind)
    if len(pairs) < _NEEDED_PAIRS:
        raise StartError(f"The first run linked {len(pairs)} {kind}; the demo needs {_NEEDED_PAIRS} to go on.")
    return pairs


def _in_salesforce(
    sandbox: SandboxProcess, sobject: str, pair: tuple[str, int], field: str, value: str, kind: str, shown_as: str
) -> Edit:
    record_id, number = pair
    sandbox.edit_salesforce(sobject, record_id, {field: value})
    return Edit(
        "Salesforce", f"{sobject}.{field} = {value}", value, lambda: _text(sandbox.ipaas_record(kind, number), shown_as)
    )


def _in_ipaas(
    sandbox: SandboxProcess, kind: str, pair: tuple[str, int], field: str, value: str, sobject: str, shown_as: str
) -> Edit:
    record_id, number = pair
    sandbox.edit_ipaas(kind, number, {field: value})
    singular = {"companies": "company", "customers": "customer"}[kind]
    return Edit(
        "iPaaS.com",
        f"{singular}.{field} = {value}",
        value,
        lambda: _text(sandbox.salesforce_record(sobject, record_id), shown_as),
    )


def _finder(sandbox: SandboxProcess, path: str, field: str, value: str) -> Callable[[], str | None]:
    """Return a look for the one record that shows *value*; several are as wrong as none."""

    def look() -> str | None:
        found = [record for record in sandbox.control("GET", path) if record.get(field) == value]
        return value if len(found) == 1 else f"{len(found)} records"

    return look


def _text(record: dict[str, Any], field: str) -> str | None:
    value = record.get(field)
    return None if value is None else str(value)
