"""Workers that are told to end, and disks that are full: what was done is known, and the next attempt goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.support.rig import Rig

READS = ["extract_salesforce", "extract_ipaas", "prerequisites", "plan"]
WRITES = ["upsert_ipaas", "upsert_salesforce"]
POINTS = [
    ("ipaas", "create", 2, "before"),
    ("ipaas", "create", 1, "after"),
    ("salesforce", "upsert", 1, "after"),
    ("ledger", "save_items", 1, "before"),
]
NAMES = ["Here 0", "Here 1", "Here 2", "There 0", "There 1", "There 2", "Warm here", "Warm there"]


def worker(rig: Rig, folder: Path, steps: list[str], **more: Any) -> tuple[int, str]:
    """Run tasks of one run in a process of its own; return its exit status and what it said."""
    told = {
        "salesforce_url": rig.sandbox.salesforce_url,
        "ipaas_url": rig.sandbox.ipaas_url,
        "ledger": f"sqlite:///{folder}/ledger.db",
        "collection": "account",
        "params": {},
        "run_id": "ended",
        "steps": steps,
        "kill": None,
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.behaviour.worker", json.dumps(told)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr


@pytest.fixture
def warm(rig: Rig) -> Rig:
    """A pair in step on either side, canaries through, and three new records on each."""
    world.account(rig, "Warm here")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(3):
        world.account(rig, f"Here {number}")
        world.company(rig, f"There {number}")
    return rig


def assert_settled(rig: Rig) -> None:
    """The next run makes everything good, and after it there is nothing to do."""
    report(rig.sync("account", "ended", {}))
    world.later(rig, minutes=40)
    rig.run("account").ok  # noqa: B018
    assert world.is_quiet(rig.run("account"))
    assert sorted(row["Name"] for row in world.salesforce_rows(rig, "Account")) == NAMES
    assert sorted(record["name"] for record in world.companies(rig)) == NAMES


@pytest.mark.parametrize("told", [True, False], ids=["in-order", "at-once"])
@pytest.mark.parametrize("point", POINTS, ids=[f"{p[3]}-{p[0]}.{p[1]}" for p in POINTS])
def test_a_worker_that_is_told_to_end_leaves_nothing_half_known(
    warm: Rig, tmp_path: Path, point: tuple[str, str, int, str], told: bool
) -> None:
    assert worker(warm, tmp_path, READS)[0] == 0
    ends = [worker(warm, tmp_path, [step], kill=point, signal=signal.SIGTERM, told=told)[0] for step in WRITES]
    assert (143 if told else -signal.SIGTERM) in ends
    assert_settled(warm)


@pytest.mark.parametrize("point", POINTS, ids=[f"{p[0]}.{p[1]}-{p[2]}" for p in POINTS])
def test_a_worker_that_gets_no_more_memory_leaves_nothing_half_known(
    warm: Rig, tmp_path: Path, point: tuple[str, str, int, str]
) -> None:
    """Where a container's limit does not kill it, the next allocation fails, wherever that is."""
    assert worker(warm, tmp_path, READS)[0] == 0
    ends = [worker(warm, tmp_path, [step], kill=point, no_memory=True) for step in WRITES]
    assert any(status == 1 and "MemoryError" in said for status, said in ends)
    assert_settled(warm)


@pytest.mark.parametrize("step", ["extract_ipaas", "plan", *WRITES])
def test_a_disk_that_is_full_stops_the_task_and_the_run_goes_on_once_there_is_room(
    warm: Rig, tmp_path: Path, step: str
) -> None:
    steps = [*READS, *WRITES]
    if before := steps[: steps.index(step)]:
        assert worker(warm, tmp_path, before)[0] == 0
    status, said = worker(warm, tmp_path, [step], most_bytes=4096)
    assert status == 1
    assert "LedgerError" in said
    assert "Next step:" in said
    status, said = worker(warm, tmp_path, steps[steps.index(step) :])
    assert status == 0, said
    assert_settled(warm)


def test_a_journal_that_cannot_be_written_keeps_the_write_back(warm: Rig, tmp_path: Path) -> None:
    """Intent first: what can't be noted is not done."""
    assert worker(warm, tmp_path, READS)[0] == 0
    warm.sandbox.journal.reset()
    for step in WRITES:
        assert worker(warm, tmp_path, [step], most_bytes=4096)[0] == 1
    sent = [path for _, path in world.writes(warm) if "oauth2" not in path and "/Auth/" not in path]
    assert sent == []
    assert_settled(warm)
