"""The rows drive the code: each listed code becomes the error, and gives a record the fate, that its row says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_ipaas.catalogue import ENTRIES, Entry, Handling
from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.ipaas import faults as ipaas_faults
from airflow_provider_ipaas.clients.salesforce import faults as salesforce_faults
from airflow_provider_ipaas.clients.salesforce.auth_faults import login_fault
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    GrantRefused,
    RequestLimitExceeded,
    ServiceError,
    TransientServiceError,
    UnknownOutcome,
)
from airflow_provider_ipaas.sync.refusals import RefusalClass, classify

SPOKEN = [(e, code) for e in ENTRIES for code in e.codes if not e.is_fallback and not code.startswith("HTTP-")]
KINDS: dict[Handling, RefusalClass] = {
    Handling.FAIL_RECORD: "data",
    Handling.FAIL_OR_STOP: "config",
    Handling.STOP: "config",
    Handling.RENEW: "config",
    Handling.PARK_DUPLICATE: "duplicate",
    Handling.SKIP: "deleted",
    Handling.RETRY_RECORD: "locked",
}


def of(service: str, *handlings: Handling) -> list[Any]:
    return [
        pytest.param(entry, code, id=f"{code}-{entry.said or entry.flow}")
        for entry, code in SPOKEN
        if entry.service == service and (not handlings or entry.handling in handlings)
    ]


def answer(entry: Entry, code: str, status: int) -> Answer:
    body = [{"errorCode": code, "message": f"It {entry.said}.", "fields": []}]
    return Answer(status, "", {}, json.dumps(body).encode())


def fault(entry: Entry, code: str, status: int, effect: salesforce_faults.Effect = "read") -> ServiceError:
    return salesforce_faults.fault_of(answer(entry, code, status), effect=effect, what="query Account")


@pytest.mark.parametrize(("entry", "code"), of("salesforce"))
def test_a_call_that_salesforce_refuses_carries_the_next_step(entry: Entry, code: str) -> None:
    error = fault(entry, code, 400)
    assert (error.code, error.next_step) == (code, entry.advice())


@pytest.mark.parametrize(("entry", "code"), of("salesforce", Handling.RETRY, Handling.RETRY_RECORD))
def test_what_passes_is_transient_whatever_its_status(entry: Entry, code: str) -> None:
    assert isinstance(fault(entry, code, 400), TransientServiceError)
    assert isinstance(fault(entry, code, 403, "idempotent"), TransientServiceError)
    assert isinstance(fault(entry, code, 503, "create"), UnknownOutcome)


@pytest.mark.parametrize(
    ("entry", "code"), of("salesforce", Handling.FAIL_RECORD, Handling.FAIL_OR_STOP, Handling.STOP, Handling.SKIP)
)
def test_what_does_not_pass_is_terminal(entry: Entry, code: str) -> None:
    error = fault(entry, code, 400, "idempotent")
    assert type(error) is ServiceError
    assert not error.transient


@pytest.mark.parametrize(("entry", "code"), of("salesforce", Handling.STOP_CLEANLY))
def test_a_used_up_budget_stops_cleanly(entry: Entry, code: str) -> None:
    assert isinstance(fault(entry, code, 403, "create"), RequestLimitExceeded)


@pytest.mark.parametrize(("entry", "code"), of("salesforce"))
def test_only_an_ended_token_is_renewed(entry: Entry, code: str) -> None:
    refused = answer(entry, code, 401)
    assert salesforce_faults.is_expired_token(refused) is (entry.handling is Handling.RENEW)
    budget = entry.handling is Handling.STOP_CLEANLY
    assert isinstance(fault(entry, code, 401), RequestLimitExceeded if budget else AuthenticationError)


@pytest.mark.parametrize(("entry", "code"), of("login"))
def test_a_refused_login_is_told_by_cause_and_next_step(entry: Entry, code: str) -> None:
    body = {"error": code, "error_description": f"it {entry.said}"}
    flow = entry.flow or "web_server"
    error = login_fault(Answer(400, "", {}, json.dumps(body).encode()), flow, "sf", "acme.example", str)
    if entry.handling is Handling.RETRY:
        assert isinstance(error, TransientServiceError)
        return
    assert isinstance(error, AuthenticationError)
    assert entry.cause in error.message
    assert error.next_step == entry.advice()
    # Only a web-server grant that is gone has to be given again by a person.
    gone = code == "invalid_grant" and flow == "web_server" and "expired or was revoked" in entry.cause
    assert isinstance(error, GrantRefused) is gone


@pytest.mark.parametrize(("entry", "code"), of("ipaas"))
def test_a_call_that_ipaas_refuses_becomes_what_its_family_says(entry: Entry, code: str) -> None:
    error = ipaas_faults.fault_of(
        status=400,
        reason="Bad Request",
        body=json.dumps({"code": code, "message": "no"}),
        effect="put",
        what="update the company",
        auth_mode=entry.flow,
    )
    assert (error.code, error.next_step) == (code, entry.advice())
    assert error.transient is (entry.handling is Handling.RETRY)
    assert isinstance(error, AuthenticationError) is code.startswith("AUTH")


@pytest.mark.parametrize(("entry", "code"), [*of("salesforce"), *of("ipaas")])
def test_a_record_gets_the_fate_that_its_row_says(entry: Entry, code: str) -> None:
    refusal = classify(code, f"Email: it {entry.said}", (), service=entry.service)
    if not entry.flow:  # an API key's rows are about calls
        assert refusal.kind == KINDS.get(entry.handling, "data")
        assert refusal.next_step == entry.advice()
    assert refusal.message


def test_a_known_refusal_is_worded_without_values() -> None:
    text = "Account Name: data value too large: Secret Name Secret Name (max length=255)"
    refusal = classify("STRING_TOO_LONG", text, ("Name",))
    assert refusal.message == "The text in Name is longer than Salesforce allows (255 characters)."
    assert classify("STRING_TOO_LONG", text).message.startswith("The text in Account Name is longer")


def test_what_ipaas_said_goes_along_where_it_has_to_name_the_field() -> None:
    said = "iPaaS.com could not create the company (VALD-1002): The name of 'Secret' must not be null"
    refusal = classify("VALD-1002", said, service="ipaas", status=400)
    assert refusal.message == "iPaaS.com requires a value in a field. It said: The name of ... must not be null"
    assert classify("VALD-1002", said, ("name",), service="ipaas").message == "iPaaS.com requires a value in name."


def test_a_code_that_nobody_knows_is_about_the_record_and_says_so() -> None:
    refusal = classify("BRAND_NEW", "The value 'Secret' of who@where.example is odd")
    assert (refusal.kind, refusal.code) == ("data", "BRAND_NEW")
    assert refusal.message == "The service refused the record: The value ... of ... is odd"
    assert refusal.next_step.startswith("This code is not in the error catalogue. ")
    assert classify("", "no reason").code == "unknown"


def test_a_lock_inside_a_trigger_is_a_lock() -> None:
    said = "AccountTrigger: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access"
    assert classify("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", said).kind == "locked"
    assert classify("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted").kind == "config"
