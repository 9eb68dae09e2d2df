"""Try a connection without changing anything: no rotating refresh token is ever used up by it."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_ipaas.clients._http import RetryPolicy, Secrets, Timeouts, Transport
from airflow_provider_ipaas.clients.salesforce.auth_faults import RECONNECT
from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, fault_of
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Credentials, TokenEndpoint
from airflow_provider_ipaas.clients.salesforce.web_server import introspect
from airflow_provider_ipaas.errors import ConfigurationError, GrantRefused

# A person waits for the answer.
_TIMEOUTS = Timeouts(connect_s=10, read_s=20)
_ONCE = RetryPolicy(attempts=1)


def check_connection(
    credentials: Credentials, api_url: str, api_version: str, on_secret: Callable[[str], None] | None = None
) -> str:
    """Return what was reached, for people. Raises a subclass of IPaaSSyncError that says what is wrong."""
    if credentials.flow == "web_server":
        return _check_grant(credentials, api_url, api_version, on_secret)
    client = SalesforceClient(
        credentials, api_url=api_url, api_version=api_version, timeouts=_TIMEOUTS, policy=_ONCE, on_secret=on_secret
    )
    with client:
        client.resources()
        return (
            f"Logged in to org {client.org_id} as user {client.user_id} at {client.instance_url} (API {api_version})."
        )


def _check_grant(
    credentials: Credentials, api_url: str, api_version: str, on_secret: Callable[[str], None] | None
) -> str:
    """Check the host, the version, the app's key and secret, and by introspection whether the refresh token is alive."""
    transport = Transport(
        SERVICE, name="Salesforce", timeouts=_TIMEOUTS, secrets=Secrets(on_secret), address=credentials.address
    )
    try:
        _check_version(transport, credentials, api_url, api_version)
        found = introspect(TokenEndpoint(credentials, transport), credentials.refresh_token)
    finally:
        transport.close()
    reached = f"Reached {api_url}, which offers API {api_version}."
    if found is None:
        return f"{reached} The refresh token was not tried: the org offers no way to test one without using it."
    if not found.active:
        raise GrantRefused(
            f"Connection `{credentials.connection}`: the refresh token has expired or was revoked.",
            next_step=RECONNECT,
            service=SERVICE,
            code="invalid_grant",
        )
    who = f" for user {found.username}" if found.username else ""
    return f"{reached} The app's key and secret are right and the refresh token is alive{who}; it was not used."


def _check_version(transport: Transport, credentials: Credentials, api_url: str, api_version: str) -> None:
    answer = transport.send("GET", f"{api_url}/services/data/", may_repeat=True, counted=False)
    try:
        listed = answer.json() if answer.status == 200 else None
    except ValueError:
        listed = None
    if answer.status >= 500:
        raise fault_of(answer, effect="read", what="list its API versions")
    if not isinstance(listed, list):
        raise ConfigurationError(
            f"Connection `{credentials.connection}`: there is no Salesforce API at {api_url} (status {answer.status}).",
            next_step="Correct the field API Url (`host`): the org's My Domain URL, without a path.",
        )
    versions = [str(item.get("version")) for item in listed if isinstance(item, dict)]
    if api_version not in versions:
        raise ConfigurationError(
            f"Connection `{credentials.connection}`: {api_url} does not offer API {api_version}.",
            next_step=f"Correct the field API version (`api_version`); offered up to {versions[-1] if versions else 'none'}.",
        )
