"""What the org's page sends back: read from a query, or from the address that a person pastes."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

# Together they are far shorter; anything longer was not made by Salesforce.
_MAX_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """A code, or an error in its place, with the `state` it belongs to."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    description: str = ""


def read_query(query: str) -> Answer | None:
    """Read the query of a callback; None for one that isn't whole, or names something twice."""
    if len(query) > _MAX_LENGTH:
        return None
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    if any(len(values) > 1 for values in found.values()):
        return None
    values = {name: _printable(texts[0]) for name, texts in found.items()}
    state, code, error = (values.get(name, "") for name in ("state", "code", "error"))
    if not state or bool(code) == bool(error):
        return None
    return Answer(state, code, error, values.get("error_description", ""))


def read_pasted(text: str) -> Answer | None:
    """Read a pasted address, or only its query; None where there is no answer in it."""
    text = text.strip().strip("'\"<>").strip()
    try:
        query = urlsplit(text).query if "?" in text else text
    except ValueError:
        return None
    return read_query(query)


def state_of(url: str) -> str:
    """Return the `state` that an authorization page was opened with."""
    return parse_qs(urlsplit(url).query)["state"][0]


def _printable(text: str) -> str:
    """Leave out what could move a terminal's cursor."""
    return "".join(char for char in text if char.isprintable())
