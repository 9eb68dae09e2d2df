"""Read docker-compose.airflow.yml as Docker Compose does: merged, with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<rule>:?[-?])(?P<word>[^}]*))?\}|(?P<plain>[A-Za-z_]\w*))"
)


class ComposeError(Exception):
    """The file asks for a variable that has no value, or for what is not understood here."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with everything filled in."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    env_files: tuple[str, ...]
    # Volume (a name declared in the file) by the path in the container.
    volumes: Mapping[str, str]
    healthcheck: tuple[str, ...]
    # The condition by the name of the other service.
    depends_on: Mapping[str, str]


def read_services(file: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services by name; raises `ComposeError` when a variable that must be given is not."""
    loaded = interpolate(yaml.safe_load(file.read_text("utf-8")), variables)
    return {name: _service(name, found) for name, found in loaded["services"].items()}


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill `${NAME}`, `${NAME:-default}` and `${NAME:?message}` into all texts, and turn `$$` into `$`."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _fill(match, variables), value)
    if isinstance(value, list):
        return [interpolate(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: interpolate(item, variables) for key, item in value.items()}
    return value


def _fill(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "$"
    name, rule, word = match["name"] or match["plain"], match["rule"] or "", match["word"] or ""
    found = variables.get(name)
    # With a colon an empty value counts as none.
    given = bool(found) if rule.startswith(":") else found is not None
    if given:
        return str(found)
    if rule.endswith("?"):
        raise ComposeError(f"required variable {name} is missing a value: {word}")
    return word if rule.endswith("-") else ""


def _service(name: str, found: Mapping[str, Any]) -> Service:
    command = found.get("command", [])
    files = found.get("env_file", [])
    dependencies = found.get("depends_on", {})
    volumes = dict(reversed(volume.split(":")[:2]) for volume in found.get("volumes", []))
    return Service(
        name=name,
        command=tuple(command.split() if isinstance(command, str) else command),
        environment={key: "" if value is None else str(value) for key, value in found.get("environment", {}).items()},
        env_files=tuple(entry if isinstance(entry, str) else entry["path"] for entry in files),
        volumes=volumes,
        healthcheck=tuple(found.get("healthcheck", {}).get("test", ())),
        depends_on={other: rule["condition"] for other, rule in dependencies.items()},
    )
