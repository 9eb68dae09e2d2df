"""The `salesforce_connected_app` connection: its fields in, a ready Salesforce client out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, cast

from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from airflow.sdk import conf
from airflow.sdk.log import mask_secret
from simple_salesforce import Salesforce

from airflow_provider_ipaas.clients.salesforce import SalesforceClient
from airflow_provider_ipaas.clients.salesforce.check import check_connection
from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.hooks._connection import AirflowConnection, ConnectionFields
from airflow_provider_ipaas.hooks._salesforce_settings import EXTRAS, SalesforceSettings, read_settings
from airflow_provider_ipaas.hooks._simple_salesforce import InstanceSession

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
        connection = cast("AirflowConnection", self.get_connection(self.salesforce_conn_id))
        fields = ConnectionFields(connection, known=EXTRAS)
        for secret in (connection.password, fields.text("refresh_token", "Refresh token"), _pem(fields)):
            if secret:
                mask_secret(secret)
        return read_settings(fields, allowed_hosts=_allowed_hosts)

    def get_client(
        self, *, expected_org_id: str | None = None, on_rotation: Callable[[str], None] | None = None
    ) -> SalesforceClient:
        """Return a new client; it logs in on first use. Close it when done.

        A token of another org than the connection's `org_id` or *expected_org_id* is a `ConfigurationError` before
        any data is read or written. *on_rotation* must store a rotated refresh token durably before it returns;
        without it an org that rotates refresh tokens is refused with a readable error.
        """
        settings = self.settings
        return SalesforceClient(
            settings.credentials(expected_org_id),
            api_url=settings.api_url,
            api_version=settings.api_version,
            on_rotation=on_rotation,
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
        lost.
        """
        try:
            settings = self.settings
            return True, check_connection(settings.credentials(), settings.api_url, settings.api_version, mask_secret)
        except IPaaSSyncError as error:
            return False, str(error)


def _pem(fields: ConnectionFields) -> str:
    return fields.text("private_key", "Private key")


def _allowed_hosts() -> tuple[str, ...]:
    """Read the allow-list of the provider's configuration: hosts separated by commas."""
    listed = conf.get("ipaas", "allowed_salesforce_hosts", fallback="") or ""
    return tuple(host.strip().lower() for host in listed.split(",") if host.strip())
