"""Which Salesforce fields a sync touches, and how: by the mapping, and by the sync itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule
from airflow_provider_ipaas.mapping.addresses import SALESFORCE_PARTS
from airflow_provider_ipaas.mapping.rules import Direction


@dataclass(frozen=True, slots=True)
class Use:
    """One field of one object, read and perhaps written; *rule* is None for what the sync itself needs."""

    sobject: str
    name: str
    rule: FieldRule | None
    file: str
    creates: bool = False
    updates: bool = False
    source: str = "needed by the sync itself"

    @property
    def subject(self) -> str:
        return f"{self.sobject}.{self.name}"

    @property
    def mapped_as(self) -> str:
        """Say where the use comes from."""
        return f"mapped as `{self.rule.key}`" if self.rule else self.source


def one_way(mapping: CollectionMapping, direction: Direction) -> CollectionMapping:
    """Return the mapping as a DAG of one direction uses it: what it never writes needs no right to write."""
    if direction == "both":
        return mapping
    rules = (replace(rule, direction=direction) for rule in mapping.fields if rule.direction in ("both", direction))
    return replace(mapping, fields=tuple(rules))


def uses(mapping: CollectionMapping) -> Iterator[Use]:
    """Yield every use, those of the mapping first; a field that is mapped twice comes twice."""
    file = f"{mapping.collection}.yaml"
    for rule in mapping.fields:
        for name in _names(rule):
            writes = rule.writes_salesforce and "." not in name
            yield Use(mapping.sobject, name, rule, file, writes, writes and not rule.on_create_only)
    for path in sorted(mapping.paths("salesforce")):
        yield Use(
            mapping.sobject, ".".join(path), None, file, source="read by an expression or a filter of the mapping"
        )
    if mapping.collection == "contact":
        # Without the first every Contact seems to have no Account and is skipped; by the second records are matched.
        yield Use(mapping.sobject, "AccountId", None, file)
        yield Use(mapping.sobject, "Email", None, file)


def writes_salesforce(mapping: CollectionMapping) -> bool:
    """Say whether the mapping writes the Salesforce object at all."""
    return any(rule.writes_salesforce and rule.salesforce for rule in mapping.fields)


def written(mappings: Sequence[CollectionMapping]) -> Iterator[Use]:
    """Yield the uses that write."""
    for mapping in mappings:
        yield from (use for use in uses(mapping) if use.creates)


def _names(rule: FieldRule) -> tuple[str, ...]:
    if rule.salesforce is None or rule.salesforce == "Id" or (rule.kind == "constant" and not rule.writes_salesforce):
        return ()
    if rule.kind == "address":
        return tuple(f"{rule.salesforce}{part}" for part in SALESFORCE_PARTS)
    return (rule.salesforce,)
