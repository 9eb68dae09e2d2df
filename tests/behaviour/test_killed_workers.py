"""Workers that are killed by the system in the middle of a write: the retry of the task makes nothing twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.support.rig import Rig

IDS = ["id-field", "no-id-field"]
Kill = tuple[str, str, int, str]
READS = ["extract_salesforce", "extract_ipaas", "prerequisites", "plan"]
WRITES = ["upsert_ipaas", "upsert_salesforce"]
KILLS: list[Kill] = [
    ("ledger", "claim", 1, "after"),
    ("ipaas", "create", 2, "after"),
    ("ipaas", "set_external_id", 1, "before"),
    ("salesforce", "upsert", 1, "after"),
    ("salesforce", "retrieve", 1, "before"),
    ("ledger", "drop_claims", 1, "before"),
]


class Workers:
    """Starts tasks of the rig's world in processes of their own."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self._told = {
            "salesforce_url": rig.sandbox.salesforce_url,
            "ipaas_url": rig.sandbox.ipaas_url,
            "ledger": f"sqlite:///{folder}/ledger.db",
            "collection": "account",
            "params": {},
        }

    def start(self, steps: list[str], *, run_id: str = "killed", kill: Kill | None = None) -> subprocess.Popen[str]:
        told = {**self._told, "run_id": run_id, "steps": steps, "kill": kill}
        command = [sys.executable, "-m", "tests.behaviour.worker", json.dumps(told)]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], text=True, stderr=subprocess.PIPE)

    def run(self, steps: list[str], *, kill: Kill | None = None) -> int:
        return ends(self.start(steps, kill=kill))


@pytest.fixture
def workers(rig: Rig, tmp_path: Path) -> Workers:
    return Workers(rig, tmp_path)


def ends(process: subprocess.Popen[str]) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode


def settle(rig: Rig) -> None:
    for _ in range(3):
        world.later(rig, minutes=40)
        result = rig.run("account").ok
    assert world.is_quiet(result)
    assert result["to_ipaas"]["parked"] == result["to_salesforce"]["parked"] == 0


def assert_once(rig: Rig, *names: str) -> None:
    accounts = sorted(row["Name"] for row in world.salesforce_rows(rig, "Account"))
    companies = sorted(record["name"] for record in world.companies(rig))
    assert accounts == companies == sorted(names)


@pytest.fixture
def warm(rig: Rig, request: pytest.FixtureRequest) -> Rig:
    """Two records on either side in step, canaries through, and two new ones; the param: is the id field there."""
    rig.switch("salesforce", external_id_field=getattr(request, "param", True))
    world.account(rig, "Warm here")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018
    for number in range(2):
        world.account(rig, f"Here {number}")
        world.company(rig, f"There {number}")
    return rig


ALL = ("Warm here", "Warm there", "Here 0", "Here 1", "There 0", "There 1")


@pytest.mark.parametrize("kill", KILLS, ids=[f"{k[3]}-{k[0]}.{k[1]}" for k in KILLS])
def test_a_killed_task_is_retried_in_its_run(warm: Rig, workers: Workers, kill: Kill) -> None:
    assert workers.run(READS) == 0
    died = 0
    for step in WRITES:
        died += workers.run([step], kill=kill) != 0
        assert workers.run([step]) == 0
    assert died
    report(warm.sync("account", "killed", {}))
    settle(warm)
    assert_once(warm, *ALL)


@pytest.mark.parametrize(("warm", "has_field"), [(True, True), (False, False)], ids=IDS, indirect=["warm"])
@pytest.mark.parametrize("write", ["ipaas", "salesforce"])
def test_a_killed_run_is_made_good_by_the_next(warm: Rig, workers: Workers, write: str, has_field: bool) -> None:
    kill: Kill = ("ipaas", "create", 1, "after")
    if write == "salesforce":
        kill = ("salesforce", "upsert" if has_field else "create", 1, "after")
    assert workers.run(READS) == 0
    assert workers.run([f"upsert_{write}"], kill=kill) == -signal.SIGKILL
    report(warm.sync("account", "killed", {}))
    settle(warm)
    assert_once(warm, *ALL)


@pytest.mark.parametrize("warm", [True, False], ids=IDS, indirect=True)
def test_two_processes_at_once_create_each_record_once(warm: Rig, workers: Workers) -> None:
    both = [workers.start([*READS, *WRITES], run_id=run_id) for run_id in ("one", "two")]
    assert [ends(process) for process in both] == [0, 0]
    for run_id in ("one", "two"):
        report(warm.sync("account", run_id, {}))
    settle(warm)
    assert_once(warm, *ALL)
