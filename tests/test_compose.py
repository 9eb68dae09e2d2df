"""The structure of the compose file: what would otherwise show only where Docker runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from env_file import MAKERS

COMPOSE = Path(__file__).parent.parent / "docker-compose.airflow.yml"
ONE_SHOT = {"init"}
# Neither of these runs our image as one of Airflow's components.
OTHERS = {"postgres", "ledger-postgres", "redis", "sandbox"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_fits_the_schema_of_compose_files() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_runs_every_component_of_airflow(services: dict[str, Any]) -> None:
    commands = {service.get("command") for service in services.values() if isinstance(service.get("command"), str)}
    assert {"api-server", "scheduler", "dag-processor", "triggerer"} <= commands
    assert "airflow celery worker" in services["worker"]["command"][-1]


def test_every_secret_must_be_given() -> None:
    text = COMPOSE.read_text("utf-8")
    for name in MAKERS:
        assert re.search(rf"\$\{{{name}:\?[^}}]+\}}", text), name
        assert not re.search(rf"\$\{{{name}:?-", text), f"{name} has a default"


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 1
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_every_lasting_service_has_a_health_check(services: dict[str, Any]) -> None:
    for name in set(services) - ONE_SHOT:
        check = services[name]["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL"), name
        assert check["retries"] >= 3, name


def test_dependencies_exist_and_can_be_met(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, rule in service.get("depends_on", {}).items():
            assert other in services, name
            if rule["condition"] == "service_healthy":
                assert "healthcheck" in services[other], name
            if rule["condition"] == "service_completed_successfully":
                assert services[other]["restart"] == "no", name


def test_networks_volumes_and_configs_are_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    for service in services.values():
        assert set(service.get("networks", [])) <= set(compose["networks"])
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith((".", "/"))}
        assert named <= set(compose["volumes"])
        assert {config["source"] for config in service.get("configs", [])} <= set(compose.get("configs", {}))


def test_all_services_of_airflow_share_image_settings_and_logs(services: dict[str, Any]) -> None:
    airflow = [service for name, service in services.items() if name not in OTHERS]
    assert {service["image"] for service in airflow} == {"airflow-provider-ipaas:3.3.2"}
    assert all("logs:/opt/airflow/logs" in service["volumes"] for service in airflow)
    first = services["scheduler"]["environment"]
    assert all(first.items() <= service["environment"].items() for service in airflow)
    assert first["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_workers_can_be_scaled(services: dict[str, Any]) -> None:
    assert not {"container_name", "hostname", "ports"} & set(services["worker"])
    assert "celery" in services["worker"]["build"]["dockerfile_inline"]
    assert "stop_grace_period" in services["worker"]


def test_metadata_and_ledger_are_apart(services: dict[str, Any]) -> None:
    metadata, ledger = services["postgres"], services["ledger-postgres"]
    assert not set(metadata["volumes"]) & set(ledger["volumes"])
    assert metadata["environment"]["POSTGRES_PASSWORD"] != ledger["environment"]["POSTGRES_PASSWORD"]
    settings = services["worker"]["environment"]
    assert "@ledger-postgres:" in settings["AIRFLOW_CONN_IPAAS_LEDGER"]
    assert "@postgres:" in settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_no_service_has_capabilities_or_can_gain_them(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name


def test_what_the_image_copies_is_in_the_clone(services: dict[str, Any]) -> None:
    dockerfile = services["scheduler"]["build"]["dockerfile_inline"]
    copied = [
        source
        for line in dockerfile.splitlines()
        if line.startswith("COPY ")
        for source in line.split()[1:-1]
        if not source.startswith("--")
    ]
    assert {"pyproject.toml", "provider", "dags"} <= set(copied)
    assert [source for source in copied if not (COMPOSE.parent / source).exists()] == []


def test_the_sandbox_is_opt_in_and_shares_the_loopback_of_the_tasks(services: dict[str, Any]) -> None:
    sandbox = services["sandbox"]
    assert sandbox["profiles"] == ["sandbox"]
    assert sandbox["network_mode"] == "service:worker"
    assert "networks" not in sandbox
