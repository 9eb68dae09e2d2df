"""Turn conditions into fast predicates, and find the rows that can match without looking at all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.schema import TEXT_TYPES, FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.soql.fields import Lookup, Resolver
from airflow_provider_ipaas.sandbox.salesforce.soql.parser import Comparison, Logical, Node, Not, parse_where
from airflow_provider_ipaas.sandbox.salesforce.soql.tokens import Token, unescape
from airflow_provider_ipaas.sandbox.salesforce.stamps import parse_stamp, stamp
from airflow_provider_ipaas.sandbox.salesforce.table import Row, Table

Condition = Callable[[Row], bool]
Bounds = tuple[str | None, str | None]

_LITERAL_OF = {
    "datetime": "datetime",
    "date": "date",
    "boolean": "name",
    "int": "number",
    "double": "number",
    "currency": "number",
}
_TYPE_NAMES = {"datetime": "dateTime", "currency": "double"}


def compile_condition(text: str, definition: ObjectDef) -> Condition:
    """Compile the text of a condition on one object's own fields."""
    resolver = Resolver(text, definition, {definition.name.lower(): definition})
    return Compiler(resolver, lambda _id: None).compile(parse_where(text))


class Compiler:
    """Compile the WHERE clause of one statement."""

    def __init__(self, resolver: Resolver, lookup: Lookup) -> None:
        self._resolver = resolver
        self._lookup = lookup

    def compile(self, node: Node) -> Condition:
        """Return a predicate over rows."""
        if isinstance(node, Not):
            inner = self.compile(node.node)
            return lambda row: not inner(row)
        if isinstance(node, Logical):
            parts = [self.compile(child) for child in node.nodes]
            if node.operator == "AND":
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        return self._comparison(node)

    def _comparison(self, node: Comparison) -> Condition:
        resolved = self._resolver.resolve(node.path)
        field = resolved.field
        if not field.filterable:
            raise self._resolver.error(node.path, f"field '{field.name}' can not be filtered in a query call")
        read = _folded(resolved.reader(self._lookup), field)
        if node.operator == "LIKE":
            return self._like(node, field, read)
        values = [self.value(node, field, token) for token in node.values]
        if node.operator in {"IN", "NOT IN"}:
            members = frozenset(values)
            return (lambda row: read(row) in members) if node.operator == "IN" else lambda row: read(row) not in members
        return _compare(node.operator, read, values[0])

    def _like(self, node: Comparison, field: FieldDef, read: Callable[[Row], Any]) -> Condition:
        token = node.values[0]
        if field.type not in TEXT_TYPES or token.kind != "string":
            raise self._resolver.error(
                node.path, f"invalid operator on field '{field.name}'", "INVALID_QUERY_FILTER_OPERATOR"
            )
        pattern = re.compile(_like_pattern(unescape(token.text, like=True).lower()), re.DOTALL)

        def matches(row: Row) -> bool:
            value = read(row)
            return value is not None and pattern.fullmatch(value) is not None

        return matches

    def value(self, node: Comparison, field: FieldDef, token: Token) -> Any:
        """Return the comparable value of a literal; an error when the field wants another kind."""
        if token.is_word("NULL"):
            return False if field.type == "boolean" else None
        if field.type in {"id", "reference"} and token.kind == "string":
            text = unescape(token.text)
            record_id = to_18(text)
            if record_id is None:
                raise self._resolver.error(node.path, f"invalid ID field: {text}", "INVALID_QUERY_FILTER_OPERATOR")
            return record_id
        wanted = _LITERAL_OF.get(field.type, "string")
        if token.kind != wanted:
            raise self._wrong_kind(node, field, wanted)
        if wanted == "string":
            return unescape(token.text).lower() or None
        return _unquoted(token)

    def _wrong_kind(self, node: Comparison, field: FieldDef, wanted: str) -> SalesforceError:
        quotes = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
        kind = _TYPE_NAMES.get(field.type, "string" if wanted == "string" else field.type)
        return self._resolver.error(
            node.path, f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes}"
        )


def _unquoted(token: Token) -> Any:
    if token.kind == "datetime":
        moment = parse_stamp(token.text)
        if moment is None or not 1700 <= moment.year <= 4000:
            raise SalesforceError("MALFORMED_QUERY", f"Invalid datetime: {token.text}")
        return stamp(moment)
    if token.kind == "name":
        return token.text.upper() == "TRUE"
    return float(token.text) if token.kind == "number" else token.text


def _folded(read: Callable[[Row], Any], field: FieldDef) -> Callable[[Row], Any]:
    """Wrap a reader so that what it returns compares the way SOQL compares that type."""
    if field.type in TEXT_TYPES:

        def lower(row: Row) -> Any:
            value = read(row)
            return value.lower() if value is not None else None

        return lower
    if field.type == "boolean":
        return lambda row: bool(read(row))
    return read


def _compare(operator: str, read: Callable[[Row], Any], value: Any) -> Condition:
    if operator == "=":
        return lambda row: bool(read(row) == value)
    if operator == "!=":
        return lambda row: bool(read(row) != value)

    def ordered(row: Row) -> bool:
        found = read(row)
        if found is None or value is None:
            return False
        if operator == "<":
            return bool(found < value)
        if operator == "<=":
            return bool(found <= value)
        return bool(found > value) if operator == ">" else bool(found >= value)

    return ordered


def _like_pattern(text: str) -> str:
    parts: list[str] = []
    escaped = False
    for char in text:
        if not escaped and char == "\\":
            escaped = True
            continue
        wild = {"%": ".*", "_": "."}.get(char)
        parts.append(wild if wild and not escaped else re.escape(char))
        escaped = False
    return "".join(parts)


# Access paths


def stamp_bounds(node: Node | None) -> Bounds:
    """Return stamps between which SystemModstamp must lie for the condition to hold."""
    if isinstance(node, Logical):
        bounds = [stamp_bounds(child) for child in node.nodes]
        if node.operator == "AND":
            return (
                max((low for low, _ in bounds if low), default=None),
                min((high for _, high in bounds if high), default=None),
            )
        lows = [low for low, _ in bounds]
        highs = [high for _, high in bounds]
        return (None if None in lows else min(filter(None, lows)), None if None in highs else max(filter(None, highs)))
    if not isinstance(node, Comparison) or node.path.text.lower() != "systemmodstamp":
        return None, None
    moment = parse_stamp(node.values[0].text) if node.values[0].kind == "datetime" else None
    if moment is None:
        return None, None
    at = stamp(moment)
    low = at if node.operator in {"=", ">", ">="} else None
    high = at if node.operator in {"=", "<", "<="} else None
    return low, high


def candidates(node: Node | None, definition: ObjectDef, table: Table) -> set[str] | None:
    """Return the ids among which all matches are, from the indexes; None when no index helps."""
    if isinstance(node, Logical):
        found = [candidates(child, definition, table) for child in node.nodes]
        if node.operator == "AND":
            return min((ids for ids in found if ids is not None), key=len, default=None)
        return None if None in found else set().union(*(ids for ids in found if ids is not None))
    if not isinstance(node, Comparison) or node.operator not in {"=", "IN"}:
        return None
    field = definition.by_lower.get(node.path.text.lower())
    if field is None or any(token.kind != "string" for token in node.values):
        return None
    return _by_index(field, [unescape(token.text) for token in node.values], table)


def _by_index(field: FieldDef, values: Iterable[str], table: Table) -> set[str] | None:
    if field.type == "id":
        ids = (to_18(value) for value in values)
        return {record_id for record_id in ids if record_id in table.rows}
    if not table.has_index(field.name) or not all(values):
        return None
    if field.type == "reference":
        values = [to_18(value) or value for value in values]
    found: set[str] = set()
    for value in values:
        found |= table.find(field.name, value)
    return found


@dataclass(frozen=True, slots=True)
class SortKey:
    """One ORDER BY entry, resolved."""

    read: Callable[[Row], Any]
    field: FieldDef
    descending: bool
    nulls_last: bool


def sort_rows(rows: list[Row], keys: Sequence[SortKey]) -> None:
    """Sort in place by several keys, most significant first."""
    for key in reversed(keys):
        folded = _folded(key.read, key.field)
        nulls = [row for row in rows if folded(row) is None]
        rest = sorted((row for row in rows if folded(row) is not None), key=folded, reverse=key.descending)
        rows[:] = [*rest, *nulls] if key.nulls_last else [*nulls, *rest]
