"""The org's API calls are shared: the sync warns, stops cleanly before they are used up, and goes on later."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import RequestLimitExceeded
from airflow_provider_ipaas.sync.budget import CallBudget
from tests.behaviour import world
from tests.support.rig import Rig

ALLOWED = 15_000  # what the sandbox's org may use in 24 hours


def use(rig: Rig, calls: int) -> None:
    """Let others use the org's calls."""
    rig.sandbox.salesforce.api_used = calls


def companies(rig: Rig, count: int) -> None:
    for number in range(count):
        world.company(rig, f"There {number}")


def test_a_run_stops_before_it_reads_when_the_org_has_used_its_share(rig: Rig) -> None:
    companies(rig, 2)
    use(rig, ALLOWED * 80 // 100)
    run = rig.run("account", full=True)
    error = run.errors["extract_salesforce"]
    assert isinstance(error, RequestLimitExceeded)
    assert "(80 %), and this connection leaves off at 80 %: stopped before reading Accounts" in str(error)
    assert "raise api_stop_percent" in str(error)
    assert world.salesforce_rows(rig, "Account") == []
    use(rig, 0)
    assert rig.run("account", full=True).ok["to_salesforce"]["created"] == 2


def test_a_run_that_reaches_the_share_in_the_middle_settles_what_it_wrote_and_the_next_goes_on(rig: Rig) -> None:
    companies(rig, 450)
    rig.settings = {"budget": CallBudget(per_run=9)}
    run = rig.run("account", full=True)
    assert isinstance(run.errors["upsert_salesforce"], RequestLimitExceeded)
    counts = run["to_salesforce"]
    assert 0 < counts["created"] < 450
    assert counts["parked_by_reason"] == {"api_budget": 450 - counts["created"]}
    assert len(world.salesforce_rows(rig, "Account")) == counts["created"]
    rig.settings = {}
    again = rig.run("account").ok["to_salesforce"]
    assert again["created"] == 450 - counts["created"]
    assert len(world.salesforce_rows(rig, "Account")) == 450
    assert world.is_quiet(rig.run("account"))


def test_others_that_use_up_the_share_in_the_middle_stop_the_run_before_the_next_batches(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    companies(rig, 1_200)
    real = SalesforceClient.upsert

    def upsert(client: SalesforceClient, sobject: str, field: str, records: Sequence[dict[str, Any]]) -> Any:
        if len(records) == 200:
            use(rig, ALLOWED * 80 // 100)
        return real(client, sobject, field, records)

    monkeypatch.setattr(SalesforceClient, "upsert", upsert)
    run = rig.run("account", full=True, max_creates=None)
    error = run.errors["upsert_salesforce"]
    assert isinstance(error, RequestLimitExceeded)
    assert "leaves off at 80 %: stopped before writing" in str(error)
    counts = run["to_salesforce"]
    assert counts["created"] == len(world.salesforce_rows(rig, "Account")) == 801  # the canary, and what went at once
    assert counts["parked_by_reason"] == {"api_budget": 399}
    use(rig, 0)
    monkeypatch.undo()
    assert rig.run("account").ok["to_salesforce"]["created"] == 399


def test_a_warning_comes_first_and_once_in_a_task(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    companies(rig, 450)
    use(rig, ALLOWED * 65 // 100)
    rig.step("extract_salesforce", rig.sync("account", "run", {"full": True}))
    told = [text for text in caplog.messages if "API calls of 24 hours" in text]
    assert len(told) == 1
    assert "(65 %); this connection leaves off at 80 %" in told[0]


def test_the_connection_says_how_much_may_be_used(rig: Rig) -> None:
    companies(rig, 2)
    use(rig, ALLOWED * 90 // 100)
    rig.settings = {"budget": CallBudget(stop_percent=95, warn_percent=95)}
    assert rig.run("account", full=True).ok["to_salesforce"]["created"] == 2


def test_a_big_load_is_forecast_and_says_when_it_does_not_fit(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for number in range(30):
        world.account(rig, f"Here {number}")
    companies(rig, 450)
    use(rig, ALLOWED * 80 // 100 - 6)
    run = rig.run("account", full=True, dry_run=True)
    forecast = next(text for text in caplog.messages if text.startswith("What is planned takes"))
    assert "about 5 calls to Salesforce and 120 to iPaaS.com; the org has used" in forecast
    assert any("parks the rest (api_budget)" in text for text in caplog.messages)
    assert run["dry_run"] is True


def test_contacts_of_one_account_are_written_together(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [world.account(rig, f"Parent {number}") for number in range(2)]
    contacts = [world.contact(rig, accounts[number % 2]) for number in range(6)]
    rig.run("account", full=True).ok  # noqa: B018
    rig.run("contact", full=True).ok  # noqa: B018
    for number, contact in enumerate(contacts):
        world.edit_customer(rig, world.partner(rig, "contact", contact), last_name=f"Edited {number}")
    rig.run("contact").ok  # noqa: B018 -- the canary
    for number, contact in enumerate(contacts):
        world.edit_customer(rig, world.partner(rig, "contact", contact), last_name=f"Again {number}")
    sent: list[str] = []
    real = SalesforceClient.update

    def update(client: SalesforceClient, sobject: str, records: Sequence[dict[str, Any]]) -> Any:
        sent.extend(record["Id"] for record in records)
        return real(client, sobject, records)

    monkeypatch.setattr(SalesforceClient, "update", update)
    rig.run("contact").ok  # noqa: B018
    order = [world.raw_salesforce(rig, record_id)["AccountId"] for record_id in sent]
    assert len(order) == 6
    assert order == sorted(order)
