"""What describe says of an object and its fields, as far as a mapping can stumble over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from airflow_provider_ipaas.errors import MalformedAnswer


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the API user sees it. *length* 0: not a text; *values* only for picklists."""

    name: str
    type: str
    length: int
    createable: bool
    updateable: bool
    external_id: bool
    unique: bool
    restricted: bool
    calculated: bool
    values: tuple[str, ...]
    relationship: str
    parents: tuple[str, ...]

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Read one item of describe's list."""
        length = item.get("length")
        listed = item.get("picklistValues")
        rows = listed if isinstance(listed, list) else []
        active = (row for row in rows if isinstance(row, dict) and row.get("active") is not False)
        parents = item.get("referenceTo")
        return cls(
            name=str(item.get("name") or ""),
            type=str(item.get("type") or ""),
            length=length if isinstance(length, int) else 0,
            createable=item.get("createable") is True,
            updateable=item.get("updateable") is True,
            external_id=item.get("externalId") is True,
            unique=item.get("unique") is True,
            restricted=item.get("restrictedPicklist") is True,
            calculated=item.get("calculated") is True,
            values=tuple(str(row.get("value")) for row in active),
            relationship=str(item.get("relationshipName") or ""),
            parents=tuple(str(name) for name in parents) if isinstance(parents, list) else (),
        )


@dataclass(frozen=True, slots=True)
class Description:
    """One object and its fields, by lower-case name: Salesforce takes names in any letter case."""

    name: str
    queryable: bool
    createable: bool
    updateable: bool
    fields: Mapping[str, Field]

    @classmethod
    def read(cls, sobject: str, body: Mapping[str, Any]) -> Self:
        """Read describe's answer. Raises MalformedAnswer for anything else."""
        items = body.get("fields")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise MalformedAnswer(f"Salesforce described {sobject} without its fields.", service="salesforce")
        fields = (Field.read(item) for item in items)
        return cls(
            name=str(body.get("name") or sobject),
            queryable=body.get("queryable") is True,
            createable=body.get("createable") is True,
            updateable=body.get("updateable") is True,
            fields={field.name.lower(): field for field in fields},
        )

    def field(self, name: str) -> Field | None:
        """Return a field; None when it does not exist or is hidden from the API user."""
        return self.fields.get(name.lower())

    def to_parent(self, relationship: str) -> Field | None:
        """Return the field behind a relationship such as `Account`."""
        return next((it for it in self.fields.values() if it.relationship.lower() == relationship.lower()), None)
