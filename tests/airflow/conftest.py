"""Real Airflow in the test process: `dag.test()` on the shipped DAG files, against the sandbox."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox

DAGS = Path(__file__).parents[2] / "dags"
ACCOUNTS, CONTACTS = "salesforce_ipaas_accounts", "salesforce_ipaas_contacts"
MAINTENANCE = "salesforce_ipaas_maintenance"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as running:
        yield running


@dataclass
class Ran:
    """One DAG run: its state, the states of its tasks, what each and the last one returned, and what the tasks logged."""

    state: str
    tasks: dict[str, str]
    values: dict[str, Any]
    summary: dict[str, Any]
    log: str


class Heard(logging.Handler):
    """What the tasks' own loggers said. Airflow sets its logging up anew, so handlers of the root do not last."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


class Airflow:
    """The connections of this test and its runs."""

    def __init__(self, home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.sandbox = sandbox
        self._monkeypatch = monkeypatch

    def connect_salesforce(self, **changes: Any) -> None:
        extra = {"auth_flow": "client_credentials", **changes.pop("extra", {})}
        fields = {
            "conn_type": "salesforce_connected_app",
            "host": self.sandbox.salesforce_url,
            "login": known.CONSUMER_KEY,
            "password": known.CONSUMER_SECRET,
            **changes,
        }
        self.connection("salesforce_connected_app_default", fields, extra)

    def connect_ipaas(self, **changes: Any) -> None:
        extra = {"company_id": COMPANY_GUID, "system_id": 5501, **changes.pop("extra", {})}
        fields = {
            "conn_type": "ipaas",
            "host": self.sandbox.ipaas_url,
            "login": known.IPAAS_USERNAME,
            "password": known.IPAAS_PASSWORD,
            **changes,
        }
        self.connection("ipaas_default", fields, extra)

    def connection(self, conn_id: str, fields: dict[str, Any], extra: dict[str, Any]) -> None:
        name = f"AIRFLOW_CONN_{conn_id.upper()}"
        self._monkeypatch.setenv(name, json.dumps({**fields, "extra": extra}))

    def disconnect(self, conn_id: str) -> None:
        self._monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")

    def run(self, dag_id: str, **conf: Any) -> Ran:
        """Run a DAG file of the package as Airflow would, with the params of a manual trigger."""
        # Imported here: Airflow reads its settings at the first import, the root conftest has set them by then.
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        dag = self.load(dag_id)
        for task in dag.tasks:
            # dag.test() would wait the retry delay in real time.
            (task.partial_kwargs.update(retries=0) if task.is_mapped else setattr(task, "retries", 0))
        heard = Heard()
        loggers = [logging.getLogger(f"airflow.task.{task.task_type}") for task in dag.tasks]
        for logger in loggers:
            logger.addHandler(heard)
        try:
            run = dag.test(run_conf=conf)
        finally:
            for logger in loggers:
                logger.removeHandler(heard)
        tasks = {
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": str(ti.state)
            for ti in run.get_task_instances()
        }
        with create_session() as session:
            found = XComModel.get_many(run_id=run.run_id, key="return_value", dag_ids=dag_id)
            rows = session.execute(found.with_only_columns(XComModel.task_id, XComModel.value)).all()
        values = {task: json.loads(value) if isinstance(value, str) else value for task, value in rows}
        # Where a param chooses the task, there are several leaves and one of them has run.
        summary = next((value for task in dag.leaves if (value := values.get(task.task_id))), {})
        return Ran(str(run.state), tasks, values, summary, "\n".join(heard.lines))

    def load(self, dag_id: str) -> Any:
        """Import the DAG file afresh: `dag.test()` leaves a run's params in the DAG object."""
        namespace: dict[str, Any] = {"__name__": f"test_{dag_id}"}
        exec(compile((self.home / "dags" / f"{dag_id}.py").read_text(), dag_id, "exec"), namespace)
        return namespace["dag"]


@pytest.fixture
def airflow(
    airflow_database: Path,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> Airflow:
    """Return a working Airflow with both connections, an empty ledger and both services empty."""
    home = airflow_database.parent
    shutil.copytree(DAGS, home / "dags", dirs_exist_ok=True)
    shutil.rmtree(home / "ipaas", ignore_errors=True)
    sandbox.reset()
    ready = Airflow(home, sandbox, monkeypatch)
    ready.connect_salesforce()
    ready.connect_ipaas()
    return ready
