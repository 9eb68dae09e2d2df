"""The `ipaas` connection: what it takes, what a person reads when a field is wrong, what never shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from airflow_provider_ipaas._forms.ipaas import CONNECTION_TYPE
from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.sandbox.credentials import IPAAS_PASSWORD, IPAAS_USERNAME
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY, COMPANY_GUID, OTHER_COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox

GOOD = {
    "conn_type": "ipaas",
    "login": IPAAS_USERNAME,
    "password": IPAAS_PASSWORD,
    "extra": {"company_id": COMPANY_GUID, "system_id": 5501},
}


def connection(monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any] | str | None = None, **fields: Any) -> IPaaSHook:
    """Return a hook on a connection like GOOD with changes; an extra of None takes the field away."""
    values: dict[str, Any] = {**GOOD, **fields}
    if isinstance(extra, str):
        values["extra"] = extra
    else:
        merged = {**GOOD["extra"], **(extra or {})}  # type: ignore[dict-item]
        values["extra"] = {name: value for name, value in merged.items() if value is not None}
    monkeypatch.setenv("AIRFLOW_CONN_IPAAS_DEFAULT", json.dumps(values))
    return IPaaSHook()


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


def test_a_plain_connection_gets_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = connection(monkeypatch).settings
    assert settings.base_url == "https://api.ipaas.com"
    assert (settings.auth_mode, settings.login, settings.system_id) == ("password", IPAAS_USERNAME, "5501")
    assert (settings.max_concurrency, settings.requests_per_second, settings.default_country) == (8, None, "")
    assert settings.connection == "ipaas_default"
    assert settings.profile.put == "replace"


def test_every_field_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {
        "auth_mode": "api_key",
        "company_id": COMPANY_GUID.upper(),
        "system_id": "42",
        "headers": '{"X-Client-Id": "abc"}',
        "max_concurrency": "3",
        "requests_per_second": "2.5",
        "api_profile": {"put": "merge"},
        "default_country": "DE",
    }
    settings = connection(monkeypatch, extra, host="https://stagingapi.ipaas.com/").settings
    assert settings.base_url == "https://stagingapi.ipaas.com"
    assert (settings.auth_mode, settings.login, settings.company_id) == ("api_key", "", COMPANY_GUID)
    assert (settings.system_id, settings.headers) == ("42", {"X-Client-Id": "abc"})
    assert (settings.max_concurrency, settings.requests_per_second) == (3, 2.5)
    assert (settings.profile.put, settings.default_country) == ("merge", "DE")


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connection(monkeypatch, {"headers": {"X-Key": "very-secret-header"}})
    client = hook.get_client()
    shown = f"{hook.settings!r} {hook!r} {client!r} {vars(client)!r}"
    client.close()
    assert IPAAS_PASSWORD not in shown
    assert "very-secret-header" not in shown


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"login": ""}, "the field E-mail (`login`) is missing. Next step: Enter the e-mail of an iPaaS.com user"),
        ({"password": None}, "the field Password or API key (`password`) is missing. Next step: Enter the password"),
        (
            {"host": "http://api.ipaas.com"},
            "the field Base URL (`host`) is plain http to api.ipaas.com. Next step: Use",
        ),
        (
            {"host": "https://api.ipaas.com/sso"},
            "the field Base URL (`host`) has a path ('/sso'). Next step: Enter only",
        ),
        ({"host": "https://user:pw@api.ipaas.com"}, "the field Base URL (`host`) carries a user name or password."),
        ({"port": 99_999}, "the field Port (`port`) is 99999. Next step: Enter a number from 1 to 65535"),
        (
            {"extra": "not json"},
            "the field Extra (`extra`) is not a JSON object. Next step: Enter a JSON object such as",
        ),
    ],
)
def test_a_wrong_standard_field_is_named(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _ = connection(monkeypatch, **changes).settings
    assert str(caught.value).startswith(f"Connection `ipaas_default`: {message}")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"auth_mode": "oauth"}, "Authentication (`auth_mode`) is 'oauth'. Next step: Enter one of password, api_key."),
        ({"company_id": None}, "Company id (`company_id`) is missing. Next step: Enter the GUID of the company"),
        ({"company_id": "acme"}, "Company id (`company_id`) is not a GUID. Next step: Enter the GUID of the company"),
        ({"system_id": None}, "System id (`system_id`) is missing. Next step: Enter the subscription id of Salesforce"),
        ({"system_id": "0"}, "System id (`system_id`) is '0'. Next step: Enter a whole number from 1 to "),
        ({"system_id": "55 01"}, "System id (`system_id`) is '55 01'. Next step: Enter a whole number from 1 to "),
        (
            {"max_concurrency": 65},
            "Concurrent calls (`max_concurrency`) is 65. Next step: Enter a whole number from 1 to 64.",
        ),
        (
            {"max_concurrency": 0},
            "Concurrent calls (`max_concurrency`) is 0. Next step: Enter a whole number from 1 to 64.",
        ),
        (
            {"requests_per_second": 0},
            "Calls per second (`requests_per_second`) is 0. Next step: Enter a number greater",
        ),
        (
            {"requests_per_second": "fast"},
            "Calls per second (`requests_per_second`) is 'fast'. Next step: Enter a number",
        ),
        ({"max_concurrency": "--5"}, "Concurrent calls (`max_concurrency`) is '--5'. Next step: Enter a whole number"),
        ({"requests_per_second": 10**400}, "Calls per second (`requests_per_second`) is 1000"),
        ({"headers": "[" * 100_000}, "Extra request headers (`headers`) is not a JSON object. Next step: Enter a JSON"),
        ({"headers": "x"}, "Extra request headers (`headers`) is not a JSON object. Next step: Enter a JSON object"),
        (
            {"headers": {"Authorization": "x"}},
            "Extra request headers (`headers`) has a name that can't be used ('Author",
        ),
        ({"headers": {"X-A": "a\r\nb"}}, "Extra request headers (`headers`) has a value that is no plain text (X-A)."),
        ({"api_profile": "[]"}, "API profile overrides (`api_profile`) is not a JSON object. Next step: Enter a JSON"),
    ],
)
def test_a_wrong_extra_is_named(extra: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _ = connection(monkeypatch, extra).settings
    assert str(caught.value).startswith(f"Connection `ipaas_default`: the field {message}")


def test_an_api_key_that_fits_into_no_header_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _ = connection(monkeypatch, {"auth_mode": "api_key"}, password="key\u2013pasted").settings
    assert "holds characters that no API key has" in caught.value.message
    assert "pasted" not in str(caught.value)


def test_a_wrong_profile_item_names_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _ = connection(monkeypatch, {"api_profile": {"put": "maybe"}}).settings
    assert str(caught.value) == (
        "Connection `ipaas_default`: The API profile's `put` is wrong: Input should be 'replace' or 'merge'. "
        "Next step: Correct the connection's field `api_profile`, or take the item out to use the default."
    )


def test_an_unknown_extra_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert connection(monkeypatch, {"companyid": "x", "verify": False}).settings.company_id == COMPANY_GUID
    assert (
        "Connection `ipaas_default`: extra has fields that are not known and not used: companyid, verify."
        in caplog.text
    )


def test_an_api_key_needs_neither_login_nor_company(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connection(monkeypatch, {"auth_mode": "api_key", "company_id": None}, login=None, password=API_KEY)
    assert (hook.settings.login, hook.settings.company_id, hook.settings.password) == ("", "", API_KEY)


@pytest.mark.parametrize("mode", ["password", "api_key"])
def test_the_test_button_reads_one_page(mode: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    password = API_KEY if mode == "api_key" else IPAAS_PASSWORD
    hook = connection(monkeypatch, {"auth_mode": mode}, host=sandbox.ipaas_url, password=password)
    assert hook.test_connection() == (
        True,
        f"Reached {sandbox.ipaas_url} for company {COMPANY_GUID}: no company yet.",
    )
    sandbox.ipaas.insert("company", {"name": "Acme"})
    assert hook.test_connection()[1].endswith("at least one company.")


def test_the_test_button_says_what_to_mend(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connection(monkeypatch, host=sandbox.ipaas_url, password="wrong-password")
    assert hook.test_connection() == (
        False,
        "Connection `ipaas_default`: iPaaS.com refused the login (AUTH-1002). Next step: Correct the fields E-mail "
        "(`login`) and Password (`password`), and check that this user can log in.",
    )
    hook = connection(monkeypatch, {"company_id": OTHER_COMPANY_GUID}, host=sandbox.ipaas_url)
    assert hook.test_connection()[1].endswith("Next step: Correct the field Company id (`company_id`).")
    hook = connection(monkeypatch, {"system_id": None}, host=sandbox.ipaas_url)
    assert hook.test_connection()[0] is False


def test_get_conn_is_a_ready_client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection(monkeypatch, host=sandbox.ipaas_url).get_conn() as client:
        assert client.system_id == "5501"
        assert list(client.list("customer")) == []


def test_the_hook_can_be_told_another_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_IPAAS", json.dumps({**GOOD, "login": ""}))
    with pytest.raises(ConfigurationError, match="Connection `other_ipaas`: the field E-mail"):
        _ = IPaaSHook(ipaas_conn_id="other_ipaas").settings


def test_the_form_is_what_airflow_reads() -> None:
    from airflow.providers_manager import _create_provider_info_schema_validator

    validator = _create_provider_info_schema_validator()
    info = {"package-name": "x", "name": "x", "description": "x", "connection-types": [CONNECTION_TYPE]}
    assert list(validator.iter_errors(info)) == []
    assert isinstance(validator, jsonschema.protocols.Validator)


def test_the_form_and_the_hook_agree() -> None:
    from airflow_provider_ipaas.hooks import ipaas

    assert CONNECTION_TYPE["connection-type"] == IPaaSHook.conn_type
    assert CONNECTION_TYPE["hook-name"] == IPaaSHook.hook_name
    assert CONNECTION_TYPE["hook-class-name"] == f"{IPaaSHook.__module__}.{IPaaSHook.__name__}"
    assert set(CONNECTION_TYPE["conn-fields"]) == ipaas._EXTRAS
    for name, field in CONNECTION_TYPE["conn-fields"].items():
        jsonschema.Draft202012Validator.check_schema(field["schema"])
        assert "null" in field["schema"]["type"], name  # a field that can't be null is required in the form


@pytest.mark.parametrize(
    ("allowed", "asked", "tasks", "rate"),
    [(None, None, 1, None), (8, None, 4, 2.0), (8, 4.0, 2, 2.0), (None, 6.0, 3, 2.0), (2, 8.0, 1, 2.0)],
)
def test_tasks_that_call_at_once_share_the_lowest_rate(
    monkeypatch: pytest.MonkeyPatch, allowed: int | None, asked: float | None, tasks: int, rate: float | None
) -> None:
    hook = connection(monkeypatch, {"requests_per_second": allowed})
    with hook.get_client(tasks=tasks, at_most=asked) as client:
        assert client.settings.requests_per_second == rate


@pytest.mark.parametrize(("given", "hours"), [(None, 24), (0, 0), (720, 720)])
def test_deep_check_hours_of_the_connection(monkeypatch: pytest.MonkeyPatch, given: int | None, hours: int) -> None:
    assert connection(monkeypatch, {"deep_check_hours": given}).settings.deep_check_hours == hours


@pytest.mark.parametrize("wrong", [-1, 721, 1.5, "often"])
def test_deep_check_hours_have_limits(monkeypatch: pytest.MonkeyPatch, wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="deep_check_hours"):
        _ = connection(monkeypatch, {"deep_check_hours": wrong}).settings
