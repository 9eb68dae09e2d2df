"""An API's description of itself (OpenAPI 3 or Swagger 2), as far as the API profile can be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. *path* is relative to the API's base path, its placeholders under the document's names."""

    method: str
    path: str
    query: tuple[str, ...] = ()
    sent: Mapping[str, int | None] = field(default_factory=dict)
    answered: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Method and path in the form that two spellings of one operation share."""
        return self.method, folded(self.path)


@dataclass(frozen=True, slots=True)
class Document:
    """The operations of one API, by key. Fields of records come with their longest length, None when it isn't told."""

    operations: Mapping[tuple[str, str], Operation]

    @classmethod
    def read(cls, raw: Mapping[str, Any], base_path: str) -> Self:
        """Read a description of the API below *base_path*; what can't be understood is left out."""
        schemas = _Schemas(raw)
        prefix = _prefix(raw)
        found: dict[tuple[str, str], Operation] = {}
        for path, item in raw.get("paths", {}).items():
            if not isinstance(item, Mapping):
                continue
            shared = item.get("parameters")
            for method, spec in item.items():
                if method.lower() in _METHODS and isinstance(spec, Mapping):
                    relative = _below(f"{prefix}/{path}", base_path)
                    operation = _operation(method.upper(), relative, spec, shared, schemas)
                    found.setdefault(operation.key, operation)
        return cls(found)

    def find(self, method: str, path: str) -> Operation | None:
        """Return an operation; letter case and the names of placeholders don't count."""
        return self.operations.get((method, folded(path)))

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path takes."""
        return sorted(method for method, known in self.operations if known == folded(path))


def folded(path: str) -> str:
    """Return a path with `{}` for each placeholder, in lower case and without outer slashes."""
    return "/".join(
        "{}" if part.startswith("{") and part.endswith("}") else part.lower() for part in path.strip("/").split("/")
    )


def _prefix(raw: Mapping[str, Any]) -> str:
    """Return what stands before every path: Swagger 2 calls it basePath, OpenAPI 3 has it in its first server."""
    if isinstance(base := raw.get("basePath"), str):
        return base
    servers = raw.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, Mapping) else None
    try:
        return urlsplit(url).path if isinstance(url, str) else ""
    except ValueError:
        return ""


def _below(path: str, base_path: str) -> str:
    """Return *path* without slashes around it and without the base path that some documents include."""
    parts = [part for part in path.split("/") if part]
    base = [part for part in base_path.split("/") if part]
    if base and [part.lower() for part in parts[: len(base)]] == [part.lower() for part in base]:
        parts = parts[len(base) :]
    return "/".join(parts)


def _operation(method: str, path: str, spec: Mapping[str, Any], shared: Any, schemas: _Schemas) -> Operation:
    parameters = [*_mappings(shared), *_mappings(spec.get("parameters"))]
    parameters = [schemas.resolved(entry) for entry in parameters]
    query = tuple(str(entry["name"]) for entry in parameters if entry.get("in") == "query" and entry.get("name"))
    body = next((entry for entry in parameters if entry.get("in") == "body"), None) or spec.get("requestBody")
    sent = schemas.fields(_schema(schemas.resolved(body))) if isinstance(body, Mapping) else {}
    return Operation(method, path, query, sent, schemas.fields(_answer(spec, schemas)))


def _answer(spec: Mapping[str, Any], schemas: _Schemas) -> Any:
    """Return the schema of the first success answer that has one."""
    responses = spec.get("responses")
    if not isinstance(responses, Mapping):
        return None
    for status in sorted(str(key) for key in responses if str(key).startswith("2")):
        answer = next((value for key, value in responses.items() if str(key) == status), None)
        if isinstance(answer, Mapping) and (schema := _schema(schemas.resolved(answer))) is not None:
            return schema
    return None


def _schema(holder: Mapping[str, Any]) -> Any:
    """Return the schema of a body: directly (Swagger 2), or of its JSON content, else of any content."""
    if "schema" in holder:
        return holder["schema"]
    content = holder.get("content")
    if not isinstance(content, Mapping):
        return None
    kinds = sorted(content, key=lambda kind: "json" not in str(kind))
    return next((entry["schema"] for kind in kinds if "schema" in (entry := _mapping(content[kind]))), None)


class _Schemas:
    """The named parts of a document."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def resolved(self, node: Any) -> Mapping[str, Any]:
        """Follow a reference within the document; anything that leads nowhere is empty."""
        for _ in range(_DEPTH):
            if not isinstance(node, Mapping):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            target: Any = self._raw if reference.startswith("#/") else None
            for part in reference[2:].split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                target = target.get(name) if isinstance(target, Mapping) else None
            node = target
        return {}

    def fields(self, schema: Any) -> dict[str, int | None]:
        """Return the fields of a record, of a list's rows where it is one, with their longest length."""
        return dict(self._fields(schema, _DEPTH))

    def _fields(self, schema: Any, depth: int) -> Iterator[tuple[str, int | None]]:
        node = self.resolved(schema)
        if depth == 0 or not node:
            return
        if node.get("type") == "array" or "items" in node:
            yield from self._fields(node.get("items"), depth - 1)
        for part in _mappings(node.get("allOf")):
            yield from self._fields(part, depth - 1)
        for name, entry in _mapping(node.get("properties")).items():
            longest = self.resolved(entry).get("maxLength")
            yield str(name), longest if isinstance(longest, int) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
