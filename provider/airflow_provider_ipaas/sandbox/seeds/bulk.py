"""Many plain records, for loads and measurements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from airflow_provider_ipaas.sandbox.ipaas.model import COMPANY, CUSTOMER
from airflow_provider_ipaas.sandbox.seeds.stores import IPaaSStore, SalesforceTarget

SPREAD: Final = timedelta(days=3)


def seed_n(
    n: int,
    salesforce_store: SalesforceTarget,
    ipaas_store: IPaaSStore,
    *,
    companies: int = 0,
    customers: int = 0,
) -> None:
    """Add `n` Accounts with a Contact each, and as many companies and customers as asked for.

    Names and e-mails are unique and the same each time; no company shares a name with an Account and no customer an
    e-mail with a Contact. Stamps lie evenly in the last three days by each service's clock.
    """
    moments = _Moments(salesforce_store.clock.now(), n)
    for index in range(n):
        at = moments.at(index)
        account_id = salesforce_store.insert("Account", _account(index), at=at)
        salesforce_store.insert("Contact", _contact(index, account_id), at=at)
    moments = _Moments(ipaas_store.clock.now(), companies)
    for index in range(companies):
        ipaas_store.insert(COMPANY, _company(index), at=moments.at(index))
    moments = _Moments(ipaas_store.clock.now(), customers)
    for index in range(customers):
        ipaas_store.insert(CUSTOMER, _customer(index), at=moments.at(index))


class _Moments:
    """`count` moments, evenly spread over the time before `now`."""

    def __init__(self, now: datetime, count: int) -> None:
        self._start = now - SPREAD
        self._step = SPREAD / (count + 1)

    def at(self, index: int) -> datetime:
        return self._start + self._step * (index + 1)


def _account(index: int) -> dict[str, Any]:
    return {
        "Name": f"Load Account {index:07d}",
        "AccountNumber": f"LA-{index:07d}",
        "Phone": f"+1 217 {index % 10_000_000:07d}",
        "Website": f"https://account{index}.load.example.com",
        "BillingStreet": f"{index + 1} Load Street",
        "BillingCity": "Springfield",
        "BillingState": "Illinois",
        "BillingPostalCode": f"{index % 100_000:05d}",
        "BillingCountry": "United States",
    }


def _contact(index: int, account_id: str) -> dict[str, Any]:
    return {
        "AccountId": account_id,
        "FirstName": f"First{index:07d}",
        "LastName": f"Last{index:07d}",
        "Email": f"contact{index}@load.example.com",
        "Phone": f"+1 312 {index % 10_000_000:07d}",
        "MailingStreet": f"{index + 1} Load Street",
        "MailingCity": "Springfield",
        "MailingState": "Illinois",
        "MailingPostalCode": f"{index % 100_000:05d}",
        "MailingCountry": "United States",
    }


def _address(index: int, last_name: str) -> dict[str, Any]:
    return {
        "first_name": "Load",
        "last_name": last_name,
        "address_1": f"{index + 1} Depot Road",
        "city": "Portland",
        "region": "Oregon",
        "country": "United States",
        "postal_code": f"{index % 100_000:05d}",
        "is_primary_billing": True,
        "is_primary_shipping": True,
    }


def _company(index: int) -> dict[str, Any]:
    return {
        "name": f"Depot Company {index:07d}",
        "account_number": f"DC-{index:07d}",
        "phone_number": f"+1 503 {index % 10_000_000:07d}",
        "addresses": [_address(index, f"Depot{index:07d}")],
    }


def _customer(index: int) -> dict[str, Any]:
    return {
        "customer_number": f"DU-{index:07d}",
        "first_name": "Load",
        "last_name": f"Depot{index:07d}",
        "email_address": f"customer{index}@depot.example.com",
        "addresses": [_address(index, f"Depot{index:07d}")],
    }
