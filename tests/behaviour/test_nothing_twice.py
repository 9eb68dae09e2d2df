"""Nothing twice, nothing lost: lost answers, killed tasks, and runs that create at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.sync.claiming import ABANDONED
from airflow_provider_ipaas.sync.model import Claim
from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.support.rig import Result, Rig

COMPANY_CREATE = {"service": "ipaas", "method": "POST", "path": "Customer/Company$"}
COMPANY_PUT = {"service": "ipaas", "method": "PUT", "path": "Customer/Company/"}
ACCOUNT_CREATE = {"service": "salesforce", "path": "composite/sobjects(/Account/iPaaS_Id__c)?$", "body": '"Name"'}
LOST = [
    {"type": "drop", "when": "after"},
    {"type": "drop", "when": "before"},
    {"type": "truncate"},
    {"type": "html", "when": "after"},
    {"type": "html", "when": "before"},
    {"type": "status", "status": 502, "when": "after"},
    {"type": "status", "status": 503, "when": "before"},
]
NAMES = [f"{lost['type']}-{lost.get('when', 'after')}" for lost in LOST]


@pytest.fixture(params=[True, False], ids=["id-field", "no-id-field"])
def org(request: pytest.FixtureRequest, rig: Rig) -> Rig:
    """The rig, with and without the external-id field in Salesforce."""
    rig.switch("salesforce", external_id_field=request.param)
    return rig


def warmed(rig: Rig) -> None:
    """Let the canaries pass, so that writes go in batches."""
    for name in ("First of Salesforce", "Second of Salesforce"):
        account = world.account(rig, name)
        world.synced(rig, "account", account, full=True)
        world.edit_salesforce(rig, account, Phone="1")
        rig.run("account").ok  # noqa: B018
    company = world.company(rig, "First of iPaaS.com")
    rig.run("account").ok  # noqa: B018
    world.edit_company(rig, company, phone_number="2")
    assert rig.run("account").ok.counts("to_salesforce")["updated"] == 1


def settle(rig: Rig, runs: int = 3) -> None:
    """Run until nothing is to be done any more."""
    for _ in range(runs):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
    assert world.is_quiet(result)
    assert result.counts("to_ipaas").get("parked", 0) == 0, result["to_ipaas"]
    assert result.counts("to_salesforce").get("parked", 0) == 0, result["to_salesforce"]


def names_of(rig: Rig) -> tuple[list[str], list[str]]:
    accounts = sorted(row["Name"] for row in world.salesforce_rows(rig, "Account"))
    return accounts, sorted(record["name"] for record in world.companies(rig))


def assert_once(rig: Rig, *expected: str) -> None:
    """Each of these stands once on both sides, linked."""
    accounts, companies = names_of(rig)
    for name in expected:
        assert accounts.count(name) == 1, (name, accounts)
        assert companies.count(name) == 1, (name, companies)
    for row in world.salesforce_rows(rig, "Account"):
        if row["Name"] in expected:
            assert world.external_id(rig, "company", world.partner(rig, "account", row["Id"])) == row["Id"]


# Lost answers


@pytest.mark.parametrize("lost", LOST, ids=NAMES)
def test_a_create_in_ipaas_whose_answer_was_lost_happens_once(either: Rig, lost: dict[str, Any]) -> None:
    rig = either
    warmed(rig)
    world.account(rig, "Lost One", Phone="512")
    world.account(rig, "Neighbour")
    with rig.fault(**COMPANY_CREATE, nth=1, action=lost):
        result = rig.run("account")
    parked = result["to_ipaas"]["parked_by_reason"]
    assert set(parked) <= {"uncertain_create", "not_attempted"}
    settle(rig)
    assert_once(rig, "Lost One", "Neighbour")


@pytest.mark.parametrize("lost", LOST, ids=NAMES)
def test_a_create_in_salesforce_whose_answer_was_lost_happens_once(org: Rig, lost: dict[str, Any]) -> None:
    warmed(org)
    world.company(org, "Lost One", phone_number="512")
    world.company(org, "Neighbour")
    with org.fault(**ACCOUNT_CREATE, action=lost):
        org.run("account")
    settle(org)
    assert_once(org, "Lost One", "Neighbour")


@pytest.mark.parametrize("lost", LOST[:2], ids=NAMES[:2])
def test_the_very_first_create_may_be_the_lost_one(org: Rig, lost: dict[str, Any]) -> None:
    world.company(org, "Canary of iPaaS.com")
    world.account(org, "Canary of Salesforce")
    with org.fault(**COMPANY_CREATE, nth=1, action=lost):
        org.run("account", full=True)
    with org.fault(**ACCOUNT_CREATE, nth=1, action=lost):
        org.run("account", full=True)
    settle(org)
    assert_once(org, "Canary of iPaaS.com", "Canary of Salesforce")


@pytest.mark.parametrize("lost", LOST[:4], ids=NAMES[:4])
def test_an_update_whose_answer_was_lost_arrives(org: Rig, lost: dict[str, Any]) -> None:
    warmed(org)
    first = next(r for r in world.salesforce_rows(org, "Account") if r["Name"] == "First of Salesforce")
    second = next(r for r in world.companies(org) if r["name"] == "Second of Salesforce")
    world.edit_salesforce(org, first["Id"], Phone="777")
    world.edit_company(org, str(second["id"]), phone_number="888")
    with org.fault(**COMPANY_PUT, action=lost):
        org.run("account")
    with org.fault(service="salesforce", method="PATCH", path="composite/sobjects$", action=lost):
        org.run("account")
    settle(org)
    assert world.raw_company(org, world.partner(org, "account", first["Id"]))["phone_number"] == "777"
    other = next(r for r in world.salesforce_rows(org, "Account") if r["Name"] == "Second of Salesforce")
    assert other["Phone"] == "888"


def test_an_edit_after_a_lost_answer_is_not_lost_either(either: Rig) -> None:
    rig = either
    warmed(rig)
    account = world.account(rig, "Before", Phone="1")
    with rig.fault(**COMPANY_CREATE, action={"type": "drop", "when": "after"}):
        rig.run("account")
    world.edit_salesforce(rig, account, Name="After", Phone="2")
    settle(rig)
    assert_once(rig, "After")
    assert "Before" not in names_of(rig)[1]
    assert world.raw_company(rig, world.partner(rig, "account", account))["phone_number"] == "2"


def test_an_edit_in_ipaas_after_a_lost_answer_is_not_lost_either(org: Rig) -> None:
    warmed(org)
    company = world.company(org, "Before", phone_number="1")
    with org.fault(**ACCOUNT_CREATE, action={"type": "drop", "when": "after"}):
        org.run("account")
    world.edit_company(org, company, name="After", phone_number="2")
    settle(org)
    assert_once(org, "After")
    assert "Before" not in names_of(org)[0]


def test_what_somebody_adds_to_a_record_before_its_lost_create_is_found_is_an_edit(either: Rig) -> None:
    rig = either
    warmed(rig)
    account = world.account(rig, "Lost")
    with rig.fault(**COMPANY_CREATE, action={"type": "drop", "when": "after"}):
        rig.run("account", direction="to_ipaas")
    (company,) = [record["id"] for record in world.companies(rig) if record["name"] == "Lost"]
    world.edit_company(rig, str(company), description="Added")
    settle(rig)
    assert_once(rig, "Lost")
    assert world.raw_salesforce(rig, account)["Description"] == "Added"


def test_a_record_that_a_person_links_with_the_source_of_a_lost_create_is_compared_not_taken_for_it(rig: Rig) -> None:
    """Its values were never ours: where they differ, that is a conflict, and it is counted."""
    warmed(rig)
    other = world.company(rig, "Not Ours", description="Kept")
    account = world.account(rig, "Wanted")
    with rig.fault(**COMPANY_CREATE, action={"type": "drop", "when": "before"}):
        rig.run("account", direction="to_ipaas")
    row = {"table": "company", "internal_id": int(other), "external_id": account, "system_id": 5501}
    rig.control("PUT", "ipaas/external-ids", row)
    world.later(rig, minutes=40)
    runs = [rig.run("account", direction="to_ipaas") for _ in range(2)]
    assert sum(run["to_ipaas"]["conflicts"]["resolved"] for run in runs) == 1
    assert world.raw_company(rig, other)["name"] == "Wanted"
    assert world.raw_salesforce(rig, account)["Name"] == "Wanted"
    settle(rig)
    assert world.raw_salesforce(rig, account)["Description"] == "Kept"


def test_what_the_record_of_somebody_else_lacks_is_sent_where_it_is_found_for_a_lost_create(rig: Rig) -> None:
    """It carries our id and the same name, but it is not what was sent: nothing says that its blanks are agreed."""
    warmed(rig)
    account = world.account(rig, "Wanted", Phone="512", **world.prefixed("Billing"))
    with rig.fault(**COMPANY_CREATE, action={"type": "drop", "when": "before"}):
        rig.run("account", direction="to_ipaas")
    other = world.company(rig, "Wanted")
    row = {"table": "company", "internal_id": int(other), "external_id": account, "system_id": 5501}
    rig.control("PUT", "ipaas/external-ids", row)
    settle(rig)
    assert_once(rig, "Wanted")
    assert world.raw_company(rig, other)["phone_number"] == "512"
    assert world.primary(world.raw_company(rig, other), "billing")["city"] == "Austin"


@pytest.mark.parametrize("lost", LOST[:2], ids=NAMES[:2])
def test_a_customer_whose_create_lost_its_answer_exists_once(either: Rig, lost: dict[str, Any]) -> None:
    rig = either
    account = world.account(rig)
    people = [world.contact(rig, account) for _ in range(3)]
    with rig.fault(service="ipaas", method="POST", path="v2/Customer$", nth=2, action=lost):
        rig.run("contact", full=True)
    for _ in range(2):
        world.later(rig, minutes=40)
        result = rig.run("contact").ok
    assert world.is_quiet(result)
    assert len(world.customers(rig)) == 3
    assert len(world.companies(rig)) == 1
    for person in people:
        assert world.external_id(rig, "customer", world.partner(rig, "contact", person)) == person


@pytest.mark.parametrize("lost", LOST[:2], ids=NAMES[:2])
def test_a_contact_whose_create_lost_its_answer_exists_once(org: Rig, lost: dict[str, Any]) -> None:
    people = [world.customer(org) for _ in range(3)]
    with org.fault(
        service="salesforce", path="composite/sobjects(/Contact/iPaaS_Id__c)?$", body="LastName", nth=2, action=lost
    ):
        org.run("contact", full=True)
    for _ in range(3):
        world.later(org, minutes=40)
        result = org.run("contact").ok
    assert world.is_quiet(result)
    rows = world.salesforce_rows(org, "Contact")
    assert len(rows) == 3
    assert {world.partner(org, "contact", row["Id"]) for row in rows} == set(people)


def test_an_external_id_whose_storing_lost_its_answer_is_stored_in_the_end(org: Rig) -> None:
    warmed(org)
    world.company(org, "From iPaaS.com")
    world.account(org, "From Salesforce")
    with org.fault(service="ipaas", path="UpdateExternalId", action={"type": "drop", "when": "before"}):
        org.run("account")
    settle(org)
    assert_once(org, "From iPaaS.com", "From Salesforce")


# Uncertain creates without the external-id field


def uncertain(rig: Rig, name: str, **set_by_flow: str) -> str:
    """Create a Company whose Account was created with a lost answer; a flow may have set fields of it."""
    rig.switch("salesforce", external_id_field=False)
    warmed(rig)
    if set_by_flow:
        rig.control("POST", "salesforce/flows", {"sobject": "Account", "set": set_by_flow, "max_runs": 1})
    company = world.company(rig, name, phone_number="512")
    with rig.fault(**ACCOUNT_CREATE, action={"type": "drop", "when": "after"}):
        result = rig.run("account")
    assert result["to_salesforce"]["parked_by_reason"] == {"uncertain_create": 1}
    return company


def test_one_record_found_after_an_unknown_outcome_is_linked(rig: Rig) -> None:
    company = uncertain(rig, "One Found")
    made = next(row["Id"] for row in world.salesforce_rows(rig, "Account") if row["Name"] == "One Found")
    settle(rig)
    assert world.partner(rig, "account", made) == company


def test_several_records_found_after_an_unknown_outcome_are_parked_until_a_person_decides(rig: Rig) -> None:
    uncertain(rig, "Several")
    twin = rig.control(
        "POST", "salesforce/records/Account", {"fields": {"Name": "Several", "Phone": "512"}, "by": "api"}
    )
    for _ in range(2):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
        assert result["to_salesforce"]["parked_by_reason"]["uncertain_create"] == 1
    (error,) = next(iter(rig.ledger.due(world.scope(rig), "account", "to_salesforce", rig.now())))
    assert twin["Id"] in (error.message or "")
    rig.control("DELETE", f"salesforce/records/Account/{twin['Id']}")
    settle(rig)
    assert names_of(rig)[0].count("Several") == 1


def test_one_record_that_a_flow_has_changed_since_is_parked_until_a_person_says_so(rig: Rig) -> None:
    """It is not what was sent, but it may well be what was created: nothing is created beside it."""
    company = uncertain(rig, "Changed", Phone="999")
    (made,) = [row["Id"] for row in world.salesforce_rows(rig, "Account") if row["Name"] == "Changed"]
    for _ in range(2):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
        assert result["to_salesforce"]["parked_by_reason"] == {"uncertain_create": 1}
    assert names_of(rig)[0].count("Changed") == names_of(rig)[1].count("Changed") == 1
    row = {"table": "company", "internal_id": int(company), "external_id": made, "system_id": 5501}
    rig.control("PUT", "ipaas/external-ids", row)
    settle(rig)
    assert world.partner(rig, "account", made) == company
    assert world.raw_company(rig, company)["phone_number"] == "999"


def test_one_record_that_a_flow_has_rewritten_whole_is_parked_on_both_sides(rig: Rig) -> None:
    """Nothing of what was sent is left, but our user made it since: neither is it made again, nor sent back as new."""
    company = uncertain(rig, "Renamed", Name="Somebody Else", Phone="999")
    (made,) = [row["Id"] for row in world.salesforce_rows(rig, "Account") if row["Name"] == "Somebody Else"]
    for _ in range(2):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
        assert result["to_salesforce"]["parked_by_reason"] == {"uncertain_create": 1}
        assert result["to_ipaas"]["parked_by_reason"] == {"uncertain_create": 1}
    assert names_of(rig)[0].count("Renamed") == names_of(rig)[1].count("Somebody Else") == 0
    row = {"table": "company", "internal_id": int(company), "external_id": made, "system_id": 5501}
    rig.control("PUT", "ipaas/external-ids", row)
    settle(rig)
    assert world.partner(rig, "account", made) == company
    assert world.raw_company(rig, company)["name"] == "Somebody Else"


def test_a_record_whose_phone_the_org_writes_its_own_way_is_found_again(rig: Rig) -> None:
    rig.switch("salesforce", normalise_phones=True)
    warmed(rig)
    rig.switch("salesforce", external_id_field=False)
    company = world.company(rig, "Own Form", phone_number="5125550100")
    with rig.fault(**ACCOUNT_CREATE, action={"type": "drop", "when": "after"}):
        rig.run("account")
    settle(rig)
    assert_once(rig, "Own Form")
    assert world.raw_company(rig, company)["name"] == "Own Form"


def test_no_record_found_after_an_unknown_outcome_is_created(rig: Rig) -> None:
    uncertain(rig, "None Found")
    made = next(row["Id"] for row in world.salesforce_rows(rig, "Account") if row["Name"] == "None Found")
    rig.control("DELETE", f"salesforce/records/Account/{made}?hard=true")
    settle(rig)
    assert_once(rig, "None Found")


def test_a_request_that_may_still_be_under_way_is_waited_for(rig: Rig) -> None:
    rig.switch("salesforce", external_id_field=False)
    warmed(rig)
    world.company(rig, "Slow Commit")
    with rig.fault(**ACCOUNT_CREATE, action={"type": "drop", "when": "before"}):
        rig.run("account")
    opened = rig.control(
        "POST",
        "salesforce/transactions",
        {"operations": [{"op": "insert", "sobject": "Account", "fields": {"Name": "Slow Commit"}}], "by": "api"},
    )
    result = rig.run("account").ok
    assert result["to_salesforce"]["parked_by_reason"] == {"uncertain_create": 1}
    rig.control("POST", "salesforce/transactions/commit", {"id": opened["id"]})
    settle(rig)
    assert_once(rig, "Slow Commit")


# Killed tasks


class Killed(BaseException):
    """The worker is gone: nothing after this line runs."""


KILLS: list[tuple[str, str]] = [
    ("ledger", "claim"),
    ("ledger", "journal"),
    ("ipaas", "create"),
    ("ipaas", "set_external_id"),
    ("ledger", "save_items"),
    ("ledger", "drop_claims"),
    ("salesforce", "upsert"),
    ("salesforce", "create"),
    ("salesforce", "retrieve"),
]


def kill_at(monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, *, after: bool, nth: int = 1) -> None:
    """Let the nth call of a method of this object be the last thing that the task does."""
    real: Callable[..., Any] = getattr(holder, name)
    count = iter(range(1, 1_000_000))

    def call(*args: Any, **named: Any) -> Any:
        last = next(count) == nth
        if last and not after:
            raise Killed
        result = real(*args, **named)
        if last:
            raise Killed
        return result

    monkeypatch.setattr(holder, name, call)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), KILLS, ids=[f"{w}.{n}" for w, n in KILLS])
def test_a_task_killed_anywhere_is_retried_without_a_trace(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, where: str, name: str, after: bool
) -> None:
    if (where, name) == ("salesforce", "create"):
        rig.switch("salesforce", external_id_field=False)
    warmed(rig)
    world.company(rig, "Killed A")
    world.company(rig, "Killed B")
    world.account(rig, "Killed C")
    world.account(rig, "Killed D")
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "killed", {}))
    for step in ("upsert_ipaas", "upsert_salesforce"):
        sync = rig.sync("account", "killed", {})
        with monkeypatch.context() as patch:
            holder: Any = {"ledger": sync.ledger, "ipaas": sync.ipaas, "salesforce": sync.salesforce}[where]
            kill_at(patch, holder, name, after=after)
            with contextlib.suppress(Killed):
                rig.step(step, sync)
        rig.step(step, rig.sync("account", "killed", {}))
    assert report_counts(rig, "killed") <= {"created", "unchanged", "parked"}
    settle(rig)
    assert_once(rig, "Killed A", "Killed B", "Killed C", "Killed D")


def report_counts(rig: Rig, run_id: str) -> set[str]:
    from airflow_provider_ipaas.sync.report import report

    summary = report(rig.sync("account", run_id, {}))
    result = Result(summary).ok
    return {*result.counts("to_ipaas"), *result.counts("to_salesforce")}


# Two at once


def at_once(*calls: Callable[[], Any]) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(call: Callable[[], Any]) -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return errors


def test_two_runs_at_once_create_each_record_once(org: Rig) -> None:
    warmed(org)
    for number in range(4):
        world.company(org, f"Twice there {number}")
        world.account(org, f"Twice here {number}")
    errors = at_once(
        lambda: org.run("account", run_id="one"),
        lambda: org.run("account", run_id="two"),
    )
    assert errors == []
    settle(org)
    assert_once(org, *[f"Twice there {n}" for n in range(4)], *[f"Twice here {n}" for n in range(4)])


def test_a_run_whose_plan_another_run_has_carried_out_creates_nothing(org: Rig) -> None:
    warmed(org)
    world.company(org, "Planned there")
    world.account(org, "Planned here")
    for run_id in ("one", "two"):
        for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
            org.step(step, org.sync("account", run_id, {}))
    for run_id in ("one", "two"):
        for step in ("upsert_ipaas", "upsert_salesforce"):
            org.step(step, org.sync("account", run_id, {}))
    assert_once(org, "Planned there", "Planned here")
    assert report_counts(org, "one") == {"created", "unchanged"}
    assert report_counts(org, "two") == {"parked", "unchanged"}
    settle(org)
    assert_once(org, "Planned there", "Planned here")


def test_accounts_and_contacts_create_the_same_parent_once(either: Rig) -> None:
    rig = either
    warmed(rig)
    parents = [world.account(rig, f"Parent {number}") for number in range(4)]
    for parent in parents:
        world.contact(rig, parent)
    errors = at_once(lambda: rig.run("account", run_id="one"), lambda: rig.run("contact", run_id="two", full=True))
    assert errors == []
    world.later(rig, minutes=40)
    rig.run("contact").ok  # noqa: B018
    settle(rig)
    world.later(rig, minutes=40)
    assert world.is_quiet(rig.run("contact"))
    assert_once(rig, *[f"Parent {number}" for number in range(4)])
    assert len(world.customers(rig)) == 4


def test_a_create_that_another_run_has_under_way_is_parked(rig: Rig) -> None:
    warmed(rig)
    account = world.account(rig, "Under way")
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "mine", {}))
    other = rig.sync("account", "other", {})
    claim = Claim(world.scope(rig), "account", "to_ipaas", account, other.run.run_key, claimed_at=rig.now())
    assert rig.ledger.claim([claim]) == {account}
    rig.step("upsert_ipaas", rig.sync("account", "mine", {}))
    from airflow_provider_ipaas.sync.report import report

    summary = report(rig.sync("account", "mine", {}))
    assert summary["to_ipaas"]["parked_by_reason"] == {"create_in_progress": 1}
    rig.offset += ABANDONED * 2
    settle(rig)
    assert_once(rig, "Under way")


def test_a_namesake_that_a_lane_is_just_creating_is_not_taken_for_a_strangers(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.account(rig, "Proof of creates")
    rig.run("account", full=True).ok  # noqa: B018 (raises on errors)
    there, looked = threading.Event(), threading.Event()
    create, find = IPaaSClient.create, IPaaSClient.find

    def slowly_answered(client: IPaaSClient, kind: Any, body: Any) -> Any:
        answer = create(client, kind, body)
        there.set()
        assert looked.wait(30)
        return answer

    def find_after(client: IPaaSClient, kind: Any, value: str) -> Any:
        if not turns.acquire(blocking=False):
            assert there.wait(30)
        rows = find(client, kind, value)
        if rows:
            looked.set()
        return rows

    turns = threading.Semaphore(1)
    monkeypatch.setattr(IPaaSClient, "create", slowly_answered)
    for _ in range(2):
        world.account(rig, "Same name")
    plan = rig.sync("account", "both", {"full": True})
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, plan)
    monkeypatch.setattr(IPaaSClient, "find", find_after)
    rig.step("upsert_ipaas", plan)
    rig.step("upsert_salesforce", plan)
    assert report(plan)["to_ipaas"]["created"] == 2
    assert [record["name"] for record in world.companies(rig)].count("Same name") == 2
