"""What is around a company: login, companies, subscriptions, tables, documents; all of it only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.account import Company, Subscription
from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.errors import AuthenticationError, ConfigurationError, ServiceError
from airflow_provider_ipaas.sandbox.ipaas.access import (
    API_KEY,
    COMPANY_GUID,
    OTHER_COMPANY_GUID,
    SECOND_COMPANY_GUID,
)
from airflow_provider_ipaas.sandbox.server import Sandbox

Connect = Callable[..., IPaaSClient]
COMPANIES = [Company(COMPANY_GUID, "Sandbox Trading"), Company(SECOND_COMPANY_GUID, "Sandbox Outlet")]


def logins(sandbox: Sandbox) -> int:
    return sum(entry["path"].endswith("/Login") for entry in sandbox.journal.entries(service="ipaas"))


def test_companies_are_listed_whatever_company_is_chosen(connect: Connect) -> None:
    for company_id in (COMPANY_GUID, OTHER_COMPANY_GUID):
        assert connect(company_id=company_id).account.companies() == COMPANIES


def test_the_login_that_lists_companies_serves_the_company_too(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    login = client.account.login()
    assert login is not None
    assert (login.user_id, login.name) == ("77", "Integration User")
    client.account.companies()
    client.account.enter()
    client.get("company", "1")
    assert logins(sandbox) == 1
    assert login.grant.access_token not in repr(login)


def test_a_refused_login_is_not_tried_again(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(password="not-the-password")
    for call in (client.account.login, client.account.companies, client.account.enter, client.account.subscriptions):
        with pytest.raises(AuthenticationError):
            call()
    assert logins(sandbox) == 1


def test_entering_a_company_that_is_not_the_logins_is_refused(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match=r"Company id \(`company_id`\)"):
        connect(company_id=OTHER_COMPANY_GUID).account.enter()


def test_an_api_key_stands_for_nobody(sandbox: Sandbox, connect: Connect) -> None:
    account = connect(auth_mode="api_key", password=API_KEY, company_id="").account
    account.enter()
    assert (account.login(), account.companies()) == (None, None)
    assert sandbox.journal.entries() == []
    assert "5501" in [subscription.id for subscription in account.subscriptions()]


@pytest.mark.parametrize(
    ("body", "companies"),
    [
        ([{"id": 5, "name": None}], [Company("5", "")]),
        ({"admin": [{"id": "a", "name": "A"}], "other": [{"id": "b", "name": "B"}], "note": None}, ["a", "b"]),
        ([], []),
        ([{"name": "without an id"}, "nonsense"], []),
        ("nothing of the kind", []),
    ],
)
def test_other_forms_of_the_list_are_read(sandbox: Sandbox, connect: Connect, body: Any, companies: list[Any]) -> None:
    action = {"type": "status", "status": 200, "body": body if not isinstance(body, str) else [body]}
    sandbox.faults.add({"service": "ipaas", "path": "/User/77/Companies", "action": action})
    found = connect().account.companies()
    assert found is not None
    assert [it if it in companies else it.id for it in found] == companies


def test_subscriptions_are_listed_and_one_shows_what_its_integration_keeps(sandbox: Sandbox, connect: Connect) -> None:
    account = connect().account
    assert Subscription("5501", "187", "Salesforce", "Salesforce CRM.") in account.subscriptions()
    sandbox.ipaas.switches.set("stock_integration_active", "on")
    found = account.subscription("5501")
    assert found is not None
    assert found["persistent_data"] != []
    assert account.subscription("4711") is None


def test_tables_are_listed_by_the_type_of_their_kind(connect: Connect) -> None:
    account = connect().account
    assert (account.tables("company"), account.tables("customer")) == (["Customer Company"], ["customer"])


@pytest.mark.parametrize("api", ["sso", "customers", "subscriptions"])
def test_each_api_publishes_a_document_or_none(sandbox: Sandbox, connect: Connect, api: Any) -> None:
    account = connect().account
    document = account.swagger(api)
    assert document is not None
    assert document["paths"]
    sandbox.ipaas.switches.set("swagger", "off")
    assert account.swagger(api) is None


def test_a_web_page_in_place_of_a_document_is_none_and_is_not_asked_for_again(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.faults.add({"service": "ipaas", "path": "swagger.json", "action": {"type": "html"}})
    assert connect().account.swagger("customers") is None
    assert sum("swagger" in entry["path"] for entry in sandbox.journal.entries()) == 1


def test_what_may_not_be_seen_is_an_error_with_its_code(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.access.set_permissions(77, [])
    with pytest.raises(ServiceError) as caught:
        connect().account.subscriptions()
    assert caught.value.code == "AUTZ-1002"


def test_one_page_tells_its_rows_and_how_many_pages_there_are(sandbox: Sandbox, connect: Connect) -> None:
    for number in range(3):
        sandbox.ipaas.insert("company", {"name": f"Company {number}"})
    sandbox.ipaas.switches.set("page_size", 2)
    client = connect()
    rows, pages = client.page("company", 2)
    assert ([row["name"] for row in rows], pages) == (["Company 2"], 2)
    assert client.page("customer", 1) == ([], None)
