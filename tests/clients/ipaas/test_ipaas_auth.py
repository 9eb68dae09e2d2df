"""Log in, change company, refresh, log in again: what each does, and what a person reads when it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    ConfigurationError,
    MalformedAnswer,
    ServiceError,
    TransientServiceError,
)
from airflow_provider_ipaas.sandbox.credentials import IPAAS_PASSWORD
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY, OTHER_COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox

Connect = Callable[..., IPaaSClient]


def logins(sandbox: Sandbox) -> list[str]:
    """Return the last path part of every login call, in order; the company's id becomes its call's name."""
    paths = [entry["path"] for entry in sandbox.journal.entries(service="ipaas") if entry["path"].startswith("/sso/")]
    return ["ChangeCompany" if "ChangeCompany" in path else path.rsplit("/", 1)[1] for path in paths]


def test_one_login_serves_many_calls(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    for number in range(1, 4):
        client.get("company", str(number))
    assert logins(sandbox) == ["Login", "ChangeCompany"]


@pytest.mark.parametrize("scope", ["login", "company"])
@pytest.mark.parametrize("rotation", ["rotates", "kept"])
def test_a_token_is_refreshed_before_its_end(rotation: str, scope: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.update({"refresh_rotation": rotation, "refresh_scope": scope})
    client = connect()
    client.get("company", "1")
    for _ in range(2):
        sandbox.clocks["ipaas"].advance(timedelta(minutes=59))
        client.server_now()
        client.get("company", "1")  # its answer tells the time
        client.get("company", "2")
    statuses = [entry["status"] for entry in sandbox.journal.entries(service="ipaas")]
    assert logins(sandbox)[:4] == ["Login", "ChangeCompany", "Refresh", "ChangeCompany"]
    assert "Login" not in logins(sandbox)[2:]
    assert 401 not in statuses


def test_a_refresh_that_fails_becomes_a_login(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    client.get("company", "1")
    sandbox.clocks["ipaas"].advance(timedelta(minutes=59))
    client.get("company", "1")
    sandbox.ipaas.access.expire("refresh")
    assert client.get("company", "1") is None
    assert logins(sandbox) == ["Login", "ChangeCompany", "Refresh", "Login", "ChangeCompany"]


def test_an_early_401_gets_one_login(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    client.get("company", "1")
    sandbox.ipaas.access.expire("access")
    record = client.create("company", {"name": "Acme", "addresses": []})
    assert record["name"] == "Acme"
    assert logins(sandbox) == ["Login", "ChangeCompany"] * 2
    assert len(sandbox.ipaas.tables["company"].listed()) == 1


def test_many_lanes_share_one_login(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(max_concurrency=8)
    ids = [str(number) for number in range(1, 41)]
    assert [result for _, result in client.parallel(lambda it: client.get("company", it), ids)] == [None] * 40
    sandbox.ipaas.access.expire("access")
    assert [result for _, result in client.parallel(lambda it: client.get("company", it), ids)] == [None] * 40
    assert logins(sandbox) == ["Login", "ChangeCompany"] * 2


def test_a_token_that_is_never_accepted_fails_after_one_more_login(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.faults.add({"service": "ipaas", "path": "^/customers/", "action": {"type": "expired_token"}})
    with pytest.raises(AuthenticationError) as caught:
        connect().get("company", "1")
    assert str(caught.value) == (
        "iPaaS.com could not read the company (HTTP-401): Unauthorized Next step: Check the fields E-mail (`login`) and "
        "Password (`password`) of connection `ipaas_test`, and the user's rights."
    )
    assert logins(sandbox) == ["Login", "ChangeCompany"] * 2


@pytest.mark.parametrize("status", ["400", "401"])
def test_a_wrong_password_is_tried_once_and_names_the_fields(status: str, sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("bad_login_status", status)
    client = connect(password="not-the-password")
    for _ in range(3):
        with pytest.raises(AuthenticationError) as caught:
            client.get("company", "1")
    assert str(caught.value) == (
        "Connection `ipaas_test`: iPaaS.com refused the login (AUTH-1002). Next step: Correct the fields E-mail (`login`) "
        "and Password (`password`), and check that this user can log in."
    )
    assert "not-the-password" not in repr(caught.value)
    assert logins(sandbox) == ["Login"]


def test_an_unknown_company_names_its_field(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(company_id=OTHER_COMPANY_GUID)
    with pytest.raises(ConfigurationError) as caught:
        client.get("company", "1")
    assert str(caught.value) == (
        f"Connection `ipaas_test`: iPaaS.com knows no company {OTHER_COMPANY_GUID} for this user (AUTH-1004). "
        "Next step: Correct the field Company id (`company_id`)."
    )
    with pytest.raises(ConfigurationError):
        client.get("company", "1")
    assert logins(sandbox) == ["Login", "ChangeCompany"]


def test_a_base_path_without_a_login_names_host_and_profile(connect: Connect) -> None:
    client = connect(overrides={"base_paths": {"sso": "/wrong"}})
    with pytest.raises(ConfigurationError, match=r"there is no login at the base URL http://127\.0\.0\.1:\d+ \(404\)"):
        client.get("company", "1")


def test_a_plan_or_a_right_that_lacks_is_no_expired_token(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("plan", "unpaid")
    with pytest.raises(ServiceError) as caught:
        connect().get("company", "1")
    assert caught.value.code == "AUTZ-1004"
    assert caught.value.next_step == "The plan in iPaaS.com awaits payment or its trial is over; ask its administrator."
    assert logins(sandbox) == ["Login", "ChangeCompany"]


def test_an_api_key_needs_no_login(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(auth_mode="api_key", password=API_KEY, login="", company_id="")
    assert list(client.list("company")) == []
    assert logins(sandbox) == []


def test_an_expired_api_key_says_what_to_do(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.access.expire("keys")
    with pytest.raises(AuthenticationError) as caught:
        connect(auth_mode="api_key", password=API_KEY).get("company", "1")
    assert caught.value.code == "AUTH-1002"
    assert caught.value.next_step == (
        "Make a new API key in iPaaS.com and put it in the field `password` of connection `ipaas_test`."
    )
    assert len(sandbox.journal.entries(service="ipaas")) == 1


def test_extra_headers_go_with_every_call(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.ipaas.switches.set("client_header", "X-Client-Id")
    with pytest.raises(AuthenticationError) as caught:
        connect().get("company", "1")
    assert caught.value.code == "AUTH-1004"
    client = connect(headers={"X-Client-Id": client_id(connect)})
    assert client.get("company", "1") is None


def client_id(connect: Connect) -> str:
    return connect().settings.company_id


def test_a_login_that_fails_for_a_moment_is_tried_again(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.faults.add({"path": "Auth/Login", "times": 2, "action": {"type": "status", "status": 503}})
    assert connect().get("company", "1") is None
    sandbox.faults.add({"path": "ChangeCompany", "action": {"type": "status", "status": 503}})
    sandbox.journal.reset()
    with pytest.raises(TransientServiceError, match=r"iPaaS\.com could not log in \(HTTP-503\)"):
        connect().get("company", "1")
    assert len(logins(sandbox)) == 10


def test_tokens_are_handed_to_the_masker_and_never_shown(sandbox: Sandbox, connect: Connect) -> None:
    secrets: list[str] = []
    client = connect(on_secret=secrets.append)
    client.get("company", "1")
    assert len(set(secrets)) == 4
    shown = f"{client.settings!r} {vars(client)!r}"
    assert not any(secret in shown for secret in [*secrets, IPAAS_PASSWORD])


@pytest.mark.parametrize("token", ["\u0100", "two\r\nlines", ""])
def test_a_token_that_fits_into_no_header_is_none(token: str, script: Any, connect: Connect) -> None:
    script.answers((200, {"id": "9", "access_token": token}))
    with pytest.raises(MalformedAnswer, match="without a usable `access_token`"):
        connect(base_url=script.url).get("company", "1")


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "P1D", "soon"])
def test_an_end_that_can_not_be_is_not_used(end: str, script: Any, connect: Connect) -> None:
    login = {"id": "9", "access_token": "token-1", "access_token_expiration": end}
    script.answers((200, login), (200, login), (200, {"id": 1}))
    record = connect(base_url=script.url).get("company", "1")
    assert record == {"id": "1"}
