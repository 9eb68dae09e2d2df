"""OAuth scopes: which exist, what they say on the approval page, which of them an app may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

REFRESH: Final = "refresh_token"
_ALIASES: Final = {"offline_access": REFRESH}
WORDS: Final = {
    "api": "Manage user data via APIs",
    REFRESH: "Perform requests at any time",
    "openid": "Access unique user identifiers",
    "id": "Access the identity URL service",
    "profile": "Access your basic information",
    "email": "Access your email address",
    "address": "Access your address",
    "phone": "Access your phone number",
    "full": "Full access",
    "web": "Manage user data via Web browsers",
    "chatter_api": "Access Connect REST API resources",
    "visualforce": "Access Visualforce applications",
    "custom_permissions": "Access custom permissions",
}
_IMPLIED: Final = {
    "id": {"profile", "email", "address", "phone"},
    "api": {"chatter_api"},
    # Everything but the right to come back without the user.
    "full": set(WORDS) - {REFRESH},
}
REST: Final = frozenset({"api", "full"})
IDENTITY: Final = frozenset({"openid", "id", "profile", "full"})


def parse_scopes(asked: str | None, app: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes asked for; all of the app's when none are named; ValueError for one the app doesn't have."""
    own = tuple(dict.fromkeys(_ALIASES.get(scope, scope) for scope in app))
    if asked is None or not asked.split():
        return own
    allowed = {scope for name in own for scope in ({name} | _IMPLIED.get(name, set()))}
    wanted = tuple(dict.fromkeys(_ALIASES.get(scope, scope) for scope in asked.split()))
    strange = [scope for scope in wanted if scope not in allowed]
    if strange:
        raise ValueError(", ".join(strange))
    return wanted


def without_refresh(app: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes of a flow in which no user is present: all of the app's, and nothing to refresh."""
    return tuple(scope for scope in parse_scopes(None, app) if scope != REFRESH)
