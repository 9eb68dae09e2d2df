"""The structure of the compose file: what would otherwise show only where Docker runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

COMPOSE = Path(__file__).parent.parent / "docker-compose.airflow.yml"
ONE_SHOT = {"init"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_runs_every_component_of_airflow(services: dict[str, Any]) -> None:
    commands = {service.get("command") for service in services.values() if isinstance(service.get("command"), str)}
    assert {"api-server", "scheduler", "dag-processor", "triggerer"} <= commands


def test_every_secret_must_be_given() -> None:
    text = COMPOSE.read_text("utf-8")
    for name in ("FERNET_KEY", "JWT_SECRET", "API_SECRET_KEY", "POSTGRES_PASSWORD", "ADMIN_PASSWORD"):
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
        assert {config["source"] for config in service.get("configs", [])} <= set(compose["configs"])


def test_all_services_of_airflow_share_image_and_settings(services: dict[str, Any]) -> None:
    airflow = [service for name, service in services.items() if name not in ("postgres", "sandbox")]
    assert {service["image"] for service in airflow} == {"airflow-provider-ipaas:3.3.2"}
    first = services["scheduler"]["environment"]
    assert all(first.items() <= service["environment"].items() for service in airflow)
    assert first["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"


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
    assert sandbox["network_mode"] == "service:scheduler"
    assert "networks" not in sandbox
