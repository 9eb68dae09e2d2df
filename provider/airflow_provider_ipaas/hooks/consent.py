"""Connecting a Salesforce connection by a person's consent, looking at what it is connected as, and ending it.

The page in Airflow and the command line are two doors to this; neither ever holds a token.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from airflow.sdk.log import mask_secret

from airflow_provider_ipaas.clients._http import Secrets, Timeouts, Transport, is_loopback
from airflow_provider_ipaas.clients.salesforce import Credentials, Token
from airflow_provider_ipaas.clients.salesforce.auth_faults import RECONNECT, consent_fault
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.soql import same_id
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Issued, TokenEndpoint
from airflow_provider_ipaas.clients.salesforce.web_server import (
    Introspection,
    authorize_url,
    exchange,
    introspect,
    new_verifier,
    revoke,
)
from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.hooks._connection import read_connection
from airflow_provider_ipaas.hooks._salesforce_settings import TOKEN_PATH
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook, SalesforceSettings, settings_of
from airflow_provider_ipaas.hooks.tokens import open_token_store
from airflow_provider_ipaas.tokens import Authorization, StoredGrant
from airflow_provider_ipaas.tokens.shared_login import app_of, seed_of

log = logging.getLogger(__name__)

# A person waits for the answer.
_TIMEOUTS = Timeouts(connect_s=10, read_s=20)
_FROM_CONNECTION = "connection"

Status = Literal["connected", "not_connected", "refused", "lost", "other_app"]


@dataclass(frozen=True, slots=True)
class GrantView:
    """What a connection is connected as: nothing secret, so that it may be shown.

    *problem* and *next_step* are empty while all is well. Times are those of the token store. *alive_until* is what the
    org told when it was asked (`look_up`), None where it does not tell. *clock_skew* is how far the org's clock was ahead
    of the token store's when the last token was issued.
    """

    conn_id: str
    status: Status
    problem: str = ""
    next_step: str = ""
    username: str = ""
    user_id: str = ""
    org_id: str = ""
    instance_url: str = ""
    scopes: tuple[str, ...] = ()
    connected_at: datetime | None = None
    connected_by: str = ""
    refreshed_at: datetime | None = None
    refreshes: int = 0
    rotates: bool | None = None
    alive_until: datetime | None = None
    clock_skew: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ResetResult:
    """What Reset came to: whether there was a grant, whether Salesforce has revoked it, and what is left to do."""

    deleted: bool
    revoked: bool
    note: str = ""


def view(conn_id: str) -> GrantView:
    """Return what the token store knows of a connection; asks Salesforce nothing.

    Raises ConfigurationError for a connection that is missing, of another type or wrong, LedgerError for a store that
    can't be opened.
    """
    credentials = _web_server(_settings(conn_id)).credentials()
    return _view(credentials, open_token_store().find(conn_id))


def look_up(conn_id: str) -> GrantView:
    """Return `view`, completed by what the org tells of the grant when asked, without using it up."""
    credentials = _web_server(_settings(conn_id)).credentials()
    grant = open_token_store().find(conn_id)
    shown = _view(credentials, grant)
    if grant is None or shown.status != "connected":
        return shown
    with _endpoint(credentials) as endpoint:
        found = introspect(endpoint, grant.refresh_token)
    if found is None:
        return shown
    if not found.active:
        problem = f"Connection `{conn_id}`: the refresh token has expired or was revoked."
        return _view(credentials, grant, status="refused", problem=problem, next_step=RECONNECT)
    return replace(shown, alive_until=found.expires_at, username=shown.username or found.username)


def begin(conn_id: str, *, redirect_uri: str, bound_to: str) -> str:
    """Begin a Connect for the one named by *bound_to*; return the page of the org to send the browser to.

    The answer arrives at *redirect_uri*, which must be among the app's callback URLs, within 10 minutes.
    """
    credentials = _web_server(_settings(conn_id)).credentials()
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    mask_secret(verifier)
    begun = Authorization(conn_id, app_of(credentials), bound_to, redirect_uri, verifier)
    open_token_store().begin(state, begun)
    return authorize_url(credentials, redirect_uri=redirect_uri, state=state, verifier=verifier)


def callback_fault(redirect_uri: str) -> str:
    """Return why Salesforce won't take a callback URL, empty where it should."""
    parts = urlsplit(redirect_uri)
    if parts.scheme == "https" or is_loopback(parts.hostname):
        return ""
    return "Salesforce takes https callback URLs only (plain http for localhost alone)."


def connection_of(state: str) -> str | None:
    """Return which connection a callback's `state` is for, None for one that was not begun here."""
    return open_token_store().connection_of(state)


def cancel(state: str, *, bound_to: str) -> str:
    """Use up a Connect that ended without a code, and return its connection. Raises as `finish` does for the state."""
    return open_token_store().take(state, bound_to).connection_id


def refusal(conn_id: str, error: str, description: str) -> IPaaSSyncError:
    """Return the error of a Connect that Salesforce ended without a code, by what the callback says of it."""
    return consent_fault(error, description, conn_id)


def finish(state: str, code: str, *, bound_to: str, by: str) -> GrantView:
    """Turn the callback's code into a stored grant; *by* is shown as who connected.

    Raises ConfigurationError for a state that is unknown, somebody else's, used or too old, for another org than the
    pinned or the present one, and for an app without the right scopes; AuthenticationError for a code that Salesforce
    refuses. What was granted is revoked again when it isn't kept.
    """
    store = open_token_store()
    pending = store.take(state, bound_to)
    conn_id = pending.connection_id
    credentials = _web_server(_settings(conn_id)).credentials()
    if app_of(credentials) != pending.app:
        raise ConfigurationError(
            f"Connection `{conn_id}` was changed after Connect was pressed: its Consumer Key or API Url is another one now.",
            next_step="Press Connect again.",
        )
    with _endpoint(credentials) as endpoint:
        issued = exchange(endpoint, code=code, verifier=pending.verifier, redirect_uri=pending.redirect_uri)
        try:
            token = endpoint.token(issued)
            _check_complete(conn_id, issued)
            _check_same_org(store.find(conn_id), token)
        except IPaaSSyncError:
            _revoke_quietly(endpoint, issued.refresh_token or str(issued.body["access_token"]))
            raise
        who = _who(endpoint, token)
        grant = _grant(credentials, issued, token, who, by)
        replaced = store.put(grant)
        # A refresh token that stood in the connection may be in use elsewhere; one that came from here is nobody else's.
        if replaced is not None and replaced.connected_by != _FROM_CONNECTION:
            _revoke_quietly(endpoint, replaced.refresh_token)
    log.info("Connection `%s`: connected to Salesforce org %s by %s.", conn_id, token.org_id, by)
    return _view(credentials, store.find(conn_id))


def reset(conn_id: str) -> ResetResult:
    """Revoke the grant at Salesforce and delete the stored tokens; the connection itself stays.

    Works for what is left of a connection that was deleted, broken or given another flow since, too. Raises as `view`
    does where nothing is stored.
    """
    store = open_token_store()
    try:
        settings = _web_server(_settings(conn_id))
    except ConfigurationError:
        if not store.exists(conn_id):
            raise
        settings = None
    had = store.exists(conn_id)
    grant = store.forget(conn_id)
    note = ""
    if settings is not None and settings.refresh_token:
        note = (
            "The connection still holds a Refresh token of its own: take it out of the form, or the next run uses it."
        )
    if grant is None:
        if had:
            note = f"The stored token could not be decrypted, so it was deleted but not revoked. {_BY_HAND} {note}"
        return ResetResult(deleted=had, revoked=False, note=note.strip())
    revoked, why = _revoke(settings, grant)
    log.info("Connection `%s`: reset; revoked at Salesforce: %s.", conn_id, revoked)
    return ResetResult(deleted=True, revoked=revoked, note=f"{why} {note}".strip())


_BY_HAND = "Revoke it in Salesforce: Setup > Connected Apps OAuth Usage (or the user's own settings)."


def _revoke(settings: SalesforceSettings | None, grant: StoredGrant) -> tuple[bool, str]:
    """Revoke a grant where it was given; that takes the token alone, so it works without the connection."""
    if grant.instance_url:
        credentials = Credentials(grant.connection_id, "web_server", f"{grant.instance_url}{TOKEN_PATH}", "")
    elif settings is not None:
        credentials = settings.credentials()
    else:
        return False, f"Where the grant was given isn't known, so it was deleted but not revoked. {_BY_HAND}"
    try:
        with _endpoint(credentials) as endpoint:
            if revoke(endpoint, grant.refresh_token):
                return True, ""
    except IPaaSSyncError as error:
        return False, f"Salesforce could not be told to revoke the grant ({error.message.rstrip('.')}). {_BY_HAND}"
    return False, "Salesforce says that the grant had ended already."


def _revoke_quietly(endpoint: TokenEndpoint, token: str) -> None:
    """Revoke what isn't kept; where that fails, one of the user's five approvals stays taken until it is the oldest."""
    try:
        revoke(endpoint, token)
    except IPaaSSyncError as error:
        log.warning("A grant that is not used could not be revoked: %s", error)


def _settings(conn_id: str) -> SalesforceSettings:
    connection = read_connection(conn_id)
    if connection.conn_type != SalesforceConnectedAppHook.conn_type:
        raise ConfigurationError(
            f"Connection `{conn_id}` is of type `{connection.conn_type}`, so nobody can consent to it.",
            next_step=f"Choose a connection of type `{SalesforceConnectedAppHook.conn_type}`.",
        )
    return settings_of(connection)


def _web_server(settings: SalesforceSettings) -> SalesforceSettings:
    if settings.auth_flow != "web_server":
        raise ConfigurationError(
            f"Connection `{settings.conn_id}` logs in by {settings.auth_flow}, which needs nobody's consent.",
            next_step="Test it instead; to connect by consent, set Authentication (`auth_flow`) to web_server.",
        )
    return settings


@contextmanager
def _endpoint(credentials: Credentials) -> Iterator[TokenEndpoint]:
    transport = Transport(
        SERVICE, name="Salesforce", timeouts=_TIMEOUTS, secrets=Secrets(mask_secret), address=credentials.address
    )
    try:
        yield TokenEndpoint(credentials, transport)
    finally:
        transport.close()


def _check_complete(conn_id: str, issued: Issued) -> None:
    if not issued.refresh_token:
        raise ConfigurationError(
            f"Connection `{conn_id}`: Salesforce gave no refresh token, so the connection would end with the session.",
            next_step="Give the app the scope `refresh_token` (Perform requests at any time), then connect again.",
        )
    if issued.scopes and not {"api", "full"} & set(issued.scopes):
        raise ConfigurationError(
            f"Connection `{conn_id}`: the app may not use the API (granted: {', '.join(issued.scopes)}).",
            next_step="Give the app the scope `api` (Manage user data via APIs), then connect again.",
        )


def _check_same_org(present: StoredGrant | None, token: Token) -> None:
    if present is not None and present.org_id and not same_id(present.org_id, token.org_id):
        raise ConfigurationError(
            f"Connection `{present.connection_id}` is connected to org {present.org_id}, but you signed in to org "
            f"{token.org_id}; nothing was changed.",
            next_step=(
                "Sign out of Salesforce and sign in to the right org. If the other org is meant, press Reset first; links "
                "of one org never fit another."
            ),
        )


def _who(endpoint: TokenEndpoint, token: Token) -> Introspection | None:
    """Ask the org whom the token stands for; a name is nice to have, so nothing fails over it."""
    try:
        return introspect(endpoint, token.access_token, "access_token")
    except IPaaSSyncError as error:
        log.info("The name of the connected user could not be read: %s", error.message)
        return None


def _grant(credentials: Credentials, issued: Issued, token: Token, who: Introspection | None, by: str) -> StoredGrant:
    return StoredGrant(
        connection_id=credentials.connection,
        app=app_of(credentials),
        seed=seed_of(credentials),
        refresh_token=issued.refresh_token,
        access_token=token.access_token,
        instance_url=token.instance_url,
        org_id=token.org_id,
        user_id=token.user_id,
        username=who.username if who is not None else "",
        scopes=" ".join(issued.scopes or (who.scopes if who is not None else ())),
        connected_by=by,
        issued_at=token.issued_at,
    )


def _view(
    credentials: Credentials,
    grant: StoredGrant | None,
    *,
    status: Status | None = None,
    problem: str = "",
    next_step: str = "",
) -> GrantView:
    conn_id = credentials.connection
    if grant is None:
        if credentials.refresh_token:
            return GrantView(
                conn_id, "not_connected", "Its Refresh token has not been used yet.", "The next run uses it."
            )
        return GrantView(conn_id, "not_connected", "Nobody has connected it yet.", "Press Connect.")
    if status is None:
        status, problem, next_step = _standing(credentials, grant)
    return GrantView(
        conn_id=conn_id,
        status=status,
        problem=problem,
        next_step=next_step,
        username=grant.username,
        user_id=grant.user_id,
        org_id=grant.org_id,
        instance_url=grant.instance_url,
        scopes=tuple(grant.scopes.split()),
        connected_at=grant.connected_at,
        connected_by=grant.connected_by,
        refreshed_at=grant.refreshed_at,
        refreshes=grant.refreshes,
        rotates=grant.rotates,
        clock_skew=_clock_skew(grant),
    )


def _clock_skew(grant: StoredGrant) -> timedelta | None:
    noted_at = grant.refreshed_at or grant.connected_at
    return None if grant.issued_at is None or noted_at is None else grant.issued_at - noted_at


def _standing(credentials: Credentials, grant: StoredGrant) -> tuple[Status, str, str]:
    if grant.app != app_of(credentials):
        problem = "It was connected with another Consumer Key or API Url than it has now."
        return "other_app", problem, "Correct them, or press Connect."
    if grant.state != "connected":
        return grant.state, grant.reason, "Press Connect."
    return "connected", "", ""
