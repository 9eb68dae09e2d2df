"""A uvicorn protocol that can send a reason phrase of the application's choice.

ASGI has no field for the reason phrase and uvicorn always sends the standard one. `ReasonPhraseProtocol` goes into
`uvicorn.Config(http=...)`: it announces the extension `sandbox.reason_phrase` in the scope, and turns the header
`x-sandbox-reason` of an answer into its reason phrase. A header, because it passes through any middleware.
"""

from __future__ import annotations

from typing import Any, Final

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION: Final = "sandbox.reason_phrase"
HEADER: Final = "x-sandbox-reason"


class _Connection(h11.Connection):
    """An h11 connection that turns the reason header of a response into its reason phrase."""

    def send(self, event: Any) -> Any:
        if isinstance(event, h11.Response):
            name = HEADER.encode()
            reasons = [value for key, value in event.headers if key == name]
            if reasons:
                headers = [(key, value) for key, value in event.headers if key != name]
                event = h11.Response(status_code=event.status_code, headers=headers, reason=reasons[-1])
        return super().send(event)


def _announcing(app: Any) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**(scope.get("extensions") or {}), EXTENSION: {}}
        await app({**scope, "extensions": extensions}, receive, send)

    return wrapped


class ReasonPhraseProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with reason phrases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = self.config.h11_max_incomplete_event_size
        self.conn = _Connection(h11.SERVER) if limit is None else _Connection(h11.SERVER, limit)
        self.app = _announcing(self.app)
