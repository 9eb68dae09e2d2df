"""`airflow-ipaas doctor` as a person or a program calls it, on hosts that see more or fewer connections."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.cli.sandbox import connections
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox

COMMAND = [sys.executable, "-m", "airflow_provider_ipaas.cli", "doctor"]


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def env(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a host whose connections are variables."""
    return {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        **variables(sandbox),
    }


def variables(sandbox: Sandbox) -> dict[str, str]:
    made = connections(sandbox.salesforce_url, sandbox.ipaas_url)
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in made.items()}


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1", **env},
    )


def found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_a_healthy_pair_ends_with_0_and_a_table(env: dict[str, str]) -> None:
    done = run(env)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].strip() == "Doctor: salesforce_connected_app_default, ipaas_default"
    (token,) = [line for line in lines if "salesforce.token" in line]
    assert token.startswith("│ ok │ salesforce.token ")
    assert "Logged in by client_credentials" in token
    assert lines[-1].endswith("0 warning, 0 error.")
    assert done.stderr == ""


def test_json_is_all_that_a_program_gets(env: dict[str, str]) -> None:
    done = run(env, "--json")
    assert done.returncode == 0
    diagnosis = found(done)
    assert list(diagnosis) == [
        "format",
        "status",
        "exit_code",
        "checked_at",
        "connections",
        "counts",
        "findings",
        "not_checked",
        "api_profile",
    ]
    assert (diagnosis["format"], diagnosis["status"], diagnosis["exit_code"]) == (1, "ok", 0)
    assert done.stderr == ""


def test_an_error_ends_with_1_and_shows_the_mend(env: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("hidden_fields", ["Contact.Email"])
    done = run(env)
    assert done.returncode == 1
    assert "Mend: Give the integration user read and edit access" in done.stdout
    assert "1 error" in done.stdout.splitlines()[-1]
    done = run(env, "--json")
    assert (done.returncode, found(done)["exit_code"]) == (1, 1)


def test_warnings_end_with_0_and_what_to_paste_is_printed_whole(env: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.ipaas.switches.update({"create_paths": "plural", "update_method": "PATCH"})
    done = run(env)
    assert done.returncode == 0
    pasted = done.stdout[done.stdout.index("All overrides together") :]
    assert json.loads(pasted[pasted.index("{") : pasted.rindex("}") + 1]) == {
        "paths": {"company_create": "v2/Customer/Companies", "customer_create": "v2/Customers"},
        "update_method": "PATCH",
    }


def test_what_was_left_out_is_named_once(env: dict[str, str]) -> None:
    done = run({**env, "AIRFLOW_CONN_IPAAS_DEFAULT": '{"conn_type": "ipaas", "host": "http://127.0.0.1:1"}'})
    assert done.returncode == 1
    assert done.stdout.count("Not checked, because ipaas.connection failed:") == 1


def test_a_connection_that_is_not_seen_names_both_ways(env: dict[str, str]) -> None:
    done = run(env, "--json", "--salesforce-conn-id", "salesforce_emea")
    assert done.returncode == 1
    (finding,) = [it for it in found(done)["findings"] if it["status"] == "error"]
    assert finding["check"] == "salesforce.connection"
    for way in ("AIRFLOW_CONN_SALESFORCE_EMEA", "scheduler or API server", "salesforce_ipaas_maintenance", "page"):
        assert way in finding["next_step"]
    assert done.stderr == ""


def test_connections_of_the_metadata_database_are_seen_on_a_server_host(
    sandbox: Sandbox, airflow_database: Path
) -> None:
    made = connections(sandbox.salesforce_url, sandbox.ipaas_url)
    names = {"salesforce_connected_app_default": "sf_in_database", "ipaas_default": "ip_in_database"}
    for name, connection in made.items():
        airflow("connections", "add", names[name], "--conn-json", json.dumps(connection))
    try:
        conn_ids = ("--salesforce-conn-id", "sf_in_database", "--ipaas-conn-id", "ip_in_database")
        done = run({"AIRFLOW_HOME": str(airflow_database.parent)}, "--json", *conn_ids)
        assert done.returncode == 0, done.stdout + done.stderr
        assert found(done)["connections"] == {"salesforce": "sf_in_database", "ipaas": "ip_in_database"}
        for secret in (known.CONSUMER_SECRET, known.IPAAS_PASSWORD):
            assert secret not in done.stdout + done.stderr
    finally:
        for name in names.values():
            airflow("connections", "delete", name)


def airflow(*arguments: str) -> None:
    command = [sys.executable, "-m", "airflow", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mapping_directory_is_examined_too(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text(
        "version: 1\nfields:\n  vip: {salesforce: Vip__c, ipaas: {custom_field: Vip}}\n", "utf-8"
    )
    done = run(env, "--json", "--mapping-dir", str(tmp_path))
    assert [it["subject"] for it in found(done)["findings"] if it["status"] == "error"] == ["Account.Vip__c"]
    assert run(env, "--mapping-dir", str(tmp_path / "nope")).returncode == 2


def test_no_secret_is_printed(env: dict[str, str], sandbox: Sandbox) -> None:
    made = connections(sandbox.salesforce_url, sandbox.ipaas_url)
    made["salesforce_connected_app_default"]["password"] = "hush-hush+!%of-salesforce"
    made["ipaas_default"]["password"] = "hush-hush+!%of-ipaas"
    wrong = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in made.items()}
    for arguments in ((), ("--json",)):
        done = run({**env, **wrong}, *arguments)
        assert done.returncode == 1
        assert "hush-hush" not in done.stdout + done.stderr
