"""Find the fields a statement names, through relationships, in the schema the user sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.soql.parser import Path
from airflow_provider_ipaas.sandbox.salesforce.soql.tokens import pointer
from airflow_provider_ipaas.sandbox.salesforce.table import Row

Lookup = Callable[[str], Row | None]
_MAX_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field, and the reference fields (with the objects they lead to) on the way to it."""

    steps: tuple[tuple[FieldDef, ObjectDef], ...]
    field: FieldDef

    def reader(self, lookup: Lookup) -> Callable[[Row], Any]:
        """Return a function that reads the field of a row; None where a parent is missing."""
        name = self.field.name
        if not self.steps:
            return lambda row: row.get(name)
        references = [step.name for step, _ in self.steps]

        def read(row: Row) -> Any:
            current: Row | None = row
            for reference in references:
                target = current.get(reference) if current is not None else None
                current = lookup(target) if target else None
            return current.get(name) if current is not None else None

        return read


class Resolver:
    """Resolve paths that start at one object."""

    def __init__(self, text: str, start: ObjectDef, schema: Mapping[str, ObjectDef]) -> None:
        self.text = text
        self.start = start
        self._schema = schema

    def resolve(self, path: Path) -> Resolved:
        """Return the field a path names; INVALID_FIELD when there is none."""
        *relationships, name = path.parts
        own = self.start.name.lower()
        if relationships and relationships[0].lower() == own and own not in self.start.by_relationship:
            relationships = relationships[1:]
        current = self.start
        steps: list[tuple[FieldDef, ObjectDef]] = []
        for relationship in relationships:
            reference = current.by_relationship.get(relationship.lower())
            if reference is None or len(steps) == _MAX_LEVELS:
                raise self.error(
                    path,
                    f"Didn't understand relationship '{relationship}' in field path. If you are attempting to use a "
                    "custom relationship, be sure to append the '__r' after the custom relationship name. Please "
                    "reference your WSDL or the describe call for the appropriate names.",
                )
            current = self._schema[reference.reference_to[0].lower()]
            steps.append((reference, current))
        found = current.by_lower.get(name.lower())
        if found is None:
            raise self.error(
                path,
                f"No such column '{name}' on entity '{current.name}'. If you are attempting to use a custom field, be "
                "sure to append the '__c' after the custom field name. Please reference your WSDL or the describe "
                "call for the appropriate names.",
            )
        return Resolved(tuple(steps), found)

    def error(self, path: Path, message: str, code: str = "INVALID_FIELD") -> SalesforceError:
        """Return an error that points at a path."""
        return SalesforceError(code, f"\n{pointer(self.text, path.at)}\n{message}")
