"""The door of an emulated service: controls, faults, journal, gzip, the Date header, then the service itself."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any, Final

from starlette.routing import Match

from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.faults import Action, Faults
from airflow_provider_ipaas.sandbox.journal import Entry, Journal, mask_query

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PREFIX: Final = "/_sandbox"
MAX_HEAD_BYTES: Final = 16_384
_GZIP_FROM: Final = 1_000
_HTML: Final = (
    b"<!DOCTYPE html><html><head><title>Down for Maintenance</title></head><body>We'll be back.</body></html>"
)


@dataclass(slots=True)
class Answer:
    """A response held back until the faults have had their way with it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """Return a header's value."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def set_header(self, name: bytes, value: bytes) -> None:
        """Set a header, replacing one of the same name."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name]
        self.headers.append((name, value))


def json_answer(status: int, body: Any) -> Answer:
    """Return an answer with a JSON body."""
    text = json.dumps(body).encode()
    return Answer(status, [(b"content-type", b"application/json;charset=UTF-8")], text)


@dataclass(slots=True)
class Front:
    """One service behind its door.

    `finish` is called with every answer of the service (the limit header is added there), `before` ahead of each call;
    `expired` and `limit` are the service's own bodies for an expired token and a used-up limit; `connections` yields
    the protocols of the servers this app is reachable by, each with `client`, `server` and `transport`.
    """

    service: str
    app: ASGIApp
    controls: ASGIApp
    clock: Clock
    faults: Faults
    journal: Journal
    before: Callable[[], None] = lambda: None
    finish: Callable[[Scope, Answer], None] = lambda _scope, _answer: None
    expired: Callable[[], Answer] = lambda: json_answer(401, {"message": "Unauthorized"})
    limit: Callable[[], Answer] = lambda: json_answer(429, {"message": "Too Many Requests"})
    connections: Callable[[], Iterable[Any]] = lambda: ()
    routes: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["path"] == CONTROL_PREFIX or scope["path"].startswith(CONTROL_PREFIX + "/"):
            self.before()
            await self.controls(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        method, path = scope["method"], scope["path"]
        action, refusals = self.faults.pick(self.service, method, path, body)
        scope["sandbox.refusals"] = refusals
        if action is not None and action.delay_s:
            await asyncio.sleep(action.delay_s)
        self.before()
        answer: Answer | None = None
        if action is None or action.kind == "delay" or action.when == "after" or action.kind == "truncate":
            answer = await self._run(scope, body)
        changed = self._disturb(action, answer)
        kind = action.kind if action is not None else "record_error" if refusals else None
        status = changed.status if changed is not None else None
        self.journal.add(self._entry(scope, status, kind, _count_records(body)))
        if changed is None:
            await self._drop(scope, receive)
            return
        changed.set_header(b"date", format_datetime(self.clock.now(), usegmt=True).encode())
        await self._send(scope, changed, send, truncate=kind == "truncate")

    def _disturb(self, action: Action | None, answer: Answer | None) -> Answer | None:
        """Return what the caller gets; None when the connection is dropped."""
        if action is None or action.kind in {"delay", "truncate"}:
            return answer
        if action.kind == "drop":
            return None
        if action.kind == "html":
            return Answer(200, [(b"content-type", b"text/html;charset=UTF-8")], _HTML)
        if action.kind == "malformed_json":
            return Answer(200, [(b"content-type", b"application/json;charset=UTF-8")], b'{"records": [{"Id": "00')
        if action.kind == "expired_token":
            return self.expired()
        if action.kind == "limit_exceeded":
            return self.limit()
        if isinstance(action.body, str):
            made = Answer(action.status, [(b"content-type", b"text/html;charset=UTF-8")], action.body.encode())
        elif action.body is None:
            made = Answer(action.status, [], b"")
        else:
            made = json_answer(action.status, action.body)
        for name, value in action.headers.items():
            made.set_header(name.lower().encode(), value.encode())
        return made

    async def _run(self, scope: Scope, body: bytes) -> Answer:
        """Let the service answer; the request's body is unpacked first."""
        head = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"") + 1
        if head > MAX_HEAD_BYTES:
            answer = json_answer(414, [{"errorCode": "URI_TOO_LONG", "message": "URI Too Long"}])
        else:
            headers = dict(scope["headers"])
            if headers.get(b"content-encoding", b"").lower() == b"gzip":
                try:
                    body = gzip.decompress(body)
                except (OSError, EOFError, zlib.error):
                    return json_answer(400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Not in GZIP format"}])
            answer = await _call(self.app, scope, body)
        self.finish(scope, answer)
        return answer

    async def _send(self, scope: Scope, answer: Answer, send: Send, *, truncate: bool) -> None:
        body = answer.body
        wanted = dict(scope["headers"]).get(b"accept-encoding", b"").lower()
        if b"gzip" in wanted and len(body) >= _GZIP_FROM and answer.header(b"content-encoding") is None:
            body = gzip.compress(body, compresslevel=1)
            answer.set_header(b"content-encoding", b"gzip")
        if answer.status not in {204, 304}:
            answer.set_header(b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if truncate:
            # The server sees an unfinished response and closes the connection.
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            return
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection without an answer."""
        for protocol in list(self.connections()):
            if protocol.client == scope["client"] and protocol.server == scope["server"]:
                protocol.transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _entry(self, scope: Scope, status: int | None, fault: str | None, records: int | None) -> Entry:
        return Entry(
            service=self.service,
            at=self.clock.now().isoformat(timespec="milliseconds"),
            method=scope["method"],
            path=scope["path"],
            query=mask_query(scope.get("query_string", b"").decode("latin-1")),
            endpoint=self._template(scope),
            status=status,
            fault=fault,
            records=records,
        )

    def _template(self, scope: Scope) -> str:
        """Return the route's path with its parameters' names; the path itself when no route matches."""
        for route in self.routes:
            match, _ = route.matches({**scope, "root_path": ""})
            if match is Match.FULL:
                return str(getattr(route, "path_format", scope["path"]))
        return str(scope["path"])


async def _call(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    sent = False
    answer = Answer(500, [], b"")
    chunks: list[bytes] = []

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, collect)
    answer.body = b"".join(chunks)
    return answer


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _count_records(body: bytes) -> int | None:
    """Return how many records a Collections body carries, for the log."""
    if not body.startswith(b"{") or b'"records"' not in body:
        return None
    try:
        records = json.loads(body).get("records")
    except ValueError:
        return None
    return len(records) if isinstance(records, list) else None
