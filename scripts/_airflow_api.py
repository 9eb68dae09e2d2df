"""The few calls of Airflow's REST API that the demo needs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import requests

_ENDED = frozenset({"success", "failed"})


class ApiError(Exception):
    """Airflow refused a call or did not get ready."""


@dataclass
class AirflowApi:
    """Calls as one user; the token is fetched on first use."""

    base_url: str
    username: str
    password: str = field(repr=False)
    timeout_s: float = 30.0
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _logged_in: bool = False

    def __post_init__(self) -> None:
        # A proxy or a netrc file of the user must not come between two programs of one machine.
        self._session.trust_env = False

    def health(self) -> dict[str, str]:
        """Return the state of each component, empty while the API server does not answer."""
        try:
            answer = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=self.timeout_s)
            states = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError):
            return {}
        return {name: str(component.get("status")) for name, component in states.items()}

    def dag_exists(self, dag_id: str) -> bool:
        return self._call("GET", f"dags/{dag_id}", missing_ok=True) is not None

    def import_errors(self) -> dict[str, str]:
        """Return the DAG files that could not be read, with the traceback of each."""
        rows = self._call("GET", "importErrors")["import_errors"]
        return {row["filename"]: row["stack_trace"] for row in rows}

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run and return its id."""
        run = self._call("POST", f"dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self._call("GET", f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout_s: float, poll_s: float = 0.5) -> str:
        """Return the final state of a run; raise `ApiError` when it takes longer than the time given."""
        deadline = time.monotonic() + timeout_s
        while (state := self.run_state(dag_id, run_id)) not in _ENDED:
            if time.monotonic() > deadline:
                raise ApiError(f"The run {run_id} of {dag_id} is still {state} after {timeout_s:.0f} s.")
            time.sleep(poll_s)
        return state

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run, by task id."""
        return {row["task_id"]: str(row["state"]) for row in self.task_instances(dag_id, run_id)}

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a run as Airflow describes them."""
        rows: list[dict[str, Any]] = self._call("GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")[
            "task_instances"
        ]
        return rows

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return what a task left behind, None when it left nothing."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        entry = self._call("GET", path, missing_ok=True)
        if entry is None:
            return None
        value = entry["value"]
        return json.loads(value) if isinstance(value, str) and value[:1] in '{["' else value

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> list[str]:
        """Return the lines of a task's log."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self._call("GET", path, headers={"Accept": "application/json"}, missing_ok=True)
        content = answer["content"] if answer else []
        if isinstance(content, str):
            return content.splitlines()
        return [text for line in content for text in _readable(line)]

    def _login(self) -> None:
        answer = self._session.post(
            f"{self.base_url}/auth/token",
            json={"username": self.username, "password": self.password},
            timeout=self.timeout_s,
        )
        if not answer.ok:
            raise ApiError(f"Airflow refused the login of {self.username} with status {answer.status_code}.")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._logged_in = True

    def _call(self, method: str, path: str, *, missing_ok: bool = False, **options: Any) -> Any:
        if not self._logged_in:
            self._login()
        answer = self._session.request(method, f"{self.base_url}/api/v2/{path}", timeout=self.timeout_s, **options)
        if missing_ok and answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok:
            raise ApiError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def _readable(line: Any) -> list[str]:
    """Turn a structured log line into text, an exception into its innermost place and message."""
    if not isinstance(line, dict):
        return [str(line)]
    texts = [str(line.get("event", line))]
    for error in line.get("error_detail") or []:
        frames = error.get("frames") or []
        place = f" ({frames[-1]['filename']}:{frames[-1]['lineno']})" if frames else ""
        texts.append(f"{error.get('exc_type')}: {error.get('exc_value')}{place}")
    return texts
