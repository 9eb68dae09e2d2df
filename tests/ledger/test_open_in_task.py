"""Opening the ledger inside a task: there Airflow asks its API for the connection."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

DAG = """
import sys
from airflow.sdk import DAG, task

with DAG("opens_the_ledger", schedule=None) as dag:

    @task
    def where() -> str:
        from airflow_provider_ipaas.hooks.ledger import open_ledger

        try:
            return open_ledger().place
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    where()

if __name__ == "__main__":
    run = dag.test()
    [instance] = run.get_task_instances()
    print("ANSWER", instance.xcom_pull(task_ids="where"), flush=True)
"""


def answer_of_task(tmp_path: Path, **environment: str) -> str:
    file = tmp_path / "dags" / "opens_the_ledger.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(DAG)
    done = subprocess.run(
        [sys.executable, str(file)],
        env=os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(file.parent)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    answers = [line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(answers) == 1, done.stdout + done.stderr
    return answers[0]


@pytest.mark.e2e
def test_a_task_without_a_connection_uses_the_default_file(
    tmp_path: Path, airflow_home: Path, airflow_database: Path
) -> None:
    assert answer_of_task(tmp_path) == str(airflow_home / "ipaas" / "ledger.db")


@pytest.mark.e2e
def test_a_task_uses_a_connection_of_the_metadata_database(tmp_path: Path, airflow_database: Path) -> None:
    path = tmp_path / "from the database.db"
    with sqlite3.connect(airflow_database) as database:
        database.execute(
            "INSERT INTO connection (conn_id, conn_type, host, is_encrypted, is_extra_encrypted) "
            "VALUES ('ipaas_ledger', 'sqlite', ?, 0, 0)",
            [str(path)],
        )
    try:
        assert answer_of_task(tmp_path) == str(path)
    finally:
        with sqlite3.connect(airflow_database) as database:
            database.execute("DELETE FROM connection WHERE conn_id = 'ipaas_ledger'")
        database.close()


@pytest.mark.e2e
def test_a_task_under_another_executor_says_what_to_create(tmp_path: Path, airflow_database: Path) -> None:
    variables = {"AIRFLOW__CORE__EXECUTOR": "LocalExecutor,KubernetesExecutor"}
    answer = answer_of_task(tmp_path, **variables)
    assert answer.startswith("ConfigurationError: No connection `ipaas_ledger` is defined")
    assert "Create a connection `ipaas_ledger`" in answer
    connection = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "x.db")})
    answer = answer_of_task(tmp_path, AIRFLOW_CONN_IPAAS_LEDGER=connection, **variables)
    assert answer.startswith("ConfigurationError: Connection `ipaas_ledger` names an SQLite file")
