"""Where edits, faults and runs have come to rest, reconcile has nothing to say that the runs would not have mended."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.sync.drift import DRIFT, FOR_PERSONS
from airflow_provider_ipaas.sync.drift_report import DriftReport
from airflow_provider_ipaas.sync.reconcile import NothingToReconcile, reconcile

from .draw import draw
from .play import play_in
from .process import Script
from .quiet import PAUSE_S
from .world import Log, Planned, World

SEEDS = range(9_000, 9_150)
# What runs do not look for: an iPaaS.com record that goes away, an id that somebody takes off it, and an Account's new
# name, which its Contacts show without a new stamp.
UNNOTICED = {"deleted_in_ipaas", "external_id_missing", *FOR_PERSONS}
RENAMED = {"contact": {"changed_in_salesforce"}}
# What a repair may not be able to end: iPaaS.com refuses an id that a deleted record holds.
MAY_STAY = {"external_id_missing", *FOR_PERSONS}


def compared(world: World, collection: str, *, repair: bool = False) -> DriftReport | None:
    """Run reconcile in a world; None where no run has been reported or links wait to be confirmed."""
    run = Planned(collection, "weekly", {}, Script())
    report = DriftReport(collection, "weekly", repair)  # type: ignore[arg-type]
    try:
        reconcile(world._sync(run, Log(world.oracle), world._process(run)), report)
    except NothingToReconcile:
        return None
    return report


def drift(report: DriftReport | None) -> dict[str, list[tuple[str | None, str | None]]]:
    """Return what has drifted by cause, with a few ids."""
    return {name: count.examples for name, count in report.causes.items() if name in DRIFT} if report else {}


@pytest.mark.parametrize("seed", SEEDS)
def test_at_rest_there_is_no_drift_but_what_no_run_looks_for_and_a_repair_ends_it(seed: int) -> None:
    config, ops = draw(seed)
    world = World(config)
    assert not play_in(world, ops).violations
    writes = world.oracle.api_writes

    for collection in world.collections():
        report = compared(world, collection)
        assert set(drift(report)) <= UNNOTICED | RENAMED.get(collection, set()), drift(report)
        assert report is None or "pending" not in report.causes, report.causes["pending"].examples
        compared(world, collection, repair=True)
    assert world.oracle.api_writes == writes

    for collection in world.collections() * 2:
        world.clock.advance(PAUSE_S)
        world.do_run(collection, {}, [], [], 0, 0)
    for collection in world.collections():
        left = drift(compared(world, collection))
        assert set(left) <= MAY_STAY, left
    # What is due is read beyond what a run may ask for otherwise.
    assert [found for found in world.oracle.violations if not found.startswith("V9")] == []
