"""What people enter: fields of connections, overrides of the API profile, addresses; and codes that are looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st
from urllib3.util import parse_url

from airflow_provider_ipaas.catalogue import about, find
from airflow_provider_ipaas.cli._answer import read_pasted, read_query
from airflow_provider_ipaas.clients._http import is_loopback
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.salesforce.hosts import checked_instance_url
from airflow_provider_ipaas.hooks import ipaas
from airflow_provider_ipaas.hooks._connection import ConnectionFields
from airflow_provider_ipaas.hooks._salesforce_settings import EXTRAS, read_settings
from airflow_provider_ipaas.sync.refusals import classify

from .target import SECRET, Target, typed
from .values import JSON, TEXTS, dumped, mutated


@dataclass
class Connection:
    """An Airflow connection as hooks read it."""

    conn_id: str
    host: str | None
    login: str | None
    password: str | None
    port: int | None
    extra: str | None


URLS = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "https://example.my.salesforce.com",
            "https://example.my.salesforce.com.evil.example",
            "https://evil.example#.salesforce.com",
            "https://evil.example\\.salesforce.com",
            "https://evil.example/.salesforce.com",
            "https://evil.example?.salesforce.com",
            "https://user@evil.example:443@a.salesforce.com",
            "https://a.salesforce.com@evil.example",
            "https://a.salesforce.com:99999",
            "https://[::1]",
            "https://[::1.salesforce.com",
            "http://127.0.0.1:8701",
            "http://127.1",
            "http://0x7f000001",
            "http://localhost.evil.example",
            "https://ａ.salesforce.com",
            "https://evil。example／.salesforce.com",
            "javascript:alert(1)",
            "//a.salesforce.com",
            "https://a.salesforce.com\t.evil.example",
            "https://evil.example\n.salesforce.com",
        ]
    ),
    st.builds(
        "https://{}{}{}".format,
        TEXTS,
        st.sampled_from(["", "@", "#", "\\", "/", ":", "%2f"]),
        st.just("a.salesforce.com"),
    ),
)
STANDARD = st.fixed_dictionaries(
    {
        "host": st.one_of(st.none(), URLS, st.just("https://example.my.salesforce.com")),
        "login": st.one_of(st.none(), TEXTS, st.just("key")),
        "password": st.sampled_from([SECRET, "", None]),
        "port": st.one_of(st.none(), st.integers(-1, 70_000)),
    }
)
SALESFORCE = {
    "auth_flow": "client_credentials",
    "refresh_token": SECRET,
    "token_url": "https://example.my.salesforce.com/services/oauth2/token",
    "username": "ann@example.com",
    "private_key": SECRET,
    "audience": "https://login.salesforce.com",
    "org_id": "00D5g00000SandBEAR",
    "api_version": "64.0",
    "account_poll_days": 7,
    "contact_poll_days": "7",
    "external_id_field": "iPaaS_Id__c",
    "max_changed_percent": 50,
    "max_changed_records": 200,
    "max_blanked_percent": 10,
    "api_warn_percent": 60,
    "api_stop_percent": 80,
    "max_calls_per_run": 0,
    "bulk_threshold": 2000,
    "first_contact": "create",
    "retry_base_minutes": 10,
    "retry_max_hours": 24,
}
IPAAS = {
    "auth_mode": "password",
    "company_id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "system_id": 5501,
    "headers": {"X-Team": "data"},
    "max_concurrency": 8,
    "requests_per_second": 5,
    "deep_check_hours": 24,
    "api_profile": {"relationships": "on"},
    "default_country": "US",
}
PROFILE = Profile.load({}).model_dump()


def extras(right: dict[str, Any]) -> st.SearchStrategy[str | None]:
    """Return the text of extra: right, spoilt or none at all."""
    spoilt = mutated(right).map(lambda value: dumped(value).decode())
    broken = st.sampled_from([None, "", "{", "[" * 50_000, '{"headers": ' + "[" * 900 + "]" * 900 + "}", "null"])
    return st.one_of(spoilt, spoilt, spoilt, JSON.map(lambda value: dumped(value).decode()), broken)


def is_ours(url: str) -> bool:
    """Say whether both readers of URLs, ours and the one that opens connections, see a host that may be trusted."""
    hosts = {urlsplit(url).hostname, (parse_url(url).host or "").strip("[]").lower()}
    return len(hosts) == 1 and all(host and (host.endswith(".salesforce.com") or is_loopback(host)) for host in hosts)


def check_salesforce(drawn: tuple[dict[str, Any], str | None]) -> None:
    standard, extra = drawn
    connection = Connection("sf", extra=extra, **standard)
    settings = typed(lambda: read_settings(ConnectionFields(connection, known=EXTRAS), allowed_hosts=lambda: ()))
    if settings is not None:
        assert is_ours(settings.api_url)
        assert is_ours(settings.token_url)
        assert 1 <= settings.account_poll_days <= 3650
        assert 1 <= settings.contact_poll_days <= 3650
        assert SECRET not in repr(settings)


def check_ipaas(drawn: tuple[dict[str, Any], str | None]) -> None:
    standard, extra = drawn
    settings = typed(lambda: ipaas.read_settings(Connection("ipaas", extra=extra, **standard)))
    if settings is not None:
        assert settings.base_url.startswith(("https://", "http://"))
        assert settings.system_id.isdigit()
        assert all((name + value).isascii() and "\n" not in name + value for name, value in settings.headers.items())
        assert SECRET not in repr(settings)


def check_profile(overrides: Any) -> None:
    profile = typed(lambda: Profile.load(overrides))
    if profile is not None:
        for path in [*profile.paths.model_dump().values(), *profile.base_paths.model_dump().values()]:
            assert ".." not in path.split("/")
            assert "://" not in path
        assert profile.fingerprint


def check_instance_url(url: str) -> None:
    found = checked_instance_url(url)
    assert found is None or is_ours(found), found


def check_code(drawn: tuple[str, str, str, int | None, str]) -> None:
    service, code, said, status, flow = drawn
    entry = about(service, code, said, status=status, flow=flow)  # type: ignore[arg-type]
    assert entry.cause
    assert entry.advice(host="h", address="a", connection="c")
    assert isinstance(find(code), list)


def check_refusal(drawn: tuple[str, str, list[str], str, int | None]) -> None:
    code, message, fields, service, status = drawn
    refusal = classify(code, message, tuple(fields), service=service, status=status)
    assert 0 < len(refusal.code) <= 80
    assert 0 < len(refusal.message) <= 2_000
    assert refusal.next_step


def check_pasted(text: str) -> None:
    for found in (read_pasted(text), read_query(text)):
        assert found is None or (found.state and bool(found.code) != bool(found.error))
        assert found is None or (found.code + found.error + found.description).isprintable()


CODES = st.one_of(
    TEXTS,
    st.sampled_from(
        ["*", "VALD-*", "VALD-9999", "HTTP-", "HTTP-999", "HTTP-5xx", "HTTP-" + "9" * 5000, "unlisted", "INTL"]
    ),
    st.builds("HTTP-{}".format, TEXTS),
)
SAID = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "x" * 131_072,
            "@" * 131_072,
            "'" * 5_000,
            "a@" * 5_000,
            "max length=" + "9" * 5_000,
            "Account Name: data value too large: x",
            ":",
        ]
    ),
)
PASTED = st.one_of(
    TEXTS,
    st.builds("https://airflow.example/cb?code={}&state={}&error={}".format, TEXTS, TEXTS, TEXTS),
    st.builds("code={}&state={}".format, TEXTS, TEXTS),
)
TARGETS = [
    Target("salesforce-connections", st.tuples(STANDARD, extras(SALESFORCE)), check_salesforce),
    Target("ipaas-connections", st.tuples(STANDARD, extras(IPAAS)), check_ipaas),
    Target(
        "api-profiles",
        st.one_of(mutated(PROFILE), mutated({"paths": PROFILE["paths"]}), JSON).filter(lambda p: isinstance(p, dict)),
        check_profile,
    ),
    Target("instance-urls", URLS, check_instance_url),
    Target(
        "codes",
        st.tuples(
            st.sampled_from(["salesforce", "login", "ipaas"]),
            CODES,
            TEXTS,
            st.none() | st.integers(-1, 10_000),
            st.sampled_from(["", "web_server", "client_credentials", "jwt_bearer", "password", "api_key"]),
        ),
        check_code,
    ),
    Target(
        "refusals",
        st.tuples(CODES, SAID, st.lists(TEXTS, max_size=30), st.sampled_from(["", "ipaas"]), st.none() | st.just(400)),
        check_refusal,
    ),
    Target("pasted-callbacks", PASTED, check_pasted),
]
