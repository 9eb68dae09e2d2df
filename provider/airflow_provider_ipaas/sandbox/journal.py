"""What was called: a log of requests, without bodies or secrets, and counters by endpoint."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

MAX_ENTRIES: Final = 50_000
_SECRET = re.compile(r"token|secret|password|assertion|code|key|authorization", re.IGNORECASE)
_LOGIN: Final = {
    "salesforce": re.compile(r"^/(?:$|services/oauth2/|secur/|setup/secur/|favicon\.ico$|\.well-known/)"),
    "ipaas": re.compile(r"^/(?:[^/]+/)*sso/", re.IGNORECASE),
}
_NOT_COUNTED: Final = re.compile(r"^/services/data/?$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One call; `status` is None when the connection was dropped, `fault` names what a rule did to it."""

    service: str
    at: str
    method: str
    path: str
    query: str
    endpoint: str
    status: int | None
    fault: str | None
    records: int | None


def mask_query(query: str) -> str:
    """Return a query string with the values of secret parameters replaced."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, "***" if _SECRET.search(name) else value) for name, value in pairs])


class Journal:
    """Keep the last 50,000 calls, and counters since the last reset."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._api: Counter[tuple[str, str]] = Counter()
        self._login: Counter[tuple[str, str]] = Counter()

    def add(self, entry: Entry) -> None:
        """Note a call."""
        self._entries.append(entry)
        if entry.service == "salesforce" and _NOT_COUNTED.match(entry.path):
            return
        counter = self._login if _LOGIN[entry.service].match(entry.path) else self._api
        counter[entry.service, f"{entry.method} {entry.endpoint}"] += 1

    def entries(self, *, service: str | None = None, last: int | None = None) -> list[dict[str, Any]]:
        """Return the log, oldest first."""
        chosen = [asdict(entry) for entry in self._entries if service in {None, entry.service}]
        return chosen[-last:] if last else chosen

    def calls(self) -> dict[str, Any]:
        """Return the counters: per service the totals and the calls by endpoint, logins apart."""
        answer: dict[str, Any] = {}
        for service in _LOGIN:
            api = {key: n for (name, key), n in self._api.items() if name == service}
            login = {key: n for (name, key), n in self._login.items() if name == service}
            answer[service] = {
                "api": sum(api.values()),
                "login": sum(login.values()),
                "endpoints": dict(sorted(api.items())),
                "logins": dict(sorted(login.items())),
            }
        return answer

    def reset_calls(self) -> None:
        """Start the counters at zero; the log stays."""
        self._api.clear()
        self._login.clear()

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.reset_calls()
