"""One mapping collection: what the fields of both services show, and the translation of records both ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from airflow_provider_ipaas.mapping import reading, translating, writing
from airflow_provider_ipaas.mapping.addresses import PURPOSES, SALESFORCE_PARTS
from airflow_provider_ipaas.mapping.expressions import compile_expression
from airflow_provider_ipaas.mapping.judging import NO_FILTERS, Filters, Held, judge
from airflow_provider_ipaas.mapping.rules import (
    Body,
    Collection,
    FieldRule,
    IPaaSShape,
    Record,
    Showing,
    Side,
    Translated,
    Value,
)

# Part of the fingerprint: raise it when the same rules come to mean something else.
_MEANING = 1


@dataclass(frozen=True)
class CollectionMapping:
    """The effective rules of one collection. *changes* below hold only the fields to write, by key."""

    collection: Collection
    fields: tuple[FieldRule, ...]
    shape: IPaaSShape
    filters: Filters = NO_FILTERS

    @property
    def sobject(self) -> Literal["Account", "Contact"]:
        return "Account" if self.collection == "account" else "Contact"

    @property
    def kind(self) -> Literal["company", "customer"]:
        return "company" if self.collection == "account" else "customer"

    @cached_property
    def _rules(self) -> dict[str, FieldRule]:
        return {rule.key: rule for rule in self.fields}

    def rule(self, key: str) -> FieldRule:
        """Return the rule of a field; KeyError when the collection has none."""
        return self._rules[key]

    @cached_property
    def fingerprint(self) -> str:
        """Hash everything that has an effect: equal fingerprints translate every record alike."""
        rules = [{**asdict(rule), "file": "", "line": 0} for rule in sorted(self.fields, key=lambda rule: rule.key)]
        effective = {"meaning": _MEANING, "collection": self.collection, "rules": rules, "shape": asdict(self.shape)}
        effective["filters"] = asdict(self.filters)
        return hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest()

    @cached_property
    def salesforce_fields(self) -> tuple[str, ...]:
        """The field paths to select for reading, sorted; never the Id."""
        names = {name for rule in self.fields for name in self.names_of(rule)}
        names |= {".".join(path) for path in self.paths("salesforce")}
        return tuple(sorted(names - {"Id"}))

    @staticmethod
    def names_of(rule: FieldRule) -> tuple[str, ...]:
        """The Salesforce fields that one mapped field stands for."""
        if rule.salesforce is None or (rule.kind == "constant" and not rule.writes_salesforce):
            return ()
        if rule.kind == "address":
            return tuple(rule.salesforce + part for part in SALESFORCE_PARTS)
        return (rule.salesforce,)

    @cached_property
    def salesforce_writable_fields(self) -> tuple[str, ...]:
        """The fields that can be read again by id before a write: no paths to a parent."""
        return tuple(name for name in self.salesforce_fields if "." not in name)

    @cached_property
    def ipaas_parts(self) -> frozenset[str]:
        """The nested arrays that a whole row of iPaaS.com must have for this mapping."""
        parts = {"addresses" for rule in self.fields if rule.kind in ("address", "phone_on_address")}
        roots = {path[0] for path in self.paths("ipaas")}
        parts |= {"addresses" for root in roots if root in PURPOSES} | {
            "custom_fields" for root in roots if root == "custom"
        }
        return frozenset(parts | {"custom_fields" for rule in self.fields if rule.ipaas_custom})

    def computed_rules(self, side: Side) -> tuple[FieldRule, ...]:
        """The fields that have an expression in the place of a field of *side*."""
        return self._computed[side]

    @cached_property
    def _computed(self) -> dict[Side, tuple[FieldRule, ...]]:
        rules = [rule for rule in self.fields if rule.expression is not None]
        return {
            "salesforce": tuple(rule for rule in rules if rule.salesforce is None),
            "ipaas": tuple(rule for rule in rules if rule.ipaas is None),
        }

    def paths(self, side: Side) -> frozenset[tuple[str, ...]]:
        """What expressions and filters read of a record of *side*."""
        sources = [rule.expression or "" for rule in self.computed_rules(side)] + self.filters.expressions(side)
        return frozenset(path for source in sources for path in compile_expression(source).paths)

    def judge(self, side: Side, record: Mapping[str, Any]) -> Held | None:
        """Tell why a record is not taken over to the other side: filters and error filters; None when it is."""
        if not self._judges[side]:
            return None
        return judge(self, side, record)

    @cached_property
    def _judges(self) -> dict[Side, bool]:
        return {
            "salesforce": bool(self.filters.expressions("salesforce") or self.computed_rules("salesforce")),
            "ipaas": bool(self.filters.expressions("ipaas") or self.computed_rules("ipaas")),
        }

    def show_salesforce(self, record: Mapping[str, Any]) -> Showing:
        """Show every mapped field of a Salesforce record; blanks are None."""
        return {rule.key: reading.salesforce_value(rule, record) for rule in self.fields}

    def show_ipaas(self, record: Mapping[str, Any]) -> Showing:
        """Show every mapped field of a record of iPaaS.com; blanks and placeholders are None."""
        custom = reading.custom_items(record)
        return {rule.key: reading.ipaas_value(rule, record, custom) for rule in self.fields}

    def same(self, key: str, a: Value, b: Value) -> bool:
        """Tell whether two showings of one side are equal; letters are case-sensitive."""
        return translating.same(self.rule(key), a, b)

    def agree(self, key: str, salesforce_value: Value, ipaas_value: Value) -> bool:
        """Tell whether both sides already say the same, read in either direction."""
        return translating.agree(self.rule(key), self.shape, salesforce_value, ipaas_value)

    def to_ipaas(self, key: str, salesforce_value: Value) -> Translated:
        return translating.to_ipaas(self.rule(key), self.shape, salesforce_value)

    def to_salesforce(self, key: str, ipaas_value: Value) -> Translated:
        return translating.to_salesforce(self.rule(key), ipaas_value)

    def salesforce_body(self, changes: Showing) -> dict[str, object]:
        """Build the fields to send to Salesforce from *changes* in iPaaS.com's form; a blank only where it clears."""
        return writing.salesforce_body(self, changes)

    def ipaas_create_body(self, changes: Showing, *, record_context: Mapping[str, Any] | None = None) -> Body:
        """Build a new record of iPaaS.com from *changes* in Salesforce's form.

        *record_context* may hold ``name``, ``first_name`` and ``last_name`` for the addresses when the changes
        hold none.
        """
        return writing.create_body(self, changes, dict(record_context or {}))

    def ipaas_update_body(self, current: Record, changes: Showing, *, source: Showing | None = None) -> Body:
        """Build the whole record to PUT: *current* with *changes* (in Salesforce's form) merged in.

        *source*, the whole showing of the Salesforce record, lets a new address take along the phone that could not
        be sent before.
        """
        return writing.update_body(self, current, changes, source or {})
