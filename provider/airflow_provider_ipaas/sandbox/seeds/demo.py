"""A small pair of services as one finds them: mostly clean, with everything in it that makes a first sync hard."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from airflow_provider_ipaas.sandbox.ipaas.model import COMPANY, CUSTOMER, new_address
from airflow_provider_ipaas.sandbox.seeds.material import (
    ACCOUNT_NAMES,
    COMPANY_NAMES,
    FIRST_NAMES,
    LAST_NAMES,
    LONG_TEXT,
    NAME_TWINS,
    ODD_PEOPLE,
    PLACES,
    Place,
)
from airflow_provider_ipaas.sandbox.seeds.stores import IPaaSStore, SalesforceTarget

CONTACTS: Final = 150
CUSTOMERS: Final = 80
_WITHOUT_ACCOUNT: Final = range(140, 150)
_WITHOUT_EMAIL: Final = range(132, 140)
_SHARED_EMAIL: Final = {127: 126, 129: 128, 131: 130}
_WITHOUT_FIRST_NAME: Final = range(120, 126)
_EXACT_MATCHES: Final = 12
_LOOSE_MATCHES: Final = 8
_MATCHES: Final = _EXACT_MATCHES + _LOOSE_MATCHES
_RENAMED_MATCHES: Final = frozenset({3, 9, 15})


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the demo holds. Twins are an Account and a company of the same normalised name."""

    accounts: int
    contacts: int
    companies: int
    customers: int
    contacts_without_account: int
    contacts_without_email: int
    shared_email_pairs: int
    email_matches: int
    name_twins: int


@dataclass(frozen=True, slots=True)
class _Person:
    first_name: str | None
    last_name: str
    email: str | None
    place: Place


def seed_demo(salesforce_store: SalesforceTarget, ipaas_store: IPaaSStore) -> DemoSummary:
    """Fill both stores with the demo records, the same each time but for stamps, and return what they hold.

    Stamps reach back 60 days by each service's clock; about a quarter lies in the last 7 days. No record carries an
    external id.
    """
    people = [_contact_person(index) for index in range(CONTACTS)]
    moments = _Moments(salesforce_store.clock.now(), seed=1)
    accounts = [
        salesforce_store.insert("Account", _account(index, name), at=moments.next())
        for index, name in enumerate(ACCOUNT_NAMES)
    ]
    for index, person in enumerate(people):
        salesforce_store.insert("Contact", _contact(index, person, accounts), at=moments.next())
    moments = _Moments(ipaas_store.clock.now(), seed=2)
    company_names = (*NAME_TWINS, *COMPANY_NAMES)
    for index, name in enumerate(company_names):
        ipaas_store.insert(COMPANY, _company(index, name), at=moments.next())
    for index in range(CUSTOMERS):
        _add_customer(index, people, ipaas_store, moments)
    return DemoSummary(
        accounts=len(ACCOUNT_NAMES),
        contacts=CONTACTS,
        companies=len(company_names),
        customers=CUSTOMERS,
        contacts_without_account=len(_WITHOUT_ACCOUNT),
        contacts_without_email=len(_WITHOUT_EMAIL),
        shared_email_pairs=len(_SHARED_EMAIL),
        email_matches=_MATCHES,
        name_twins=len(NAME_TWINS),
    )


class _Moments:
    """Moments in the past, a quarter of them in the last seven days."""

    def __init__(self, now: datetime, seed: int) -> None:
        self._now = now
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def next(self) -> datetime:
        recent = self._random.random() < 0.25
        hours = self._random.uniform(1, 160) if recent else self._random.uniform(170, 60 * 24 - 2)
        return self._now - timedelta(hours=hours)

    def between(self, start: datetime) -> datetime:
        return start + (self._now - start) * self._random.uniform(0.1, 0.9)


# Salesforce


def _account(index: int, name: str) -> dict[str, Any]:
    place = PLACES[index % len(PLACES)]
    fields: dict[str, Any] = {
        "Name": name,
        "AccountNumber": f"A-{10_000 + index}",
        "Phone": f"{place.dial} 555 {index:04d}",
        "Website": f"https://account{index:02d}.example.com",
    }
    if index % 3 == 0:
        fields["Fax"] = f"{place.dial} 556 {index:04d}"
    if index % 4 == 0:
        fields["Description"] = f"{name}: met at the trade fair.\nPrefers invoices by e-mail."
    if index == 22:
        fields["Description"] = (LONG_TEXT * 25)[:3000]
    fields.update(_account_addresses(index, place))
    return fields


def _account_addresses(index: int, place: Place) -> dict[str, Any]:
    """Spread the cases: equal, different, billing only, incomplete, without country, none."""
    billing, case = _salesforce_address("Billing", place), index % 10
    if case < 4:
        return billing | _salesforce_address("Shipping", place)
    if case < 7:
        return billing | _salesforce_address("Shipping", PLACES[(index + 7) % len(PLACES)])
    if case == 7 and index > 40:
        return {}
    if index in {18, 38}:
        return {**billing, "BillingPostalCode": None, "BillingState": None}
    if index in {29, 49}:
        return {**billing, "BillingCountry": None}
    return billing


def _contact_person(index: int) -> _Person:
    first, last = FIRST_NAMES[index % len(FIRST_NAMES)], LAST_NAMES[index % len(LAST_NAMES)]
    if 60 <= index < 60 + len(ODD_PEOPLE):
        first, last = ODD_PEOPLE[index - 60]
    email: str | None = f"contact.{_SHARED_EMAIL.get(index, index):03d}@mail.example.com"
    if index in _WITHOUT_EMAIL:
        email = None
    return _Person(None if index in _WITHOUT_FIRST_NAME else first, last, email, PLACES[(index * 3) % len(PLACES)])


def _contact(index: int, person: _Person, accounts: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"LastName": person.last_name, "FirstName": person.first_name, "Email": person.email}
    if index not in _WITHOUT_ACCOUNT:
        fields["AccountId"] = accounts[_account_of(index, len(accounts))]
    if index % 5:
        fields["Phone"] = f"{person.place.dial} 557 {index:04d}"
    if index % 6 == 0:
        fields["Description"] = f"Reached best before noon. Likes {person.place.city}."
    if index % 4 == 3:
        return fields
    fields.update(_salesforce_address("Mailing", person.place))
    if index in {8, 42, 86}:
        fields.update(MailingCity=None, MailingPostalCode=None)
    if index in {25, 77}:
        fields["MailingCountry"] = None
    return fields


def _account_of(index: int, accounts: int) -> int:
    """Give the twins one Contact each, the other Accounts the rest."""
    twins = len(NAME_TWINS)
    if 100 <= index < 100 + twins:
        return index - 100
    return twins + index % (accounts - twins)


def _salesforce_address(prefix: str, place: Place) -> dict[str, Any]:
    return {
        f"{prefix}Street": place.street,
        f"{prefix}City": place.city,
        f"{prefix}State": place.region,
        f"{prefix}PostalCode": place.postal_code,
        f"{prefix}Country": place.country,
    }


# iPaaS.com


def _company(index: int, name: str) -> dict[str, Any]:
    place = PLACES[(index * 7 + 3) % len(PLACES)]
    fields: dict[str, Any] = {
        "name": name,
        "account_number": f"K-{2000 + index}",
        "phone_number": f"{place.dial} 558 {index:04d}",
        "url": f"https://company{index:02d}.example.net",
        "email_address": f"office{index:02d}@company.example.net",
    }
    if index % 5 == 0:
        fields["description"] = f"{name} orders through the shop."
    if index % 4:
        fields["addresses"] = [_ipaas_address(place, name, "-", billing=True, shipping=index % 4 != 3)]
    if index % 4 == 3:
        other = PLACES[(index * 7 + 9) % len(PLACES)]
        fields["addresses"].append(_ipaas_address(other, name, "-", billing=False, shipping=True))
    return fields


def _add_customer(index: int, people: list[_Person], store: IPaaSStore, moments: _Moments) -> None:
    at = moments.next()
    number = store.insert(CUSTOMER, _customer(index, people), at=at)
    if index % 6 == 5:
        edited = {"comment": "Newsletter: yes"}
        store.edit(CUSTOMER, number, edited, at=moments.between(at))


def _customer(index: int, people: list[_Person]) -> dict[str, Any]:
    person = people[index * 2] if index < _MATCHES else _customer_person(index)
    last_name = f"{person.last_name}-Lang" if index in _RENAMED_MATCHES else person.last_name
    return {
        "customer_number": f"CUST-{index:05d}",
        "first_name": person.first_name,
        "last_name": last_name,
        "email_address": _written_differently(person.email or "", index),
        "company": "Privat" if index % 9 == 0 else None,
        "addresses": _customer_addresses(index, person),
    }


def _customer_person(index: int) -> _Person:
    first, last = FIRST_NAMES[(index * 5 + 2) % len(FIRST_NAMES)], LAST_NAMES[(index * 7 + 5) % len(LAST_NAMES)]
    return _Person(first, last, f"shopper.{index:03d}@shop.example.net", PLACES[(index * 3 + 1) % len(PLACES)])


def _written_differently(email: str, index: int) -> str:
    """Return the e-mail, for the loose matches in another letter case or with outer blanks."""
    if not _EXACT_MATCHES <= index < _MATCHES:
        return email
    local, _, domain = email.partition("@")
    forms = (email.upper(), f"{local.title()}@{domain}", f"{email} ", f" {local}@{domain.upper()}")
    return forms[index % len(forms)]


def _customer_addresses(index: int, person: _Person) -> list[dict[str, Any]]:
    """Spread the cases: primary shipping, both, billing only, two of them, none."""
    case = index % 10

    def make(place: Place, *, billing: bool, shipping: bool) -> dict[str, Any]:
        made = _ipaas_address(place, person.first_name or "-", person.last_name, billing=billing, shipping=shipping)
        # The shop never asked the matches for a phone, so their first sync fills it in and has few conflicts.
        return {**made, "phone_number": None} if index < _MATCHES else made

    if case < 4:
        return [make(person.place, billing=False, shipping=True)]
    if case < 6:
        return [make(person.place, billing=True, shipping=True)]
    if case == 6:
        return [make(person.place, billing=True, shipping=False)]
    if case == 7:
        other = PLACES[(index + 11) % len(PLACES)]
        return [make(person.place, billing=True, shipping=False), make(other, billing=False, shipping=True)]
    return []


def _ipaas_address(place: Place, first: str, last: str, *, billing: bool, shipping: bool) -> dict[str, Any]:
    line, _, rest = place.street.partition("\n")
    return new_address(
        {
            "first_name": first,
            "last_name": last,
            "address_1": line,
            "address_2": rest.replace("\n", ", ") or None,
            "city": place.city,
            "region": place.region,
            "postal_code": place.postal_code,
            "country": place.country,
            "phone_number": f"{place.dial} 559 0000",
            "is_primary_billing": billing,
            "is_primary_shipping": shipping,
        }
    )
