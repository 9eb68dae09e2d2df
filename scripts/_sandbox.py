"""The local Salesforce and iPaaS.com as a process, and what other users do in them meanwhile."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from _processes import Processes, StartError, free_port
from airflow_provider_ipaas.cli.sandbox import connections
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID

_NAME = "sandbox"


@dataclass
class SandboxProcess:
    """`airflow-ipaas sandbox` in the background, with calls to its controls."""

    processes: Processes
    ports: dict[str, int] = field(default_factory=dict)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self._session.trust_env = False

    @property
    def salesforce_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['salesforce']}"

    @property
    def ipaas_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['ipaas']}"

    def start(self, env: dict[str, str], cwd: Path, *, seed: str = "demo") -> None:
        """Start both services at their usual ports or the next free ones."""
        for name, port in {"salesforce": 8701, "ipaas": 8702, "salesforce-tls": 8711, "ipaas-tls": 8712}.items():
            self.ports[name] = free_port(port, taken=list(self.ports.values()))
        command = [sys.executable, "-m", "airflow_provider_ipaas.cli", "sandbox", "--seed", seed]
        for name, port in self.ports.items():
            command += [f"--{name}-port", str(port)]
        self.processes.start(_NAME, command, env, cwd)

    def wait_until_ready(self, *, timeout_s: float = 60) -> None:
        """Wait until the controls answer."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self.control("GET", "")
                return
            except requests.RequestException as error:
                self.processes.check_alive()
                if time.monotonic() > deadline:
                    raise StartError(f"The sandbox did not start.\n{self.processes.tail(_NAME)}") from error
                time.sleep(0.1)

    def connections(self) -> dict[str, str]:
        """Return the Airflow connections to both services as JSON, by id."""
        made = connections(self.salesforce_url, self.ipaas_url)
        return {name: json.dumps(connection) for name, connection in made.items()}

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call a control; raise when it refuses."""
        answer = self._session.request(method, f"{self.salesforce_url}/_sandbox{path}", json=body, timeout=30)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def pairs(self, kind: str) -> list[tuple[str, int]]:
        """List the linked records of a kind (companies, customers) as Salesforce id and iPaaS.com id."""
        found = []
        for record in self.control("GET", f"/ipaas/records/{kind}"):
            for link in record["external_ids"]:
                if link["system_id"] == SALESFORCE_SYSTEM_ID and record["active"]:
                    found.append((str(link["external_id"]), int(record["id"])))
        return sorted(found, key=lambda pair: pair[1])

    def salesforce_record(self, sobject: str, record_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", f"/salesforce/records/{sobject}/{record_id}")
        return found

    def ipaas_record(self, kind: str, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", f"/ipaas/records/{kind}/{number}")
        return found

    def edit_salesforce(self, sobject: str, record_id: str, fields: dict[str, Any]) -> None:
        """Change a record as another user of the org."""
        self.control("PATCH", f"/salesforce/records/{sobject}/{record_id}", {"fields": fields})

    def edit_ipaas(self, kind: str, number: int, fields: dict[str, Any]) -> None:
        """Change a record as another user of the portal."""
        self.control("PATCH", f"/ipaas/records/{kind}/{number}", {"fields": fields})

    def create_salesforce(self, sobject: str, fields: dict[str, Any]) -> str:
        return str(self.control("POST", f"/salesforce/records/{sobject}", {"fields": fields})["Id"])

    def create_ipaas(self, kind: str, fields: dict[str, Any]) -> int:
        return int(self.control("POST", f"/ipaas/records/{kind}", {"fields": fields})["id"])
