"""Tokens of forms: whose they are, how long they live, and what browsers say of where a request comes from."""

from __future__ import annotations

import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import Request

from airflow_provider_ipaas.plugin import csrf

NOW = 1_800_000_000.0
ADA = SimpleAuthManagerUser(username="ada", role="admin")
BEN = SimpleAuthManagerUser(username="ben", role="admin")


def request(**headers: str) -> Request:
    own = {"host": "airflow.example.com", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in own.items()]
    return Request({"type": "http", "scheme": "https", "path": "/", "query_string": b"", "headers": raw})


def test_a_token_is_good_for_its_user_for_twelve_hours() -> None:
    token = csrf.issue(ADA, now=NOW)
    assert csrf.is_valid(token, ADA, now=NOW)
    assert csrf.is_valid(token, ADA, now=NOW + csrf.LIFE_S)
    assert csrf.is_valid(token, ADA, now=NOW - 60)
    assert not csrf.is_valid(token, ADA, now=NOW + csrf.LIFE_S + 1)
    assert not csrf.is_valid(token, ADA, now=NOW - 3600)
    assert not csrf.is_valid(token, BEN, now=NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "1800000000", "1800000000.", "1800000000.ä", "x.y", "٣.y", "9" * 500 + ".y"]
)
def test_anything_else_is_none(token: str) -> None:
    assert not csrf.is_valid(token, ADA, now=NOW)


def test_a_token_is_bound_to_its_time() -> None:
    stamp, _, signature = csrf.issue(ADA, now=NOW).partition(".")
    assert not csrf.is_valid(f"{int(stamp) + 1}.{signature}", ADA, now=NOW)


def test_another_key_is_another_token(monkeypatch: pytest.MonkeyPatch) -> None:
    token = csrf.issue(ADA, now=NOW)
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "YW5vdGhlci1rZXktb2YtdGhlLXRlc3Qtc3VpdGUuLjE=")
    assert not csrf.is_valid(token, ADA, now=NOW)
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "")
    monkeypatch.setenv("AIRFLOW__API__SECRET_KEY", "one")
    token = csrf.issue(ADA, now=NOW)
    assert csrf.is_valid(token, ADA, now=NOW)
    monkeypatch.setenv("AIRFLOW__API__SECRET_KEY", "two")
    assert not csrf.is_valid(token, ADA, now=NOW)


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "https://airflow.example.com"}, False),
        ({"origin": "https://outside.example.com"}, False),
        ({"sec_fetch_site": "same-site", "origin": "null"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"origin": "https://evil.example.com"}, True),
        ({"origin": "http://airflow.example.com"}, True),
        ({"origin": "https://outside.example.com.evil.example"}, True),
        ({"origin": "https://outside.example"}, True),
        ({"origin": ""}, True),
    ],
)
def test_requests_of_other_sites_are_known_by_what_browsers_say(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], elsewhere: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://Outside.example.com/airflow")
    assert csrf.is_from_elsewhere(request(**headers)) is elsewhere
