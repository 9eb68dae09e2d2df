"""iPaaS.com: login, company, subscription, table names, reading, and whether the stock integration runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_ipaas.sandbox.ipaas.access import (
    API_KEY,
    COMPANY_GUID,
    OTHER_COMPANY_GUID,
    PERMISSIONS,
    SECOND_COMPANY_GUID,
    USER_ID,
)
from airflow_provider_ipaas.sandbox.ipaas.store import Subscription
from tests.doctor.conftest import Doctor

AFTER_LOGIN = {
    "ipaas.company", "ipaas.access", "ipaas.system_id", "ipaas.tables", "ipaas.read", "ipaas.stock_integration",
    "ipaas.api_profile",
}  # fmt: skip


def forbid(doctor: Doctor, *permissions: str) -> None:
    doctor.sandbox.ipaas.access.set_permissions(USER_ID, PERMISSIONS - set(permissions))


def as_api_key(doctor: Doctor, key: str = API_KEY) -> None:
    doctor.ipaas |= {"auth_mode": "api_key", "login": "", "password": key, "company_id": ""}


# Login and company


def test_a_wrong_password_is_tried_once_and_told_once(doctor: Doctor) -> None:
    doctor.ipaas["password"] = "not-the-password"
    result = doctor.examine()
    finding = result.one("ipaas.login")
    assert finding.status == "error"
    assert "(`password`)" in finding.next_step
    assert set(result.left_out["ipaas.login"]) == AFTER_LOGIN
    logins = [it for it in doctor.sandbox.journal.entries(service="ipaas") if it["path"].endswith("/Login")]
    assert len(logins) == 1


def test_one_login_is_enough_for_everything(doctor: Doctor) -> None:
    doctor.examine()
    paths = [it["path"] for it in doctor.sandbox.journal.entries(service="ipaas")]
    assert len([path for path in paths if path.endswith("/Login")]) == 1
    assert len([path for path in paths if "ChangeCompany" in path]) == 1


def test_a_base_url_without_the_api_points_to_the_field(doctor: Doctor) -> None:
    doctor.ipaas["base_url"] = doctor.sandbox.salesforce_url
    result = doctor.examine()
    assert result.one("ipaas.reach").status == "ok"
    assert "Base URL (`host`)" in result.one("ipaas.login").next_step


def test_a_company_that_is_not_the_logins_names_those_that_are(doctor: Doctor) -> None:
    doctor.ipaas["company_id"] = OTHER_COMPANY_GUID
    result = doctor.examine()
    finding = result.one("ipaas.company")
    assert (finding.status, finding.subject) == ("error", OTHER_COMPANY_GUID)
    assert f"Sandbox Trading = {COMPANY_GUID}" in finding.next_step
    assert set(result.left_out["ipaas.company"]) == AFTER_LOGIN - {"ipaas.company"}
    # Nobody tries to get into a company that isn't on the list.
    assert not any("ChangeCompany" in it["path"] for it in doctor.sandbox.journal.entries())


def test_a_login_of_several_companies_is_counted(doctor: Doctor) -> None:
    companies = {COMPANY_GUID: "Sandbox Trading", OTHER_COMPANY_GUID: "Other Ltd"}
    doctor.sandbox.ipaas.access.set_companies(USER_ID, companies)
    assert "one of 2" in doctor.examine().one("ipaas.company").message


def test_where_companies_cannot_be_listed_entering_one_tells(doctor: Doctor) -> None:
    action = {"type": "status", "status": 403}
    doctor.sandbox.faults.add({"service": "ipaas", "path": "/sso/v2/User/77/Companies", "action": action})
    assert doctor.examine().one("ipaas.company").status == "ok"
    doctor.ipaas["company_id"] = OTHER_COMPANY_GUID
    finding = doctor.examine().one("ipaas.company")
    assert finding.status == "error"
    assert "(`company_id`)" in finding.next_step


def test_an_api_key_needs_neither_login_nor_company(doctor: Doctor) -> None:
    as_api_key(doctor)
    result = doctor.examine()
    assert result.bad == {}
    assert not any("/sso/v2/" in it["path"] for it in doctor.sandbox.journal.entries())


def test_an_api_key_that_is_not_good_is_told_once(doctor: Doctor) -> None:
    as_api_key(doctor, "no-such-api-key")
    result = doctor.examine()
    finding = result.one("ipaas.access")
    assert finding.status == "error"
    assert "Make a new API key" in finding.next_step
    assert len(result.diagnosis.errors) == 1
    assert "no-such-api-key" not in result.diagnosis.as_json()


@pytest.mark.parametrize(("plan", "code"), [("unpaid", "AUTZ-1004"), ("too_small", "AUTZ-1001")])
def test_a_plan_that_does_not_allow_it_is_told_once(doctor: Doctor, plan: str, code: str) -> None:
    doctor.switch("ipaas", plan=plan)
    result = doctor.examine()
    assert code in result.one("ipaas.access").message
    assert len(result.diagnosis.errors) == 1


# The subscription


def test_a_system_id_that_the_company_does_not_have_names_those_it_has(doctor: Doctor) -> None:
    doctor.ipaas["system_id"] = "4711"
    result = doctor.examine()
    finding = result.one("ipaas.system_id")
    assert (finding.status, finding.subject) == ("error", "subscription 4711")
    assert "Salesforce = 5501" in finding.next_step
    assert result.left_out == {"ipaas.system_id": ["ipaas.stock_integration"]}


def test_a_company_without_salesforce_is_found_out(doctor: Doctor) -> None:
    doctor.ipaas["company_id"] = SECOND_COMPANY_GUID
    result = doctor.examine()
    assert result.one("ipaas.company").status == "ok"
    assert result.one("ipaas.system_id").status == "error"


def test_a_subscription_that_does_not_sound_like_salesforce_is_a_warning(doctor: Doctor) -> None:
    doctor.sandbox.ipaas.subscriptions[900] = Subscription(900, 12, "BigCommerce", "A shop.")
    doctor.ipaas["system_id"] = "900"
    finding = doctor.examine().one("ipaas.system_id")
    assert finding.status == "warning"
    assert "'BigCommerce'" in finding.message
    assert "Salesforce = 5501" in finding.next_step


def test_without_the_right_to_list_subscriptions_the_system_id_is_not_known(doctor: Doctor) -> None:
    forbid(doctor, "subscriptions.read")
    result = doctor.examine()
    assert result.one("ipaas.system_id").status == "warning"
    assert "AUTZ-1002" in result.one("ipaas.system_id").message
    assert result.one("ipaas.stock_integration").message.startswith("Unknown")


# Tables


def test_a_table_name_in_the_profile_that_is_wrong_gets_the_override(doctor: Doctor) -> None:
    doctor.overrides = {"table_names": {"company": "Company"}, "put": "merge"}
    result = doctor.examine()
    finding = result.one("ipaas.tables", "table of companies")
    assert finding.status == "error"
    assert finding.override == {"table_names": {"company": "Customer Company"}}
    assert result.diagnosis.api_profile == {"table_names": {"company": "Customer Company"}, "put": "merge"}


def test_a_table_name_in_another_letter_case_is_right(doctor: Doctor) -> None:
    doctor.overrides = {"table_names": {"company": "customer company"}}
    assert doctor.examine().bad == {}


def test_a_table_that_is_not_listed_has_to_be_named(doctor: Doctor) -> None:
    doctor.overrides = {"mapping_collection_types": {"company": 4999}}
    finding = doctor.examine().one("ipaas.tables", "table of companies")
    assert finding.status == "error"
    assert "no table of type 4999" in finding.message
    assert '{"table_names": {"company": "..."}}' in finding.next_step


def test_without_the_right_to_look_tables_up_the_name_has_to_be_in_the_profile(doctor: Doctor) -> None:
    forbid(doctor, "subscriptions.read")
    assert doctor.examine().one("ipaas.tables").status == "error"
    doctor.overrides = {"table_names": {"company": "Customer Company"}}
    assert {it.status for it in doctor.examine().of("ipaas.tables")} == {"ok"}


# Reading


def test_a_collection_that_may_not_be_read_does_not_hide_the_other(doctor: Doctor) -> None:
    doctor.sandbox.machine.seed(name="demo")
    forbid(doctor, "companies.read")
    result = doctor.examine()
    assert "AUTZ-1002" in result.one("ipaas.read", "companies").message
    assert result.one("ipaas.read", "companies").status == "error"
    assert result.one("ipaas.read", "customers").status == "ok"


def test_pages_are_counted_and_a_list_without_the_header_is_a_warning(doctor: Doctor) -> None:
    doctor.sandbox.machine.seed(name="demo")
    doctor.switch("ipaas", page_size=30)
    assert doctor.examine().one("ipaas.read", "companies").message == "Read 30 rows, page 1 of 2."
    doctor.switch("ipaas", paging="none")
    finding = doctor.examine().one("ipaas.read", "companies")
    assert finding.status == "warning"
    assert "X-Pagination" in finding.message


@pytest.mark.parametrize("form", ["not_found", "empty"])
def test_an_empty_list_is_fine_in_either_form(doctor: Doctor, form: str) -> None:
    doctor.switch("ipaas", empty_list=form)
    assert doctor.examine().one("ipaas.read", "customers").message == "The list answers; it is empty."


# The stock integration


def noted(doctor: Doctor, name: str, value: object) -> None:
    item = {"name": name, "value": value, "expiration_date_time": None}
    doctor.sandbox.ipaas.subscriptions[5501].persistent_data.append(item)


def ago(doctor: Doctor, form: str, **span: float) -> str:
    return (doctor.sandbox.clocks["ipaas"].now() - timedelta(**span)).strftime(form)


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S+00:00", "%m/%d/%Y %I:%M:%S %p"])
def test_a_time_noted_lately_says_that_the_stock_integration_seems_active(doctor: Doctor, form: str) -> None:
    noted(doctor, "AccountLastPoll", ago(doctor, form, hours=3))
    noted(doctor, "ContactLastPoll", ago(doctor, form, days=200))
    finding = doctor.examine().one("ipaas.stock_integration")
    assert finding.status == "warning"
    assert finding.message.startswith("It seems active: it noted the time")
    assert "`AccountLastPoll`" in finding.message
    assert "Switch it off" in finding.next_step


def test_the_poll_marks_of_a_running_stock_integration_are_seen(doctor: Doctor) -> None:
    doctor.switch("ipaas", stock_integration_active="on")
    finding = doctor.examine().one("ipaas.stock_integration")
    assert (finding.status, finding.subject) == ("warning", "stock integration of subscription 5501")
    assert "It seems active" in finding.message
    assert "echo into each other" in finding.message


def test_an_old_time_says_that_it_seems_off(doctor: Doctor) -> None:
    noted(doctor, "AccountLastPoll", ago(doctor, "%Y-%m-%dT%H:%M:%SZ", days=30))
    finding = doctor.examine().one("ipaas.stock_integration")
    assert finding.status == "ok"
    assert finding.message.startswith("It seems off: the last time it noted is")


def test_what_it_notes_besides_times_is_never_shown(doctor: Doctor) -> None:
    for value in ("its-own-access-token", "2099-01-01T00:00:00Z", 12, None, "", ["x"]):
        noted(doctor, "AccessToken", value)
    doctor.sandbox.ipaas.subscriptions[5501].settings["Password"] = "its-own-password"
    result = doctor.examine()
    assert result.one("ipaas.stock_integration").message == "It seems off: it has noted no time."
    assert "its-own" not in result.diagnosis.as_json()
