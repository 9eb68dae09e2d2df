"""Both services, a ledger and workers that may die: a world that can be photographed and put back."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.model import KINDS
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.crash.killing import Kill
from tests.crash.ledgers import Shelf
from tests.support.rig import SYSTEM_ID, Rig

STEPS = (
    "extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas", "upsert_salesforce", "report",
)  # fmt: skip
# The tasks of other DAGs that write to the ledger.
TASKS = (*STEPS, "reconcile", "schema_drift")
CLONE = Path(__file__).parents[2]
# Everything that the stores of the sandbox hold and a run or a person changes.
_SALESFORCE = ("tables", "flows", "_due_flows", "_cascaded", "_flows_before", "_cascaded_before", "api_used")
_IPAAS = (
    "tables", "links", "custom_fields", "relationships", "address_owners", "_next_address", "_next_relationship",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Photo:
    """The state of everything at one moment."""

    salesforce: dict[str, Any]
    ipaas: dict[str, Any]
    switches: tuple[dict[str, Any], dict[str, Any]]
    clocks: dict[str, timedelta]
    faults: list[dict[str, Any]]
    ledger: str


class Workers:
    """The process that forks one worker per job; see `tests.crash.worker`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.worker"],
            cwd=CLONE,
            env={**os.environ, "PYTHONPATH": str(CLONE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def do(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Have one job done; return what became of it."""
        (answer,) = self.at_once([job])
        return answer

    def at_once(self, jobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Have several jobs done by as many processes at the same time."""
        return list(self.ask({"jobs": jobs}))

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Send a line and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the workers' process has ended"
        return json.loads(line)


class Ground:
    """One sandbox and one ledger for many scenarios."""

    def __init__(self, sandbox: Sandbox, shelf: Shelf, workers: Workers) -> None:
        self.sandbox = sandbox
        self.shelf = shelf
        self.workers = workers
        self._empty = shelf.keep()
        self._made: dict[Callable[[Ground], None], Photo] = {}
        self.rig = Rig(sandbox, SqlLedger.open(shelf.url))
        # What is imported and compiled by a run now, no later worker has to.
        for collection in ("account", "contact"):
            workers.ask({"warm": self.job(collection, "warm", {"full": True})})

    def clear(self) -> None:
        """Empty both services and the ledger."""
        self.sandbox.machine.reset()
        self.rig.ledger.close()
        self.shelf.put_back(self._empty)
        self.rig = Rig(self.sandbox, SqlLedger.open(self.shelf.url))

    def once(self, make: Callable[[Ground], None]) -> None:
        """Make a world that many begin with; from the second time on it is put back from a photo."""
        if make in self._made:
            self.put_back(self._made[make])
        else:
            make(self)
            self._made[make] = self.photograph()

    def lose_ledger(self) -> None:
        """Put an empty ledger in the place of the one that is used."""
        self.rig.ledger.close()
        self.shelf.put_back(self._empty)

    def photograph(self) -> Photo:
        self.rig.ledger.close()
        return Photo(
            _copied(self.sandbox.salesforce, _SALESFORCE),
            _copied(self.sandbox.ipaas, _IPAAS),
            (self.sandbox.salesforce.switches.as_dict(), self.sandbox.ipaas.switches.as_dict()),
            {name: clock._offset for name, clock in self.sandbox.clocks.items()},
            [
                {key: value for key, value in rule.items() if key not in ("id", "seen", "hits")}
                for rule in self.sandbox.faults.list()
            ],
            self.shelf.keep(),
        )

    def put_back(self, photo: Photo) -> None:
        """Return to the moment of a photo; time itself goes on."""
        self.rig.ledger.close()
        self.shelf.put_back(photo.ledger)
        for store, values in ((self.sandbox.salesforce, photo.salesforce), (self.sandbox.ipaas, photo.ipaas)):
            for name, value in _deep(values).items():
                setattr(store, name, value)
        for store, switches in zip((self.sandbox.salesforce, self.sandbox.ipaas), photo.switches, strict=True):
            for name, value in switches.items():
                store.switches.set(name, value)
        for name, clock in self.sandbox.clocks.items():
            clock.reset()
            clock.advance(photo.clocks[name])
        self.sandbox.faults.clear()
        for rule in photo.faults:
            self.sandbox.faults.add(rule)
        self.sandbox.journal.reset()

    def pass_time(self, **span: float) -> None:
        """Let time pass in both services; `timedelta`'s arguments."""
        for clock in self.sandbox.clocks.values():
            clock.advance(timedelta(**span))

    # Runs

    def run(self, collection: str, run_id: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Run tasks in one worker, all of them unless told otherwise; return what became of them."""
        return self.workers.do(self.job(collection, run_id, params, **more))

    def job(
        self,
        collection: str,
        run_id: str,
        params: dict[str, Any],
        *,
        steps: Sequence[str] = STEPS,
        states: Mapping[str, str] | None = None,
        kill: Kill | None = None,
        try_number: int = 1,
    ) -> dict[str, Any]:
        return {
            "env": self._environment(),
            "collection": collection,
            "run_id": run_id,
            "params": params,
            "steps": list(steps),
            "states": dict(states or {}),
            "kill": asdict(kill) if kill else None,
            "try_number": try_number,
        }

    def _environment(self) -> dict[str, str]:
        salesforce = {
            "conn_type": "salesforce_connected_app",
            "host": self.sandbox.salesforce_url,
            "login": known.CONSUMER_KEY,
            "password": known.CONSUMER_SECRET,
            "extra": {"auth_flow": "client_credentials", **self.rig.settings},
        }
        ipaas = {
            "conn_type": "ipaas",
            "host": self.sandbox.ipaas_url,
            "login": known.IPAAS_USERNAME,
            "password": known.IPAAS_PASSWORD,
            "extra": {
                "company_id": COMPANY_GUID,
                "system_id": int(SYSTEM_ID),
                "api_profile": self.rig.profile_overrides,
            },
        }
        return {
            "AIRFLOW_CONN_SALESFORCE_CONNECTED_APP_DEFAULT": json.dumps(salesforce),
            "AIRFLOW_CONN_IPAAS_DEFAULT": json.dumps(ipaas),
            "AIRFLOW_CONN_IPAAS_LEDGER": self.shelf.connection,
        }

    def let_requests_end(self) -> None:
        """Wait until the services have dealt with what a dead worker had sent: a retry comes later than that."""
        for url in (self.sandbox.salesforce_url, self.sandbox.ipaas_url):
            # Once this is answered the server has looked at everything that came before.
            requests.get(f"{url}/_sandbox/clock", timeout=30).raise_for_status()
        while any(
            protocol.cycle is not None and not protocol.cycle.response_complete
            for service in ("salesforce", "ipaas")
            for protocol in self.sandbox._connections(service)
        ):
            requests.get(f"{self.sandbox.salesforce_url}/_sandbox/clock", timeout=30).raise_for_status()


def _copied(store: Any, names: Sequence[str]) -> dict[str, Any]:
    return _deep({name: getattr(store, name) for name in names})


def _deep(values: dict[str, Any]) -> dict[str, Any]:
    # Kinds are told apart by identity.
    return copy.deepcopy(values, {id(kind): kind for kind in KINDS.values()})
