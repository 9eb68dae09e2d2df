"""What a `salesforce_connected_app` connection says, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from airflow_provider_ipaas.clients._http import is_loopback
from airflow_provider_ipaas.clients.salesforce import AuthFlow, Credentials
from airflow_provider_ipaas.clients.salesforce.hosts import is_allowed_host
from airflow_provider_ipaas.clients.salesforce.soql import id18
from airflow_provider_ipaas.hooks._connection import ConnectionFields
from airflow_provider_ipaas.sync.budget import CallBudget
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.schedule import RetrySchedule

FirstContact = Literal["create", "link_only"]
FLOWS = ("web_server", "client_credentials", "jwt_bearer")
EXTRAS = frozenset(
    {
        "auth_flow",
        "refresh_token",
        "token_url",
        "username",
        "private_key",
        "audience",
        "org_id",
        "api_version",
        "account_poll_days",
        "contact_poll_days",
        "retry_base_minutes",
        "retry_max_hours",
        "external_id_field",
        "max_changed_percent",
        "max_changed_records",
        "max_blanked_percent",
        "api_warn_percent",
        "api_stop_percent",
        "max_calls_per_run",
        "bulk_threshold",
        "first_contact",
    }
)
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105
_EXAMPLE = "https://your-domain.my.salesforce.com"
_VERSION = re.compile(r"v?(\d{2,3})(?:\.0)?", re.ASCII)
# Upserts of many records at once came with this version.
_OLDEST_VERSION = 46
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)
_SHARED_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


@dataclass(frozen=True, slots=True)
class SalesforceSettings:
    """One connected app of one org, how to log in to it, and how far back to look."""

    conn_id: str
    api_url: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    auth_flow: AuthFlow
    refresh_token: str = field(repr=False)
    token_url: str
    username: str
    private_key: str = field(repr=False)
    audience: str
    org_id: str | None
    api_version: str
    account_poll_days: int
    contact_poll_days: int
    retries: RetrySchedule
    external_id_field: str
    limits: ChangeLimits
    budget: CallBudget
    bulk_threshold: int
    first_contact: FirstContact
    allowed_hosts: tuple[str, ...] = ()

    def poll_days(self, collection: Literal["account", "contact"]) -> int:
        """Return the look-back window of a collection in days."""
        return self.account_poll_days if collection == "account" else self.contact_poll_days

    def credentials(self, expected_org_id: str | None = None) -> Credentials:
        """Return what the client logs in with, pinned to the connection's org and to *expected_org_id*."""
        return Credentials(
            connection=self.conn_id,
            flow=self.auth_flow,
            token_url=self.token_url,
            consumer_key=self.consumer_key,
            consumer_secret=self.consumer_secret,
            refresh_token=self.refresh_token,
            username=self.username,
            private_key=self.private_key,
            audience=self.audience,
            allowed_hosts=self.allowed_hosts,
            org_pins=tuple(pin for pin in (self.org_id, expected_org_id) if pin),
        )


def read_settings(fields: ConnectionFields, *, allowed_hosts: Callable[[], tuple[str, ...]]) -> SalesforceSettings:
    """Read and check all fields. Raises ConfigurationError naming connection, field and mend."""
    hosts = allowed_hosts()
    flow = cast(AuthFlow, fields.choice("auth_flow", "Authentication", FLOWS, default="web_server"))
    api_url = fields.base_url("host", "API Url", example=_EXAMPLE)
    _check_host(fields, "host", "API Url", api_url, hosts)
    audience = _audience(fields, flow, api_url, hosts)
    return SalesforceSettings(
        conn_id=fields.conn_id,
        api_url=api_url,
        consumer_key=fields.required(
            "login", "Consumer Key", "Enter the Consumer Key shown under the app's settings in Salesforce."
        ),
        consumer_secret=_needed(
            fields,
            "password",
            "Consumer Secret",
            flow != "jwt_bearer",
            "Enter the Consumer Secret shown under the app's settings in Salesforce.",
        ),
        auth_flow=flow,
        refresh_token=fields.text("refresh_token", "Refresh token"),
        token_url=_token_url(fields, flow, api_url, hosts),
        username=_needed(
            fields,
            "username",
            "Username",
            flow == "jwt_bearer",
            "Enter the user name of the integration user in Salesforce.",
        ),
        private_key=_private_key(fields, flow),
        audience=audience,
        org_id=_org_id(fields),
        api_version=_api_version(fields),
        account_poll_days=fields.integer("account_poll_days", "Account poll days", default=7, minimum=1, maximum=3650),
        contact_poll_days=fields.integer("contact_poll_days", "Contact poll days", default=7, minimum=1, maximum=3650),
        retries=RetrySchedule(
            fields.integer("retry_base_minutes", "Retry base minutes", default=10, minimum=1, maximum=1440),
            fields.integer("retry_max_hours", "Retry max hours", default=24, minimum=1, maximum=168),
        ),
        external_id_field=_external_id_field(fields),
        limits=_limits(fields),
        budget=CallBudget(
            stop_percent=fields.integer("api_stop_percent", "API stop percent", default=80, minimum=1, maximum=100),
            warn_percent=fields.integer("api_warn_percent", "API warn percent", default=60, minimum=1, maximum=100),
            per_run=fields.integer("max_calls_per_run", "Max calls per run", default=0, minimum=0, maximum=10**9)
            or None,
        ),
        bulk_threshold=fields.integer("bulk_threshold", "Bulk threshold", default=2000, minimum=0, maximum=10**9),
        first_contact=cast(
            FirstContact, fields.choice("first_contact", "First contact", get_args(FirstContact), default="create")
        ),
        allowed_hosts=hosts,
    )


def _needed(fields: ConnectionFields, name: str, label: str, needed: bool, mend: str) -> str:
    return fields.required(name, label, mend) if needed else fields.text(name, label)


def _check_host(fields: ConnectionFields, name: str, label: str, url: str, allowed: tuple[str, ...]) -> None:
    host = urlsplit(url).hostname or ""
    if host.endswith(".lightning.force.com"):
        mend = f"Enter the org's My Domain URL, such as {_EXAMPLE}; Lightning hosts serve no API."
        raise fields.error(label, name, f"names a Lightning host ({host})", mend)
    if not is_allowed_host(host, allowed):
        mend = (
            "Enter a URL under salesforce.com, or, if you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the "
            "Airflow configuration."
        )
        raise fields.error(label, name, f"names a host that is not allowed ({host})", mend)


def _token_url(fields: ConnectionFields, flow: str, api_url: str, allowed: tuple[str, ...]) -> str:
    url = fields.text("token_url", "Token URL")
    mend = "Leave it empty, so that API Url (`host`) is used, and enter the org's My Domain URL there."
    if url:
        parts = fields.url("token_url", "Token URL", url, example=f"{_EXAMPLE}{TOKEN_PATH}")
        _check_host(fields, "token_url", "Token URL", url, allowed)
        if not parts.path.strip("/"):
            url = url.rstrip("/") + TOKEN_PATH
    named = ("Token URL", "token_url") if url else ("API Url", "host")
    url = url or f"{api_url}{TOKEN_PATH}"
    host = urlsplit(url).hostname or ""
    if flow == "client_credentials" and host in _SHARED_LOGIN_HOSTS:
        raise fields.error(*named, f"names {host}, which does not serve client_credentials", _my_domain(named, mend))
    return url


def _my_domain(named: tuple[str, str], mend: str) -> str:
    return mend if named[1] == "token_url" else f"Enter the org's My Domain URL, such as {_EXAMPLE}."


def _audience(fields: ConnectionFields, flow: str, api_url: str, allowed: tuple[str, ...]) -> str:
    """Return the audience of assertions: the login host, of sandboxes the one for sandboxes, of this machine itself."""
    host = urlsplit(api_url).hostname or ""
    default = "https://login.salesforce.com"
    if is_loopback(host) or host in allowed:
        default = api_url
    elif ".sandbox.my.salesforce." in host or host == "test.salesforce.com":
        default = "https://test.salesforce.com"
    audience = fields.base_url("audience", "Audience", default=default, example="https://login.salesforce.com")
    if flow == "jwt_bearer":
        _check_host(fields, "audience", "Audience", audience, allowed)
    return audience


def _private_key(fields: ConnectionFields, flow: str) -> str:
    mend = "Enter the RSA key (PEM) whose certificate was uploaded to the app."
    key = _needed(fields, "private_key", "Private key", flow == "jwt_bearer", mend)
    # Environment variables and single-line inputs carry line ends as the two characters backslash and n.
    return key.replace("\\n", "\n") if "\n" not in key else key


def _org_id(fields: ConnectionFields) -> str | None:
    value = fields.text("org_id", "Organization id")
    if not value:
        return None
    mend = "Enter the id of the org as Salesforce shows it under Company Information (00D..., 15 or 18 characters)."
    try:
        whole = id18(value)
    except ValueError:
        raise fields.error("Organization id", "org_id", f"is not an id ({value[:40]!r})", mend) from None
    if not whole.startswith("00D"):
        raise fields.error("Organization id", "org_id", f"is not the id of an org ({value!r})", mend)
    return whole


def _api_version(fields: ConnectionFields) -> str:
    value = fields.text("api_version", "API version", default="64.0")
    found = _VERSION.fullmatch(value)
    if found is None or int(found.group(1)) < _OLDEST_VERSION:
        mend = f"Enter a version such as 64.0; the oldest that works is {_OLDEST_VERSION}.0."
        raise fields.error("API version", "api_version", f"is {value[:40]!r}", mend)
    return f"{found.group(1)}.0"


def _limits(fields: ConnectionFields) -> ChangeLimits:
    default = ChangeLimits()
    percent = {"minimum": 0, "maximum": 100}
    return ChangeLimits(
        changed_percent=fields.integer(
            "max_changed_percent", "Max changed percent", default=default.changed_percent, **percent
        ),
        changed_records=fields.integer(
            "max_changed_records", "Max changed records", default=default.changed_records, minimum=0, maximum=10**9
        ),
        blanked_percent=fields.integer(
            "max_blanked_percent", "Max blanked percent", default=default.blanked_percent, **percent
        ),
    )


def _external_id_field(fields: ConnectionFields) -> str:
    value = fields.text("external_id_field", "External id field", default="iPaaS_Id__c")
    if not _FIELD.fullmatch(value):
        mend = "Enter the API name of the field, such as iPaaS_Id__c."
        raise fields.error("External id field", "external_id_field", f"is {value[:80]!r}", mend)
    return value
