"""Parse SOQL tokens into a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.soql.tokens import Token, malformed, pointer, tokenize

MAX_STATEMENT = 100_000
MAX_OFFSET = 2_000
_OPERATORS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_RESERVED = frozenset(
    {
        "AND",
        "ASC",
        "DESC",
        "FROM",
        "HAVING",
        "IN",
        "LIKE",
        "LIMIT",
        "NOT",
        "NULL",
        "OR",
        "SELECT",
        "TRUE",
        "FALSE",
        "WHERE",
        "WITH",
        "GROUP",
        "ORDER",
        "OFFSET",
        "USING",
    }
)
FieldSet = Literal["ALL", "STANDARD", "CUSTOM"]


@dataclass(frozen=True, slots=True)
class Path:
    """A field as written, with the relationships that lead to it, and where it stands."""

    text: str
    at: int

    @property
    def parts(self) -> list[str]:
        """Return the names between the dots."""
        return self.text.split(".")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator values`; one value but for IN and NOT IN."""

    path: Path
    operator: str
    values: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Logical:
    """AND or OR over two or more nodes."""

    operator: Literal["AND", "OR"]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a node."""

    node: Node


Node = Comparison | Logical | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One ORDER BY entry."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed query."""

    text: str
    sobject: Token
    paths: tuple[Path, ...]
    field_set: FieldSet | None
    count: Literal["rows", "field"] | None
    count_alias: str
    where: Node | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def parse_query(text: str) -> Statement:
    """Parse a whole SELECT statement."""
    if len(text) > MAX_STATEMENT:
        raise malformed("SOQL statement too long")
    return _Parser(text).statement()


def parse_where(text: str) -> Node:
    """Parse what may follow WHERE."""
    parser = _Parser(text)
    node = parser.logical()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0

    # Tokens

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.current
        if token.kind != "end":
            self.index += 1
        return token

    def accept_word(self, *words: str) -> Token | None:
        return self.take() if self.current.is_word(*words) else None

    def accept_symbol(self, symbol: str) -> bool:
        if self.current.kind == "symbol" and self.current.text == symbol:
            self.take()
            return True
        return False

    def expect_word(self, word: str) -> None:
        if not self.accept_word(word):
            raise self.unexpected()

    def expect_symbol(self, symbol: str) -> None:
        if not self.accept_symbol(symbol):
            raise self.unexpected()

    def expect_end(self) -> None:
        if self.current.kind != "end":
            raise self.unexpected()

    def unexpected(self) -> SalesforceError:
        token = self.current
        return malformed(f"\n{pointer(self.text, token.at)}\nunexpected token: '{token.text}'")

    def path(self) -> Path:
        token = self.current
        if token.kind != "name" or token.text.upper() in _RESERVED:
            raise self.unexpected()
        self.take()
        return Path(token.text, token.at)

    def integer(self) -> int:
        token = self.current
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected()
        self.take()
        return int(token.text)

    # Clauses

    def statement(self) -> Statement:
        self.expect_word("SELECT")
        paths, field_set, count, alias = self.selection()
        self.expect_word("FROM")
        sobject = self.current
        self.path()
        where = self.logical() if self.accept_word("WHERE") else None
        order = self.ordering()
        limit = self.integer() if self.accept_word("LIMIT") else None
        offset = self.integer() if self.accept_word("OFFSET") else 0
        self.expect_end()
        if count and order:
            raise malformed("\nCOUNT() must not be used with ORDER BY")
        if offset > MAX_OFFSET:
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        if field_set in {"ALL", "CUSTOM"} and (limit is None or limit > 200):
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
        return Statement(self.text, sobject, tuple(paths), field_set, count, alias, where, order, limit, offset)

    def selection(self) -> tuple[list[Path], FieldSet | None, Literal["rows", "field"] | None, str]:
        following = self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        is_call = following.kind == "symbol" and following.text == "("
        if is_call and self.accept_word("COUNT"):
            return self.counting()
        if is_call and self.accept_word("FIELDS"):
            self.expect_symbol("(")
            chosen = self.accept_word("ALL", "STANDARD", "CUSTOM")
            if not chosen:
                raise self.unexpected()
            self.expect_symbol(")")
            return [], chosen.text.upper(), None, ""  # type: ignore[return-value]
        paths = [self.path()]
        while self.accept_symbol(","):
            paths.append(self.path())
        seen: set[str] = set()
        for path in paths:
            if path.text.lower() in seen:
                raise malformed(f"duplicate field selected: {path.text}")
            seen.add(path.text.lower())
        return paths, None, None, ""

    def counting(self) -> tuple[list[Path], None, Literal["rows", "field"], str]:
        self.expect_symbol("(")
        if self.accept_symbol(")"):
            return [], None, "rows", ""
        path = self.path()
        self.expect_symbol(")")
        alias = "expr0"
        if not self.current.is_word("FROM"):
            alias = self.path().text
        return [path], None, "field", alias

    def ordering(self) -> tuple[Order, ...]:
        if not self.accept_word("ORDER"):
            return ()
        self.expect_word("BY")
        entries = [self.order_entry()]
        while self.accept_symbol(","):
            entries.append(self.order_entry())
        return tuple(entries)

    def order_entry(self) -> Order:
        path = self.path()
        direction = self.accept_word("ASC", "DESC")
        nulls_last = False
        if self.accept_word("NULLS"):
            chosen = self.accept_word("FIRST", "LAST")
            if not chosen:
                raise self.unexpected()
            nulls_last = chosen.text.upper() == "LAST"
        return Order(path, direction is not None and direction.text.upper() == "DESC", nulls_last)

    # Conditions

    def logical(self) -> Node:
        first = self.negation()
        if not self.current.is_word("AND", "OR"):
            return first
        operator = self.current.text.upper()
        nodes = [first]
        while self.accept_word(operator):
            nodes.append(self.negation())
        if self.current.is_word("AND", "OR"):  # SOQL wants parentheses around a mixture
            raise self.unexpected()
        return Logical("AND" if operator == "AND" else "OR", tuple(nodes))

    def negation(self) -> Node:
        if self.accept_word("NOT"):
            return Not(self.negation())
        if self.accept_symbol("("):
            node = self.logical()
            self.expect_symbol(")")
            return node
        return self.comparison()

    def comparison(self) -> Comparison:
        path = self.path()
        if self.accept_word("LIKE"):
            return Comparison(path, "LIKE", (self.literal(),))
        if self.accept_word("IN"):
            return Comparison(path, "IN", self.literals())
        if self.accept_word("NOT"):
            self.expect_word("IN")
            return Comparison(path, "NOT IN", self.literals())
        if self.current.kind != "symbol" or self.current.text not in _OPERATORS:
            raise self.unexpected()
        operator = self.take().text
        return Comparison(path, "!=" if operator == "<>" else operator, (self.literal(),))

    def literals(self) -> tuple[Token, ...]:
        self.expect_symbol("(")
        values = [self.literal()]
        while self.accept_symbol(","):
            values.append(self.literal())
        self.expect_symbol(")")
        return tuple(values)

    def literal(self) -> Token:
        token = self.current
        if token.kind in {"string", "datetime", "date", "number"} or token.is_word("TRUE", "FALSE", "NULL"):
            return self.take()
        raise self.unexpected()
