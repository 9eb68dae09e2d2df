"""What Salesforce's OAuth endpoints say when they refuse a login, a renewal or an authorization.

Causes are clauses: they complete "Salesforce refused the login, ...". Sources: Salesforce Help (OAuth flow errors, refresh
token rotation, web server flow); *observed* and *inferred* ones from answers that users of other clients have published.
"""

from __future__ import annotations

from functools import partial

from .entry import UNLISTED, Handling, row

_row = partial(row, "login")
RECONNECT = "Connect again: in Airflow under Browse > iPaaS.com connections, or with `airflow-ipaas connect` and the connection id."
_KEY = "Correct the field Consumer Key (`login`), and check that API Url is the org's own; a new app needs up to ten minutes."
_APP = "Correct the field Consumer Secret (`password`) with the one shown under the app's settings in Salesforce."
_SETTINGS = "Check the app's OAuth settings in Salesforce and the connection's fields."
_FLOW = "Enable the flow in the app's OAuth settings, or choose another Authentication (`auth_flow`)."
_AGAIN = "This is usually short-lived; a later run goes on."
_CALLBACK = (
    "Add it to the app's Callback URLs, letter by letter as the page shows it; a change needs up to ten minutes."
)

LOGIN = (
    # The grant
    _row("invalid_grant", Handling.STOP, "the refresh token has expired or was revoked", RECONNECT, flow="web_server"),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the app may not use the client credentials flow",
        "Enable the flow in the app, choose its Run As user, and use the org's My Domain URL as API Url (`host`).",
        flow="client_credentials",
        sure="inferred",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the signed assertion was refused",
        "Check Consumer Key, Username (`username`), Audience (`audience`) and that the Private key (`private_key`) fits the "
        "certificate uploaded to the app, and the clock of this machine.",
        flow="jwt_bearer",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the refresh token has expired or was revoked",
        RECONNECT,
        said="expired access/refresh token",
    ),
    _row(
        "invalid_grant invalid_request",
        Handling.STOP,
        "the authorization code has expired or was used before",
        "Press Connect again, and finish within ten minutes. If it expires at once, compare the clock of Airflow's server.",
        said="authorization code",
        sure="observed",
    ),
    _row(
        "invalid_grant invalid_request",
        Handling.STOP,
        "the answer does not belong to this Connect",
        "Press Connect again.",
        said="code verifier",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the audience is not the login host of this org",
        "Set the field Audience (`audience`): https://login.salesforce.com, https://test.salesforce.com for sandboxes.",
        said="audience",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the user has not approved the app",
        "Set the app's Permitted Users to admin approved, and permit the integration user by a profile or permission set.",
        said="hasn't approved",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "this host does not serve the client credentials flow",
        "Use the org's My Domain URL as API Url (`host`) and leave Token URL (`token_url`) empty.",
        said="not supported on this domain",
        sure="inferred",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the app has no user to run as",
        "Enable the client credentials flow in the app and choose its Run As user.",
        said="no client credentials user",
        sure="inferred",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the address of this worker is not allowed",
        "Add the worker's address to the trusted ranges, or relax the app's IP restrictions.",
        said="ip restricted",
        sure="inferred",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the user or the org is inactive",
        "Activate the integration user in Salesforce, or choose another one.",
        said="inactive",
        sure="inferred",
    ),
    _row(
        "invalid_grant",
        Handling.STOP,
        "the user is frozen",
        "Unfreeze the integration user in Salesforce.",
        said="frozen",
        sure="inferred",
    ),
    # The app
    _row("invalid_client_id", Handling.STOP, "the Consumer Key is not known here", _KEY),
    _row("invalid_client", Handling.STOP, "the Consumer Key is not known here", _KEY, said="identifier"),
    _row(
        "invalid_client invalid_client_credentials",
        Handling.STOP,
        "the Consumer Secret is wrong",
        _APP,
        statuses=(400, 401),
    ),
    _row("unsupported_grant_type", Handling.STOP, "this flow is not enabled for the app", _FLOW),
    _row(
        "unsupported_response_type",
        Handling.STOP,
        "the web server flow is not enabled for the app",
        "Enable the authorization code flow in the app's OAuth settings.",
    ),
    _row(
        "invalid_scope",
        Handling.STOP,
        "the app lacks a scope",
        "Give the app the scopes `api` and, for web_server, `refresh_token`.",
        sure="inferred",
    ),
    _row(
        "invalid_app_access",
        Handling.STOP,
        "the user may not use the app",
        "Permit the integration user for the app (Manage, Permitted Users; a permission set).",
        sure="observed",
    ),
    _row(
        "OAUTH_APP_BLOCKED",
        Handling.STOP,
        "the app is blocked in this org",
        "Ask the administrator to install or unblock the app.",
        sure="observed",
    ),
    _row(
        "OAUTH_APP_ACCESS_DENIED",
        Handling.STOP,
        "the app is not installed or not approved",
        "Ask the administrator to install and permit it.",
        sure="observed",
    ),
    _row("redirect_uri_mismatch", Handling.STOP, "the callback URL is not among the app's", _CALLBACK),
    _row("redirect_uri_missing", Handling.STOP, "no callback URL was given", "Press Connect again."),
    _row(
        "access_denied",
        Handling.STOP,
        "Deny was pressed, or the user may not approve the app",
        "Press Connect again and choose Allow, signed in as the integration user.",
        sure="inferred",
    ),
    _row(
        "immediate_unsuccessful",
        Handling.STOP,
        "nobody is logged in who has approved the app before",
        "Press Connect again and log in as the integration user.",
    ),
    _row("invalid_request", Handling.STOP, "the request lacks something", _SETTINGS),
    # The user and the org
    _row(
        "inactive_user",
        Handling.STOP,
        "the user is inactive",
        "Activate the integration user in Salesforce, or choose another one.",
    ),
    _row(
        "inactive_org",
        Handling.STOP,
        "the org is inactive",
        "Ask the Salesforce administrator why the org is locked.",
    ),
    # Later
    _row("rate_limit_exceeded", Handling.RETRY, "the user has logged in too often", _AGAIN),
    _row(
        "server_error temporarily_unavailable",
        Handling.RETRY,
        "the login is out of order just now",
        _AGAIN,
        statuses=(500, 503),
    ),
    # Revoking and looking up
    _row(
        "unsupported_token_type invalid_token",
        Handling.GO_ON,
        "there is nothing to revoke: the token has ended already",
        "Nothing to do.",
    ),
    # By the status alone
    _row(
        "HTTP-4xx",
        Handling.STOP,
        "there is no token endpoint at {host}",
        "Correct the field API Url (`host`), or Token URL (`token_url`) if it is set.",
        statuses=(400, 403, 404, 405),
    ),
    _row("HTTP-408 HTTP-420 HTTP-429 HTTP-5xx", Handling.RETRY, "the login is out of order just now", _AGAIN),
    _row(UNLISTED, Handling.STOP, "see the code", _SETTINGS),
)
