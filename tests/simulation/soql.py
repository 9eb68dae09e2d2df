"""As much SOQL as the sync core speaks: fields, one object, AND, OR, comparisons, IN, LIKE and its two orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Row = dict[str, Any]
Test = Callable[[Row], bool]

_QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<sobject>\w+)(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>.+))?$"
)
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|>=|<=|!=|[=<>(),]|[\w.:-]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
# Text in SOQL has no case; ids, which are no text, do.
_IDS = frozenset({"Id", "CreatedById"})


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; *where* None: every row."""

    fields: tuple[str, ...]
    sobject: str
    where: Test | None
    order: tuple[str, ...]


def parse(soql: str) -> Query:
    """Read a query; ValueError for anything that is none of ours."""
    match = _QUERY.match(soql)
    if match is None:
        raise ValueError(f"no query that the model knows: {soql}")
    fields, order = _names(match["fields"]), _names(match["order"] or "")
    return Query(fields, match["sobject"], _where(match["where"]) if match["where"] else None, order)


@lru_cache(maxsize=64)
def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", ")) if text else ()


def _where(text: str) -> Test:
    tokens = _Tokens(_TOKEN.findall(text))
    test = _any(tokens)
    if tokens.left():
        raise ValueError(f"no condition that the model knows: {text}")
    return test


class _Tokens:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._at] if self.left() else ""

    def take(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def expect(self, token: str) -> None:
        found = self.take()
        if found != token:
            raise ValueError(f"{token} expected, not {found!r}")


def _any(tokens: _Tokens) -> Test:
    tests = [_all(tokens)]
    while tokens.peek() == "OR":
        tokens.take()
        tests.append(_all(tokens))
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def _all(tokens: _Tokens) -> Test:
    tests = [_one(tokens)]
    while tokens.peek() == "AND":
        tokens.take()
        tests.append(_one(tokens))
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _one(tokens: _Tokens) -> Test:
    if tokens.peek() == "(":
        tokens.take()
        test = _any(tokens)
        tokens.expect(")")
        return test
    name, operator = tokens.take(), tokens.take()
    fold = _same if name in _IDS else _folded
    if operator == "IN":
        tokens.expect("(")
        wanted = {fold(_text(token)) for token in _list(tokens)}
        return lambda row: fold(row.get(name)) in wanted
    token = tokens.take()
    if operator == "LIKE":
        pattern = _like(_text(token))
        return lambda row: row.get(name) is not None and pattern.fullmatch(row[name]) is not None
    if _MOMENT.fullmatch(token):
        return _compared(name, operator, token[:19])
    if token == "null" and operator == "!=":
        return lambda row: row.get(name) is not None
    if operator != "=":
        raise ValueError(f"no comparison that the model knows: {name} {operator} {token}")
    if token in ("true", "false"):
        return lambda row: row.get(name) is (token == "true")
    value = fold(_text(token))
    return lambda row: fold(row.get(name)) == value


def _list(tokens: _Tokens) -> Iterator[str]:
    while True:
        yield tokens.take()
        if tokens.take() != ",":
            return


def _compared(name: str, operator: str, moment: str) -> Test:
    if operator == ">=":
        return lambda row: row[name][:19] >= moment
    if operator == "<":
        return lambda row: row[name][:19] < moment
    raise ValueError(f"no comparison of moments that the model knows: {operator}")


def _text(token: str) -> str:
    if not token.startswith("'"):
        raise ValueError(f"no text: {token}")
    return _ESCAPED.sub(lambda match: _CONTROL.get(match[1], match[1]), token[1:-1])


def _like(text: str) -> re.Pattern[str]:
    parts = (".*" if part == "%" else "." if part == "_" else re.escape(part) for part in re.split("([%_])", text))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _same(value: Any) -> Any:
    return value


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
