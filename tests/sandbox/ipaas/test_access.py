from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID, OTHER_COMPANY_GUID, SECOND_COMPANY_GUID

from .conftest import Caller
from .records import COMPANIES, COMPANY, CUSTOMERS, code, company

LOGIN = {"email_address": "integration@sandbox.example", "password": "sandbox-password"}


@pytest.fixture
def login(api: Caller) -> Caller:
    api.token = None
    api.store.insert("company", {"name": "Acme"})
    return api


def _company_token(api: Caller) -> dict[str, Any]:
    api.token = api.post("sso/v2/Auth/Login", LOGIN).json()["access_token"]
    answer: dict[str, Any] = api.get(f"sso/v2/User/ChangeCompany/{COMPANY_GUID}").json()
    api.token = answer["access_token"]
    return answer


def test_login_answers_the_documented_shape(login: Caller, clock: Clock) -> None:
    body = login.post("sso/v2/Auth/Login", {**LOGIN, "return_url": "x", "remember_me": True}).json()
    assert set(body) == {
        "id", "name", "email_address", "access_token", "access_token_expiration", "refresh_token", "return_url",
        "permissions", "tracking_guid",
    }  # fmt: skip
    assert body["id"] == 77
    assert datetime.fromisoformat(body["access_token_expiration"]) == clock.now() + timedelta(hours=1)


def test_login_token_alone_opens_no_data_api(login: Caller) -> None:
    login.token = login.post("sso/v2/Auth/Login", LOGIN).json()["access_token"]
    assert code(login.get(COMPANIES)) == "401 AUTH-1003"
    rows = login.get("sso/v2/User/77/Companies").json()
    assert [row["id"] for row in rows] == [COMPANY_GUID, SECOND_COMPANY_GUID]
    login.token = login.get(f"sso/v2/User/ChangeCompany/{COMPANY_GUID.upper()}").json()["access_token"]
    assert login.get(COMPANIES).status_code == 200


def test_companies_of_another_user_are_refused(login: Caller) -> None:
    _company_token(login)
    assert code(login.get("sso/v2/User/78/Companies")) == "403 AUTZ-1002"


@pytest.mark.parametrize("guid", [OTHER_COMPANY_GUID, "nonsense"])
def test_change_to_a_company_of_others_is_refused(login: Caller, guid: str) -> None:
    _company_token(login)
    assert code(login.get(f"sso/v2/User/ChangeCompany/{guid}")) == "401 AUTH-1004"


@pytest.mark.parametrize("missing", ["email_address", "password"])
def test_login_without_a_part_is_refused(login: Caller, missing: str) -> None:
    assert code(login.post("sso/v2/Auth/Login", {**LOGIN, missing: ""})) == "400 VALD-1047"


def test_bad_login_status(login: Caller) -> None:
    wrong = {**LOGIN, "password": "wrong"}
    assert code(login.post("sso/v2/Auth/Login", wrong)) == "400 AUTH-1002"
    login.switch(bad_login_status="401")
    assert code(login.post("sso/v2/Auth/Login", wrong)) == "401 AUTH-1002"


def test_missing_and_wrong_bearer(api: Caller) -> None:
    api.token = None
    assert code(api.get(CUSTOMERS)) == "401 AUTH-1001"
    assert code(api.get(CUSTOMERS, headers={"Authorization": "Basic abc"})) == "401 AUTH-1001"
    api.token = "nobody"
    assert code(api.get(CUSTOMERS)) == "401 AUTH-1002"


def test_tokens_expire_by_the_services_clock(login: Caller, clock: Clock) -> None:
    _company_token(login)
    clock.advance(timedelta(minutes=59))
    assert login.get(COMPANIES).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert code(login.get(COMPANIES)) == "401 AUTH-1002"


def test_token_lifetime_s(login: Caller, clock: Clock) -> None:
    login.switch(token_lifetime_s=5)
    _company_token(login)
    clock.advance(timedelta(seconds=5))
    assert code(login.get(COMPANIES)) == "401 AUTH-1002"


@pytest.mark.parametrize("which", ["access", "all"])
def test_control_expires_access_tokens(login: Caller, which: str) -> None:
    _company_token(login)
    login.control("POST", f"tokens/expire?which={which}")
    assert code(login.get(COMPANIES)) == "401 AUTH-1002"


def test_control_expires_api_keys_apart(api: Caller) -> None:
    api.control("POST", "tokens/expire?which=access")
    assert code(api.get(COMPANIES)) == "404"
    api.control("POST", "tokens/expire?which=keys")
    assert code(api.get(COMPANIES)) == "401 AUTH-1002"


def _refresh(api: Caller, tokens: dict[str, Any]) -> Any:
    pair = {name: tokens.get(name) for name in ("access_token", "refresh_token")}
    return api.post("sso/v2/Auth/Refresh", pair)


def test_refresh_scope(login: Caller) -> None:
    tokens = _company_token(login)
    fresh = _refresh(login, tokens).json()
    login.token = fresh["access_token"]
    assert code(login.get(COMPANIES)) == "401 AUTH-1003"
    login.switch(refresh_scope="company")
    login.token = _refresh(login, _company_token(login)).json()["access_token"]
    assert login.get(COMPANIES).status_code == 200


def test_refresh_rotation(login: Caller) -> None:
    tokens = _company_token(login)
    fresh = _refresh(login, tokens).json()
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert code(_refresh(login, tokens)) == "401 AUTH-1002"
    login.switch(refresh_rotation="kept")
    again = _refresh(login, fresh).json()
    assert again["refresh_token"] == fresh["refresh_token"]
    assert _refresh(login, again).status_code == 200


def test_refresh_works_with_an_expired_access_token(login: Caller, clock: Clock) -> None:
    tokens = _company_token(login)
    clock.advance(timedelta(hours=2))
    assert _refresh(login, tokens).status_code == 200


def test_refresh_token_lifetime_s(login: Caller, clock: Clock) -> None:
    login.switch(refresh_token_lifetime_s=60)
    tokens = _company_token(login)
    clock.advance(timedelta(seconds=60))
    assert code(_refresh(login, tokens)) == "401 AUTH-1002"


def test_refresh_wants_the_pair_that_belongs_together(login: Caller) -> None:
    one, other = _company_token(login), _company_token(login)
    assert code(_refresh(login, {**one, "refresh_token": other["refresh_token"]})) == "401 AUTH-1002"
    assert code(_refresh(login, {**one, "refresh_token": None})) == "400 VALD-1080"
    assert code(_refresh(login, {**one, "access_token": None})) == "401 AUTH-1002"
    login.control("POST", "tokens/expire?which=refresh")
    assert code(_refresh(login, one)) == "401 AUTH-1002"


def test_api_key_change_company(api: Caller) -> None:
    assert code(api.get(f"sso/v2/User/ChangeCompany/{COMPANY_GUID}")) == "401 AUTH-1003"
    api.switch(api_key_change_company="allowed")
    assert api.get(f"sso/v2/User/ChangeCompany/{COMPANY_GUID}").status_code == 200


def test_api_keys_are_made_with_permissions_and_expiry_and_deleted(api: Caller, clock: Clock) -> None:
    key = {"key": "key-for-reading", "permissions": ["companies.read"], "expires_in_s": 60}
    assert api.control("POST", "api-keys", key).status_code == 200
    api.store.insert("company", {"name": "Acme"})
    api.token = key["key"]
    assert api.get(COMPANIES).status_code == 200
    assert code(api.post(COMPANY, company())) == "403 AUTZ-1002"
    clock.advance(timedelta(seconds=60))
    assert code(api.get(COMPANIES)) == "401 AUTH-1002"
    api.control("DELETE", "api-keys/sandbox-api-key")
    api.token = "sandbox-api-key"
    assert code(api.get(COMPANIES)) == "401 AUTH-1002"
    assert api.control("POST", "api-keys", {"key": "another-key", "permissions": ["fly"]}).status_code == 422


def test_changed_permissions_count_from_the_next_token_on(login: Caller) -> None:
    _company_token(login)
    login.control("PATCH", "users/77", {"permissions": ["customers.read"]})
    assert login.get(COMPANIES).status_code == 200
    _company_token(login)
    assert code(login.get(COMPANIES)) == "403 AUTZ-1002"


def test_users_have_their_own_permissions_and_companies(login: Caller) -> None:
    made = login.control("POST", "users", {"email": "b@sandbox.example", "password": "b", "permissions": []}).json()
    login.control("PATCH", f"users/{made['id']}", {"companies": {OTHER_COMPANY_GUID: "Elsewhere"}})
    tokens = login.post("sso/v2/Auth/Login", {"email_address": "B@sandbox.example", "password": "b"}).json()
    login.token = tokens["access_token"]
    assert tokens["id"] == made["id"]
    assert code(login.get(f"sso/v2/User/ChangeCompany/{COMPANY_GUID}")) == "401 AUTH-1004"
    login.token = login.get(f"sso/v2/User/ChangeCompany/{OTHER_COMPANY_GUID}").json()["access_token"]
    assert code(login.get(COMPANIES)) == "403 AUTZ-1002"
    assert login.control("PATCH", "users/5", {"permissions": []}).status_code == 404
    listed = login.control("GET", "users").json()
    assert [user["id"] for user in listed["users"]] == [77, 78]
    assert "password" not in str(listed["users"])


def test_client_header(api: Caller) -> None:
    api.store.insert("company", {"name": "Acme"})
    for name in ("X-Client-Id", "X-Company-Id"):
        api.switch(client_header=name)
        assert code(api.get(COMPANIES)) == "401 AUTH-1004"
        assert api.get(COMPANIES, headers={name: COMPANY_GUID}).status_code == 200
    api.switch(client_header="off")
    assert api.get(COMPANIES).status_code == 200


def test_plan(api: Caller) -> None:
    api.switch(plan="unpaid")
    assert code(api.get(COMPANIES)) == "403 AUTZ-1004"
    api.switch(plan="too_small")
    assert code(api.get(COMPANIES)) == "403 AUTZ-1001"
    api.switch(plan="paid")
    assert code(api.get(COMPANIES)) == "404"


def test_a_user_chooses_between_companies(login: Caller) -> None:
    login.token = login.post("sso/v2/Auth/Login", LOGIN).json()["access_token"]
    rows = login.get("sso/v2/User/77/Companies").json()
    assert [row["name"] for row in rows] == ["Sandbox Trading", "Sandbox Outlet"]
    bare = login.token
    names = []
    for row in rows:
        login.token = bare
        login.token = login.get(f"sso/v2/User/ChangeCompany/{row['id']}").json()["access_token"]
        names.append([one["name"] for one in login.get("subscriptions/v2/Subscriptions").json()])
    assert names == [["iPaaS.com", "Salesforce"], ["iPaaS.com"]]


def test_each_company_has_its_own_records(login: Caller) -> None:
    _company_token(login)
    first = login.token
    login.token = login.get(f"sso/v2/User/ChangeCompany/{SECOND_COMPANY_GUID}").json()["access_token"]
    assert login.get(COMPANIES).status_code == 404
    made = login.post(COMPANY, company(name="Outlet")).json()
    assert [row["name"] for row in login.get(COMPANIES).json()] == ["Outlet"]
    assert login.get(f"{COMPANY}/{made['id']}").status_code == 200
    login.token = first
    assert [row["name"] for row in login.get(COMPANIES).json()] == ["Acme"]
    assert len(login.control("GET", "records/companies").json()) == 1
    login.store.reset()
    _company_token(login)
    login.token = login.get(f"sso/v2/User/ChangeCompany/{SECOND_COMPANY_GUID}").json()["access_token"]
    assert login.get(COMPANIES).status_code == 404
