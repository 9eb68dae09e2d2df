from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.ipaas.countries import is_country
from airflow_provider_ipaas.sandbox.ipaas.model import ADDRESS_REQUIRED, is_blank
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.salesforce.stamps import parse_stamp
from airflow_provider_ipaas.sandbox.salesforce.store import SalesforceStore
from airflow_provider_ipaas.sandbox.seeds import DemoSummary, seed_demo, seed_n

SALESFORCE_NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
IPAAS_NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
LIMITS = {
    "Name": 255, "AccountNumber": 40, "Phone": 40, "Fax": 40, "Website": 255, "FirstName": 40, "LastName": 80,
    "Email": 80, "Description": 32_000, "Street": 255, "City": 40, "State": 80, "PostalCode": 20, "Country": 80,
}  # fmt: skip


class Pair:
    """Both stores, each with a clock of its own."""

    def __init__(self) -> None:
        clocks = (Clock(), Clock())
        clocks[0].set(SALESFORCE_NOW)
        clocks[1].set(IPAAS_NOW)
        self.salesforce = SalesforceStore(clocks[0])
        self.ipaas = IPaaSStore(clocks[1])

    @property
    def accounts(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.salesforce.rows("Account")]

    @property
    def contacts(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.salesforce.rows("Contact")]

    @property
    def companies(self) -> list[Any]:
        return self.ipaas.tables["company"].listed()

    @property
    def customers(self) -> list[Any]:
        return self.ipaas.tables["customer"].listed()

    def snapshot(self) -> Any:
        records = [(r.values, r.addresses, r.created, r.updated) for r in (*self.companies, *self.customers)]
        return self.accounts, self.contacts, records


@pytest.fixture(scope="module")
def demo() -> tuple[Pair, DemoSummary]:
    pair = Pair()
    return pair, seed_demo(pair.salesforce, pair.ipaas)


def _at(row: dict[str, Any]) -> datetime:
    found = parse_stamp(row["SystemModstamp"])
    assert found is not None
    return found


def _normal(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().casefold()


def _email(value: str) -> str:
    return value.strip().casefold()


def test_demo_holds_what_its_summary_says(demo: tuple[Pair, DemoSummary]) -> None:
    pair, summary = demo
    emails = Counter(_email(row["Email"]) for row in pair.contacts if row["Email"])
    shoppers = [_email(record.values["email_address"]) for record in pair.customers]
    assert summary == DemoSummary(
        accounts=len(pair.accounts),
        contacts=len(pair.contacts),
        companies=len(pair.companies),
        customers=len(pair.customers),
        contacts_without_account=sum(row.get("AccountId") is None for row in pair.contacts),
        contacts_without_email=sum(row["Email"] is None for row in pair.contacts),
        shared_email_pairs=sum(count == 2 for count in emails.values()),
        email_matches=sum(email in emails for email in shoppers),
        name_twins=len(
            {_normal(r["Name"]) for r in pair.accounts} & {_normal(r.values["name"]) for r in pair.companies}
        ),
    )
    assert (summary.accounts, summary.contacts, summary.companies, summary.customers) == (60, 150, 40, 80)


def test_demo_names_and_emails_clash_only_where_meant(demo: tuple[Pair, DemoSummary]) -> None:
    pair, summary = demo
    assert len({_normal(row["Name"]) for row in pair.accounts}) == summary.accounts
    assert len({_normal(record.values["name"]) for record in pair.companies}) == summary.companies
    assert len({_email(record.values["email_address"]) for record in pair.customers}) == summary.customers
    numbers = [row["AccountNumber"] for row in pair.accounts]
    assert not set(numbers) & {record.values["account_number"] for record in pair.companies}
    shared = [
        email for email, count in Counter(row["Email"] for row in pair.contacts if row["Email"]).items() if count > 1
    ]
    assert len(shared) == summary.shared_email_pairs
    assert not set(shared) & {_email(record.values["email_address"]) for record in pair.customers}


def test_demo_emails_match_exactly_and_loosely(demo: tuple[Pair, DemoSummary]) -> None:
    pair, _ = demo
    exact = {row["Email"] for row in pair.contacts}
    folded = {_email(email) for email in exact if email}
    shown = [record.values["email_address"] for record in pair.customers]
    loose = [email for email in shown if _email(email) in folded and email not in exact]
    assert (sum(email in exact for email in shown), len(loose)) == (12, 8)
    assert any(email != email.strip() for email in loose)


def test_demo_is_as_messy_as_promised(demo: tuple[Pair, DemoSummary]) -> None:
    pair, _ = demo
    text = "".join(str(row.get("Name") or row.get("LastName")) for row in (*pair.accounts, *pair.contacts))
    for piece in ("Ä", "東京", "🚀", "شركة", "כהן"):
        assert piece in text
    assert max(len(row.get("Description") or "") for row in pair.accounts) == 3000
    assert sum((row.get("BillingStreet") or "").count("\n") > 1 for row in pair.accounts) >= 1
    assert 0 < sum(row.get("FirstName") is None for row in pair.contacts) < 10
    both = [row for row in pair.accounts if row.get("ShippingStreet")]
    equal = [row for row in both if row["ShippingStreet"] == row["BillingStreet"]]
    assert 10 < len(equal) < len(both)
    assert any(row.get("BillingStreet") and row["BillingCountry"] is None for row in pair.accounts)
    assert any(row.get("BillingStreet") and row["BillingPostalCode"] is None for row in pair.accounts)
    kinds = Counter(
        tuple(sorted((a["is_primary_billing"], a["is_primary_shipping"]) for a in record.addresses))
        for record in pair.customers
    )
    for wanted in ((), ((True, False),), ((False, True),), ((True, True),), ((False, True), (True, False))):
        assert kinds[wanted] > 3
    assert list(pair.ipaas.links) == []


def test_demo_fits_both_services(demo: tuple[Pair, DemoSummary]) -> None:
    pair, _ = demo
    for row in (*pair.accounts, *pair.contacts):
        for name, value in row.items():
            limit = LIMITS.get(re.sub(r"^(Billing|Shipping|Mailing)", "", name))
            assert limit is None or not isinstance(value, str) or len(value) <= limit, (name, value)
        assert row.get("LastName") or row["Name"]
        assert row.get("Email") is None or re.fullmatch(r"[\w.]+@[\w.]+\.com", row["Email"])
        countries = [value for name, value in row.items() if name.endswith("Country") and value]
        assert all(is_country(country) for country in countries)
    for record in (*pair.companies, *pair.customers):
        for item in record.addresses:
            assert not [name for name in ADDRESS_REQUIRED if is_blank(item[name])]
            assert is_country(item["country"])
            lines = [item[name] for name in ("address_1", "address_2") if item[name]]
            assert len("\n".join(lines)) <= 255
            assert len(item["city"]) <= 40
        assert all(len(value) <= 80 for value in record.values.values() if value)
    assert all(record.values["first_name"] and record.values["customer_number"] for record in pair.customers)


def test_demo_stamps_reach_back_sixty_days_by_each_clock(demo: tuple[Pair, DemoSummary]) -> None:
    pair, _ = demo
    salesforce = [SALESFORCE_NOW - _at(row) for row in (*pair.accounts, *pair.contacts)]
    ipaas = [IPAAS_NOW - record.created for record in (*pair.companies, *pair.customers)]
    for ages in (salesforce, ipaas):
        assert min(ages) > timedelta(0)
        assert timedelta(days=55) < max(ages) < timedelta(days=60)
        recent = sum(age < timedelta(days=7) for age in ages) / len(ages)
        assert 0.1 < recent < 0.4
    changed = [record for record in pair.customers if record.updated]
    assert len(changed) > 5
    assert all(record.created < record.updated < IPAAS_NOW for record in changed)


def test_demo_is_the_same_each_time(demo: tuple[Pair, DemoSummary]) -> None:
    again = Pair()
    seed_demo(again.salesforce, again.ipaas)
    assert again.snapshot() == demo[0].snapshot()


def test_seed_n_makes_plain_unique_records() -> None:
    pair, again = Pair(), Pair()
    for one in (pair, again):
        seed_n(50, one.salesforce, one.ipaas, companies=20, customers=30)
    assert pair.snapshot() == again.snapshot()
    assert [len(rows) for rows in (pair.accounts, pair.contacts, pair.companies, pair.customers)] == [50, 50, 20, 30]
    assert len({row["Name"] for row in pair.accounts}) == len({row["Email"] for row in pair.contacts}) == 50
    assert not {row["Email"] for row in pair.contacts} & {r.values["email_address"] for r in pair.customers}
    assert {row["AccountId"] for row in pair.contacts} == {row["Id"] for row in pair.accounts}
    stamps = [_at(row) for row in pair.accounts]
    assert SALESFORCE_NOW - timedelta(days=3) < min(stamps) < max(stamps) < SALESFORCE_NOW
    assert len(set(stamps)) == 50


def test_seed_n_leaves_ipaas_empty_unless_asked() -> None:
    pair = Pair()
    seed_n(3, pair.salesforce, pair.ipaas)
    assert pair.companies == pair.customers == []
