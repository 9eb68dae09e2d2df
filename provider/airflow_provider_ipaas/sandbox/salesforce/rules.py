"""Rules an administrator of the org could have made: validation rules and flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.soql.evaluate import Condition, compile_condition
from airflow_provider_ipaas.sandbox.salesforce.table import Row


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuse a write whose result meets a condition."""

    sobject: str
    condition: Condition
    text: str
    message: str
    field: str | None = None

    @classmethod
    def parse(cls, definition: ObjectDef, body: Mapping[str, Any]) -> ValidationRule:
        """Build a rule from a control body; the condition is what follows WHERE in SOQL."""
        text = str(body["condition"])
        return cls(definition.name, compile_condition(text, definition), text, str(body["message"]), body.get("field"))

    def describe(self) -> dict[str, Any]:
        """Return what the controls show of the rule."""
        return {"sobject": self.sobject, "condition": self.text, "message": self.message, "field": self.field}


@dataclass(slots=True)
class FlowRule:
    """Rewrite fields after a write, as the API user; `{Field}` in a value stands for the row's value."""

    sobject: str
    set: Mapping[str, Any]
    condition: Condition | None = None
    text: str | None = None
    delay_s: float = 0.0
    max_runs: int | None = None
    runs: int = field(default=0)

    @classmethod
    def parse(cls, definition: ObjectDef, body: Mapping[str, Any]) -> FlowRule:
        """Build a flow from a control body."""
        text = body.get("condition")
        unknown = [name for name in body["set"] if name.lower() not in definition.by_lower]
        if unknown:
            raise ValueError(f"{definition.name} has no field {unknown[0]}.")
        return cls(
            definition.name,
            dict(body["set"]),
            compile_condition(str(text), definition) if text else None,
            text,
            float(body.get("delay_s", 0)),
            body.get("max_runs"),
        )

    def starts_on(self, sobject: str, row: Row) -> bool:
        """Say whether a write that left this row starts the flow."""
        if sobject != self.sobject or (self.max_runs is not None and self.runs >= self.max_runs):
            return False
        return self.condition is None or self.condition(row)

    def describe(self) -> dict[str, Any]:
        """Return what the controls show of the flow."""
        return {
            "sobject": self.sobject,
            "set": dict(self.set),
            "condition": self.text,
            "delay_s": self.delay_s,
            "max_runs": self.max_runs,
            "runs": self.runs,
        }
