"""SOQL written safely, ids checked, hosts judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.clients.salesforce import soql
from airflow_provider_ipaas.clients.salesforce.hosts import checked_instance_url, is_allowed_host


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("Acme", "'Acme'"),
        ("O'Neil", "'O\\'Neil'"),
        ("back\\slash", "'back\\\\slash'"),
        ("\\'; --", "'\\\\\\'; --'"),
        ("two\nlines\tand tab", "'two\\nlines\\tand tab'"),
        ("nul\x00 bell\x07 del\x7f lone\ud800", "'nul bell del lone'"),
        ("Ünïcødé 漢字 😀", "'Ünïcødé 漢字 😀'"),
    ],
)
def test_strings_are_quoted(text: str, literal: str) -> None:
    assert soql.quote(text) == literal


@given(st.text())
def test_a_quoted_string_ends_where_it_should(text: str) -> None:
    inner = soql.quote(text)[1:-1]
    assert "'" not in inner.replace("\\\\", "").replace("\\'", "")
    assert not inner.replace("\\\\", "").endswith("\\")


def test_stamps_are_utc_whole_seconds() -> None:
    moment = datetime(2026, 11, 23, 12, 0, 1, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert soql.datetime_literal(moment) == "2026-11-23T10:00:01Z"
    with pytest.raises(ValueError, match="aware"):
        soql.datetime_literal(moment.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("003RO0000016kOu", "003RO0000016kOuYAI"),
        ("001xx000003DGb2", "001xx000003DGb2AAG"),
    ],
)
def test_ids_have_two_forms(short: str, whole: str) -> None:
    assert soql.id18(short) == soql.id18(whole) == whole
    assert soql.same_id(short, whole)


@pytest.mark.parametrize(
    "wrong", ["", "001", "001D000000IqhSLIAA", "001D000000IqhS'", "001D000000IqhSLIAZ\n", "é" * 15]
)
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a Salesforce id"):
        soql.id18(wrong)


@given(st.lists(st.text(max_size=60)), st.integers(300, 3000))
def test_in_clauses_hold_every_value_once_within_the_limit(values: list[str], limit: int) -> None:
    clauses = list(soql.in_clauses("Email", values, max_bytes=limit))
    wanted = list(dict.fromkeys(map(soql.quote, values)))
    assert ",".join(clause.removeprefix("Email IN (").removesuffix(")") for clause in clauses) == ",".join(wanted)
    for clause in clauses:
        alone = clause.count("'") - clause.count("\\'") == 2
        assert alone or len(quote(clause.removeprefix("Email IN ("), safe="")) <= limit + 3


def test_in_clauses_check_the_field() -> None:
    with pytest.raises(ValueError, match="is not the API name"):
        list(soql.in_clauses("Email) OR (Id", ["a"]))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("acme.my.salesforce.com", True),
        ("login.salesforce.com", True),
        ("ACME--DEV.sandbox.my.SALESFORCE.com", True),
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("crm.example", True),
        ("salesforce.com.evil.example", False),
        ("evilsalesforce.com", False),
        ("salesforce.com", False),
        ("acme.lightning.force.com", False),
        ("127.0.0.1.evil.example", False),
        # Two readers of URLs see different hosts in these; the token would go to the other one.
        ("evil.example\\.salesforce.com", False),
        ("evil.example%2f.salesforce.com", False),
        ("ａ.salesforce.com", False),
        ("a..salesforce.com", False),
        ("", False),
        (None, False),
    ],
)
def test_hosts(host: str | None, allowed: bool) -> None:
    assert is_allowed_host(host, ("crm.example",)) is allowed


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com:8443/x?y", "https://acme.my.salesforce.com:8443"),
        ("http://[::1]:8701", "http://[::1]:8701"),
        ("http://acme.my.salesforce.com", None),
        ("ftp://acme.my.salesforce.com", None),
        ("https://acme.my.salesforce.com:port", None),
        ("https://evil.example\\.salesforce.com", None),
        (7, None),
    ],
)
def test_instance_urls(url: object, origin: str | None) -> None:
    assert checked_instance_url(url) == origin


def test_stamps_in_utc_stay() -> None:
    assert soql.datetime_literal(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05Z"


def test_stamps_of_early_years_have_four_digits() -> None:
    assert soql.datetime_literal(datetime(999, 1, 2, tzinfo=UTC)) == "0999-01-02T00:00:00Z"
