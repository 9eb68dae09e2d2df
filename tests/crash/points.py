"""The places where a killed worker may leave work half done: every write of the sync core, found in its code.

A *crash point* is a call in `sync/` or `operators/` of a method of a port that changes something durable: a write to
the ledger, the end of a transaction of the ledger, or a write to one of the services. What does not change anything is
listed below; a new method of a port counts as a write until it is listed there.
"""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import airflow_provider_ipaas
from airflow_provider_ipaas.sync.ledger_port import LedgerPort
from airflow_provider_ipaas.sync.ports import IPaaSPort, SalesforcePort

PACKAGE = Path(airflow_provider_ipaas.__file__).parent
ROOMS = ("sync", "operators")

READS = {
    "ledger": {
        "run", "pinned", "watermark", "fact", "links", "count_links", "seen", "seen_by", "any_external_id", "items",
        "items_by_id", "items_by_key", "count_items", "tally", "matches", "walk_links", "unresolved", "due", "oldest_unresolved", "claims",
        "open_claims",
    },
    "salesforce": {
        "org_id", "user_id", "calls", "usage", "server_now", "describe", "latest_date_covered", "query", "retrieve",
        "parallel",
    },
    "ipaas": {
        "system_id", "calls", "lanes", "server_now", "list", "get", "find", "external_id_of", "record_with_external_id",
        "relationships", "parallel",
    },
}  # fmt: skip
PORTS = {"ledger": LedgerPort, "salesforce": SalesforcePort, "ipaas": IPaaSPort}

Holder = Literal["ledger", "salesforce", "ipaas"]


def methods(port: type) -> set[str]:
    """Return the public methods and properties that a protocol asks for."""
    return {name for name, _ in inspect.getmembers(port) if not name.startswith("_")}


WRITES: dict[str, frozenset[str]] = {holder: frozenset(methods(port) - READS[holder]) for holder, port in PORTS.items()}


@dataclass(frozen=True, slots=True)
class Point:
    """One call site; *name* stays the same when lines move."""

    name: str
    file: str
    first_line: int
    last_line: int
    holder: str
    method: str

    def covers(self, file: str, line: int, method: str) -> bool:
        return (file, method) == (self.file, self.method) and self.first_line <= line <= self.last_line


@cache
def all_points() -> tuple[Point, ...]:
    """Return the crash points of the installed package, in the order of the code."""
    files = sorted(path for room in ROOMS for path in (PACKAGE / room).glob("*.py"))
    return tuple(point for path in files for point in points_of(path.read_text("utf-8"), path))


def points_of(source: str, path: Path) -> Iterator[Point]:
    """Find the crash points of one module."""
    counts: Counter[str] = Counter()
    for place, node in _attributes(ast.parse(source), path.stem):
        holder = _holder(node)
        if holder is None:
            continue
        base = f"{place}: {holder}.{node.attr}"
        counts[base] += 1
        number = counts[base]
        last = node.call.end_lineno if isinstance(node.call, ast.Call) else node.end_lineno
        yield Point(
            base if number == 1 else f"{base} #{number}",
            str(path),
            node.lineno,
            last or node.lineno,
            holder,
            node.attr,
        )


class _Access(ast.Attribute):
    call: ast.AST | None = None


def _attributes(tree: ast.AST, place: str) -> Iterator[tuple[str, _Access]]:
    """Walk the attribute accesses of a module in the order of its lines, each with the function that holds it."""
    for child in ast.iter_child_nodes(tree):
        inner = place
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{place}.{child.name}"
        yield from _attributes(child, inner)
        if isinstance(child, ast.Attribute):
            child.call = tree if isinstance(tree, ast.Call) and tree.func is child else None  # type: ignore[attr-defined]
            yield place, child  # type: ignore[misc]


def _holder(node: ast.Attribute) -> str | None:
    """Name the port whose writing method is accessed; None for anything else."""
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name if node.attr in WRITES.get(name, ()) else None
