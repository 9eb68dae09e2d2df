"""The sandbox and an Airflow that syncs it, started together and stopped together."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console

from _airflow import CLONE, USER, Airflow
from _processes import Processes, interrupt_on_termination
from _sandbox import SandboxProcess
from airflow_provider_ipaas.sandbox.credentials import SALESFORCE_PASSWORD, USERNAME

STATE = CLONE / ".airflow"
DAG_IDS = ("salesforce_ipaas_accounts", "salesforce_ipaas_contacts")


@dataclass
class Stack:
    """Everything that runs; a context manager that stops it whatever happens."""

    airflow: Airflow
    sandbox: SandboxProcess
    processes: Processes
    console: Console
    dag_ids: tuple[str, ...] = DAG_IDS

    @classmethod
    def build(
        cls,
        name: str,
        console: Console,
        *,
        schedules: bool,
        triggerer: bool,
        dags_folder: Path = CLONE / "dags",
        dag_ids: tuple[str, ...] = DAG_IDS,
        port: int = 8080,
        state: Path = STATE,
        more_users: Mapping[str, str] | None = None,
    ) -> Stack:
        """Describe a stack that keeps its files in the directory *name* below *state*.

        *more_users*: whom Airflow knows besides the admin, with the role of each.
        """
        home = state / name
        processes = Processes(state / f"{name}-logs")
        airflow = Airflow(
            home,
            processes,
            dags_folder=dags_folder,
            schedules=schedules,
            triggerer=triggerer,
            preferred_port=port,
            more_users=more_users or {},
        )
        return cls(airflow, SandboxProcess(processes), processes, console, dag_ids)

    def __enter__(self) -> Stack:
        interrupt_on_termination()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with phase(self.console, "Stop everything"):
            self.processes.stop()

    def start(self, *, fresh: bool, preset: Collection[str] | None = None) -> None:
        """Start the sandbox and Airflow and wait until runs can be triggered.

        *preset*: ids of the connections to the sandbox that Airflow finds in its environment; None: all of them.
        """
        self.airflow.prepare(fresh=fresh)
        self.processes.clear_logs()
        with phase(self.console, "Start the sandbox: a local Salesforce and a local iPaaS.com"):
            self.sandbox.start(self.airflow.environment(), self.airflow.home)
            self.sandbox.wait_until_ready()
        connections = self.sandbox.connections()
        self.airflow.connections = {
            conn_id: connections[conn_id] for conn_id in (connections if preset is None else preset)
        }
        with phase(self.console, "Create Airflow's database"):
            self.airflow.migrate()
        with phase(self.console, "Start Airflow"):
            self.airflow.start()
            self.airflow.wait_until_ready(self.dag_ids)

    def print_access(self) -> None:
        """Say where everything is and how to log in."""
        lines = [
            f"  Airflow     {self.airflow.url}   user {USER}, password {self.airflow.password}",
            f"  Salesforce  {self.sandbox.salesforce_url}   iPaaS.com  {self.sandbox.ipaas_url}",
            f"              log in to Salesforce as {USERNAME}, password {SALESFORCE_PASSWORD}",
            f"  Controls    {self.sandbox.salesforce_url}/_sandbox/docs",
            f"  Logs        {self.processes.logs}",
        ]
        for line in lines:
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def stay(self) -> None:
        """Wait until Ctrl-C; raise `StartError` when a part ends by itself."""
        while True:
            self.processes.check_alive()
            time.sleep(0.5)


@contextmanager
def phase(console: Console, title: str) -> Iterator[None]:
    """Show what is under way and how long it took."""
    started = time.monotonic()
    try:
        with console.status(f"{title} ..."):
            yield
    except BaseException:
        console.print(f"[red]✗[/] {title}")
        raise
    console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.0f} s)[/]")
