"""Which hosts may be given a token or a consumer secret."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from airflow_provider_ipaas.clients._http import is_loopback

# Readers of URLs differ over anything else: of `https://evil.example\.salesforce.com`, some see the host evil.example.
_PLAIN_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.ASCII)


def is_allowed_host(host: str | None, allowed: Collection[str] = ()) -> bool:
    """Say whether *host* is under salesforce.com, this machine, or on the allow-list; Lightning hosts serve no API."""
    name = (host or "").lower().rstrip(".")
    if name.endswith(".lightning.force.com"):
        return False
    if is_loopback(name) or name in {entry.lower() for entry in allowed}:
        return True
    return name.endswith(".salesforce.com") and ".." not in name and _PLAIN_HOST.fullmatch(name) is not None


def origin(url: str) -> str | None:
    """Return scheme, host and port of a plain URL; None for anything that is not http(s) to a host."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def checked_instance_url(url: object, allowed: Collection[str] = ()) -> str | None:
    """Return the origin of an instance URL a token answer named; None when it may not be trusted with the token."""
    if not isinstance(url, str) or (found := origin(url)) is None:
        return None
    parts = urlsplit(found)
    if not is_allowed_host(parts.hostname, allowed):
        return None
    return found if parts.scheme == "https" or is_loopback(parts.hostname) else None
