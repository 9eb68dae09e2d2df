"""Cut a SOQL statement into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError

Kind = Literal["string", "datetime", "date", "number", "name", "symbol", "end"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2}))
    | (?P<date>\d{4}-\d{2}-\d{2})
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<symbol><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
MAX_LITERAL = 4_000


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the statement and where it begins (0-based)."""

    kind: Kind
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Say whether this is one of the upper-case `words`."""
        return self.kind == "name" and self.text.upper() in words


def malformed(message: str) -> SalesforceError:
    """Return the error of a statement that doesn't parse."""
    return SalesforceError("MALFORMED_QUERY", message)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a statement, closed by one of kind `end`."""
    tokens: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise malformed(f"\n{pointer(text, at)}\nunexpected token: '{text[at]}'")
        kind = found.lastgroup
        value = found[kind or 0]
        tokens.append(Token(kind, value, found.start(kind or 0)))  # type: ignore[arg-type]
        position = found.end()
    tokens.append(Token("end", "<EOF>", end))
    return tokens


def pointer(text: str, at: int) -> str:
    """Return the statement around `at` with a caret below it and the line that names row and column."""
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = max(0, at - 60)
    line = text[start : at + 60].replace("\n", " ")
    return f"{line}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}"


def unescape(quoted: str, *, like: bool = False) -> str:
    r"""Return the value of a quoted literal; with `like`, `\%`, `\_` and `\\` keep their backslash for the pattern."""
    body = quoted[1:-1]
    if len(body) > MAX_LITERAL:
        raise malformed(f"String literal is longer than {MAX_LITERAL} characters.")

    def replace(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if like and code in {"%", "_", "\\"}:
            return found[0]
        if code in _ESCAPES:
            return _ESCAPES[code]
        raise malformed(
            f"Illegal string literal escape sequence '\\{code}' (only \\b \\f \\n \\r \\t \\\" \\' \\\\ "
            "and \\uXXXX are legal)"
        )

    return _ESCAPE.sub(replace, body)
