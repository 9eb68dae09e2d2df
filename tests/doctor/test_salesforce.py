"""Salesforce up to its data: login, org, version, access, identity, headroom."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.sandbox import credentials as known
from tests.doctor.conftest import Doctor

OTHER_ORG = "00D000000000001EAA"


def test_a_refused_login_has_the_mend_of_its_cause(doctor: Doctor) -> None:
    doctor.credentials["consumer_secret"] = "not-the-secret"
    result = doctor.examine()
    finding = result.one("salesforce.token")
    assert finding.status == "error"
    assert "the Consumer Secret is wrong" in finding.message
    assert "(`password`)" in finding.next_step
    assert "salesforce.fields" in result.left_out["salesforce.token"]
    assert result.one("salesforce.clock").status == "ok"


def test_a_login_is_tried_once(doctor: Doctor) -> None:
    doctor.credentials["consumer_key"] = "not-the-key"
    doctor.examine()
    asked = [it for it in doctor.sandbox.journal.entries(service="salesforce") if it["path"].endswith("/token")]
    assert len(asked) == 1


def test_another_org_than_the_pinned_one_is_told_under_its_own_check(doctor: Doctor) -> None:
    doctor.salesforce["org_id"] = OTHER_ORG
    result = doctor.examine()
    assert result.one("salesforce.token").status == "ok"
    finding = result.one("salesforce.org")
    assert (finding.status, finding.check) == ("error", "salesforce.org")
    assert OTHER_ORG in finding.message
    assert known.ORG_ID in finding.message
    assert len(result.diagnosis.errors) == 1


def test_the_pinned_org_is_confirmed_and_without_a_pin_its_id_is_offered(doctor: Doctor) -> None:
    assert known.ORG_ID in doctor.examine().one("salesforce.org").next_step
    doctor.salesforce["org_id"] = known.ORG_ID
    assert doctor.examine().one("salesforce.org").next_step == ""


@pytest.mark.parametrize(("pinned", "status"), [(None, "ok"), (known.ORG_ID, "ok"), (OTHER_ORG, "error")])
def test_the_org_is_held_against_that_of_the_ledgers_links(doctor: Doctor, pinned: str | None, status: str) -> None:
    doctor.patients["pinned_org_id"] = lambda: pinned
    result = doctor.examine()
    assert result.one("ledger").status == status
    assert result.left_out == {}


def test_a_ledger_that_cannot_be_read_holds_nothing_back(doctor: Doctor) -> None:
    def locked() -> str | None:
        raise LedgerError("The ledger is locked.", next_step="Unlock it.")

    doctor.patients["pinned_org_id"] = locked
    result = doctor.examine()
    assert (result.one("ledger").message, result.one("ledger").next_step) == ("The ledger is locked.", "Unlock it.")
    assert result.one("salesforce.fields", "Account").status == "ok"


def test_a_version_that_is_not_on_offer_names_those_that_are(doctor: Doctor) -> None:
    doctor.salesforce["api_version"] = "99.0"
    result = doctor.examine()
    finding = result.one("salesforce.api_version")
    assert finding.status == "error"
    assert "59.0 to 64.0" in finding.next_step
    assert result.one("salesforce.org").status == "ok"
    assert "salesforce.identity" in result.left_out["salesforce.api_version"]


def test_an_org_without_api_access_is_told_once(doctor: Doctor) -> None:
    doctor.switch("salesforce", api_enabled=False)
    result = doctor.examine()
    finding = result.one("salesforce.access")
    assert "API_DISABLED_FOR_ORG" in finding.message
    assert len(result.diagnosis.errors) == 1


def test_who_and_where_is_said_by_name(doctor: Doctor) -> None:
    message = doctor.examine().one("salesforce.identity").message
    for part in ("Sandbox Org", "Developer Edition", "Integration User", known.USERNAME, known.INTEGRATION_USER_ID):
        assert part in message


def test_names_that_may_not_be_read_are_no_fault(doctor: Doctor) -> None:
    doctor.switch("salesforce", hidden_fields=["Organization.OrganizationType"])
    finding = doctor.examine().one("salesforce.identity")
    assert finding.status == "ok"
    assert "INVALID_FIELD" in finding.message


@pytest.mark.parametrize(
    ("used", "status"), [(0, "ok"), (590, "ok"), (600, "warning"), (790, "warning"), (800, "error")]
)
def test_the_calls_of_the_day_are_held_against_the_limit(doctor: Doctor, used: int, status: str) -> None:
    doctor.switch("salesforce", api_limit=1000)
    doctor.sandbox.salesforce.api_used = used
    finding = doctor.examine().one("salesforce.limits")
    assert finding.status == status
    assert "of 1,000 calls" in finding.message
    assert (finding.next_step != "") == (status != "ok")


def test_a_day_without_calls_left_is_told_once(doctor: Doctor) -> None:
    doctor.switch("salesforce", api_limit=1000)
    doctor.sandbox.salesforce.api_used = 1000
    result = doctor.examine()
    assert "REQUEST_LIMIT_EXCEEDED" in result.one("salesforce.access").message
    assert len(result.diagnosis.errors) == 1
