"""The services of docker-compose.airflow.yml as processes of this machine.

Commands, settings, dependencies and health checks are those of the file. What the containers would do is done here:
host names become loopback, each port a free one, volumes and /opt/airflow directories of one temporary directory.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from _airflow_api import AirflowApi
from _compose import Service, read_services
from _postgres import account, find_binaries
from _processes import Processes, StartError, free_port

CLONE = Path(__file__).resolve().parent.parent
COMPOSE = CLONE / "docker-compose.airflow.yml"
_HOME = "/opt/airflow"
_DATABASES = ("postgres", "ledger-postgres")
# The port that a service listens on in its container, and the setting that moves it.
_PORTS = {
    "postgres": (5432, ""),
    "ledger-postgres": (5432, ""),
    "redis": (6379, ""),
    "api-server": (8080, "AIRFLOW__API__PORT"),
    "scheduler": (8974, "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT"),
    "triggerer": (8794, "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"),
    "worker": (8793, "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"),
}
# What the entry point of Airflow's image runs as it is; all else is a subcommand of airflow.
_PROGRAMS = ("bash", "python", "airflow")
_INIT_TIMEOUT_S = 300
_HEALTH_TIMEOUT_S = 120


@dataclass
class Cluster:
    """All services but the sandbox; stop `processes` at the end, whatever happens."""

    home: Path
    processes: Processes
    # What `make env` wrote.
    variables: Mapping[str, str] = field(repr=False)
    # What a user writes into airflow.env.
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    services: dict[str, Service] = field(default_factory=dict, repr=False)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = read_services(COMPOSE, self.variables)

    @property
    def api(self) -> AirflowApi:
        return AirflowApi(f"http://127.0.0.1:{self.ports['api-server']}", "admin", self.variables["ADMIN_PASSWORD"])

    @property
    def ledger_url(self) -> str:
        return self._environment("init")["AIRFLOW_IPAAS_LEDGER_URL"]

    def start(self, workers: int) -> None:
        """Start everything in the order that the dependencies want, and wait until all of it is healthy."""
        first = 20000 + os.getpid() % 20000
        for name in ("postgres", "ledger-postgres", "redis", "api-server", "scheduler", "triggerer"):
            self.ports[name] = free_port(first, taken=list(self.ports.values()))
        for name in (*_DATABASES, "redis"):
            self.start_service(name)
        for name in (*_DATABASES, "redis"):
            self.wait_until_healthy(name)
        self.processes.run(
            "init", self._command("init"), self._environment("init"), self._home("init"), timeout_s=_INIT_TIMEOUT_S
        )
        lasting = ("api-server", "scheduler", "dag-processor", "triggerer")
        for name in lasting:
            self.start_service(name)
        for name in lasting:
            self.wait_until_healthy(name)
        self.scale(workers)

    def scale(self, workers: int) -> None:
        """Start workers until so many run, as `up --scale worker=N` does."""
        running = sum(name.startswith("worker-") for name in self.processes.running)
        started = [f"worker-{number}" for number in range(running + 1, workers + 1)]
        for name in started:
            self.start_service(name)
        for name in started:
            self.wait_until_healthy(name)

    def start_service(self, name: str) -> None:
        """Start one service, or one worker by a name of its own, with the data that its volumes have."""
        if _kind(name) == "worker":
            self.ports[name] = free_port(self.ports["triggerer"] + 1, taken=list(self.ports.values()))
        if name in _DATABASES:
            self._start_database(name)
        else:
            self.processes.start(name, self._command(name), self._environment(name), self._home(name))

    def wait_until_healthy(self, name: str) -> None:
        """Wait until the health check of the file passes."""
        deadline = time.monotonic() + _HEALTH_TIMEOUT_S
        while not self.is_healthy(name):
            self.processes.check_alive()
            if time.monotonic() > deadline:
                raise StartError(f"{name} is not healthy after {_HEALTH_TIMEOUT_S} s.\n{self.processes.tail(name)}")
            time.sleep(0.2)

    def is_healthy(self, name: str) -> bool:
        """Say what the health check of the file says now."""
        kind, *test = self.services[_kind(name)].healthcheck
        test = [self._local_ports(name, part) for part in test]
        command = ["sh", "-c", *test] if kind == "CMD-SHELL" else test
        done = subprocess.run(
            command, env=self._environment(name), cwd=self._home(name), capture_output=True, timeout=120, check=False
        )
        return done.returncode == 0

    def _start_database(self, name: str) -> None:
        """Do as the image of PostgreSQL does: make the database at the first start, then serve."""
        data, sockets, owner = self._volume(name, "/var/lib/postgresql/data"), self._home(name), account()
        if not any(data.iterdir()):
            for directory in (data, sockets):
                if owner:
                    shutil.chown(directory, owner.pw_uid, owner.pw_gid)
            self._make_database(name, data, sockets / "password")
        program, *options = self.services[name].command
        for setting in (
            "listen_addresses=127.0.0.1",
            f"port={self.ports[name]}",
            f"unix_socket_directories={sockets}",
            # The data dies with the temporary directory: durability would only cost time.
            "fsync=off",
        ):
            options += ["-c", setting]
        command = [str(find_binaries() / program), "-D", str(data), *options]
        self.processes.start(name, command, self._environment(name), data.parent, account=owner)

    def _make_database(self, name: str, data: Path, password_file: Path) -> None:
        environment, owner, binaries = self.services[name].environment, account(), find_binaries()
        password_file.touch(mode=0o600)
        password_file.write_text(environment["POSTGRES_PASSWORD"], "utf-8")
        if owner:
            shutil.chown(password_file, owner.pw_uid, owner.pw_gid)
        options = environment["POSTGRES_INITDB_ARGS"].split()
        options += ["--username", environment["POSTGRES_USER"], "--pwfile", str(password_file)]
        statement = f'CREATE DATABASE "{environment["POSTGRES_DB"]}";'
        # A server for one user, which reads statements from its input.
        single = f"echo '{statement}' | '{binaries / 'postgres'}' --single -D '{data}' postgres"
        for step, command in {
            "initdb": [str(binaries / "initdb"), "-D", str(data), *options],
            "database": ["sh", "-c", single],
        }.items():
            env = self._environment(name)
            self.processes.run(f"{name}-{step}", command, env, data.parent, timeout_s=120, account=owner)
        password_file.unlink()

    def _command(self, name: str) -> list[str]:
        command = [self._local(name, part) for part in self.services[_kind(name)].command]
        return command if name == "redis" or command[0] in _PROGRAMS else ["airflow", *command]

    def _environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service: the file's, and what differs between a container and a process."""
        service = self.services[_kind(name)]
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AIRFLOW", "_AIRFLOW", "PYTHONPATH", "PYTHONHOME", "PG", "POSTGRES_", "REDIS"))
        }
        settings = self.settings if service.env_files else {}
        declared = {key: self._local(name, value) for key, value in service.environment.items()}
        env = {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{find_binaries()}{os.pathsep}{os.environ['PATH']}",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            # Each container has a name of its own.
            "HOSTNAME": name,
            "AIRFLOW_HOME": str(self._home(name)),
            "AIRFLOW__API__HOST": "127.0.0.1",
            **settings,
            **declared,
        }
        if name in self.ports:
            env |= {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports[name])}
        # Workers and the triggerer look for the API server's port as well.
        for owner in (name, "api-server"):
            _, setting = _PORTS.get(_kind(owner), (0, ""))
            if setting and owner in self.ports:
                env[setting] = str(self.ports[owner])
        return env

    def _local(self, name: str, text: str) -> str:
        """Turn host names and ports of containers into those of this machine."""
        for other, (port, _) in _PORTS.items():
            if other in self.ports:
                # A host stands after @ or //.
                text = re.sub(rf"(?<=[@/]){other}:{port}\b", f"127.0.0.1:{self.ports[other]}", text)
        for path, volume in self.services[_kind(name)].volumes.items():
            text = text.replace(f"dir {path}\n", f"dir {self._volumes / volume}\nbind 127.0.0.1\n")
        return self._local_ports(name, text) if name == "redis" else text

    def _local_ports(self, name: str, text: str) -> str:
        port = _PORTS.get(_kind(name), (0, ""))[0]
        return re.sub(rf"\b{port}\b", str(self.ports[name]), text) if name in self.ports else text

    @property
    def _volumes(self) -> Path:
        return self.home / "volumes"

    def _volume(self, name: str, path: str) -> Path:
        place = self._volumes / self.services[_kind(name)].volumes[path]
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _home(self, name: str) -> Path:
        """Return /opt/airflow of a service: the DAGs that its image has, and the volumes that are mounted there."""
        home = self.home / "containers" / name
        if not home.exists():
            home.mkdir(parents=True)
            for path in self.services[_kind(name)].volumes:
                place = self._volume(name, path)
                if path.startswith(f"{_HOME}/"):
                    (home / path.removeprefix(f"{_HOME}/")).symlink_to(place)
            (home / "dags").symlink_to(CLONE / "dags")
        return home


def _kind(name: str) -> str:
    return "worker" if name.startswith("worker-") else name
