"""What a refused login means and what a person can do about it, by the documented OAuth errors."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, readable
from airflow_provider_ipaas.errors import AuthenticationError, GrantRefused, ServiceError, TransientServiceError

_LATER = frozenset({"rate_limit_exceeded", "server_error", "temporarily_unavailable"})
_WRONG_KEY = (
    "the Consumer Key is not known here",
    "Correct the field Consumer Key (`login`), and check that API Url is the org's own; a new app needs up to ten minutes.",
)
_WRONG_SECRET = (
    "the Consumer Secret is wrong",
    "Correct the field Consumer Secret (`password`) with the one shown under the app's settings in Salesforce.",
)
_BY_ERROR = {
    "invalid_client_id": _WRONG_KEY,
    "invalid_client": _WRONG_SECRET,
    "invalid_client_credentials": _WRONG_SECRET,
    "inactive_user": ("the user is inactive", "Activate the integration user in Salesforce, or choose another one."),
    "inactive_org": ("the org is inactive", "Ask the Salesforce administrator why the org is locked."),
    "unsupported_grant_type": (
        "this flow is not enabled for the app",
        "Enable the flow in the app's OAuth settings, or choose another Authentication (`auth_flow`).",
    ),
    "invalid_scope": ("the app lacks a scope", "Give the app the scopes `api` and, for web_server, `refresh_token`."),
    "invalid_app_access": (
        "the user may not use the app",
        "Permit the integration user for the app (Manage, Permitted Users; a permission set).",
    ),
    "OAUTH_APP_BLOCKED": ("the app is blocked in this org", "Ask the administrator to install or unblock the app."),
    "OAUTH_APP_ACCESS_DENIED": (
        "the app is not installed or not approved",
        "Ask the administrator to install and permit it.",
    ),
    "redirect_uri_mismatch": (
        "the callback URL is not among the app's",
        "Add it to the app's Callback URLs, letter by letter as the page shows it; a change needs up to ten minutes.",
    ),
    "access_denied": (
        "Deny was pressed, or the user may not approve the app",
        "Press Connect again and choose Allow, signed in as the integration user.",
    ),
    "unsupported_response_type": (
        "the web server flow is not enabled for the app",
        "Enable the authorization code flow in the app's OAuth settings.",
    ),
}
RECONNECT = "Connect again: in Airflow under Browse > iPaaS.com connections, or with `airflow-ipaas connect` and the connection id."
# By a piece of the description, in lower case; the first that fits.
_BY_GRANT = (
    (
        "expired access/refresh token",
        "the refresh token has expired or was revoked",
        RECONNECT,
    ),
    (
        "authorization code",
        "the authorization code has expired or was used before",
        "Press Connect again, and finish within ten minutes. If it expires at once, compare the clock of Airflow's server.",
    ),
    (
        "code verifier",
        "the answer does not belong to this Connect",
        "Press Connect again.",
    ),
    (
        "audience",
        "the audience is not the login host of this org",
        "Set the field Audience (`audience`): https://login.salesforce.com, https://test.salesforce.com for sandboxes.",
    ),
    (
        "hasn't approved",
        "the user has not approved the app",
        "Set the app's Permitted Users to admin approved, and permit the integration user by a profile or permission set.",
    ),
    (
        "not supported on this domain",
        "this host does not serve the client credentials flow",
        "Use the org's My Domain URL as API Url (`host`) and leave Token URL (`token_url`) empty.",
    ),
    (
        "no client credentials user",
        "the app has no user to run as",
        "Enable the client credentials flow in the app and choose its Run As user.",
    ),
    (
        "ip restricted",
        "the address of this worker is not allowed",
        "Add the worker's address to the trusted ranges, or relax the app's IP restrictions.",
    ),
    (
        "inactive",
        "the user or the org is inactive",
        "Activate the integration user in Salesforce, or choose another one.",
    ),
    ("frozen", "the user is frozen", "Unfreeze the integration user in Salesforce."),
)
_GRANT = {
    "web_server": _BY_GRANT[0][1:],
    "client_credentials": (
        "the app may not use the client credentials flow",
        "Enable the flow in the app, choose its Run As user, and use the org's My Domain URL as API Url (`host`).",
    ),
    "jwt_bearer": (
        "the signed assertion was refused",
        "Check Consumer Key, Username (`username`), Audience (`audience`) and that the Private key (`private_key`) fits the "
        "certificate uploaded to the app, and the clock of this machine.",
    ),
}


def login_fault(answer: Answer, flow: str, connection: str, host: str, mask: Callable[[str], str]) -> ServiceError:
    """Return the error of a token call that was refused."""
    error, description = _read(answer)
    said = mask(": ".join(part for part in (error, readable(description)) if part)) or f"HTTP {answer.status}"
    later = error in _LATER or answer.status in (408, 420, 429) or "rate exceeded" in description.lower()
    if later or answer.status >= 500:
        # A 5xx that carries invalid_grant is still an outage: the grant is not lost.
        return TransientServiceError(
            f"The token endpoint of Salesforce ({host}) is not available now ({said}).",
            next_step="This is usually short-lived; a later run goes on.",
            service=SERVICE,
            status=answer.status,
            code=error or f"HTTP-{answer.status}",
            retry_after_s=answer.retry_after_s,
        )
    cause, next_step = _cause(error, description, flow, host)
    gone = flow == "web_server" and error == "invalid_grant" and cause == _GRANT["web_server"][0]
    kind = GrantRefused if gone else AuthenticationError
    return kind(
        f"Connection `{connection}`: Salesforce refused the login, {cause} ({said}).",
        next_step=next_step,
        service=SERVICE,
        status=answer.status,
        code=error or f"HTTP-{answer.status}",
    )


def consent_fault(error: str, description: str, connection: str) -> ServiceError:
    """Return the error of an authorization that ended without a code, by what the callback was given."""
    # The help page of the web server flow spells it `access-denied`.
    error = error.replace("-", "_")
    said = ": ".join(part for part in (error, readable(description)) if part)
    if error in _LATER:
        return TransientServiceError(
            f"Connection `{connection}`: Salesforce could not finish the authorization ({said}).",
            next_step="This is usually short-lived: press Connect again.",
            service=SERVICE,
            code=error,
        )
    cause, next_step = _cause(error, description, "web_server", "")
    message = f"Connection `{connection}`: Salesforce ended the authorization, {cause} ({said})."
    return AuthenticationError(message, next_step=next_step, service=SERVICE, code=error)


def _read(answer: Answer) -> tuple[str, str]:
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error") or ""), str(body.get("error_description") or "")


def _cause(error: str, description: str, flow: str, host: str) -> tuple[str, str]:
    if not error:
        return (
            f"there is no token endpoint at {host}",
            "Correct the field API Url (`host`), or Token URL (`token_url`) if it is set.",
        )
    if error in ("invalid_grant", "invalid_request"):
        lowered = description.lower()
        for piece, cause, next_step in _BY_GRANT:
            if piece in lowered:
                return cause, next_step
    if error == "invalid_grant":
        return _GRANT[flow][0], _GRANT[flow][1]
    if error == "invalid_client" and "identifier" in description.lower():
        return _WRONG_KEY
    return _BY_ERROR.get(
        error, ("see the code", "Check the app's OAuth settings in Salesforce and the connection's fields.")
    )
