"""A server that answers whatever bytes it is told, over real sockets: no HTTP library smooths them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

Answering = Callable[[str, str], bytes]


class RawServer:
    """Reads one request per connection and sends what *answers(method, path)* returns, then hangs up."""

    def __init__(self) -> None:
        self.answers: Answering = lambda _method, _path: b""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection)
                except OSError:
                    continue  # the client has hung up on what it was told

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := connection.recv(65536)):
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        lengths = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
        while len(body) < int(lengths[0] if lengths else 0):
            body += connection.recv(65536)
        method, path, _ = lines[0].split(" ")
        connection.sendall(self.answers(method, path))
        connection.shutdown(socket.SHUT_WR)


def answer(status: int, body: bytes, headers: dict[str, str] | None = None, reason: str = "Said") -> bytes:
    """Return a well-formed answer with these parts, whatever they are."""
    told = {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body
