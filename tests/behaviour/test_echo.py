"""Echoes of our own writes are no edits; edits by whoever runs as our own user are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.behaviour.world import (
    account,
    company,
    contact,
    customer,
    edit_company,
    edit_customer,
    edit_salesforce,
    is_quiet,
    item,
    later,
    partner,
    prefixed,
    primary,
    raw_company,
    raw_customer,
    raw_salesforce,
    synced,
)
from tests.support.rig import Rig

PHONE, FORMATTED = "512.555.0101", "(512) 555-0101"


def every_switch(rig: Rig, preset: str) -> None:
    """Let both services store their own form of what they are sent."""
    if preset != "default":
        rig.control("POST", f"ipaas/switches/preset/{preset}")
    rig.switch("salesforce", normalise_phones=True)
    rig.control("PATCH", "ipaas/switches", {"normalise": "trim_phone", "create_answers": "record"})


@pytest.fixture(params=["default", "harsh", "mild"])
def fussy(request: pytest.FixtureRequest, rig: Rig) -> Rig:
    """Services with forms of their own, under each reading of iPaaS.com."""
    every_switch(rig, request.param)
    return rig


def assert_settled(rig: Rig, collection: str) -> None:
    """Nothing is written by the next runs, of the window, of everything, or much later."""
    assert is_quiet(rig.run(collection))
    assert is_quiet(rig.run(collection, full=True, confirm_rebuild=False))
    later(rig, days=2)
    assert is_quiet(rig.run(collection))


Scene = Callable[[Rig], Any]


def scene_create_accounts(rig: Rig) -> None:
    account(rig, "  Acme ", Phone=PHONE, Fax="1", Website=" acme.example ", **prefixed("Billing", Street="1 Main\r\nB"))
    rig.run("account").ok  # noqa: B018


def scene_create_companies(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    company(rig, " Acme ", phone_number=PHONE, addresses=[item(billing=True, address_2="x")])
    rig.run("account").ok  # noqa: B018


def scene_update_to_ipaas(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="1")
    synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_salesforce(rig, account_id, Phone=PHONE, Description="Two\r\nlines ", **prefixed("Shipping"))
    rig.run("account").ok  # noqa: B018


def scene_update_to_salesforce(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="1")
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_company(rig, company_id, phone_number=PHONE, description="Two\nlines ", addresses=[item(shipping=True)])
    rig.run("account").ok  # noqa: B018


def scene_conflict(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="1")
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_salesforce(rig, account_id, Phone=PHONE, Fax="7")
    edit_company(rig, company_id, phone_number="512 555 0202", url="acme.example")
    rig.run("account").ok  # noqa: B018


def scene_same_in_two_forms(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="1")
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_salesforce(rig, account_id, Phone=FORMATTED)
    edit_company(rig, company_id, phone_number="5125550101")
    rig.run("account").ok  # noqa: B018


@pytest.mark.parametrize(
    "scene",
    [
        scene_create_accounts,
        scene_create_companies,
        scene_update_to_ipaas,
        scene_update_to_salesforce,
        scene_conflict,
        scene_same_in_two_forms,
    ],
)
def test_after_a_run_of_accounts_the_next_writes_nothing(fussy: Rig, scene: Scene) -> None:
    scene(fussy)
    assert_settled(fussy, "account")


def scene_create_contacts(rig: Rig) -> None:
    parent = account(rig, "Acme")
    contact(rig, parent, FirstName=None, LastName=" Lee ", Phone=PHONE, **prefixed("Mailing"))
    contact(rig, parent, Phone=PHONE, **prefixed("Mailing", City=""))
    contact(rig, None)
    rig.run("contact").ok  # noqa: B018


def scene_create_customers(rig: Rig) -> None:
    customer(rig, first_name="-", addresses=[item(shipping=True, phone_number=PHONE)])
    customer(rig, email=" Ann@Example.com ")
    rig.run("contact").ok  # noqa: B018


def scene_match(rig: Rig) -> None:
    contact(rig, account(rig), email="ann@example.com", Phone=PHONE, FirstName=None, **prefixed("Mailing"))
    address = item(shipping=True, city="Dallas", phone_number="512-555-0202")
    customer(rig, email="ANN@example.com", customer_number="7", addresses=[address])
    rig.run("contact").ok  # noqa: B018


def scene_edit_both(rig: Rig) -> None:
    contact_id = contact(rig, account(rig), Phone="1", **prefixed("Mailing"))
    customer_id = synced(rig, "contact", contact_id)
    later(rig, minutes=1)
    found = primary(raw_customer(rig, customer_id), "shipping")
    edit_customer(rig, customer_id, last_name=" Lee ", addresses=[{**found, "phone_number": PHONE}])
    edit_salesforce(rig, contact_id, Email="Other@Example.com", MailingCity="Dallas")
    rig.run("contact").ok  # noqa: B018


@pytest.mark.parametrize("scene", [scene_create_contacts, scene_create_customers, scene_match, scene_edit_both])
def test_after_a_run_of_contacts_the_next_writes_nothing(fussy: Rig, scene: Scene) -> None:
    scene(fussy)
    assert_settled(fussy, "contact")


@pytest.mark.parametrize("direction", ["to_ipaas", "to_salesforce"])
def test_after_one_way_runs_in_turn_the_next_writes_nothing(fussy: Rig, direction: str) -> None:
    account_id = account(fussy, "Acme", Phone=PHONE)
    company_id = synced(fussy, "account", account_id)
    later(fussy, minutes=1)
    edit_salesforce(fussy, account_id, Phone="512 555 0303")
    edit_company(fussy, company_id, fax_number="512 555 0404")
    other = "to_salesforce" if direction == "to_ipaas" else "to_ipaas"
    fussy.run("account", direction=direction).ok  # noqa: B018
    fussy.run("account", direction=other).ok  # noqa: B018
    for way in ("both", direction, other):
        assert is_quiet(fussy.run("account", direction=way))
    assert raw_salesforce(fussy, account_id)["Fax"] == "(512) 555-0404"
    assert raw_company(fussy, company_id)["phone_number"] == "5125550303"


def test_after_a_manual_sync_the_next_writes_nothing(fussy: Rig) -> None:
    account_id = account(fussy, "Acme", Phone=PHONE)
    fussy.run("account").ok  # noqa: B018
    later(fussy, minutes=1)
    edit_salesforce(fussy, account_id, Phone="512 555 0303")
    fussy.run("account", record_ids=[account_id]).ok  # noqa: B018
    assert is_quiet(fussy.run("account", record_ids=[account_id, partner(fussy, "account", account_id)]))
    assert_settled(fussy, "account")


def test_a_form_kept_by_ipaas_is_no_edit_and_does_not_come_back(rig: Rig) -> None:
    every_switch(rig, "default")
    rig.switch("salesforce", normalise_phones=False)
    account_id = account(rig, "Acme", Phone=PHONE)
    company_id = synced(rig, "account", account_id)
    assert raw_company(rig, company_id)["phone_number"] == "5125550101"
    later(rig, minutes=1)
    edit_company(rig, company_id, url="acme.example")
    rig.run("account").ok  # noqa: B018
    assert raw_salesforce(rig, account_id)["Phone"] == PHONE


def test_a_form_kept_by_salesforce_is_no_edit_and_does_not_come_back(rig: Rig) -> None:
    rig.switch("salesforce", normalise_phones=True)
    rig.run("account").ok  # noqa: B018
    company_id = company(rig, "Acme", phone_number=PHONE)
    rig.run("account").ok  # noqa: B018
    assert is_quiet(rig.run("account"))
    assert raw_company(rig, company_id)["phone_number"] == PHONE


# Automations


def add_flow(rig: Rig, **flow: Any) -> None:
    rig.control("POST", "salesforce/flows", flow)


def past_its_canary(rig: Rig) -> tuple[str, str]:
    """A pair in step, after the first update of Salesforce was found to be as it should."""
    account_id = account(rig, "Acme", Phone="1")
    company_id = synced(rig, "account", account_id)
    later(rig, minutes=1)
    edit_company(rig, company_id, phone_number="0")
    rig.run("account").ok  # noqa: B018
    later(rig, minutes=1)
    return account_id, company_id


@pytest.mark.parametrize("days", [0, 1])
def test_an_edit_by_a_flow_as_our_own_user_is_an_edit(either: Rig, days: int) -> None:
    account_id, company_id = past_its_canary(either)
    add_flow(either, sobject="Account", set={"Fax": "set by a flow"}, max_runs=1)
    edit_company(either, company_id, phone_number="2")
    either.run("account").ok  # noqa: B018
    assert raw_salesforce(either, account_id)["Fax"] == "set by a flow"
    later(either, days=days, minutes=1)
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["fax_number"] == "set by a flow"
    assert is_quiet(either.run("account"))


@pytest.mark.parametrize("days", [0, 1])
def test_a_flow_that_replaces_what_we_wrote_is_an_edit(either: Rig, days: int) -> None:
    account_id, company_id = past_its_canary(either)
    add_flow(either, sobject="Account", set={"Phone": "from a flow"}, max_runs=1)
    edit_company(either, company_id, phone_number="2")
    either.run("account").ok  # noqa: B018
    assert raw_salesforce(either, account_id)["Phone"] == "from a flow"
    later(either, days=days, minutes=1)
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["phone_number"] == "from a flow"
    assert is_quiet(either.run("account"))


def test_a_later_edit_by_our_own_user_is_an_edit(either: Rig) -> None:
    account_id = account(either, "Acme", Phone="1")
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    either.control("PATCH", f"salesforce/records/Account/{account_id}", {"fields": {"Phone": "2"}, "by": "api"})
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["phone_number"] == "2"


def test_a_flow_that_fills_a_created_record_is_an_edit(either: Rig) -> None:
    either.run("account").ok  # noqa: B018
    add_flow(either, sobject="Account", set={"Description": "from a flow"}, max_runs=1)
    company_id = company(either, "Acme")
    either.run("account").ok  # noqa: B018
    later(either, minutes=1)
    either.run("account").ok  # noqa: B018
    assert raw_company(either, company_id)["description"] == "from a flow"
    assert is_quiet(either.run("account"))


def test_a_field_that_keeps_flipping_is_parked(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="A")
    company_id = synced(rig, "account", account_id)
    parked = None
    for turn in range(12):
        later(rig, minutes=16)
        edit_salesforce(rig, account_id, Phone="BA"[turn % 2])
        result = rig.run("account").ok
        if result["to_ipaas"]["parked_by_reason"] == {"flip_flop": 1}:
            parked = turn
            break
    assert parked is not None
    before = raw_company(rig, company_id)["phone_number"]
    assert is_quiet(rig.run("account"))
    assert raw_company(rig, company_id)["phone_number"] == before


def test_record_ids_release_a_flipping_field(rig: Rig) -> None:
    account_id = account(rig, "Acme", Phone="A")
    company_id = synced(rig, "account", account_id)
    for turn in range(5):
        later(rig, minutes=16)
        edit_salesforce(rig, account_id, Phone="BA"[turn % 2])
        result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"flip_flop": 1}
    result = rig.run("account", record_ids=[account_id]).ok
    assert result["to_ipaas"]["updated"] == 1
    assert raw_company(rig, company_id)["phone_number"] == raw_salesforce(rig, account_id)["Phone"]
    assert is_quiet(rig.run("account"))


def test_a_touch_without_a_change_writes_nothing(either: Rig) -> None:
    account_id = account(either, "Acme", Phone="1")
    company_id = synced(either, "account", account_id)
    later(either, minutes=1)
    edit_salesforce(either, account_id)
    edit_company(either, company_id, email_address="not@mapped.example")
    assert is_quiet(either.run("account"))
