"""What an `ipaas` connection can be filled in with, before it is filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_ipaas.errors import AuthenticationError, ConfigurationError, ServiceError
from airflow_provider_ipaas.hooks._connection import ConnectionNotFound
from airflow_provider_ipaas.hooks.companies import Company, Subscription, companies
from airflow_provider_ipaas.sandbox.credentials import IPAAS_PASSWORD, IPAAS_USERNAME
from airflow_provider_ipaas.sandbox.ipaas.access import (
    API_KEY,
    COMPANY_GUID,
    COMPANY_NAME,
    PERMISSIONS,
    SECOND_COMPANY_GUID,
    SECOND_COMPANY_NAME,
    USER_ID,
)
from airflow_provider_ipaas.sandbox.server import Sandbox

Connect = Callable[..., None]

PLATFORM = Subscription("1", "iPaaS.com", "1", salesforce=False, current=False)
SALESFORCE = Subscription("5501", "Salesforce", "187", salesforce=True, current=False)


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a function that makes `ipaas_default` a connection to the sandbox with these extra fields."""

    def make(fields: dict[str, Any] | None = None, **extra: Any) -> None:
        connection = {
            "conn_type": "ipaas",
            "host": sandbox.ipaas_url,
            "login": IPAAS_USERNAME,
            "password": IPAAS_PASSWORD,
            **(fields or {}),
            "extra": extra,
        }
        monkeypatch.setenv("AIRFLOW_CONN_IPAAS_DEFAULT", json.dumps(connection))

    return make


def paths(sandbox: Sandbox) -> list[str]:
    return [entry["path"] for entry in sandbox.journal.entries(service="ipaas")]


@pytest.mark.parametrize(
    "extra", [{}, {"company_id": "", "system_id": ""}, {"company_id": "acme", "system_id": "the Salesforce one"}]
)
def test_a_connection_that_is_not_filled_in_yet_lists_everything(connect: Connect, extra: dict[str, str]) -> None:
    connect(**extra)
    assert companies() == (
        Company(COMPANY_GUID, COMPANY_NAME, current=False, subscriptions=(PLATFORM, SALESFORCE)),
        Company(SECOND_COMPANY_GUID, SECOND_COMPANY_NAME, current=False, subscriptions=(PLATFORM,)),
    )


def test_only_the_chosen_company_is_looked_into(connect: Connect, sandbox: Sandbox) -> None:
    connect(company_id=COMPANY_GUID.upper(), system_id="5501")
    chosen, other = companies("ipaas_default")
    assert chosen.current
    assert chosen.subscriptions is not None
    assert [one.id for one in chosen.subscriptions if one.current] == ["5501"]
    assert other == Company(SECOND_COMPANY_GUID, SECOND_COMPANY_NAME, current=False, subscriptions=None)
    assert [path for path in paths(sandbox) if "ChangeCompany" in path] == [
        f"/sso/v2/User/ChangeCompany/{COMPANY_GUID}"
    ]


def test_all_of_them_when_asked_for(connect: Connect) -> None:
    connect(company_id=COMPANY_GUID)
    assert [(one.current, one.subscriptions is None) for one in companies(every=True)] == [
        (True, False),
        (False, False),
    ]


def test_a_company_that_the_login_does_not_have_is_none_of_them(connect: Connect) -> None:
    connect(company_id="00000000-0000-4000-8000-000000000000", system_id="5501")
    listed = companies()
    assert [one.current for one in listed] == [False, False]
    assert [one.subscriptions is None for one in listed] == [False, False]


def test_a_company_whose_subscriptions_are_refused_says_why(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.ipaas.access.set_permissions(USER_ID, PERMISSIONS - {"subscriptions.read"})
    connect()
    first, second = companies()
    assert (first.name, first.subscriptions) == (COMPANY_NAME, None)
    assert "iPaaS.com could not list the subscriptions (AUTZ-1002)" in first.problem
    assert "AUTZ-1002" in second.problem


def test_a_login_without_a_company(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.ipaas.access.set_companies(USER_ID, {})
    connect()
    assert companies() == ()


def test_an_api_key_tells_the_subscriptions_of_its_company_alone(connect: Connect, sandbox: Sandbox) -> None:
    connect({"login": None, "password": API_KEY}, auth_mode="api_key")
    assert companies() == (Company("", "", current=True, subscriptions=(PLATFORM, SALESFORCE)),)
    assert [path for path in paths(sandbox) if path.startswith("/sso")] == []


def test_the_paths_of_the_profile_are_called(connect: Connect, sandbox: Sandbox) -> None:
    connect(company_id=COMPANY_GUID, api_profile={"paths": {"subscriptions": "v3/Subscriptions"}})
    companies()
    assert "/subscriptions/v3/Subscriptions" in paths(sandbox)
    assert f"/sso/v2/User/{USER_ID}/Companies" in paths(sandbox)


def test_a_wrong_password_is_an_error_without_it(connect: Connect) -> None:
    connect({"password": "wrong-password"})
    with pytest.raises(AuthenticationError, match=r"refused the login \(AUTH-1002\)") as caught:
        companies()
    assert "wrong-password" not in str(caught.value)


def test_a_key_that_was_deleted_is_an_error(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.ipaas.access.remove_api_key(API_KEY)
    connect({"password": API_KEY}, auth_mode="api_key")
    with pytest.raises(ServiceError, match="Make a new API key in"):
        companies()


def test_a_missing_connection_and_one_of_another_type(connect: Connect) -> None:
    with pytest.raises(ConnectionNotFound, match="There is no connection `nowhere`"):
        companies("nowhere")
    connect({"conn_type": "postgres"})
    with pytest.raises(ConfigurationError, match=r"Connection `ipaas_default` is of the type `postgres`.*\(`ipaas`\)"):
        companies()


def test_what_else_is_wrong_in_the_connection_is_named(connect: Connect) -> None:
    connect({"login": ""})
    with pytest.raises(ConfigurationError, match=r"the field E-mail \(`login`\) is missing"):
        companies()
