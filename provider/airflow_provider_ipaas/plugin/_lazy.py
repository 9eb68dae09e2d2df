"""A web application that is made when it is first asked for something."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_BROKEN = b"The pages of airflow-provider-ipaas could not be started: the log of Airflow's API server says why.\n"


class LazyApp:
    """Make the application with *make* at the first request; one that can't be made breaks its own pages only."""

    def __init__(self, make: Callable[[], App]) -> None:
        self._make = make
        self._made: App | None = None

    def __repr__(self) -> str:
        return f"LazyApp({self._make.__module__})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            try:
                self._made = self._make()
            except Exception:
                log.exception("The pages of airflow-provider-ipaas could not be started.")
                await _say_broken(scope, send)
                return
        await self._made(scope, receive, send)


async def _say_broken(scope: Scope, send: Send) -> None:
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _BROKEN})
