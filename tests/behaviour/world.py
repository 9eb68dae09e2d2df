"""What other people do in both services behind the sync's back, and what stands there afterwards.

Every function takes the rig first and the fields by the names of the service; ids are text.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow_provider_ipaas.sandbox.ipaas.controls import raw
from airflow_provider_ipaas.sync.model import Collection, Link
from tests.support.rig import SYSTEM_ID, Result, Rig

ADDRESS = {"Street": "1 Main St", "City": "Austin", "State": "TX", "PostalCode": "73301", "Country": "US"}
ITEM = {"address_1": "1 Main St", "city": "Austin", "region": "TX", "postal_code": "73301", "country": "US"}
_serial = iter(range(1, 1_000_000))

# Salesforce


def account(rig: Rig, name: str | None = None, **fields: Any) -> str:
    """Create an Account."""
    return rig.sandbox.salesforce.insert("Account", {"Name": name or f"Account {next(_serial)}", **fields})


def contact(rig: Rig, account_id: str | None = None, *, email: str | None = "", **fields: Any) -> str:
    """Create a Contact; an e-mail of its own unless one is given (None: without)."""
    number = next(_serial)
    filled = {"FirstName": "Ann", "LastName": f"Contact {number}", "AccountId": account_id}
    filled["Email"] = f"contact{number}@example.com" if email == "" else email
    values = {**filled, **fields}
    return rig.sandbox.salesforce.insert("Contact", {k: v for k, v in values.items() if v is not None})


def edit_salesforce(rig: Rig, record_id: str, **fields: Any) -> None:
    """Change a Salesforce record as another user."""
    rig.sandbox.salesforce.update(record_id, fields)


def prefixed(prefix: str, parts: dict[str, str] | None = None, **changed: str) -> dict[str, str]:
    """Return the fields of a Salesforce address, `ADDRESS` unless *parts* says otherwise."""
    return {prefix + name: value for name, value in {**(ADDRESS if parts is None else parts), **changed}.items()}


def raw_salesforce(rig: Rig, record_id: str) -> dict[str, Any]:
    row = rig.sandbox.salesforce.get(record_id)
    assert row is not None, record_id
    return row


def salesforce_rows(rig: Rig, sobject: str) -> list[dict[str, Any]]:
    """Return the rows that are not deleted."""
    return [row for row in rig.sandbox.salesforce.rows(sobject) if not row["IsDeleted"]]


# iPaaS.com


def company(rig: Rig, name: str | None = None, **fields: Any) -> str:
    """Create a Company."""
    return str(rig.sandbox.ipaas.insert("company", {"name": name or f"Company {next(_serial)}", **fields}))


def customer(rig: Rig, *, email: str | None = "", **fields: Any) -> str:
    """Create a Customer; an e-mail of its own unless one is given (None: without)."""
    number = next(_serial)
    filled = {"first_name": "Cam", "last_name": f"Customer {number}", "customer_number": f"C-{number}"}
    filled["email_address"] = f"customer{number}@example.com" if email == "" else email
    return str(rig.sandbox.ipaas.insert("customer", {**filled, **fields}))


def edit_company(rig: Rig, record_id: str, **fields: Any) -> None:
    rig.sandbox.ipaas.edit("company", int(record_id), fields)


def edit_customer(rig: Rig, record_id: str, **fields: Any) -> None:
    rig.sandbox.ipaas.edit("customer", int(record_id), fields)


def item(*, billing: bool = False, shipping: bool = False, **changed: Any) -> dict[str, Any]:
    """Return an address of iPaaS.com, `ITEM` but for what is *changed*."""
    names = {"first_name": "A", "last_name": "B"}
    return {**names, **ITEM, "is_primary_billing": billing, "is_primary_shipping": shipping, **changed}


def raw_company(rig: Rig, record_id: str) -> dict[str, Any]:
    store = rig.sandbox.ipaas
    return raw(store.record("company", int(record_id)), store)


def raw_customer(rig: Rig, record_id: str) -> dict[str, Any]:
    store = rig.sandbox.ipaas
    return raw(store.record("customer", int(record_id)), store)


def companies(rig: Rig) -> list[dict[str, Any]]:
    store = rig.sandbox.ipaas
    return [raw(record, store) for record in store.tables["company"] if record.active]


def customers(rig: Rig) -> list[dict[str, Any]]:
    store = rig.sandbox.ipaas
    return [raw(record, store) for record in store.tables["customer"] if record.active]


def primary(record: dict[str, Any], purpose: str) -> dict[str, Any]:
    """Return the one address with the flag `is_primary_<purpose>`."""
    (found,) = [address for address in record["addresses"] if address[f"is_primary_{purpose}"]]
    return dict(found)


def external_id(rig: Rig, kind: str, record_id: str) -> str | None:
    """Return the Salesforce id that a record of iPaaS.com carries."""
    link = rig.sandbox.ipaas.links.by_internal(kind, int(SYSTEM_ID), int(record_id))
    return link.external_id if link else None


@contextmanager
def living_in(zone: str) -> Iterator[None]:
    """Let this process's local time be that of a zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


# The run between


def link_of(rig: Rig, collection: Collection, salesforce_id: str) -> Link | None:
    """Return the link of a Salesforce record."""
    return rig.ledger.links(scope(rig), collection, "salesforce", [salesforce_id]).get(salesforce_id)


def scope(rig: Rig) -> str:
    """Name the pair of org and subscription, as ledger rows do."""
    return f"{rig.ledger.pinned('salesforce:salesforce_connected_app_default')}/{SYSTEM_ID}"


def partner(rig: Rig, collection: Collection, salesforce_id: str) -> str:
    """Return the iPaaS.com id that a Salesforce record is linked with."""
    link = link_of(rig, collection, salesforce_id)
    assert link is not None, f"{salesforce_id} is not linked"
    return link.ipaas_id


def synced(rig: Rig, collection: Collection, salesforce_id: str, **params: Any) -> str:
    """Run once without errors and return the iPaaS.com id of the record."""
    rig.run(collection, **params).ok  # noqa: B018
    return partner(rig, collection, salesforce_id)


def later(rig: Rig, **span: float) -> None:
    """Let time pass for both services and the workers; `timedelta`'s arguments."""
    passed = timedelta(**span)
    rig.offset += passed
    for clock in rig.sandbox.clocks.values():
        clock.advance(passed)


def is_quiet(result: Result) -> bool:
    """Tell a run that wrote nothing and met no error."""
    counts = [result.ok.counts(direction) for direction in ("to_ipaas", "to_salesforce")]
    return not any(name in c for c in counts for name in ("created", "updated", "failed"))


def map_fields(rig: Rig, folder: Path, collection: Collection, *lines: str) -> None:
    """Overlay the default mapping with rules written as in a mapping file, one field a line."""
    folder.mkdir(exist_ok=True)
    text = "version: 1\nfields:\n" + "".join(f"  {line}\n" for line in lines)
    (folder / f"{collection}.yaml").write_text(text)
    rig.mapping_dir = folder


def writes(rig: Rig) -> list[tuple[str, str]]:
    """Return the calls that change a record, as (service, path), since the call log was reset."""
    entries: Sequence[dict[str, Any]] = rig.control("GET", "log")
    return [(e["service"], e["path"]) for e in entries if e["method"] in ("POST", "PUT", "PATCH", "DELETE")]
