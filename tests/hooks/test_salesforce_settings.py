"""The fields of a `salesforce_connected_app` connection: what is accepted, and what a person reads about the rest."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook, SalesforceSettings
from airflow_provider_ipaas.sync.budget import CallBudget
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.schedule import RetrySchedule

SECRET = "a-very-secret-value"
GOOD: dict[str, Any] = {"host": "https://acme.my.salesforce.com", "login": "key", "password": SECRET}
EXTRA: dict[str, Any] = {"auth_flow": "client_credentials"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that reads the settings of a connection with these fields and extras."""

    def read(fields: dict[str, Any] | None = None, /, **extra: Any) -> SalesforceSettings:
        connection = {"conn_type": "salesforce_connected_app", **GOOD, **(fields or {}), "extra": {**EXTRA, **extra}}
        monkeypatch.setenv("AIRFLOW_CONN_SF", json.dumps(connection))
        return SalesforceConnectedAppHook("sf").settings

    return read


def test_what_is_left_out_has_its_documented_default(read: Any) -> None:
    settings = read(auth_flow=None, refresh_token="5Aep861", api_version="", account_poll_days=None)
    assert (settings.auth_flow, settings.api_version, settings.external_id_field) == (
        "web_server",
        "64.0",
        "iPaaS_Id__c",
    )
    assert settings.token_url == "https://acme.my.salesforce.com/services/oauth2/token"
    assert (settings.poll_days("account"), settings.poll_days("contact")) == (7, 7)
    assert settings.org_id is None
    assert (settings.limits, settings.first_contact) == (ChangeLimits(50, 200, 10), "create")
    assert settings.retries == RetrySchedule(base_minutes=10, max_hours=24)


def test_brakes_are_read_from_forms_and_uris(read: Any) -> None:
    settings = read(
        max_changed_percent="0", max_changed_records=0.0, max_blanked_percent=100, first_contact="link_only"
    )
    assert (settings.limits, settings.first_contact) == (ChangeLimits(0, 0, 100), "link_only")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("max_changed_percent", 101, "(`max_changed_percent`) is 101. Next step: Enter a whole number from 0 to 100."),
        (
            "max_blanked_percent",
            "1/10",
            "(`max_blanked_percent`) is '1/10'. Next step: Enter a whole number from 0 to 100.",
        ),
        ("max_changed_records", -1, "(`max_changed_records`) is -1. Next step: Enter a whole number from 0 to"),
        ("first_contact", "Create", "(`first_contact`) is 'Create'. Next step: Enter one of create, link_only."),
    ],
)
def test_wrong_brakes_are_refused_by_name(read: Any, name: str, value: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: value})
    assert told in str(caught.value)


def test_the_schedule_of_retries_comes_from_the_connection(read: Any) -> None:
    assert read(retry_base_minutes="5", retry_max_hours=168).retries == RetrySchedule(5, 168)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (
            {"retry_base_minutes": 0},
            "Retry base minutes (`retry_base_minutes`) is 0. Next step: Enter a whole number from 1 to 1440.",
        ),
        ({"retry_base_minutes": 1441}, "is 1441."),
        (
            {"retry_max_hours": 169},
            "Retry max hours (`retry_max_hours`) is 169. Next step: Enter a whole number from 1 to 168.",
        ),
        ({"retry_max_hours": "a day"}, "is 'a day'."),
    ],
)
def test_a_schedule_outside_its_ranges_is_refused(read: Any, extra: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**extra)
    assert told in str(caught.value)


@pytest.mark.parametrize("value", [30, "30", " 30 ", 30.0])
def test_poll_days_come_as_numbers_and_as_texts(read: Any, value: Any) -> None:
    settings = read(contact_poll_days=value, account_poll_days="1")
    assert (settings.poll_days("contact"), settings.poll_days("account")) == (30, 1)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (3651, "3651"),
        (-1, "-1"),
        ("seven", "'seven'"),
        (1.5, "1.5"),
        (True, "true"),
        ([7], "[7]"),
        ("٧", "'٧'"),
    ],
)
def test_poll_days_outside_1_to_3650_are_refused(read: Any, value: Any, shown: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(account_poll_days=value)
    assert str(caught.value) == (
        f"Connection `sf`: the field Account poll days (`account_poll_days`) is {shown}. "
        "Next step: Enter a whole number from 1 to 3650."
    )


@pytest.mark.parametrize(
    ("host", "api_url"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        (" https://acme.my.salesforce.com ", "https://acme.my.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("http://127.0.0.1:8701", "http://127.0.0.1:8701"),
        ("http://localhost:8701/", "http://localhost:8701"),
        ("http://[::1]:8701", "http://[::1]:8701"),
    ],
)
def test_api_urls(read: Any, host: str, api_url: str) -> None:
    assert read({"host": host}).api_url == api_url


def test_a_connection_given_as_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "salesforce-connected-app://key:secret@http%3A%2F%2F127.0.0.1:8701/?auth_flow=client_credentials&contact_poll_days=9"
    monkeypatch.setenv("AIRFLOW_CONN_SF", uri)
    settings = SalesforceConnectedAppHook("sf").settings
    assert (settings.api_url, settings.contact_poll_days) == ("http://127.0.0.1:8701", 9)


WRONG_FIELDS = [
    ({"host": ""}, "API Url (`host`) is missing", "Enter a URL such as https://your-domain.my.salesforce.com."),
    (
        {"host": "http://acme.my.salesforce.com"},
        "API Url (`host`) is plain http to acme.my.salesforce.com",
        "Use https://acme.my.salesforce.com; http is for this machine only.",
    ),
    (
        {"host": "https://acme.lightning.force.com"},
        "API Url (`host`) names a Lightning host (acme.lightning.force.com)",
        "Enter the org's My Domain URL, such as https://your-domain.my.salesforce.com; Lightning hosts serve no API.",
    ),
    (
        {"host": "https://salesforce.com.evil.example"},
        "API Url (`host`) names a host that is not allowed (salesforce.com.evil.example)",
        "Enter a URL under salesforce.com, or, if you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the "
        "Airflow configuration.",
    ),
    (
        {"host": "https://acme.my.salesforce.com/services"},
        "API Url (`host`) has a path ('/services')",
        "Enter only the host: https://your-domain.my.salesforce.com.",
    ),
    (
        {"host": "https://acme.my.salesforce.com?x=1"},
        "API Url (`host`) has a query or fragment",
        "Enter a URL such as https://your-domain.my.salesforce.com.",
    ),
    (
        {"host": "ftp://acme.my.salesforce.com"},
        "API Url (`host`) is not an https URL ('ftp':)",
        "Enter a URL such as https://your-domain.my.salesforce.com.",
    ),
    (
        {"host": f"https://user:{SECRET}@acme.my.salesforce.com"},
        "API Url (`host`) carries a user name or password",
        "Enter the URL alone; credentials have own fields.",
    ),
    (
        {"host": "https://acme.my.salesforce.com:port"},
        "API Url (`host`) is not a URL",
        "Enter a URL such as https://your-domain.my.salesforce.com.",
    ),
    (
        {"login": " "},
        "Consumer Key (`login`) is missing",
        "Enter the Consumer Key shown under the app's settings in Salesforce.",
    ),
    (
        {"password": None},
        "Consumer Secret (`password`) is missing",
        "Enter the Consumer Secret shown under the app's settings in Salesforce.",
    ),
]
WRONG_EXTRAS = [
    (
        {"auth_flow": "password"},
        "Authentication (`auth_flow`) is 'password'",
        "Enter one of web_server, client_credentials, jwt_bearer.",
    ),
    (
        {"auth_flow": "jwt_bearer", "private_key": "pem"},
        "Username (`username`) is missing",
        "Enter the user name of the integration user in Salesforce.",
    ),
    (
        {"auth_flow": "jwt_bearer", "username": "a@b.example"},
        "Private key (`private_key`) is missing",
        "Enter the RSA key (PEM) whose certificate was uploaded to the app.",
    ),
    (
        {
            "auth_flow": "jwt_bearer",
            "username": "a@b.example",
            "private_key": "pem",
            "audience": "https://evil.example",
        },
        "Audience (`audience`) names a host that is not allowed (evil.example)",
        "Enter a URL under salesforce.com, or, if you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the "
        "Airflow configuration.",
    ),
    (
        {"token_url": "http://login.salesforce.com/services/oauth2/token"},
        "Token URL (`token_url`) is plain http to login.salesforce.com",
        "Use https://login.salesforce.com; http is for this machine only.",
    ),
    (
        {"token_url": "https://evil.example/services/oauth2/token"},
        "Token URL (`token_url`) names a host that is not allowed (evil.example)",
        "Enter a URL under salesforce.com, or, if you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the "
        "Airflow configuration.",
    ),
    (
        {"token_url": "https://login.salesforce.com/services/oauth2/token"},
        "Token URL (`token_url`) names login.salesforce.com, which does not serve client_credentials",
        "Leave it empty, so that API Url (`host`) is used, and enter the org's My Domain URL there.",
    ),
    (
        {"org_id": "00D5g00000SandBEAX"},
        "Organization id (`org_id`) is not an id ('00D5g00000SandBEAX')",
        "Enter the id of the org as Salesforce shows it under Company Information (00D..., 15 or 18 characters).",
    ),
    (
        {"org_id": "001xx000003DGb2"},
        "Organization id (`org_id`) is not the id of an org ('001xx000003DGb2')",
        "Enter the id of the org as Salesforce shows it under Company Information (00D..., 15 or 18 characters).",
    ),
    (
        {"api_version": "latest"},
        "API version (`api_version`) is 'latest'",
        "Enter a version such as 64.0; the oldest that works is 46.0.",
    ),
    (
        {"api_version": 31},
        "API version (`api_version`) is '31'",
        "Enter a version such as 64.0; the oldest that works is 46.0.",
    ),
    (
        {"external_id_field": "iPaaS Id"},
        "External id field (`external_id_field`) is 'iPaaS Id'",
        "Enter the API name of the field, such as iPaaS_Id__c.",
    ),
    (
        {"refresh_token": ["x"]},
        "Refresh token (`refresh_token`) is not a text",
        "Enter it as a text.",
    ),
]


@pytest.mark.parametrize(
    ("fields", "extra", "wrong", "mend"),
    [(fields, {}, wrong, mend) for fields, wrong, mend in WRONG_FIELDS]
    + [({}, extra, wrong, mend) for extra, wrong, mend in WRONG_EXTRAS],
)
def test_a_wrong_field_is_named_with_its_mend_and_no_secret(
    read: Any, fields: dict[str, Any], extra: dict[str, Any], wrong: str, mend: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(fields, **extra)
    assert str(caught.value) == f"Connection `sf`: the field {wrong}. Next step: {mend}"
    assert SECRET not in str(caught.value)


def test_extra_that_is_no_json_is_named() -> None:
    hook = SalesforceConnectedAppHook("sf")
    broken = Connection(conn_id="sf", conn_type="salesforce_connected_app", extra='{"refresh_token": "5Aep')
    hook.get_connection = lambda conn_id: broken  # type: ignore[method-assign]
    with pytest.raises(ConfigurationError) as caught:
        hook.settings  # noqa: B018
    assert str(caught.value).startswith("Connection `sf`: the field Extra (`extra`) is not a JSON object. Next step:")
    assert "5Aep" not in str(caught.value)


def test_unknown_extras_are_named_and_not_used(read: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        settings = read(acount_poll_days=30)
    assert settings.poll_days("account") == 7
    assert "Connection `sf`: extra has fields that are not known and not used: acount_poll_days." in caplog.text


def test_secrets_are_not_in_the_repr(read: Any) -> None:
    shown = repr(read(refresh_token="a-refresh-token", private_key="a-private-key"))
    assert not any(secret in shown for secret in (SECRET, "a-refresh-token", "a-private-key"))


def test_the_allow_list_opens_further_hosts(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__IPAAS__ALLOWED_SALESFORCE_HOSTS", "Other.example, crm.example ,")
    settings = read({"host": "https://crm.example"}, token_url="https://other.example")
    assert settings.token_url == "https://other.example/services/oauth2/token"
    assert settings.allowed_hosts == ("other.example", "crm.example")


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8701", "http://127.0.0.1:8701"),
    ],
)
def test_the_audience_is_the_login_host(read: Any, host: str, audience: str) -> None:
    settings = read({"host": host, "password": ""}, auth_flow="jwt_bearer", username="u@x.example", private_key="a\\nb")
    assert settings.audience == audience
    assert settings.private_key == "a\nb"


@pytest.mark.parametrize("given", ["64.0", "64", "v64.0", 64, 64.0])
def test_versions_are_written_in_many_ways(read: Any, given: Any) -> None:
    assert read(api_version=given).api_version == "64.0"


def test_the_org_id_is_kept_with_18_characters(read: Any) -> None:
    assert read(org_id="00D5g00000SandB").org_id == "00D5g00000SandBEAR"


def test_the_budget_of_calls_is_set_per_connection(read: Any) -> None:
    assert read().budget == CallBudget(stop_percent=80, warn_percent=60, per_run=None)
    given = read(api_stop_percent=90, api_warn_percent="70", max_calls_per_run=500)
    assert given.budget == CallBudget(stop_percent=90, warn_percent=70, per_run=500)
    assert read(max_calls_per_run=0).budget.per_run is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("api_stop_percent", 0), ("api_stop_percent", 101), ("api_warn_percent", 0), ("max_calls_per_run", -1)],
)
def test_the_budget_of_calls_has_limits(read: Any, name: str, value: int) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read(**{name: value})
