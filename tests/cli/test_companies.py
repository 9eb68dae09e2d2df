"""`airflow-ipaas companies` in both modes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from airflow_provider_ipaas.sandbox.ipaas.access import (
    API_KEY,
    COMPANY_GUID,
    PERMISSIONS,
    SECOND_COMPANY_GUID,
    USER_ID,
)
from airflow_provider_ipaas.sandbox.ipaas.store import Subscription
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.cli.command import Host

Run = Callable[..., Result]


def test_the_command_lists_them_before_anything_is_chosen(host: Host) -> None:
    host.connections["ipaas_default"]["extra"] = {}
    ended = host.run("companies")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"{COMPANY_GUID}  Sandbox Trading",
        "       1  iPaaS.com   type 1",
        "    5501  Salesforce  type 187   <- looks like Salesforce: a candidate for System id",
        f"{SECOND_COMPANY_GUID}  Sandbox Outlet",
        "    1  iPaaS.com  type 1",
        "",
        "Enter the id of one company as Company id (`company_id`) of connection `ipaas_default`.",
        "Enter the number of its Salesforce subscription as System id (`system_id`).",
    ]


def test_the_command_with_an_api_key(host: Host) -> None:
    host.connections["key"] = {
        **host.connections["ipaas_default"],
        "login": None,
        "password": API_KEY,
        "extra": {"auth_mode": "api_key"},
    }
    ended = host.run("companies", "key")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "An API key belongs to one company, and iPaaS.com doesn't tell which; leave Company id empty.",
        "       1  iPaaS.com   type 1",
        "    5501  Salesforce  type 187   <- looks like Salesforce: a candidate for System id",
        "",
        "Enter the number of its Salesforce subscription as System id (`system_id`).",
    ]


def test_what_is_chosen_is_marked(here: Run) -> None:
    lines = here("companies").stdout.splitlines()
    assert lines[0].endswith("Sandbox Trading   <- Company id of the connection")
    assert lines[2] == "    5501  Salesforce  type 187   <- System id of the connection"
    assert lines[3:] == [
        f"{SECOND_COMPANY_GUID}  Sandbox Outlet",
        "",
        "Company id and System id of the connection are among them.",
    ]
    assert "    1  iPaaS.com  type 1" in here("companies", "--all").stdout.splitlines()


def test_without_a_salesforce_subscription_the_portal_is_named(here: Run, host: Host, sandbox: Sandbox) -> None:
    host.connections["ipaas_default"]["extra"] = {"company_id": COMPANY_GUID}
    sandbox.ipaas.subscriptions.clear()
    assert "    It has no subscription." in here("companies").stdout
    sandbox.ipaas.subscriptions[7] = Subscription(7, 12, "CRM", "Our CRM.")
    assert "None listed here has Salesforce in its name" in here("companies").stdout
    # The name may be anything, and the description tell.
    sandbox.ipaas.subscriptions[7] = Subscription(7, 12, "CRM", "Accounts of SalesForce.")
    assert "    7  CRM  type 12   <- looks like Salesforce: a candidate for System id" in here("companies").stdout


def test_json_for_machines(here: Run) -> None:
    done = here("companies", "--json")
    assert done.exit_code == 0
    first, second = json.loads(done.stdout)
    assert (first["id"], first["name"], first["current"], first["problem"]) == (
        COMPANY_GUID,
        "Sandbox Trading",
        True,
        "",
    )
    assert first["subscriptions"][1] == {
        "id": "5501",
        "name": "Salesforce",
        "type": "187",
        "salesforce": True,
        "current": True,
    }
    assert second["subscriptions"] is None


def test_what_is_refused_is_told_beside_its_company(here: Run, sandbox: Sandbox) -> None:
    sandbox.ipaas.access.set_permissions(USER_ID, PERMISSIONS - {"subscriptions.read"})
    done = here("companies")
    assert done.exit_code == 0
    assert (
        "    Its subscriptions can't be listed: iPaaS.com could not list the subscriptions (AUTZ-1002)" in done.stdout
    )


def test_a_login_without_a_company(here: Run, sandbox: Sandbox) -> None:
    sandbox.ipaas.access.set_companies(USER_ID, {})
    assert here("companies").stdout.startswith("The login of connection `ipaas_default` has no company;")


@pytest.mark.parametrize(
    ("conn_id", "message"),
    [("elsewhere", "AIRFLOW_CONN_ELSEWHERE"), ("sf", "Connection `sf` is of the type `salesforce_connected_app`.")],
)
def test_a_wrong_connection_is_told(here: Run, conn_id: str, message: str) -> None:
    done = here("companies", conn_id)
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr


def test_a_wrong_password_is_told_without_it(here: Run, host: Host) -> None:
    host.connections["ipaas_default"]["password"] = "wrong-password"
    done = here("companies")
    assert done.exit_code == 1
    assert "iPaaS.com refused the login (AUTH-1002)" in done.stderr
    assert "wrong-password" not in done.output
