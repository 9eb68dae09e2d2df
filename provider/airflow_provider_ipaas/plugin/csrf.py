"""Proof that a request comes from a page that this user was shown: a signed token, the same for all API servers.

The key comes from Airflow's Fernet key, which all of its components share; without one from the secret key of the API
server. Nothing is kept on the server, and nothing in a cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.configuration import conf
from fastapi import Request

LIFE_S = 12 * 3600


def issue(user: BaseUser, *, now: float | None = None) -> str:
    """Return a token for the forms of a page that *user* is shown."""
    stamp = str(int(time.time() if now is None else now))
    return f"{stamp}.{_sign(user, stamp)}"


def is_valid(token: str, user: BaseUser, *, now: float | None = None) -> bool:
    """Tell whether a token was issued to *user* within the last hours."""
    stamp, _, signature = token.partition(".")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    # Compared as bytes: a text with other than ASCII characters raises.
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _sign(user, stamp).encode()):
        return False
    age_s = (time.time() if now is None else now) - int(stamp)
    # Another API server's clock may be a little ahead.
    return -300 <= age_s <= LIFE_S


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether the browser says that another site has sent the request.

    Not every browser says so, and with the referrer policy of our pages their own forms come from `null`.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin", "null")
    own = f"{request.url.scheme}://{request.url.netloc}"
    configured = (conf.get("api", "base_url", fallback="") or "").lower()
    return origin not in ("null", own) and not f"{configured}/".startswith(f"{origin.lower()}/")


def _sign(user: BaseUser, stamp: str) -> str:
    return hmac.new(_key(), f"{stamp}\n{user.get_id()}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _key() -> bytes:
    secret = conf.get("core", "fernet_key", fallback="") or conf.get_mandatory_value("api", "secret_key")
    return hmac.new(secret.encode(), b"airflow-provider-ipaas: forms", hashlib.sha256).digest()
