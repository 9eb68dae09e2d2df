"""What ordinary runs cost in calls, played against the sandbox, and the baseline that later versions are held to.

`python -m tests.behaviour.call_gate` counts anew and writes `benchmarks/results/calls-gate.json`. Do that when a rise is
meant, or after a fall, so that the fall is kept; the difference of the file shows in the review what became of each call.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.sync.model import Collection
from tests.behaviour import world
from tests.support.rig import Rig

BASELINE: Final = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "calls-gate.json"
# More than a batch to Salesforce (200) and than two pages of iPaaS.com's list (100), so that both are seen to grow.
N: Final = 210
FEW: Final = 2
ALLOWED_PERCENT: Final = 10
# Longer than the overlap of the windows (15 minutes). No number of them is near the hour for which describe is
# remembered, so that a slow machine makes no call more.
PAUSE: Final = {"minutes": 25.0}
COLLECTIONS: Final[tuple[Collection, ...]] = ("account", "contact")

Calls = dict[str, dict[str, int]]  # by service and endpoint
Play = Callable[[Rig, Collection], Iterator[tuple[str, Calls]]]


def from_salesforce(rig: Rig, collection: Collection) -> Iterator[tuple[str, Calls]]:
    """Load what Salesforce has, then poll, with few and all records changed on either side."""
    seed_n(N, rig.sandbox.salesforce, rig.sandbox.ipaas)
    yield "first load, to iPaaS.com", _counted(rig, collection, {"to_ipaas": N}, full=True)
    _settle(rig, collection)
    yield "nothing changed", _counted(rig, collection, {})
    for name, limit in (("1 % changed", FEW), ("all changed", N)):
        _edit_salesforce(rig, collection, limit)
        yield f"{name}, to iPaaS.com", _counted(rig, collection, {"to_ipaas": limit})
        _settle(rig, collection)
        _edit_ipaas(rig, collection, limit)
        yield f"{name}, to Salesforce", _counted(rig, collection, {"to_salesforce": limit})
        _settle(rig, collection)
    # As a collection of more than 1,000, far from the one moment in each period at which a record is read whole anyway.
    rig.settings = {"small_listing": N - 1, "deep_check": timedelta(days=36_500)}
    _settle(rig, collection)
    yield "nothing changed, big collection", _counted(rig, collection, {})


def from_ipaas(rig: Rig, collection: Collection) -> Iterator[tuple[str, Calls]]:
    """Load what iPaaS.com has."""
    seed_n(0, rig.sandbox.salesforce, rig.sandbox.ipaas, companies=N, customers=N)
    yield "first load, to Salesforce", _counted(rig, collection, {"to_salesforce": N}, full=True)


PLAYS: Final[dict[str, Play]] = {"from_salesforce": from_salesforce, "from_ipaas": from_ipaas}


@contextmanager
def fresh_rig(sandbox: Sandbox, folder: Path) -> Iterator[Rig]:
    """Empty both services and make a ledger in *folder* whose clock is the workers', as it is outside of tests."""
    sandbox.machine.reset()
    ledger = SqlLedger.open(f"sqlite:///{folder}/ledger.db", clock=lambda: rig.now())
    rig = Rig(sandbox, ledger)
    try:
        yield rig
    finally:
        ledger.close()


def rises(counted: Calls, baseline: Calls) -> list[str]:
    """Return what is called more often than the baseline and the allowed percentage, each as a sentence; all calls, too."""
    found = []
    for service in counted.keys() | baseline.keys():
        now, then = counted.get(service, {}), baseline.get(service, {})
        pairs = {name: (now.get(name, 0), then.get(name, 0)) for name in now.keys() | then.keys()}
        pairs["all calls"] = (sum(now.values()), sum(then.values()))
        found += [
            f"{service}, {name}: {count} instead of {was}"
            for name, (count, was) in pairs.items()
            if count * 100 > was * (100 + ALLOWED_PERCENT)
        ]
    return sorted(found)


def load() -> dict[str, dict[str, Calls]]:
    """Return the baseline: calls by collection and play (`account from_salesforce`), and by scenario."""
    stored: dict[str, dict[str, Calls]] = json.loads(BASELINE.read_text("utf-8"))["calls"]
    return stored


def _counted(rig: Rig, collection: Collection, written: dict[str, int], **params: Any) -> Calls:
    """Run once; return its calls. A run that does not write what it should is cheap for no good reason: it raises."""
    rig.control("POST", "calls/reset")
    result = rig.run(collection, max_creates=None, allow_mass_change=True, **params).ok
    calls = rig.calls()
    for direction in ("to_ipaas", "to_salesforce"):
        counts, wanted = result.counts(direction), written.get(direction, 0)
        if counts.get("created", 0) + counts.get("updated", 0) != wanted or counts.get("failed"):
            raise RuntimeError(f"{collection}, {direction}: {counts}, but {wanted} were to be written")
    return {service: dict(sorted(calls[service]["endpoints"].items())) for service in ("salesforce", "ipaas")}


def _settle(rig: Rig, collection: Collection) -> None:
    """Let a run read what the last one wrote, with all of it behind the overlap of the windows."""
    world.later(rig, **PAUSE)
    if not world.is_quiet(rig.run(collection)):
        raise RuntimeError(f"{collection}: a run without edits wrote something.")
    world.later(rig, **PAUSE)


def _edit_salesforce(rig: Rig, collection: Collection, limit: int) -> None:
    rows = world.salesforce_rows(rig, collection.capitalize())
    for number, row in enumerate(rows[:limit]):
        world.edit_salesforce(rig, str(row["Id"]), Phone=f"+1 999 {limit:03d} {number:04d}")


def _edit_ipaas(rig: Rig, collection: Collection, limit: int) -> None:
    if collection == "account":
        for number, row in enumerate(world.companies(rig)[:limit]):
            world.edit_company(rig, str(row["id"]), url=f"https://edited{limit}-{number}.example.com")
    else:
        for number, row in enumerate(world.customers(rig)[:limit]):
            world.edit_customer(rig, str(row["id"]), last_name=f"Edited {limit} {number}")


def main() -> int:
    counted: dict[str, dict[str, Calls]] = {}
    with Sandbox.start() as sandbox:
        for collection, (name, play) in itertools.product(COLLECTIONS, PLAYS.items()):
            with tempfile.TemporaryDirectory(prefix="gate-") as folder, fresh_rig(sandbox, Path(folder)) as rig:
                counted[f"{collection} {name}"] = dict(play(rig, collection))
    BASELINE.write_text(json.dumps({"records": N, "calls": counted}, indent=1) + "\n", "utf-8")
    print(f"{BASELINE} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
