"""A whole Airflow on this machine, with everything it writes in one directory of the clone."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import requests
from cryptography.fernet import Fernet

from _airflow_api import AirflowApi
from _processes import Processes, StartError, free_port

CLONE = Path(__file__).resolve().parent.parent
USER = "admin"
# What the directory holds for this Airflow itself: passwords as its auth manager reads them, and its keys.
PASSWORDS, SECRETS = "passwords.json", "secrets.json"
_COMPONENTS = ("scheduler", "dag-processor", "api-server")
# Health names of the components that must be up before a run can be triggered.
_NEEDED = ("metadatabase", "scheduler", "dag_processor")


@dataclass
class Airflow:
    """The scheduler, DAG processor and API server (and triggerer) of Airflow with SQLite and the LocalExecutor.

    The components are started one by one rather than by `airflow standalone`, which leaves its children behind when it
    is killed and always starts all of them.
    """

    home: Path
    processes: Processes
    dags_folder: Path = CLONE / "dags"
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    schedules: bool = True
    triggerer: bool = False
    preferred_port: int = 8080
    port: int = 0
    # Whom Airflow knows besides the admin, with the role of each.
    more_users: Mapping[str, str] = field(default_factory=dict)
    _secrets: dict[str, str] = field(default_factory=dict, repr=False)
    _passwords: dict[str, str] = field(default_factory=dict, repr=False)
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return self._secrets["password"]

    @property
    def passwords(self) -> dict[str, str]:
        """The password of each user, by name."""
        return dict(self._passwords)

    @property
    def own_secrets(self) -> set[str]:
        """The keys of this Airflow and the passwords of its users."""
        return {*self._secrets.values(), *self._passwords.values()}

    @property
    def api(self) -> AirflowApi:
        return AirflowApi(self.url, USER, self.password)

    def prepare(self, *, fresh: bool) -> None:
        """Claim the directory, empty it when *fresh*, and make the secrets; what a first start made is kept."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = self.home.with_name(f"{self.home.name}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"Another Airflow already runs in {self.home}. Stop it first.") from error
        if fresh:
            shutil.rmtree(self.home)
            self.home.mkdir(mode=0o700)
        # The local services start from their seed each time: a ledger of their last life would contradict them.
        shutil.rmtree(self.home / "ipaas", ignore_errors=True)
        self._secrets = self._load_secrets()
        self._passwords = {USER: self.password, **{name: secrets.token_urlsafe(12) for name in self.more_users}}
        _write_private(self.home / PASSWORDS, json.dumps(self._passwords))

    def migrate(self) -> None:
        """Create the metadata database or bring it to the newest version."""
        self.processes.run("migrate", self._command("db", "migrate"), self.environment(), self.home, timeout_s=180)

    def start(self) -> None:
        """Start the components; they need some seconds to get ready, see `wait_until_ready`."""
        self.port = free_port(self.preferred_port)
        env = self.environment()
        for component in (*_COMPONENTS, *(["triggerer"] if self.triggerer else [])):
            self.processes.start(component, self._command(component), env, self.home)

    def wait_until_ready(self, dag_ids: tuple[str, ...], *, timeout_s: float = 180) -> None:
        """Wait until the components are healthy and the DAGs are known."""
        deadline = time.monotonic() + timeout_s
        api = self.api
        while not self._answers_ready(api, dag_ids):
            self.processes.check_alive()
            if time.monotonic() > deadline:
                raise StartError(
                    f"Airflow was not ready after {timeout_s:.0f} s; health: {api.health() or 'no answer'}.\n"
                    + self.processes.tail("api-server")
                )
            time.sleep(0.5)

    def environment(self) -> dict[str, str]:
        """Return the environment of every Airflow process here; the caller's own Airflow settings are left out."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "_AIRFLOW", "PYTHONPATH", "PYTHONHOME"))
        }
        loopback = ",".join(
            filter(None, [os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), "127.0.0.1,localhost"])
        )
        env = {
            **inherited,
            # Airflow and its executor start `airflow` by name.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            "AIRFLOW_HOME": str(self.home),
            **{f"AIRFLOW__{section}__{option}": value for (section, option), value in self._settings().items()},
            **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in self.connections.items()},
        }
        if sys.platform == "darwin":
            # macOS kills forked processes that touch its frameworks, which looking up proxies does.
            env |= {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES", "NO_PROXY": "*", "no_proxy": "*"}
        return env

    def _settings(self) -> dict[tuple[str, str], str]:
        port = self.port or self.preferred_port
        log_port = free_port(18793, taken=(port,))
        return {
            ("CORE", "DAGS_FOLDER"): str(self.dags_folder),
            ("CORE", "LOAD_EXAMPLES"): "False",
            ("CORE", "EXECUTOR"): "LocalExecutor",
            ("CORE", "PARALLELISM"): "8",
            ("CORE", "DAGS_ARE_PAUSED_AT_CREATION"): "False",
            ("CORE", "FERNET_KEY"): self._secrets["fernet_key"],
            ("CORE", "EXECUTION_API_SERVER_URL"): f"http://127.0.0.1:{port}/execution/",
            ("CORE", "SIMPLE_AUTH_MANAGER_USERS"): ",".join(
                f"{name}:{role}" for name, role in {USER: "admin", **self.more_users}.items()
            ),
            ("CORE", "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"): str(self.home / PASSWORDS),
            ("CORE", "TEST_CONNECTION"): "Enabled",
            ("API", "HOST"): "127.0.0.1",
            ("API", "PORT"): str(port),
            ("API", "BASE_URL"): f"http://127.0.0.1:{port}",
            ("API", "WORKERS"): "1",
            ("API", "SECRET_KEY"): self._secrets["secret_key"],
            ("API_AUTH", "JWT_SECRET"): self._secrets["jwt_secret"],
            ("DATABASE", "SQL_ALCHEMY_CONN"): f"sqlite:///{self.home / 'airflow.db'}",
            ("LOGGING", "WORKER_LOG_SERVER_PORT"): str(log_port),
            ("LOGGING", "TRIGGER_LOG_SERVER_PORT"): str(free_port(log_port + 1, taken=(port,))),
            # Runs start within a fraction of a second instead of seconds: this machine serves one person.
            ("SCHEDULER", "SCHEDULER_IDLE_SLEEP_TIME"): "0.2",
            ("SCHEDULER", "USE_JOB_SCHEDULE"): str(self.schedules),
            ("DAG_PROCESSOR", "REFRESH_INTERVAL"): "30",
            # A supervisor may notice the end of its task only after this time, and holds a worker as long.
            ("WORKERS", "MIN_HEARTBEAT_INTERVAL"): "1",
        }

    def _load_secrets(self) -> dict[str, str]:
        path = self.home / SECRETS
        if path.exists():
            known: dict[str, str] = json.loads(path.read_text("utf-8"))
            return known
        made = {
            "password": secrets.token_urlsafe(12),
            "fernet_key": Fernet.generate_key().decode(),
            "secret_key": secrets.token_hex(32),
            "jwt_secret": secrets.token_urlsafe(64),
        }
        _write_private(path, json.dumps(made))
        return made

    def _answers_ready(self, api: AirflowApi, dag_ids: tuple[str, ...]) -> bool:
        """Say whether it is ready; a busy machine may answer late or not at all for a while."""
        try:
            return self._is_ready(api, dag_ids)
        except requests.RequestException:
            return False

    def _is_ready(self, api: AirflowApi, dag_ids: tuple[str, ...]) -> bool:
        health = api.health()
        needed = (*_NEEDED, *(["triggerer"] if self.triggerer else []))
        if any(health.get(component) != "healthy" for component in needed):
            return False
        if all(api.dag_exists(dag_id) for dag_id in dag_ids):
            return True
        if broken := api.import_errors():
            raise StartError("\n".join(f"{file} cannot be read:\n{trace}" for file, trace in broken.items()))
        return False

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "airflow", *arguments]


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
