"""A real Airflow and the sandbox, started and stopped as `make airflow` and `make demo` do it."""

from __future__ import annotations

import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from rich.console import Console

from _processes import StartError, members
from _stack import Stack

pytestmark = pytest.mark.e2e

DAG_ID = "looks_at_its_surroundings"
DAG_FILE = """
from airflow.sdk import BaseHook, Param, dag, get_current_context, task


@dag(schedule="* * * * *", params={"fail": Param(False, type="boolean")})
def looks_at_its_surroundings():
    @task
    def report():
        context = get_current_context()
        if context["params"]["fail"]:
            raise ValueError("failed as told")
        conn_ids = ("salesforce_connected_app_default", "ipaas_default")
        return {"types": [BaseHook.get_connection(conn_id).conn_type for conn_id in conn_ids]}

    report()


looks_at_its_surroundings()
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # A blank in the path, as in the clones of some people.
    state = tmp_path_factory.mktemp("a clone")
    dags = state / "dags"
    dags.mkdir()
    (dags / "dag.py").write_text(DAG_FILE, "utf-8")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    built = Stack.build(
        "airflow",
        Console(quiet=True),
        schedules=False,
        triggerer=True,
        dags_folder=dags,
        dag_ids=(DAG_ID,),
        port=28080,
        state=state,
    )
    with built as running:
        running.start(fresh=True)
        yield running
        sessions = [process.pid for process in running.processes.running.values()]
        assert members(sessions) != []
    assert members(sessions) == []
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_run_sees_the_connections_and_leaves_its_result(stack: Stack) -> None:
    api = stack.airflow.api
    run_id = api.trigger(DAG_ID, {})
    assert api.wait_for_run(DAG_ID, run_id, timeout_s=120) == "success"
    assert api.xcom(DAG_ID, run_id, "report") == {"types": ["salesforce_connected_app", "ipaas"]}
    assert api.task_states(DAG_ID, run_id) == {"report": "success"}


def test_a_failed_run_can_be_explained(stack: Stack) -> None:
    api = stack.airflow.api
    run_id = api.trigger(DAG_ID, {"fail": True})
    assert api.wait_for_run(DAG_ID, run_id, timeout_s=120) == "failed"
    assert api.xcom(DAG_ID, run_id, "report") is None
    assert any("ValueError: failed as told" in line for line in api.task_log(DAG_ID, run_id, "report"))


def test_without_schedules_only_triggered_runs_happen(stack: Stack) -> None:
    api = stack.airflow.api
    runs = api._call("GET", f"dags/{DAG_ID}/dagRuns")["dag_runs"]
    assert [run["run_type"] for run in runs if run["run_type"] != "manual"] == []


def test_every_component_is_healthy(stack: Stack) -> None:
    assert set(stack.airflow.api.health().values()) == {"healthy"}


def test_the_connection_forms_reach_the_user_interface(stack: Stack) -> None:
    api = stack.airflow.api
    token = requests.post(
        f"{stack.airflow.url}/auth/token",
        json={"username": "admin", "password": stack.airflow.password},
        timeout=30,
    ).json()["access_token"]
    forms = requests.get(
        f"{stack.airflow.url}/ui/connections/hook_meta", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ).json()
    names = {form["connection_type"]: form["hook_name"] for form in forms}
    assert {"salesforce_connected_app", "ipaas"} <= set(names)
    assert api.import_errors() == {}


def test_the_password_is_random_and_private(stack: Stack) -> None:
    file = stack.airflow.home / "passwords.json"
    assert json.loads(file.read_text("utf-8")) == {"admin": stack.airflow.password}
    assert len(stack.airflow.password) >= 16
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((stack.airflow.home / "secrets.json").stat().st_mode) == 0o600


def test_a_second_one_in_the_same_place_is_refused(stack: Stack) -> None:
    state: Path = stack.airflow.home.parent
    other = Stack.build("airflow", Console(quiet=True), schedules=False, triggerer=False, state=state)
    with pytest.raises(StartError, match="already runs"):
        other.airflow.prepare(fresh=True)
    assert stack.airflow.home.exists()


def test_the_sandbox_answers_where_the_connections_point(stack: Stack) -> None:
    hosts = [json.loads(connection)["host"] for connection in stack.sandbox.connections().values()]
    assert [requests.get(f"{host}/_sandbox", timeout=10).status_code for host in hosts] == [200, 200]
    assert stack.sandbox.pairs("companies") == []
