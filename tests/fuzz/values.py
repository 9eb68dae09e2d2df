"""Values that nobody expects: JSON of any shape, and right documents with something wrong in them."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

# Any character, lone surrogates included, and what has a meaning somewhere.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "\ud800",
            "\r\nX-Injected: 1",
            "'",
            "\\",
            "' OR Name != '",
            "{0}",
            "{name.__class__}",
            "%s%n",
            "{{ conn.x.password }}",
            "${HOME}",
            "../../etc/passwd",
            "http://[broken",
            "https://evil.example",
            "NaN",
            "1e999",
            "--5",
            "9" * 5000,
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "x" * 20_000,
            "é" * 300,
            "\u202e\u2028",
            "٣",
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, float("inf"), float("-inf"), float("nan")]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)


def deep(levels: int) -> Any:
    """Return lists and objects within each other, as deep as JSON may be parsed."""
    value: Any = "bottom"
    for level in range(levels):
        value = {"attributes": {}, "message": value} if level % 2 else [value]
    return value


JSON = st.recursive(
    LEAVES | st.integers(100, 400).map(deep),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def mutated(*documents: Any, junk: st.SearchStrategy[Any] = JSON) -> st.SearchStrategy[Any]:
    """Return right documents in which up to three parts, at any depth, were replaced, dropped, doubled or added."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> Any:
        holder = [copy.deepcopy(draw(st.sampled_from(documents)))]
        for _ in range(draw(st.integers(0, 3))):
            _spoil(draw, holder, junk)
        return holder[0] if holder else None

    return draw_one()


def _spoil(draw: st.DrawFn, holder: list[Any], junk: st.SearchStrategy[Any]) -> None:
    places = list(_places(holder))
    if not places:
        holder.append(draw(junk))
        return
    parent, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(["replace", "replace", "drop", "double", "add"]))
    if how == "drop":
        del parent[key]
    elif how == "double" and isinstance(parent, list):
        parent.append(parent[key])
    elif how == "add" and isinstance(parent, dict):
        parent[draw(TEXTS)] = draw(junk)
    else:
        parent[key] = draw(junk)


def _places(node: Any, levels: int = 6) -> Any:
    """Walk everything that could be replaced, as (container, key), a few levels down."""
    if levels and isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from _places(node[key], levels - 1)


def dumped(value: Any) -> bytes:
    """Write JSON as a careless service would: with NaN, and with lone surrogates escaped."""
    return json.dumps(value).encode()


# Bodies that are no JSON, or only nearly.
BROKEN = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"null",
            b"7",
            b'"text"',
            b"<html><head><title>Login</title></head></html>",
            b"<?xml version='1.0'?><a/>",
            b'{"cut": [1, 2',
            b"[" * 50_000,
            b'{"a":' * 50_000,
            b'["' + b"9" * 100_000 + b'"]',
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\x00}\x00",
            b"9" * 5000,
            b"1e99999",
            b"DELETED:",
            b'"\\"00130000000abcdAAA\\""',
            b"<script>" * 3000,
            b"<" * 100_000,
            b'{"message": "' + b"x" * 131_072 + b'"}',
        ]
    ),
)


def bodies(*documents: Any) -> st.SearchStrategy[bytes]:
    """Return bodies of answers: mutations of right ones, any JSON, and what is none."""
    return st.one_of(mutated(*documents).map(dumped), mutated(*documents).map(dumped), JSON.map(dumped), BROKEN)
