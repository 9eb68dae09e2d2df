"""Every write carries what it was planned against: where the target has moved since, it is not written."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.sync.model import Link
from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.support.rig import Rig

READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan")
WRITES = ("upsert_ipaas", "upsert_salesforce")


def steps(rig: Rig, run_id: str, *names: str, **params: Any) -> None:
    for name in names:
        rig.step(name, rig.sync("account", run_id, params))


def pair(rig: Rig, name: str = "Acme") -> tuple[str, str]:
    """Return an Account and a Company in step."""
    account = world.account(rig, name, Phone="1", Fax="1")
    return account, world.synced(rig, "account", account, full=True)


def test_a_company_that_moved_between_plan_and_upsert_is_parked_and_planned_afresh(either: Rig) -> None:
    rig = either
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "old", *READS)
    world.edit_company(rig, company, phone_number="3")
    steps(rig, "old", *WRITES)
    summary = report(rig.sync("account", "old", {}))
    assert summary["to_ipaas"]["parked_by_reason"] == {"superseded": 1}
    assert world.raw_company(rig, company)["phone_number"] == "3"
    result = rig.run("account").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 1
    assert world.raw_company(rig, company)["phone_number"] == "2"
    assert world.is_quiet(rig.run("account"))


def test_an_account_that_moved_between_plan_and_upsert_is_parked_and_planned_afresh(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_company(rig, company, phone_number="2")
    steps(rig, "old", *READS)
    world.edit_salesforce(rig, account, Phone="3")
    steps(rig, "old", *WRITES)
    summary = report(rig.sync("account", "old", {}))
    assert summary["to_salesforce"]["parked_by_reason"] == {"superseded": 1}
    assert world.raw_salesforce(rig, account)["Phone"] == "3"
    result = rig.run("account").ok
    assert result["to_ipaas"]["conflicts"]["resolved"] == 1
    assert world.raw_company(rig, company)["phone_number"] == "3"
    assert world.is_quiet(rig.run("account"))


def test_a_target_that_moved_in_another_field_gets_the_write_and_keeps_its_edit(either: Rig) -> None:
    rig = either
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "run", *READS)
    world.edit_company(rig, company, fax_number="3")
    steps(rig, "run", *WRITES)
    summary = report(rig.sync("account", "run", {}))
    assert summary["to_ipaas"]["updated"] == 1
    stored = world.raw_company(rig, company)
    assert (stored["phone_number"], stored["fax_number"]) == ("2", "3")
    assert rig.run("account").ok.counts("to_salesforce")["updated"] == 1
    assert world.raw_salesforce(rig, account)["Fax"] == "3"
    assert world.is_quiet(rig.run("account"))


def test_a_target_that_moved_to_the_same_value_needs_no_write(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "run", *READS)
    world.edit_company(rig, company, phone_number="2")
    steps(rig, "run", *WRITES)
    summary = report(rig.sync("account", "run", {}))
    assert summary["to_ipaas"]["unchanged"] == 1
    assert world.is_quiet(rig.run("account"))


def test_the_cleared_upsert_of_an_old_run_writes_nothing(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    rig.run("account", run_id="old").ok  # noqa: B018
    world.edit_salesforce(rig, account, Phone="3")
    rig.run("account").ok  # noqa: B018
    before = world.raw_company(rig, company)
    steps(rig, "old", *WRITES)
    assert world.raw_company(rig, company) == before
    assert world.is_quiet(rig.run("account"))


def test_the_upsert_of_a_run_overtaken_by_another_writes_nothing_stale(either: Rig) -> None:
    rig = either
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "slow", *READS)
    world.edit_salesforce(rig, account, Phone="3")
    rig.run("account", run_id="quick").ok  # noqa: B018
    assert world.raw_company(rig, company)["phone_number"] == "3"
    steps(rig, "slow", *WRITES)
    assert world.raw_company(rig, company)["phone_number"] == "3"
    summary = report(rig.sync("account", "slow", {}))
    assert summary["to_ipaas"]["parked_by_reason"] == {"superseded": 1}
    assert world.is_quiet(rig.run("account"))


def test_a_capture_from_before_another_runs_write_is_planned_afresh(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "slow", "extract_salesforce", "extract_ipaas")
    world.edit_salesforce(rig, account, Phone="3")
    rig.run("account", run_id="quick").ok  # noqa: B018
    steps(rig, "slow", "prerequisites", "plan", *WRITES)
    summary = report(rig.sync("account", "slow", {}))
    assert summary["to_ipaas"]["parked_by_reason"] == {"superseded": 1}
    assert world.raw_company(rig, company)["phone_number"] == "3"
    assert world.is_quiet(rig.run("account"))


def test_a_run_cleared_from_its_extracts_on_starts_from_what_stands_now(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    rig.run("account", run_id="cleared").ok  # noqa: B018
    world.edit_company(rig, company, phone_number="3")
    result = rig.run("account", run_id="cleared").ok
    assert result.counts("to_salesforce")["updated"] == 1
    assert world.raw_salesforce(rig, account)["Phone"] == "3"


def test_a_record_that_appears_between_plan_and_create_is_not_created_again(either: Rig) -> None:
    rig = either
    pair(rig)
    world.account(rig, "Meanwhile")
    steps(rig, "run", *READS)
    world.company(rig, "Meanwhile")
    steps(rig, "run", *WRITES)
    summary = report(rig.sync("account", "run", {}))
    assert summary["to_ipaas"]["parked_by_reason"] == {"superseded": 1}
    assert [record["name"] for record in world.companies(rig)].count("Meanwhile") == 1
    result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": 1}


def test_a_company_deleted_between_plan_and_upsert_is_skipped(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_salesforce(rig, account, Phone="2")
    steps(rig, "run", *READS)
    rig.control("DELETE", f"ipaas/records/companies/{company}")
    steps(rig, "run", *WRITES)
    summary = report(rig.sync("account", "run", {}))
    assert summary["to_ipaas"]["skipped_by_reason"] == {"target_deleted": 1}
    assert len(world.companies(rig)) == 0


def test_an_account_deleted_between_plan_and_upsert_is_skipped(rig: Rig) -> None:
    account, company = pair(rig)
    world.edit_company(rig, company, phone_number="2")
    steps(rig, "run", *READS)
    rig.control("DELETE", f"salesforce/records/Account/{account}")
    steps(rig, "run", *WRITES)
    summary = report(rig.sync("account", "run", {}))
    assert summary["to_salesforce"]["skipped_by_reason"] == {"target_deleted": 1}
    assert world.salesforce_rows(rig, "Account") == []


def test_a_pair_of_which_another_run_has_linked_one_since_the_plan_is_left_alone(either: Rig) -> None:
    """Matched by e-mail, then linked by somebody else: neither its external id nor its fields are written over."""
    rig = either
    parent = world.account(rig)
    contact = world.contact(rig, parent, email="ann@example.com", FirstName="Ann", Phone="1")
    other = world.contact(rig, parent, email="bob@example.com")
    customer = world.customer(rig, email="ann@example.com", first_name="Anna", comment="kept")
    for name in READS:
        rig.step(name, rig.sync("contact", "old", {"full": True}))
    assert rig.ledger.add_link(Link(world.scope(rig), "contact", other, customer)) is not None
    for name in WRITES:
        rig.step(name, rig.sync("contact", "old", {"full": True}))
    summary = report(rig.sync("contact", "old", {"full": True}))
    assert summary["to_ipaas"]["parked_by_reason"]["superseded"] >= 1
    assert world.external_id(rig, "customer", customer) != contact
    assert world.raw_customer(rig, customer)["first_name"] == "Anna"
    assert world.link_of(rig, "contact", contact) is None
