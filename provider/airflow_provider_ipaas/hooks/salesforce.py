"""The `salesforce_connected_app` connection: its fields in, a ready Salesforce client out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from airflow.sdk import conf
from airflow.sdk.log import mask_secret
from simple_salesforce import Salesforce

from airflow_provider_ipaas.clients._http import Transport
from airflow_provider_ipaas.clients.salesforce import Credentials, SalesforceClient
from airflow_provider_ipaas.clients.salesforce.auth import Login
from airflow_provider_ipaas.clients.salesforce.check import check_connection
from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.hooks._connection import AirflowConnection, ConnectionFields
from airflow_provider_ipaas.hooks._salesforce_settings import EXTRAS, SalesforceSettings, read_settings
from airflow_provider_ipaas.hooks._simple_salesforce import InstanceSession
from airflow_provider_ipaas.hooks.tokens import open_token_store
from airflow_provider_ipaas.tokens import SharedLogin
from airflow_provider_ipaas.tokens.shared_login import BorrowedLogin, app_of, seed_of

if TYPE_CHECKING:
    from requests import Session

__all__ = ["SalesforceConnectedAppHook", "SalesforceSettings"]


class SalesforceConnectedAppHook(SalesforceHook):  # type: ignore[misc]
    """Give tasks a client of one Salesforce org, from a connection of the type `salesforce_connected_app`.

    Everything of Airflow's `SalesforceHook` works too, over an authenticated simple-salesforce client (`get_conn`).
    """

    conn_name_attr = "salesforce_conn_id"
    default_conn_name = "salesforce_connected_app_default"
    conn_type = "salesforce_connected_app"
    hook_name = "Salesforce (Connected App)"

    def __init__(self, salesforce_conn_id: str = default_conn_name, session: Session | None = None) -> None:
        super().__init__(salesforce_conn_id, session=session)
        self.salesforce_conn_id = salesforce_conn_id

    @cached_property
    def settings(self) -> SalesforceSettings:
        """The connection's fields, checked; a wrong one raises `ConfigurationError` naming it and its mend."""
        return settings_of(cast("AirflowConnection", self.get_connection(self.salesforce_conn_id)))

    def get_client(self, *, expected_org_id: str | None = None, renew: bool = True) -> SalesforceClient:
        """Return a new client; it logs in on first use. Close it when done.

        With web_server it takes the access token that all workers share from the token store, renewed there when it has
        ended. A token of another org than the connection's `org_id` or *expected_org_id* is a `ConfigurationError`
        before any data is read or written. With *renew* off that token is used as long as it lasts and never renewed:
        for those who look on.
        """
        settings = self.settings
        credentials = settings.credentials(expected_org_id)
        return SalesforceClient(
            credentials,
            api_url=settings.api_url,
            api_version=settings.api_version,
            login=_shared_login(credentials, renew=renew) if settings.auth_flow == "web_server" else None,
            on_secret=mask_secret,
        )

    @cached_property
    def conn(self) -> Salesforce:
        """An authenticated simple-salesforce client; its session ends as the org's session settings say."""
        with self.get_client() as client:
            token = client.token
        return Salesforce(
            session_id=token.access_token,
            instance_url=token.instance_url,
            version=self.settings.api_version,
            session=self.session or InstanceSession(token.instance_url),
        )

    def get_conn(self) -> Salesforce:
        """Return an authenticated simple-salesforce client."""
        return self.conn

    def test_connection(self) -> tuple[bool, str]:
        """Log in as far as that changes nothing, and say for people what was reached or what is wrong.

        The refresh token of web_server is introspected, never used: a rotating one would be used up, and the new one
        lost. It is the one that the app was last connected with: Airflow tests a copy of the connection, under another
        id.
        """
        try:
            settings = self.settings
            credentials = settings.credentials()
            if settings.auth_flow == "web_server":
                credentials = _with_stored_grant(credentials)
            return True, check_connection(credentials, settings.api_url, settings.api_version, mask_secret)
        except IPaaSSyncError as error:
            return False, str(error)


def settings_of(connection: AirflowConnection) -> SalesforceSettings:
    """Return a connection's fields, checked, after its secrets are masked; a wrong one raises `ConfigurationError`."""
    fields = ConnectionFields(connection, known=EXTRAS)
    for secret in (connection.password, fields.text("refresh_token", "Refresh token"), _pem(fields)):
        if secret:
            mask_secret(secret)
    return read_settings(fields, allowed_hosts=_allowed_hosts)


def _shared_login(credentials: Credentials, *, renew: bool) -> Callable[[Transport], Login]:
    store = open_token_store()
    kind = SharedLogin if renew else BorrowedLogin
    return lambda transport: kind(credentials, transport, store)


def _with_stored_grant(credentials: Credentials) -> Credentials:
    """Return the credentials with the refresh token that is good now, stored or the connection's own."""
    found = open_token_store().find_by_app(app_of(credentials))
    if found is not None and found.state == "connected" and found.seed in ("", seed_of(credentials)):
        return replace(credentials, refresh_token=found.refresh_token)
    if credentials.refresh_token:
        return credentials
    raise ConfigurationError(
        "This app is not connected to Salesforce yet.",
        next_step="Save the connection, then press Connect under Browse > iPaaS.com connections.",
    )


def _pem(fields: ConnectionFields) -> str:
    return fields.text("private_key", "Private key")


def _allowed_hosts() -> tuple[str, ...]:
    """Read the allow-list of the provider's configuration: hosts separated by commas."""
    listed = conf.get("ipaas", "allowed_salesforce_hosts", fallback="") or ""
    return tuple(host.strip().lower() for host in listed.split(",") if host.strip())
