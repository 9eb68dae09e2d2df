"""The look-back window on iPaaS.com: by stamp where there is one, and whenever content differs from what was seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sync.model import Seen
from tests.behaviour.world import (
    account,
    company,
    contact,
    customer,
    edit_company,
    is_quiet,
    item,
    later,
    partner,
    prefixed,
    raw_company,
    raw_customer,
    raw_salesforce,
    salesforce_rows,
    scope,
    synced,
)
from tests.support.rig import Rig


def ipaas_now(rig: Rig) -> datetime:
    return rig.sandbox.clocks["ipaas"].now()


def aged(rig: Rig, name: str, *, edited: timedelta | None = None, **age: float) -> str:
    """Create a Customer *age* ago, last changed *edited* ago, by the clock of iPaaS.com."""
    store = rig.sandbox.ipaas
    fields = {"first_name": "Cam", "last_name": name, "email_address": f"{name.lower()}@example.com"}
    record_id = store.insert("customer", {**fields, "customer_number": name}, at=ipaas_now(rig) - timedelta(**age))
    if edited is not None:
        store.edit("customer", record_id, {"comment": "edited"}, at=ipaas_now(rig) - edited)
    return str(record_id)


def last_names(rig: Rig) -> set[str]:
    return {str(row["LastName"]) for row in salesforce_rows(rig, "Contact")}


def seen_of(rig: Rig, collection: Any, record_id: str) -> Seen:
    return rig.ledger.seen(scope(rig), collection, "ipaas", [record_id])[record_id]


def edit_address(rig: Rig, kind: str, record_id: str, **fields: Any) -> None:
    """Change the first address of a record as another user."""
    record = rig.sandbox.ipaas.record(kind, int(record_id))
    rig.sandbox.ipaas.edit_address(kind, int(record_id), record.addresses[0]["id"], fields)


# By stamp


def test_the_first_run_takes_customers_that_changed_within_poll_days(either: Rig) -> None:
    aged(either, "Created", days=6)
    aged(either, "Updated", days=90, edited=timedelta(days=6))
    aged(either, "Older", days=8)
    aged(either, "Stale", days=90, edited=timedelta(days=8))

    assert either.run("contact").ok.counts("to_salesforce") == {"created": 2}
    assert last_names(either) == {"Created", "Updated"}


@pytest.mark.parametrize("minutes", [10, -10])
def test_poll_days_count_by_the_clock_of_the_service(either: Rig, minutes: int) -> None:
    either.sandbox.clocks["ipaas"].skew(timedelta(minutes=minutes))
    aged(either, "Inside", days=1, minutes=-5)
    aged(either, "Outside", days=1, minutes=5)

    either.run("contact", poll_days=1).ok.counts("to_salesforce")

    assert last_names(either) == {"Inside"}


def test_stamps_are_read_with_their_offset(rig: Rig) -> None:
    rig.control("PATCH", "ipaas/switches", {"datetime_offset_min": 840})
    aged(rig, "Inside", hours=23)
    aged(rig, "Outside", hours=25)

    rig.run("contact", poll_days=1).ok.counts("to_salesforce")

    assert last_names(rig) == {"Inside"}


def test_raising_poll_days_later_finds_older_customers(either: Rig) -> None:
    aged(either, "Older", days=20)
    assert is_quiet(either.run("contact"))

    assert either.run("contact", poll_days=30).ok.counts("to_salesforce") == {"created": 1}


def test_full_takes_every_customer(either: Rig) -> None:
    aged(either, "Ancient", days=4000)

    assert either.run("contact", full=True).ok.counts("to_salesforce") == {"created": 1}


def test_a_customer_in_the_window_is_seen_by_every_run(either: Rig) -> None:
    customer(either)
    either.run("contact").ok.counts("to_salesforce")

    result = either.run("contact")

    assert is_quiet(result)
    assert result.counts("to_salesforce") == {"unchanged": 1}


def test_a_linked_customer_outside_the_window_is_not_seen(either: Rig) -> None:
    customer(either)
    either.run("contact").ok.counts("to_salesforce")
    later(either, days=40)

    either.run("contact").ok.counts("to_salesforce")
    assert either.run("contact").ok.counts("to_salesforce") == {}


# By content


def test_an_edit_long_ago_is_found_when_the_content_differs(either: Rig) -> None:
    """The window is by stamp, but whatever shows something new counts, however old its stamp."""
    record_id = customer(either)
    either.run("contact").ok.counts("to_salesforce")
    later(either, days=40)
    either.run("contact").ok.counts("to_salesforce")
    either.sandbox.ipaas.edit(
        "customer", int(record_id), {"last_name": "Renamed"}, at=ipaas_now(either) - timedelta(days=20)
    )

    assert either.run("contact").ok.counts("to_salesforce") == {"updated": 1}
    assert last_names(either) == {"Renamed"}


def test_an_address_edit_is_found_though_the_stamp_does_not_move(either: Rig) -> None:
    ours = contact(either, account(either), **prefixed("Mailing"))
    customer_id = synced(either, "contact", ours)
    later(either, days=30)
    either.run("contact").ok.counts("to_salesforce")
    before = raw_customer(either, customer_id)["updated"]

    edit_address(either, "customer", customer_id, city="Dallas")

    if either.sandbox.ipaas.switches.get("stamp_moves_on_address_edit") == "false":
        assert raw_customer(either, customer_id)["updated"] == before
    assert either.run("contact").ok.counts("to_salesforce") == {"updated": 1}
    assert raw_salesforce(either, ours)["MailingCity"] == "Dallas"
    assert is_quiet(either.run("contact"))


def test_a_change_of_a_company_is_found_without_any_stamp(either: Rig) -> None:
    ours = account(either, **prefixed("Billing"))
    company_id = synced(either, "account", ours)
    later(either, days=30)
    either.run("account").ok.counts("to_salesforce")

    edit_company(either, company_id, phone_number="+1 512 555 0111")
    assert either.run("account").ok.counts("to_salesforce") == {"updated": 1}
    assert raw_salesforce(either, ours)["Phone"] == "+1 512 555 0111"

    edit_address(either, "company", company_id, city="Dallas")
    assert either.run("account").ok.counts("to_salesforce") == {"updated": 1}
    assert raw_salesforce(either, ours)["BillingCity"] == "Dallas"


def test_a_company_without_stamp_is_seen_only_when_new_or_changed(rig: Rig) -> None:
    ours = account(rig)
    company_id = synced(rig, "account", ours)
    assert rig.run("account").ok["to_salesforce"]["seen"] == 0

    edit_company(rig, company_id, description="news")
    assert rig.run("account").ok["to_salesforce"]["seen"] == 1
    assert rig.run("account").ok["to_salesforce"]["seen"] == 0


def test_a_new_company_after_the_first_run_is_created(either: Rig) -> None:
    either.run("account").ok.counts("to_salesforce")
    later(either, hours=1)
    company(either, "Newcomer")

    assert either.run("account").ok.counts("to_salesforce") == {"created": 1}


def test_a_change_of_what_is_not_mapped_is_no_change(either: Rig) -> None:
    company_id = synced(either, "account", account(either))
    later(either, days=30)
    either.run("account").ok.counts("to_salesforce")
    edit_company(either, company_id, department="Purchasing")

    result = either.run("account")

    assert is_quiet(result)
    assert raw_company(either, company_id)["department"] == "Purchasing"


# What the list can't show


def test_short_rows_are_completed_by_id(rig: Rig) -> None:
    """Lists may leave out addresses and external ids: both are honoured."""
    rig.control("PATCH", "ipaas/switches", {"list_rows": "short"})
    ours = account(rig, "Twin", **prefixed("Billing"))
    company_id = company(rig, "Other name", addresses=[item(billing=True, city="Dallas")])
    rig.sandbox.ipaas.link("company", int(company_id), ours)

    rig.run("account")  # finds a link it did not know, and asks for a confirmation
    rig.run("account", confirm_rebuild=True).ok.counts("to_ipaas")

    assert partner(rig, "account", ours) == company_id
    assert raw_company(rig, company_id)["addresses"][0]["city"] == "Austin"


def test_records_that_vanish_between_list_and_read_are_left_out(rig: Rig) -> None:
    company(rig, "Gone in a moment")
    company(rig, "Stays")
    with rig.fault(
        service="ipaas", method="GET", path="Customer/Company/", times=1, action={"type": "status", "status": 404}
    ):
        result = rig.run("account", full=True)

    assert result.ok.counts("to_salesforce") == {"created": 1}


def test_the_stamp_that_a_run_decided_on_is_remembered(rig: Rig) -> None:
    record_id = customer(rig)
    rig.run("contact").ok.counts("to_salesforce")

    seen = seen_of(rig, "contact", record_id)

    assert seen.fate == "unchanged"
    assert seen.content_hash


def test_a_link_that_moves_the_stamp_is_no_edit(rig: Rig) -> None:
    """Storing the external id may move the record's stamp: an echo of our own write."""
    rig.control("PATCH", "ipaas/switches", {"stamp_moves_on_link": "true"})
    customer(rig)
    rig.run("contact").ok.counts("to_salesforce")

    assert is_quiet(rig.run("contact"))
    assert is_quiet(rig.run("contact"))
