"""What an admin of the org set for the connected app and its users."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.users import INTEGRATION, User
from airflow_provider_ipaas.sandbox.switches import Switches


def is_active(user: User, switches: Switches) -> bool:
    """Say whether a user may log in at all."""
    return not (user is INTEGRATION and switches["user_inactive"])


def is_permitted(user: User, switches: Switches) -> bool:
    """Say whether an admin approved the app for a user."""
    return user.username in switches["permitted_users"]


def browser_refusal(user: User, switches: Switches) -> OAuthError | None:
    """Return why a user who is logged in may not approve the app; it is passed on to the callback."""
    if not is_active(user, switches):
        return OAuthError("inactive_user", "user is inactive")
    if switches["app_blocked"]:
        return OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")
    if switches["admin_approved_only"] and not is_permitted(user, switches):
        return OAuthError("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app")
    return None


def check_token_call(user: User, switches: Switches, *, permitted_users_apply: bool = True) -> None:
    """Raise the token endpoint's refusal of a user."""
    if switches["app_blocked"]:
        raise OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")
    if not is_active(user, switches):
        raise OAuthError("inactive_user", "user is inactive")
    if switches["ip_restricted"]:
        raise OAuthError("invalid_grant", "ip restricted")
    if permitted_users_apply and switches["admin_approved_only"] and not is_permitted(user, switches):
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")


def refresh_token_end(created: datetime, last_used: datetime | None, switches: Switches) -> datetime | None:
    """Return when a refresh token ends by the app's policy; None: not by itself."""
    policy, life = switches["refresh_token_policy"], timedelta(seconds=switches["refresh_token_life_s"])
    if policy == "until_revoked":
        return None
    if policy == "immediately":
        return created
    return (created if policy == "fixed" or last_used is None else last_used) + life
