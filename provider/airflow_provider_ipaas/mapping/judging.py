"""Whether a record may leave its side: filters, error filters, and sources that can't be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_ipaas.mapping import reading
from airflow_provider_ipaas.mapping.expressions import ExpressionFailed
from airflow_provider_ipaas.mapping.rules import Direction, Side

if TYPE_CHECKING:
    from airflow_provider_ipaas.mapping.collection import CollectionMapping


@dataclass(frozen=True, slots=True)
class ErrorFilter:
    """Records for which *when* is true wait for a person, who reads *message*."""

    direction: Direction
    when: str
    message: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a collection lets through: expressions over the record of the source side; None lets all through."""

    to_ipaas: str | None = None
    to_salesforce: str | None = None
    errors: tuple[ErrorFilter, ...] = ()

    def of(self, side: Side) -> tuple[str | None, tuple[ErrorFilter, ...]]:
        """Return the filter and the error filters of records that come from *side*."""
        direction: Direction = "to_ipaas" if side == "salesforce" else "to_salesforce"
        own = self.to_ipaas if side == "salesforce" else self.to_salesforce
        return own, tuple(error for error in self.errors if error.direction == direction)

    def expressions(self, side: Side) -> list[str]:
        """Return every expression over records of *side*."""
        own, errors = self.of(side)
        return [*([own] if own else []), *(error.when for error in errors)]


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Held:
    """Why a record is not taken over: *filtered* is skipped, *waits* is parked, *fails* is refused like a bad value."""

    kind: Literal["filtered", "waits", "fails"]
    message: str = ""


def judge(mapping: CollectionMapping, side: Side, record: Mapping[str, Any]) -> Held | None:
    """Judge a record of *side*; None lets it through."""
    own, errors = mapping.filters.of(side)
    place = "The filter"
    try:
        if own is not None and not reading.computed(own, side, record):
            return Held("filtered")
        place = "An error filter"
        waiting = next((error for error in errors if reading.computed(error.when, side, record)), None)
        if waiting is not None:
            return Held("waits", waiting.message)
        for rule in mapping.computed_rules(side):
            if rule.on_error == "fail":
                place = f"The expression of {rule.key}"
                reading.computed_text(rule.expression or "", side, record)
    except ExpressionFailed as failed:
        return Held("fails", f"{place} can't be worked out: {failed}.")
    return None
