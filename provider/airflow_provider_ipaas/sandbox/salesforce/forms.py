"""Read what OAuth requests carry: forms, Basic credentials, Bearer tokens."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl

from starlette.requests import Request

_FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; nothing for a body of another type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if kind == _FORM else {}


def basic(request: Request) -> tuple[str, str | None] | None:
    """Return key and secret of the Authorization header, if it is Basic."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", None
    return key, secret


def bearer(request: Request) -> str:
    """Return the token of the Authorization header, if it is one of Salesforce's schemes."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def origin_of(request: Request) -> str:
    """Return the URL that was called, without a path."""
    return f"{request.url.scheme}://{request.url.netloc}"
