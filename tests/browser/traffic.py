"""What a browser was given: every address, header and body, as it notes them in HAR files."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

# The scripts and pictures of Airflow's own pages are the same for everybody.
NOTED = re.compile(r"^https?://[^/]+/(?!static/)")
_CALLBACK = "/ipaas/oauth/callback"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer that a browser was given; *told* is its headers and body."""

    status: int
    url: str = field(repr=False)
    location: str = field(repr=False)
    told: bytes = field(repr=False)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_callback(self) -> bool:
        """Whether the address is the one to which Salesforce sends code and state."""
        return urlsplit(self.url).path == _CALLBACK

    @property
    def is_page_of_ours(self) -> bool:
        """Whether the answer is a page of the connections or of the monitoring."""
        return urlsplit(self.url).path.startswith("/ipaas/") and not 300 <= self.status < 400

    @property
    def single_use(self) -> dict[str, str]:
        """The code and the state that a callback's address carries."""
        query = parse_qs(urlsplit(self.url).query) if self.is_callback else {}
        return {name: query[name][0] for name in ("code", "state") if name in query}


def exchanges(directory: Path) -> Iterator[Exchange]:
    """Yield what the browsers that kept their HAR files in *directory* were given."""
    for file in sorted(directory.glob("*.har")):
        for entry in json.loads(file.read_text("utf-8"))["log"]["entries"]:
            yield _exchange(entry)


def _exchange(entry: dict[str, Any]) -> Exchange:
    answer = entry["response"]
    headers = "\n".join(f"{header['name']}: {header['value']}" for header in answer["headers"])
    content = answer["content"]
    text = content.get("text", "")
    body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    return Exchange(answer["status"], entry["request"]["url"], answer["redirectURL"], headers.encode() + b"\n\n" + body)
