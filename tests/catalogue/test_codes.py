"""Every code that a service can give has its row, and every row can be used."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas import catalogue as package
from airflow_provider_ipaas.catalogue import ENTRIES, MEANING, NEXT_STEP, NOT_LISTED, Entry, Handling, about, find
from airflow_provider_ipaas.catalogue.lookup import listed_codes
from airflow_provider_ipaas.sync.report import OUTCOMES

PROVIDER = Path(package.__file__).parents[1]

# REST API Developer Guide, status codes and error responses; SOAP API Developer Guide, StatusCode; SOQL and limits pages.
SALESFORCE = """
    ALL_OR_NONE_OPERATION_ROLLED_BACK API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG API_TEMPORARILY_UNAVAILABLE
    BATCH_PROCESSING_HALTED CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID DUPLICATE_VALUE
    ENTITY_IS_DELETED EXCEEDED_ID_LIMIT FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION INACTIVE_OWNER_OR_USER
    INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INSUFFICIENT_ACCESS_OR_READONLY INVALID_AUTH_HEADER
    INVALID_CROSS_REFERENCE_KEY INVALID_EMAIL_ADDRESS INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE INVALID_JWT_FORMAT
    INVALID_OPERATION_WITH_EXPIRED_PASSWORD INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST INVALID_QUERY_LOCATOR
    INVALID_REPLICATION_DATE INVALID_SESSION_ID INVALID_TYPE JSON_PARSER_ERROR MALFORMED_ID MALFORMED_QUERY
    METHOD_NOT_ALLOWED NOT_FOUND NUMBER_OUTSIDE_VALID_RANGE PROCESSING_HALTED QUERY_TIMEOUT QUERY_TOO_COMPLICATED
    REQUEST_LIMIT_EXCEEDED REQUIRED_FIELD_MISSING SERVER_UNAVAILABLE STORAGE_LIMIT_EXCEEDED STRING_TOO_LONG
    UNABLE_TO_LOCK_ROW UNKNOWN_EXCEPTION UNSUPPORTED_API_VERSION UNSUPPORTED_MEDIA_TYPE
    Bad_OAuth_Token Missing_OAuth_Token Wrong_Org
    HTTP-300 HTTP-401 HTTP-403 HTTP-404 HTTP-406 HTTP-410 HTTP-414 HTTP-420 HTTP-429 HTTP-431
"""
# Salesforce Help: OAuth flow errors, and the pages of the single flows.
LOGIN = """
    invalid_grant invalid_client_id invalid_client invalid_client_credentials inactive_user inactive_org invalid_request
    redirect_uri_mismatch redirect_uri_missing unsupported_grant_type unsupported_response_type invalid_scope access_denied
    OAUTH_APP_BLOCKED OAUTH_APP_ACCESS_DENIED invalid_app_access immediate_unsuccessful rate_limit_exceeded server_error
    temporarily_unavailable unsupported_token_type invalid_token
"""
# The support articles named in catalogue/ipaas.py.
IPAAS = """
    AUTH-1001 AUTH-1002 AUTH-1003 AUTH-1004 AUTZ-1001 AUTZ-1002 AUTZ-1003 AUTZ-1004
    VALD-1001 VALD-1002 VALD-1003 VALD-1004 VALD-1005 VALD-1006 VALD-1007 VALD-1008 VALD-1010 VALD-1011 VALD-1014 VALD-1015
    VALD-1017 VALD-1020 VALD-1021 VALD-1022 VALD-1023 VALD-1025 VALD-1028 VALD-1032 VALD-1036 VALD-1037 VALD-1038 VALD-1045
    VALD-1046 VALD-1047 VALD-1049 VALD-1066 VALD-1080
    BIZL-1001 BIZL-1002 BIZL-1003 BIZL-1004 BIZL-1005 BIZL-1006 BIZL-1007 BIZL-1009 NFND-1005 INTL-1001 INTL-1002 INTL-1004
"""


@pytest.mark.parametrize(
    ("service", "codes"),
    [("salesforce", SALESFORCE), ("login", LOGIN), ("ipaas", IPAAS)],
    ids=["rest", "login", "ipaas"],
)
def test_every_documented_code_is_listed(service: str, codes: str) -> None:
    assert sorted(set(codes.split()) - set(listed_codes(service))) == []  # type: ignore[arg-type]


def calls(folder: str, *names: str) -> Iterator[ast.Call]:
    for path in (PROVIDER / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
                yield node


def first_texts(folder: str, *names: str) -> set[str]:
    """Return the first arguments of calls that are written as texts."""
    arguments = [node.args[0] for node in calls(folder, *names) if node.args]
    return {arg.value for arg in arguments if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}


def test_the_sandbox_gives_no_code_that_is_not_listed() -> None:
    given_codes = {
        "salesforce": first_texts("sandbox/salesforce", "SalesforceError"),
        "login": first_texts("sandbox/salesforce", "OAuthError"),
        "ipaas": first_texts("sandbox/ipaas", "ApiError"),
    }
    assert all(len(codes) > 10 for codes in given_codes.values())
    strangers = {service: codes - set(listed_codes(service)) for service, codes in given_codes.items()}  # type: ignore[arg-type]
    assert {service: codes for service, codes in strangers.items() if codes} == {}


def test_every_reason_that_the_sync_gives_is_listed_and_no_other() -> None:
    text = "".join(path.read_text("utf-8") for path in (PROVIDER / "sync").glob("*.py"))
    given_reasons = set(re.findall(r'"(?:parked|skipped)",\s*"(\w+)"', text)) - set(OUTCOMES)
    assert len(given_reasons) > 5
    assert sorted(given_reasons - set(NEXT_STEP)) == []
    assert [reason for reason in NEXT_STEP if f'"{reason}"' not in text] == []


def test_no_row_hides_another() -> None:
    seen = Counter((e.service, code, e.said, e.flow) for e in ENTRIES for code in e.codes)
    assert [key for key, count in seen.items() if count > 1] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.service}-{e.code}-{e.said or e.flow}")
def test_a_row_says_cause_handling_and_next_step(entry: Entry) -> None:
    assert re.fullmatch(r"(iPaaS|[A-Z]).*[^.]\.", entry.sentence(), re.DOTALL)
    assert re.fullmatch(r"[A-Z].*\.", entry.advice(), re.DOTALL)
    assert "{" not in entry.sentence() + entry.advice()
    assert MEANING[entry.handling].endswith(".")
    assert entry.said == entry.said.lower()


def test_every_handling_is_used_and_explained() -> None:
    assert set(MEANING) == set(Handling)
    assert {entry.handling for entry in ENTRIES} == set(Handling)


@pytest.mark.parametrize(
    ("service", "code", "status", "handling"),
    [
        ("salesforce", "BRAND_NEW_CODE", 400, Handling.FAIL_RECORD),
        ("salesforce", "BRAND_NEW_CODE", 503, Handling.RETRY),
        ("salesforce", "BRAND_NEW_CODE", 403, Handling.STOP),
        ("login", "brand_new_error", 400, Handling.STOP),
        ("login", "brand_new_error", 502, Handling.RETRY),
        ("ipaas", "VALD-9999", 400, Handling.FAIL_RECORD),
        ("ipaas", "AUTZ-9999", 403, Handling.FAIL_OR_STOP),
        ("ipaas", "AUTH-9999", 401, Handling.RENEW),
        ("ipaas", "INTL-9999", 500, Handling.RETRY),
        ("ipaas", "QUOT-0001", 429, Handling.RETRY),
        ("ipaas", "QUOT-0001", 400, Handling.FAIL_RECORD),
    ],
)
def test_a_code_that_is_not_listed_is_handled_and_says_so(
    service: str, code: str, status: int, handling: Handling
) -> None:
    entry = about(service, code, status=status)  # type: ignore[arg-type]
    assert entry.handling is handling
    assert entry.advice().startswith(NOT_LISTED)


@pytest.mark.parametrize("code", ["HTTP-" + "9" * 5000, "HTTP-", "HTTP-٣٣٣", "*", ""])
def test_a_code_of_any_spelling_has_its_row(code: str) -> None:
    for service in ("salesforce", "login", "ipaas"):
        assert about(service, code).cause  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_a_status_of_a_listed_kind_is_no_stranger(status: int) -> None:
    for service in ("salesforce", "login", "ipaas"):
        entry = about(service, f"HTTP-{status}", status=status)  # type: ignore[arg-type]
        assert entry.handling is Handling.RETRY
        assert NOT_LISTED not in entry.advice()


@given(
    service=st.sampled_from(["salesforce", "login", "ipaas"]),
    code=st.text(max_size=30) | st.from_regex(r"[A-Z]{4}-\d{4}", fullmatch=True) | st.just("HTTP-") | st.just("*"),
    said=st.text(max_size=60),
    status=st.none() | st.integers(-1, 1000),
    flow=st.sampled_from(["", "web_server", "jwt_bearer", "api_key", "other"]),
)
def test_there_is_a_row_for_whatever_a_service_says(
    service: str, code: str, said: str, status: int | None, flow: str
) -> None:
    entry = about(service, code, said, status=status, flow=flow)  # type: ignore[arg-type]
    assert entry.advice()
    assert entry.sentence()


def test_what_was_said_decides_between_rows_of_one_code() -> None:
    daily = about("salesforce", "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    short = about(
        "salesforce", "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    )
    assert (daily.handling, short.handling) == (Handling.STOP_CLEANLY, Handling.RETRY)
    assert len(find("request_limit_exceeded")) == 2


def test_the_way_to_log_in_decides_where_nothing_else_does() -> None:
    causes = {flow: about("login", "invalid_grant", flow=flow).cause for flow in ("web_server", "jwt_bearer")}
    assert causes == {
        "web_server": "the refresh token has expired or was revoked",
        "jwt_bearer": "the signed assertion was refused",
    }
    assert about("ipaas", "AUTH-1002", flow="api_key").advice(connection="connection `x`") == (
        "Make a new API key in iPaaS.com and put it in the field `password` of connection `x`."
    )
