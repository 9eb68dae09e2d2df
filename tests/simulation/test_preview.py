"""A preview never writes, whatever the records, the mapping and the history; and it says what the run then does."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.ledger.preview import PreviewLedger
from airflow_provider_ipaas.sync.explain import Explanation
from airflow_provider_ipaas.sync.explaining import explain_now
from airflow_provider_ipaas.sync.report import report
from tests.support.rig import STEPS

from .draw import Draw
from .fields import KIND, SOBJECT
from .process import Script
from .runs import Planned
from .world import World

QUIET = logging.Logger("preview", logging.CRITICAL + 1)
# Of a run that writes nothing the ledger keeps the run itself, what it read, and which fields the org has.
OWN = ("run", "item", "seen", "pin")


def lived(rng: random.Random) -> World | None:
    """Return a world that something has happened in; None where that alone broke a rule, which is another test's."""
    config, ops = Draw(rng).sequence()
    world = World(replace(config, canaries=False))
    try:
        for op in ops:
            world.apply(op)
    except IPaaSSyncError:  # pragma: no cover
        return None
    world.org.commit()
    return None if world.oracle.violations else world


def ids_of(world: World, collection: str) -> list[str]:
    here = sorted(i for i, row in world.org.rows.items() if row["sobject"] == SOBJECT[collection])
    return here + sorted(world.company.records[KIND[collection]])


def services(world: World) -> Any:
    """Return all that a write would change in either service."""
    return (
        world.oracle.api_writes,
        {record_id: dict(row) for record_id, row in world.org.rows.items()},
        repr(world.company.records),
        repr(world.company.external),
        repr(world.company.inactive),
    )


def look(world: World, collection: str, record_id: str) -> list[Explanation]:
    """Look at a record as the command does."""
    run = Planned(collection, "explain", {"record_ids": [record_id], "dry_run": True}, Script())
    real = world.ledger
    preview = PreviewLedger(real)
    try:
        world.ledger = preview  # type: ignore[assignment]
        return explain_now(world._sync(run, QUIET, world._process(run)))  # type: ignore[arg-type]
    except ConfigurationError:
        return []  # the mapping uses a field that the API user never saw: every run says so
    finally:
        world.ledger = real
        preview.close()


def dry_run(world: World, collection: str, record_id: str) -> dict[str, Any]:
    """Run the DAG dry for one record; return its summary."""
    run = Planned(collection, "dry", {"record_ids": [record_id], "dry_run": True}, Script())
    for step in STEPS.values():
        step(world._sync(run, QUIET, world._process(run)))  # type: ignore[arg-type]
    return report(world._sync(run, QUIET, world._process(run)))  # type: ignore[arg-type]


def fates(found: Explanation) -> dict[str, str]:
    return {way: fate.outcome for way, fate in found.fates.items()}


worlds = st.integers(0, 2**32 - 1).map(random.Random)
often = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@often
@given(worlds)
def test_a_look_writes_nowhere_not_even_to_the_ledger(rng: random.Random) -> None:
    world = lived(rng)
    if world is None:
        return
    before, ledger = services(world), known(world)
    for collection in world.collections():
        for record_id in ids_of(world, collection):
            for found in look(world, collection, record_id):
                assert record_id in (found.salesforce_id, found.ipaas_id)
                assert found.fates, found
    assert services(world) == before
    assert known(world) == ledger


@often
@given(worlds)
def test_a_dry_run_of_one_record_writes_to_neither_service_and_settles_nothing(rng: random.Random) -> None:
    world = lived(rng)
    if world is None:
        return
    before = services(world)
    ledger = settled(world)
    for collection in world.collections():
        for record_id in ids_of(world, collection):
            try:
                summary = dry_run(world, collection, record_id)
            except IPaaSSyncError:
                continue  # the ledger was lost: the run says so and stops
            assert len(summary["preview"]["records"]) == 1
            world.ledger.drop_items(f"{collection}:dry")
            world.ledger.restart_run(f"{collection}:dry")
    assert services(world) == before
    assert settled(world) == ledger


def known(world: World) -> dict[Any, Any]:
    """Return the ledger's tables that hold anything."""
    return {key: table for key, table in world.ledger.snapshot().items() if table}


def settled(world: World) -> dict[Any, Any]:
    """Return what the ledger knows for good: links, what waits, claims, facts, watermarks, the journal."""
    tables = {key: table for key, table in known(world).items() if key[0] not in OWN}
    facts = tables.get(("fact",), {})
    return tables | {("fact",): {key: row for key, row in facts.items() if not key[1].startswith("fields:")}}


@often
@given(worlds, st.integers(0, 30))
def test_the_run_does_what_the_look_said(rng: random.Random, number: int) -> None:
    world = lived(rng)
    if world is None:
        return
    collection = "account"
    ids = ids_of(world, collection)
    if not ids or world.config.brakes:
        return
    record_id = ids[number % len(ids)]
    told = look(world, collection, record_id)
    if not told:
        return
    (found,) = told
    run = world.do_run(collection, {"record_ids": [number % len(ids)]}, [], [], 0, 0)
    if run.errors or run.summary is None:
        return
    did = {
        way: outcome
        for way in ("to_ipaas", "to_salesforce")
        for outcome in ("created", "updated", "unchanged", "skipped", "parked", "failed")
        if run.summary[way][outcome]
    }
    assert foreseen(found, run.summary, did) == did, (record_id, found, run.summary)


def foreseen(found: Explanation, summary: dict[str, Any], did: dict[str, str]) -> dict[str, str]:
    """Return what a look said, with what it can't know, or says in a note, taken from the run."""
    if any("merged into" in note for note in found.notes):
        return did  # only a run that writes follows a merge
    said = fates(found)
    for way, outcome in said.items():
        parked = summary[way]["parked_by_reason"]
        refused = summary[way]["errors"] or {"refused_before", "possible_duplicate"} & set(parked)
        if outcome in ("created", "updated") and refused:
            said[way] = did[way]  # how a service answers
        if outcome == "created" and "create_in_progress" in parked:
            said[way] = did[way]  # another attempt, which died, has begun it a moment ago
        if (way, outcome) == ("to_ipaas", "updated") and any("Nothing of what goes" in note for note in found.notes):
            said[way] = "unchanged"
    return said
