"""The DAG params of a run, checked once more than the trigger form does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from airflow_provider_ipaas.errors import ConfigurationError

from .ids import split_record_ids
from .model import DIRECTIONS, Collection, Direction

RunDirection = Literal["both", "to_ipaas", "to_salesforce"]

MIN_POLL_DAYS, MAX_POLL_DAYS = 1, 3650


@dataclass(frozen=True, slots=True)
class RunParams:
    """What one run was asked to do."""

    direction: RunDirection = "both"
    poll_days: int | None = None
    salesforce_ids: tuple[str, ...] = ()
    ipaas_ids: tuple[str, ...] = ()
    full: bool = False
    max_creates: int | None = 1000
    allow_mass_change: bool = False
    confirm_first_contact: bool = False
    confirm_rebuild: bool = False
    dry_run: bool = False
    backfill: bool = False
    requests_per_second: float | None = None

    @classmethod
    def parse(cls, params: Mapping[str, Any], collection: Collection) -> RunParams:
        """Check the params of a DAG run. Raises ConfigurationError naming the param and the mend."""
        direction = params.get("direction", "both")
        if direction not in get_args(RunDirection):
            raise ConfigurationError(
                f"Param direction is {direction!r}.", next_step="Use both, to_ipaas or to_salesforce."
            )
        backfill = _flag("backfill", params.get("backfill", False))
        salesforce_ids, ipaas_ids = split_record_ids(params.get("record_ids") or [], collection)
        return cls(
            direction=direction,
            poll_days=_whole("poll_days", params.get("poll_days"), MIN_POLL_DAYS, MAX_POLL_DAYS),
            salesforce_ids=tuple(salesforce_ids),
            ipaas_ids=tuple(ipaas_ids),
            full=_flag("full", params.get("full", False)) or backfill,
            max_creates=_whole("max_creates", params.get("max_creates", 1000), 0, None),
            allow_mass_change=_flag("allow_mass_change", params.get("allow_mass_change", False)),
            confirm_first_contact=_flag("confirm_first_contact", params.get("confirm_first_contact", False)),
            confirm_rebuild=_flag("confirm_rebuild", params.get("confirm_rebuild", False)),
            dry_run=_flag("dry_run", params.get("dry_run", False)),
            backfill=backfill,
            requests_per_second=_rate("requests_per_second", params.get("requests_per_second")),
        )

    @property
    def by_id(self) -> bool:
        """A manual sync of just the given records."""
        return bool(self.salesforce_ids or self.ipaas_ids)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that this run writes in."""
        return DIRECTIONS if self.direction == "both" else (self.direction,)

    def writes(self, direction: Direction) -> bool:
        return direction in self.directions

    @property
    def moves_watermark(self) -> bool:
        return not (self.by_id or self.dry_run)


def _whole(name: str, value: object, low: int, high: int | None) -> int | None:
    if value is None:
        return None
    limits = f"a whole number from {low} to {high}" if high else f"a whole number, {low} or more"
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        raise ConfigurationError(f"Param {name} is {value!r}.", next_step=f"Give {limits}, or leave it empty.")
    return value


def _rate(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ConfigurationError(f"Param {name} is {value!r}.", next_step="Give a number above 0, or leave it empty.")
    return float(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"Param {name} is {value!r}.", next_step="Give true or false.")
    return value
