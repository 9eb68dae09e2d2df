"""Where edits, faults and runs have come to rest, reconcile has nothing to say that the runs would not have mended."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.sync.drift import FOR_PERSONS
from airflow_provider_ipaas.sync.drift_report import DriftReport
from airflow_provider_ipaas.sync.reconcile import NothingToReconcile, reconcile

from .draw import draw
from .play import play_in
from .process import Script
from .world import Log, Planned, World

SEEDS = range(9_000, 9_150)
# What runs do not look for: an iPaaS.com record that goes away, an id that somebody takes off it.
UNNOTICED = {"deleted_in_ipaas", "external_id_missing", *FOR_PERSONS}


def compared(world: World, collection: str, *, repair: bool = False) -> DriftReport | None:
    """Run reconcile in a world; None where no run has been reported or links wait to be confirmed."""
    run = Planned(collection, "weekly", {}, Script())
    report = DriftReport(collection, "weekly", repair)  # type: ignore[arg-type]
    try:
        reconcile(world._sync(run, Log(world.oracle), world._process(run)), report)
    except NothingToReconcile:
        return None
    return report


def told(report: DriftReport | None) -> dict[str, list[tuple[str | None, str | None]]]:
    return {name: count.examples for name, count in report.causes.items()} if report else {}


@pytest.mark.parametrize("seed", SEEDS)
def test_at_rest_there_is_no_drift_but_what_no_run_looks_for(seed: int) -> None:
    config, ops = draw(seed)
    world = World(config)
    assert not play_in(world, ops).violations
    writes = world.oracle.api_writes
    for collection in world.collections():
        report = compared(world, collection)
        drift = {name: ids for name, ids in told(report).items() if not name.startswith("waiting:")}
        surprising = {name: ids for name, ids in drift.items() if report and name in report.summary()["drift"]}
        assert set(surprising) <= UNNOTICED, surprising
        assert "pending" not in drift, drift
    assert world.oracle.api_writes == writes
