"""JWT bearer assertions: what makes one good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.users import User, find_user

AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
_MAX_LIFE: Final = timedelta(minutes=3)


def check_assertion(assertion: str, public_key: str | None, *, now: datetime, origin: str) -> User:
    """Return the user an assertion names; OAuthError when it isn't good. `origin` is the URL that was called."""
    if public_key is None:
        raise not_approved()
    try:
        options: Any = {
            "verify_exp": False,
            "verify_aud": False,
            "verify_iat": False,
            "require": ["iss", "sub", "aud", "exp"],
        }
        claims = jwt.decode(assertion, public_key, algorithms=["RS256"], options=options)
    except jwt.PyJWTError:
        raise OAuthError("invalid_grant", "invalid assertion") from None
    try:
        expires = datetime.fromtimestamp(float(claims["exp"]), now.tzinfo)
    except (TypeError, ValueError, OverflowError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if not now < expires <= now + _MAX_LIFE:
        raise OAuthError("invalid_grant", "invalid assertion")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not any(str(audience).rstrip("/") in {*AUDIENCES, origin} for audience in audiences):
        raise OAuthError("invalid_grant", "Audience validation failed")
    if claims["iss"] != credentials.CONSUMER_KEY:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    user = find_user(str(claims["sub"]))
    if user is None:
        raise not_approved()
    return user


def not_approved() -> OAuthError:
    """Return the refusal of a user for whom nobody approved the app."""
    return OAuthError("invalid_grant", "user hasn't approved this consumer")
