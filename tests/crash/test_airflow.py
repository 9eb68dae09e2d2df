"""Tasks die inside a real Airflow, whose scheduler tries them again; and a task of yesterday is cleared and runs again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from _stack import Stack
from tests.crash.ground import CLONE, STEPS

pytestmark = [pytest.mark.crash, pytest.mark.e2e]

DAG_ID = "dies"
DAG_FILE = f"""
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, {str(CLONE)!r})

from airflow_provider_ipaas import sync_dag
from tests.crash.armed import begin

dag = sync_dag(
    "account",
    dag_id={DAG_ID!r},
    schedule=None,
    default_args={{
        "retries": 2,
        "retry_delay": timedelta(seconds=1),
        "pre_execute": partial(begin, Path(__file__).parent),
    }},
)
"""
Death = tuple[str, int, str, str]
# Two tries of a task may die: the third goes through.
FIRST_CONTACT: list[Death] = [
    ("extract_ipaas", 1, "extract_ipaas._list: ledger.add_items", "before"),
    ("upsert_ipaas", 1, "apply_ipaas.IPaaSApplier._create: ipaas.create", "after"),
    ("upsert_ipaas", 2, "applying.Settler._write: ledger.transaction", "before"),
    ("upsert_salesforce", 1, "apply_salesforce.SalesforceApplier._send_creates: salesforce.upsert", "after"),
    ("upsert_salesforce", 2, "linking.store_external_ids.store: ipaas.set_external_id", "before"),
]
UPDATES: list[Death] = [
    ("plan", 1, "plan.Planner.run: ledger.transaction", "after"),
    ("upsert_ipaas", 1, "claiming.claim_creates: ledger.claim", "after"),
    ("upsert_ipaas", 2, "apply_ipaas.IPaaSApplier._update: ipaas.update", "after"),
    ("upsert_salesforce", 1, "apply_salesforce.SalesforceApplier._send_updates: salesforce.update", "after"),
    ("upsert_salesforce", 2, "applying.Settler._release: ledger.drop_claims", "before"),
]


class Deadly:
    """A running Airflow with a DAG whose tasks die as told."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder

    def run(self, deaths: Sequence[Death] = (), **params: Any) -> str:
        """Run the DAG, whose tasks die as told; return the run's id."""
        told = [{"step": s, "try": n, "point": point, "when": when, "nth": 1} for s, n, point, when in deaths]
        (self.folder / "kills.json").write_text(json.dumps(told), "utf-8")
        (self.folder / "deaths.jsonl").write_text("", "utf-8")
        api = self.stack.airflow.api
        run_id = api.trigger(DAG_ID, params)
        assert api.wait_for_run(DAG_ID, run_id, timeout_s=240) == "success", self.states(run_id)
        died = [tuple(json.loads(line)) for line in (self.folder / "deaths.jsonl").read_text("utf-8").splitlines()]
        assert sorted(died) == sorted(deaths)
        return run_id

    def states(self, run_id: str) -> dict[str, str]:
        return self.stack.airflow.api.task_states(DAG_ID, run_id)

    def tries(self, run_id: str) -> dict[str, int]:
        """Return how many tries each task took that ran."""
        rows = self.stack.airflow.api._call("GET", f"dags/{DAG_ID}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {row["task_id"]: row["try_number"] for row in rows if row["try_number"]}

    def clear(self, run_id: str, tasks: list[str]) -> None:
        """Clear tasks of a run, as a person does, and wait until the run has ended again."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": tasks, "only_failed": False, "reset_dag_runs": True}
        api = self.stack.airflow.api
        api._call("POST", f"dags/{DAG_ID}/clearTaskInstances", json=body)
        assert api.wait_for_run(DAG_ID, run_id, timeout_s=240) == "success", self.states(run_id)

    def services(self) -> dict[str, Any]:
        """Return all records of both services as they are."""
        control = self.stack.sandbox.control
        return {
            "salesforce": control("GET", "/salesforce/records/Account"),
            "ipaas": control("GET", "/ipaas/records/companies"),
        }

    def assert_once(self, phones: dict[str, str]) -> None:
        """Each of these names stands once in each service, with this phone."""
        services = self.services()
        here = [(row["Name"], row["Phone"]) for row in services["salesforce"] if row["Name"] in phones]
        there = [(r["name"], r["phone_number"]) for r in services["ipaas"] if r["name"] in phones]
        assert sorted(here) == sorted(there) == sorted(phones.items())

    def assert_linked(self) -> None:
        """Every Company carries the id of its Account."""
        services = self.services()
        there = {record["id"]: record for record in services["ipaas"]}
        linked = {account: there[company]["name"] for account, company in self.stack.sandbox.pairs("companies")}
        assert linked == {row["Id"]: row["Name"] for row in services["salesforce"]}


@pytest.fixture(scope="module")
def deadly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deadly]:
    state = tmp_path_factory.mktemp("deadly")
    folder = state / "dags"
    folder.mkdir()
    (folder / "dag.py").write_text(DAG_FILE, "utf-8")
    (folder / "kills.json").write_text("[]", "utf-8")
    built = Stack.build(
        "airflow",
        Console(quiet=True),
        schedules=False,
        triggerer=False,
        dags_folder=folder,
        dag_ids=(DAG_ID,),
        port=28180,
        state=state,
    )
    with built as running:
        running.start(fresh=True)
        running.sandbox.control("POST", "/reset")
        yield Deadly(running, folder)


def test_ten_tasks_die_and_are_tried_again_by_the_scheduler(deadly: Deadly, request: pytest.FixtureRequest) -> None:
    sandbox = deadly.stack.sandbox
    here = [sandbox.create_salesforce("Account", {"Name": f"Here {n}", "Phone": "1"}) for n in range(3)]
    there = [sandbox.create_ipaas("companies", {"name": f"There {n}", "phone_number": "2"}) for n in range(3)]
    first = deadly.run(FIRST_CONTACT, full=True)
    assert deadly.tries(first) == {
        "extract_salesforce": 1, "extract_ipaas": 2, "prerequisites": 1, "plan": 1, "upsert_ipaas": 3,
        "upsert_salesforce": 3, "report": 1,
    }  # fmt: skip
    phones = {f"Here {n}": "1" for n in range(3)} | {f"There {n}": "2" for n in range(3)}
    deadly.assert_once(phones)

    sandbox.edit_salesforce("Account", here[0], {"Phone": "3"})
    sandbox.edit_ipaas("companies", there[0], {"phone_number": "4"})
    sandbox.create_salesforce("Account", {"Name": "Here 3", "Phone": "1"})
    sandbox.create_ipaas("companies", {"name": "There 3", "phone_number": "2"})
    second = deadly.run(UPDATES)
    assert deadly.tries(second)["upsert_ipaas"] == deadly.tries(second)["upsert_salesforce"] == 3
    phones |= {"Here 0": "3", "There 0": "4", "Here 3": "1", "There 3": "2"}
    deadly.assert_once(phones)

    deadly.run()
    deadly.assert_once(phones)
    deadly.assert_linked()
    request.node.user_properties.append(("crash:airflow: kills", len(FIRST_CONTACT) + len(UPDATES)))


def test_a_task_of_yesterday_that_is_cleared_writes_nothing_stale(deadly: Deadly) -> None:
    sandbox = deadly.stack.sandbox
    account = sandbox.create_salesforce("Account", {"Name": "Old here", "Phone": "old"})
    company = sandbox.create_ipaas("companies", {"name": "Old there", "phone_number": "old"})
    yesterday = deadly.run(full=True)
    sandbox.control("POST", "/clock", {"advance_s": 86_400})
    sandbox.edit_salesforce("Account", account, {"Phone": "new"})
    sandbox.edit_ipaas("companies", company, {"phone_number": "new"})
    deadly.run()
    deadly.assert_once({"Old here": "new", "Old there": "new"})
    before = deadly.services()
    deadly.clear(yesterday, ["upsert_ipaas", "upsert_salesforce"])
    assert deadly.services() == before

    # Cleared whole, it reads anew and writes what is new now.
    sandbox.edit_salesforce("Account", account, {"Phone": "newest"})
    deadly.clear(yesterday, list(STEPS))
    deadly.assert_once({"Old here": "newest", "Old there": "new"})
