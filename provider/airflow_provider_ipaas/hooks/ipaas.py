"""The `ipaas` connection: its fields in, a ready client of one iPaaS.com company out."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal, cast

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from airflow_provider_ipaas.clients._session import can_be_sent
from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import DEFAULT_BASE_URL, AuthMode, IPaaSSettings
from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.hooks._connection import AirflowConnection, ConnectionFields

_EXTRAS: Final = frozenset(
    {
        "auth_mode",
        "company_id",
        "system_id",
        "headers",
        "max_concurrency",
        "requests_per_second",
        "deep_check_hours",
        "api_profile",
        "default_country",
    }
)
# Headers the client sets itself; another value would break the call or put other credentials in.
_OWN_HEADERS: Final = frozenset(
    {"authorization", "host", "content-length", "content-type", "transfer-encoding", "connection", "cookie"}
)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class IPaaSHook(BaseHook):
    """Give tasks a client of one company of iPaaS.com, from an Airflow connection of the type `ipaas`."""

    conn_name_attr = "ipaas_conn_id"
    default_conn_name = "ipaas_default"
    conn_type = "ipaas"
    hook_name = "iPaaS.com"

    def __init__(self, ipaas_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ipaas_conn_id = ipaas_conn_id

    @cached_property
    def settings(self) -> IPaaSSettings:
        """The connection's fields, checked; a wrong one raises `ConfigurationError` naming it and its mend."""
        return read_settings(cast("AirflowConnection", self.get_connection(self.ipaas_conn_id)))

    def rate(self, at_most: float | None = None) -> float | None:
        """Return `requests_per_second`, or *at_most* where that is less; None: no limit."""
        return min((each for each in (self.settings.requests_per_second, at_most) if each is not None), default=None)

    def get_client(self, *, tasks: int = 1, at_most: float | None = None) -> IPaaSClient:
        """Return a new client; nothing is sent before its first call. Close it when done.

        :param tasks: how many tasks call at once; each takes its part of the rate, which must be one or more.
        :param at_most: calls per second, where the connection allows more.
        """
        settings, rate = self.settings, self.rate(at_most)
        if rate is not None:
            settings = replace(settings, requests_per_second=rate / tasks)
        mask_secret(settings.password)
        return IPaaSClient(settings, on_secret=mask_secret)

    def get_conn(self) -> IPaaSClient:
        """Return a new client."""
        return self.get_client()

    def test_connection(self) -> tuple[bool, str]:
        """Log in and read one page of companies; the message says what was seen or what to mend."""
        try:
            with self.get_client() as client:
                return True, client.check()
        except IPaaSSyncError as error:
            return False, str(error)


def read_settings(connection: AirflowConnection, *, complete: bool = True) -> IPaaSSettings:
    """Read a connection's fields; only the known ones of extra are looked at.

    With *complete* off, Company id and System id may still be missing or wrong, and are then empty: enough to log in and
    look them up.
    """
    fields = ConnectionFields(connection, known=_EXTRAS)
    mode = cast("AuthMode", fields.choice("auth_mode", "Authentication", ("password", "api_key"), default="password"))
    login, password = _credentials(fields, mode)
    return IPaaSSettings(
        connection=fields.conn_id,
        base_url=fields.base_url("host", "Base URL", default=DEFAULT_BASE_URL, example=DEFAULT_BASE_URL),
        auth_mode=mode,
        login=login,
        password=password,
        company_id=_company_id(fields, mode, complete=complete),
        system_id=_system_id(fields, complete=complete),
        headers=_headers(fields),
        max_concurrency=fields.integer("max_concurrency", "Concurrent calls", default=8, minimum=1, maximum=64),
        requests_per_second=fields.number("requests_per_second", "Calls per second", above=0),
        deep_check_hours=fields.integer("deep_check_hours", "Deep check hours", default=24, minimum=0, maximum=720),
        default_country=fields.text("default_country", "Default country"),
        profile=_profile(fields),
    )


def _credentials(fields: ConnectionFields, mode: Literal["password", "api_key"]) -> tuple[str, str]:
    if mode == "api_key":
        mend = "Enter an API key made in the iPaaS.com portal."
        key = fields.required("password", "Password or API key", mend)
        if not can_be_sent(key):
            raise fields.error("Password or API key", "password", "holds characters that no API key has", mend)
        return "", key
    login = fields.required("login", "E-mail", "Enter the e-mail of an iPaaS.com user, or use `auth_mode` api_key.")
    mend = "Enter the password of this iPaaS.com user, or use `auth_mode` api_key."
    return login, fields.required("password", "Password or API key", mend)


def _company_id(fields: ConnectionFields, mode: AuthMode, *, complete: bool) -> str:
    mend = "Enter the GUID of the company, as the portal or `GET sso/v2/User/{id}/Companies` shows it."
    value = (
        fields.required("company_id", "Company id", mend)
        if complete and mode == "password"
        else fields.text("company_id", "Company id")
    )
    if not value:
        return ""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        if not complete:
            return ""
        raise fields.error("Company id", "company_id", "is not a GUID", mend) from None


def _system_id(fields: ConnectionFields, *, complete: bool) -> str:
    if not complete:
        value = fields.text("system_id", "System id")
        return value if value.isascii() and value.isdigit() else ""
    mend = "Enter the subscription id of Salesforce in iPaaS.com, a whole number above 0."
    fields.required("system_id", "System id", mend)
    return str(fields.integer("system_id", "System id", default=0, minimum=1, maximum=2**63 - 1))


def _headers(fields: ConnectionFields) -> dict[str, str]:
    label = "Extra request headers"
    headers: dict[str, str] = {}
    for name, value in fields.mapping("headers", label).items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            mend = "Take it out; the client sets its own headers, and names hold letters, digits and hyphens."
            raise fields.error(label, "headers", f"has a name that can't be used ({name[:40]!r})", mend)
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise fields.error(label, "headers", f"has a value that is no plain text ({name})", "Enter it as a text.")
        headers[name] = value.strip()
    return headers


def _profile(fields: ConnectionFields) -> Profile:
    overrides = fields.mapping("api_profile", "API profile overrides")
    try:
        return Profile.load(overrides)
    except ConfigurationError as error:
        message = f"Connection `{fields.conn_id}`: {error.message}"
        raise ConfigurationError(message, next_step=error.next_step) from None
