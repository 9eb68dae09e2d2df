"""Read what iPaaS.com answers: error codes and messages, lookup values, paging headers, records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.clients._json import parse_json
from airflow_provider_ipaas.clients.ipaas.profile import Paging

_CODE = re.compile(r"\b(?:AUTH|AUTZ|VALD|BIZL|NFND|INTL)-\d{4}\b")
_OTHER_CODE = re.compile(r"\b[A-Z]{4}-\d{4}\b")
_MESSAGE_KEYS = ("message", "error_message", "errormessage", "detail", "error_description", "title", "error")
_FIELD_KEYS = ("field", "fields", "field_name", "fieldname", "property", "property_name", "propertyname", "membernames")
_DELETED = "DELETED:"
_MAX_MESSAGE = 500
# A web page that stands in for an answer says what it is early on; it may be large, and is read with each attempt.
_MOST_READ = 20_000
_MAX_LOOKUP = 1000


class NotAnAnswer(ValueError):
    """The text is not what the API answers; says what it is instead, without quoting it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error answer says, read from its body and its reason phrase."""

    code: str
    message: str
    fields: tuple[str, ...]

    @property
    def family(self) -> str:
        """The four letters of the code; empty without a code."""
        return self.code[:4]


def read_refusal(body: str, reason: str, sent: Iterable[str] = ()) -> Refusal:
    """Read code, message and fields of an error answer; *sent* are the field names of the request."""
    parsed = _json_or_none(body)
    text = f"{body}\n{reason}"
    found = _CODE.search(text) or _OTHER_CODE.search(text)
    message = _message(parsed) or _plain(body) or _plain(reason)
    return Refusal(found.group() if found else "", message, _fields(parsed, message, tuple(sent)))


def _json_or_none(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


def _message(parsed: Any) -> str:
    if isinstance(parsed, str):
        return _plain(parsed)
    for key, value in _members(parsed):
        if key.lower() in _MESSAGE_KEYS and isinstance(value, str) and value.strip():
            return _plain(value)
    return ""


def _plain(text: str) -> str:
    """Shorten *text* to one readable line; a web page becomes its words."""
    text = text[:_MOST_READ]
    if "<" in text:
        text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^<>]*>", " ", text)
    text = " ".join(text.split())
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    """Walk every member of nested JSON, outer ones first."""
    if isinstance(node, Mapping):
        yield from node.items()
        for value in node.values():
            yield from _members(value)
    elif isinstance(node, list):
        for value in node:
            yield from _members(value)


def _fields(parsed: Any, message: str, sent: tuple[str, ...]) -> tuple[str, ...]:
    named: list[str] = []
    for key, value in _members(parsed):
        if key.lower() in _FIELD_KEYS:
            named += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    known = {_squeezed(name): name for name in sent}
    if isinstance(parsed, Mapping) and isinstance(errors := parsed.get("errors"), Mapping):
        named += [known[_squeezed(key)] for key in errors if _squeezed(key) in known]
    if not named:
        words = {
            _squeezed(word)
            for word in re.findall(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+|[A-Z][a-z0-9]+[A-Z]\w+", message)
        }
        words |= {_squeezed(word) for word in re.findall(r"['\"`]([A-Za-z][\w ]*)['\"`]", message)}
        named = [name for squeezed, name in known.items() if squeezed in words]
    return tuple(dict.fromkeys(known.get(_squeezed(name), name) for name in named))


def _squeezed(name: str) -> str:
    """Fold `email_address`, `EmailAddress` and `email address` into one spelling."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_record(body: str) -> dict[str, Any]:
    """Read one record, its id as a string; `{}` stays `{}`. Raises `NotAnAnswer`."""
    parsed = read_json(body)
    if not isinstance(parsed, dict):
        raise NotAnAnswer(f"a JSON {_kind(parsed)} where a record was due")
    return with_text_id(parsed)


def read_rows(body: str) -> list[dict[str, Any]]:
    """Read a list of records, each with its id as a string. Raises `NotAnAnswer`."""
    parsed = read_json(body)
    if not isinstance(parsed, list):
        raise NotAnAnswer(f"a JSON {_kind(parsed)} where a list was due")
    for row in parsed:
        if not isinstance(row, dict):
            raise NotAnAnswer(f"a list with a JSON {_kind(row)} where a record was due")
    return [with_text_id(row) for row in parsed]


def read_json(body: str) -> Any:
    """Read JSON. Raises `NotAnAnswer` for a web page, cut JSON or nothing at all."""
    try:
        return parse_json(body)
    except ValueError:
        start = body.lstrip()[:1]
        what = "nothing" if not start else "a web page" if start == "<" else "JSON that cannot be read"
        raise NotAnAnswer(what) from None


def with_text_id(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with `id` as a string: the service sends numbers for some kinds, strings for others."""
    value = record.get("id")
    if value is None:
        return record
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise NotAnAnswer("a record whose id is neither a number nor a text")
    return {**record, "id": str(value)}


def _kind(value: Any) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "truth value", int: "number", float: "number"}
    return names.get(type(value), "null")


def read_lookup(body: str) -> str | None:
    """Read the answer of an external-id lookup: a quoted, doubly quoted or bare text, or a number.

    None for nothing and for a link to a deleted record, told by its prefix once the quotes are off.
    """
    text = body.strip()
    while text:
        try:
            parsed = parse_json(text)
        except ValueError:
            break
        if parsed is None:
            return None
        if isinstance(parsed, bool | dict | list):
            raise NotAnAnswer(f"a JSON {_kind(parsed)} where an id was due")
        if not isinstance(parsed, str):
            break  # a number: its own spelling is the id
        text = parsed.strip()
        if not text.startswith('"'):
            break
    if text.startswith("<") or len(text) > _MAX_LOOKUP or any(ord(char) < 32 for char in text):
        raise NotAnAnswer("a web page" if text.startswith("<") else "a text that is no id")
    if text.startswith('\\"') and text.endswith('\\"') and len(text) > 3:
        text = text[2:-2]
    return live_external_id(text)


def live_external_id(value: object) -> str | None:
    """Return the id, or None for nothing and for a link to a deleted record, told by its prefix."""
    text = "" if value is None else str(value).strip()
    return None if text.upper().startswith(_DELETED) else text or None


def read_total_pages(header: str | None, paging: Paging) -> int | None:
    """Return the number of pages a paging header tells; None without one, or when it doesn't tell."""
    parsed = _json_or_none(header) if header else None
    if not isinstance(parsed, Mapping):
        return None
    members = {str(key).lower(): value for key, value in parsed.items()}
    total = members.get(paging.total.lower())
    try:
        return int(total) if total is not None else None
    except (TypeError, ValueError, OverflowError):
        return None
