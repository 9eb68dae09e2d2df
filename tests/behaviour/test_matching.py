"""Which records are taken for the same: the link, external ids, e-mails; names only for a person to look at."""

from __future__ import annotations

import pytest

from tests.behaviour.world import (
    account,
    companies,
    company,
    contact,
    customer,
    customers,
    edit_customer,
    edit_salesforce,
    external_id,
    is_quiet,
    later,
    link_of,
    partner,
    raw_customer,
    salesforce_rows,
    synced,
)
from tests.support.rig import SYSTEM_ID, Rig


def store_external_id(rig: Rig, table: str, record_id: str, salesforce_id: str) -> None:
    body = {"table": table, "internal_id": int(record_id), "external_id": salesforce_id, "system_id": int(SYSTEM_ID)}
    rig.control("PUT", "ipaas/external-ids", body)


def in_step(rig: Rig) -> None:
    """Leave first contact behind: one pair of each collection is linked and the baseline taken."""
    account_id = account(rig, "Known parent")
    contact(rig, account_id)
    rig.run("contact").ok  # noqa: B018
    rig.run("account").ok  # noqa: B018
    later(rig, minutes=1)


# External ids


def test_a_created_company_carries_the_salesforce_id(rig: Rig) -> None:
    account_id = account(rig)
    company_id = synced(rig, "account", account_id)
    assert external_id(rig, "company", company_id) == account_id


def test_an_external_id_in_ipaas_links_after_the_first_contact(rig: Rig) -> None:
    in_step(rig)
    account_id, company_id = account(rig, "One name"), company(rig, "Another name")
    store_external_id(rig, "company", company_id, account_id)
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", account_id) == company_id
    assert len(companies(rig)) == 2


def test_a_15_character_external_id_links_too(rig: Rig) -> None:
    in_step(rig)
    account_id, company_id = account(rig, "One name"), company(rig, "Another name")
    store_external_id(rig, "company", company_id, account_id[:15])
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", account_id) == company_id


def test_the_external_id_field_in_salesforce_links(rig: Rig) -> None:
    in_step(rig)
    company_id = company(rig, "Another name")
    account_id = account(rig, "One name", iPaaS_Id__c=company_id)
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", account_id) == company_id
    assert external_id(rig, "company", company_id) == account_id
    assert len(companies(rig)) == 2


def test_an_external_id_of_another_subscription_means_nothing(rig: Rig) -> None:
    in_step(rig)
    account_id, company_id = account(rig, "One name"), company(rig, "Another name")
    body = {"table": "company", "internal_id": int(company_id), "external_id": account_id, "system_id": 77}
    rig.control("PUT", "ipaas/external-ids", body)
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", account_id) != company_id


def test_the_external_id_decides_before_the_e_mail(rig: Rig) -> None:
    in_step(rig)
    parent = account(rig)
    contact_id = contact(rig, parent, email="same@example.com")
    by_mail = customer(rig, email="same@example.com")
    by_id = customer(rig, email="other@example.com")
    store_external_id(rig, "customer", by_id, contact_id)
    result = rig.run("contact").ok
    assert partner(rig, "contact", contact_id) == by_id
    assert result["to_salesforce"]["parked_by_reason"] == {"match_already_linked": 1}
    assert raw_customer(rig, by_mail)["email_address"] == "same@example.com"


def test_two_records_with_each_others_ids_crossed_are_parked(rig: Rig) -> None:
    in_step(rig)
    company_id, other_id = company(rig, "One"), company(rig, "Two")
    account_id = account(rig, "Three", iPaaS_Id__c=company_id)
    store_external_id(rig, "company", other_id, account_id)
    result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"ambiguous_match": 1}
    assert result["to_salesforce"]["parked_by_reason"] == {"ambiguous_match": 2}
    assert link_of(rig, "account", account_id) is None


def test_a_link_decides_even_when_the_e_mails_differ_later(rig: Rig) -> None:
    contact_id = contact(rig, account(rig))
    customer_id = synced(rig, "contact", contact_id)
    later(rig, minutes=1)
    edit_salesforce(rig, contact_id, Email="new@example.com")
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id) == customer_id
    assert raw_customer(rig, customer_id)["email_address"] == "new@example.com"


# E-mails


@pytest.mark.parametrize("spelling", ["ann@example.com", "ANN@Example.com", "  ann@example.com "])
def test_one_e_mail_on_each_side_links(rig: Rig, spelling: str) -> None:
    contact_id = contact(rig, account(rig), email="ann@example.com")
    customer_id = customer(rig, email=spelling)
    result = rig.run("contact").ok
    assert partner(rig, "contact", contact_id) == customer_id
    assert external_id(rig, "customer", customer_id) == contact_id
    assert len(customers(rig)) == 1
    assert result["to_ipaas"]["created"] == result["to_salesforce"]["created"] == 0


def test_an_e_mail_matches_whatever_the_age_of_the_customer(rig: Rig) -> None:
    customer_id = customer(rig, email="ann@example.com")
    later(rig, days=100)
    contact_id = contact(rig, account(rig), email="ann@example.com")
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id) == customer_id


def test_an_e_mail_matches_whatever_the_age_of_the_contact(rig: Rig) -> None:
    contact_id = contact(rig, account(rig), email="ann@example.com")
    later(rig, days=100)
    customer_id = customer(rig, email="Ann@example.com")
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id) == customer_id
    assert len(salesforce_rows(rig, "Contact")) == 1


def test_two_contacts_with_one_e_mail_are_all_parked(rig: Rig) -> None:
    parent = account(rig)
    ids = [contact(rig, parent, email=mail) for mail in ("ann@example.com", "Ann@example.com")]
    customer_id = customer(rig, email="ann@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"ambiguous_match": 2}
    assert result["to_salesforce"]["parked_by_reason"] == {"ambiguous_match": 1}
    assert [link_of(rig, "contact", i) for i in ids] == [None, None]
    assert external_id(rig, "customer", customer_id) is None
    assert len(customers(rig)) == 1


def test_two_customers_with_one_e_mail_are_all_parked(rig: Rig) -> None:
    contact(rig, account(rig), email="ann@example.com")
    for _ in range(2):
        customer(rig, email="ann@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"ambiguous_match": 1}
    assert result["to_salesforce"]["parked_by_reason"] == {"ambiguous_match": 2}
    assert len(salesforce_rows(rig, "Contact")) == 1


def test_two_contacts_with_one_e_mail_and_nothing_opposite_are_parked_not_created(rig: Rig) -> None:
    parent = account(rig)
    for _ in range(2):
        contact(rig, parent, email="ann@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"ambiguous_match": 2}
    assert customers(rig) == []


@pytest.mark.parametrize("direction", ["both", "to_salesforce", "to_ipaas"])
def test_an_e_mail_must_be_unique_outside_the_window_too(rig: Rig, direction: str) -> None:
    parent = account(rig)
    contact(rig, parent, email="ann@example.com")
    later(rig, days=100)
    contact(rig, parent, email="ann@example.com")
    customer(rig, email="ann@example.com")
    result = rig.run("contact", direction=direction).ok
    parked = {d: result[d]["parked_by_reason"] for d in ("to_ipaas", "to_salesforce")}
    assert {"ambiguous_match": 1} in parked.values()
    assert result["to_ipaas"]["created"] == result["to_salesforce"]["created"] == 0
    assert len(customers(rig)) == 1


def test_a_contact_that_would_be_skipped_does_not_make_an_e_mail_ambiguous(rig: Rig) -> None:
    contact(rig, None, email="ann@example.com")
    contact_id = contact(rig, account(rig), email="ann@example.com")
    customer_id = customer(rig, email="ann@example.com")
    result = rig.run("contact").ok
    assert partner(rig, "contact", contact_id) == customer_id
    assert result["to_ipaas"]["skipped_by_reason"] == {"contact_without_account": 1}


def test_a_linked_contact_does_not_make_an_e_mail_ambiguous(rig: Rig) -> None:
    parent = account(rig)
    contact(rig, parent, email="ann@example.com")
    rig.run("contact").ok  # noqa: B018
    later(rig, minutes=1)
    edit = contact(rig, parent, email="ann@example.com")
    result = rig.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"match_already_linked": 1}
    assert link_of(rig, "contact", edit) is None
    assert len(customers(rig)) == 1


def test_a_customer_whose_e_mail_belongs_to_a_linked_contact_is_parked(rig: Rig) -> None:
    contact_id = contact(rig, account(rig), email="ann@example.com")
    first = synced(rig, "contact", contact_id)
    later(rig, minutes=1)
    customer(rig, email="ann@example.com")
    result = rig.run("contact").ok
    assert result["to_salesforce"]["parked_by_reason"] == {"match_already_linked": 1}
    assert partner(rig, "contact", contact_id) == first
    assert len(salesforce_rows(rig, "Contact")) == 1


def test_an_ambiguous_match_is_released_once_the_e_mail_is_unique(rig: Rig) -> None:
    parent = account(rig)
    first, second = (contact(rig, parent, email="ann@example.com") for _ in range(2))
    customer_id = customer(rig, email="ann@example.com")
    rig.run("contact").ok  # noqa: B018
    later(rig, days=30)
    edit_salesforce(rig, second, Email="bob@example.com")
    result = rig.run("contact").ok
    assert partner(rig, "contact", first) == customer_id
    assert partner(rig, "contact", second) != customer_id
    assert result["to_ipaas"]["parked"] == result["to_salesforce"]["parked"] == 0
    assert is_quiet(rig.run("contact"))


def test_a_parked_match_tells_a_person_what_to_do(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    parent = account(rig)
    for _ in range(2):
        contact(rig, parent, email="ann@example.com")
    rig.run("contact").ok  # noqa: B018
    lines = [record.getMessage() for record in caplog.records if "(ambiguous_match)" in record.getMessage()]
    assert len(lines) == 2
    assert all("Next step:" in line for line in lines)
    assert not any("ann@example.com" in line for line in lines)


def test_a_customer_that_was_deleted_after_it_was_seen_is_no_candidate(rig: Rig) -> None:
    in_step(rig)
    gone = customer(rig, email="ann@example.com")
    rig.run("contact", direction="to_ipaas").ok  # noqa: B018
    rig.control("DELETE", f"ipaas/records/customers/{gone}?mode=purge")
    contact_id = contact(rig, account(rig), email="ann@example.com")
    later(rig, minutes=1)
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id) != gone


# Names and account numbers


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"name": "Acme"}, {"name": "Acme"}),
        ({"name": "Acme, Inc."}, {"name": "ACME   inc"}),
        ({"name": "O'Neil & Sons"}, {"name": "o neil sons"}),
        ({"name": "Straße 5"}, {"name": "STRASSE 5"}),
        ({"name": "Café Zürich"}, {"name": "CAFÉ ZÜRICH"}),
        ({"name": "北京公司"}, {"name": "北京公司"}),
        ({"name": "100% Cotton_Ltd"}, {"name": "100 cotton ltd"}),
        ({"name": "One", "AccountNumber": "A-1"}, {"name": "Two", "account_number": " a-1 "}),
    ],
)
@pytest.mark.parametrize("order", ["together", "account_first", "company_first"])
def test_equal_names_or_numbers_are_parked_not_created(
    rig: Rig, here: dict[str, str], there: dict[str, str], order: str
) -> None:
    in_step(rig)
    make_account = lambda: account(rig, **here)  # noqa: E731
    make_company = lambda: company(rig, **there)  # noqa: E731
    if order == "company_first":
        make_company()
        later(rig, days=30)
        make_account()
    else:
        make_account()
        later(rig, days=30 if order == "account_first" else 0)
        make_company()
    result = rig.run("account").ok
    parked = [result[d]["parked_by_reason"] for d in ("to_ipaas", "to_salesforce")]
    assert all(reasons in ({}, {"possible_duplicate": 1}) for reasons in parked)
    assert {"possible_duplicate": 1} in parked
    assert len(companies(rig)) == 2
    assert len(salesforce_rows(rig, "Account")) == 2


def test_a_possible_duplicate_names_both_ids(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    in_step(rig)
    account_id, company_id = account(rig, "Acme"), company(rig, "ACME")
    result = rig.run("account").ok
    assert result["to_ipaas"]["parked_by_reason"] == {"possible_duplicate": 1}
    assert result["to_salesforce"]["parked_by_reason"] == {"possible_duplicate": 1}
    lines = [record.getMessage() for record in caplog.records if "(possible_duplicate)" in record.getMessage()]
    assert all(account_id in line and company_id in line for line in lines)
    assert len(lines) == 2


def test_names_that_only_begin_alike_are_different(rig: Rig) -> None:
    in_step(rig)
    account(rig, "Acme")
    company(rig, "Acme West")
    result = rig.run("account").ok
    assert result["to_ipaas"]["created"] == result["to_salesforce"]["created"] == 1


def test_a_name_equal_to_a_linked_record_is_no_duplicate(rig: Rig) -> None:
    synced(rig, "account", account(rig, "Acme"))
    later(rig, minutes=1)
    second = account(rig, "Acme")
    rig.run("account").ok  # noqa: B018
    assert partner(rig, "account", second)
    assert len(companies(rig)) == 2


def test_a_duplicate_is_linked_once_a_person_stores_the_external_id(rig: Rig) -> None:
    in_step(rig)
    account_id, company_id = account(rig, "Acme"), company(rig, "Acme")
    rig.run("account").ok  # noqa: B018
    store_external_id(rig, "company", company_id, account_id)
    later(rig, days=30)
    result = rig.run("account").ok
    assert partner(rig, "account", account_id) == company_id
    assert result["to_ipaas"]["parked"] == result["to_salesforce"]["parked"] == 0


def test_a_duplicate_is_released_once_a_name_differs(rig: Rig) -> None:
    in_step(rig)
    account_id = account(rig, "Acme")
    company(rig, "Acme")
    rig.run("account").ok  # noqa: B018
    later(rig, days=30)
    edit_salesforce(rig, account_id, Name="Acme North")
    result = rig.run("account").ok
    assert result["to_ipaas"]["created"] == 1
    assert result["to_salesforce"]["created"] == 1


def test_what_salesforce_refuses_as_a_duplicate_is_parked(rig: Rig) -> None:
    rig.switch("salesforce", duplicate_rule_account="block")
    synced(rig, "account", account(rig, "Acme"))
    later(rig, minutes=1)
    company(rig, "Acme")
    for _ in range(2):
        result = rig.run("account").ok
        assert result["to_salesforce"]["parked_by_reason"] == {"possible_duplicate": 1}
        assert result["to_salesforce"]["failed"] == 0
    assert len(salesforce_rows(rig, "Account")) == 1


def test_a_person_accounts_shadow_is_no_match(rig: Rig) -> None:
    rig.switch("salesforce", person_accounts=True)
    in_step(rig)
    account(rig, "Pat Person", IsPersonAccount=True, PersonEmail="pat@example.com")
    customer_id = customer(rig, email="pat@example.com")
    (shadow,) = [row["Id"] for row in salesforce_rows(rig, "Contact") if row["IsPersonAccount"]]
    result = rig.run("contact").ok
    assert result["to_ipaas"]["skipped_by_reason"].get("person_account") == 1
    assert external_id(rig, "customer", customer_id) != shadow
    assert link_of(rig, "contact", shadow) is None


def test_an_edited_e_mail_moves_the_match(rig: Rig) -> None:
    in_step(rig)
    customer_id = customer(rig, email="old@example.com", last_name="Moves")
    rig.run("contact", direction="to_ipaas").ok  # noqa: B018
    later(rig, days=20)
    edit_customer(rig, customer_id, email_address="new@example.com")
    contact_id = contact(rig, account(rig), email="new@example.com")
    rig.run("contact").ok  # noqa: B018
    assert partner(rig, "contact", contact_id) == customer_id


def test_a_customer_that_carries_the_id_of_another_contact_is_no_match(either: Rig) -> None:
    owner = contact(either, account(either), email="owner@example.com")
    later(either, days=100)
    in_step(either)
    customer_id = customer(either, email="ann@example.com")
    store_external_id(either, "customer", customer_id, owner)
    newcomer = contact(either, account(either), email="ann@example.com")
    result = either.run("contact").ok
    assert result["to_ipaas"]["parked_by_reason"].get("match_already_linked") == 1
    assert link_of(either, "contact", newcomer) is None
    assert external_id(either, "customer", customer_id) == owner


def test_a_contact_that_carries_the_id_of_another_customer_is_no_match(either: Rig) -> None:
    in_step(either)
    owner = customer(either, email="owner@example.com")
    contact_id = contact(either, account(either), email="ann@example.com", iPaaS_Id__c=owner)
    later(either, days=100)
    newcomer = customer(either, email="ann@example.com")
    either.run("contact").ok  # noqa: B018
    assert partner(either, "contact", contact_id) == owner
    assert external_id(either, "customer", newcomer) is None
    assert len(salesforce_rows(either, "Contact")) == 2
