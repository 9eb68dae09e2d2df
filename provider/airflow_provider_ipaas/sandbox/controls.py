"""The controls under /_sandbox: what a test or a person does behind the services' backs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.faults import Faults
from airflow_provider_ipaas.sandbox.front import CONTROL_PREFIX
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY
from airflow_provider_ipaas.sandbox.ipaas.controls import router as ipaas_router
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.journal import Journal
from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.controls import router as salesforce_router

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything the controls act on."""

    org: Org
    ipaas: IPaaSStore
    clocks: Mapping[str, Clock]
    faults: Faults
    journal: Journal

    def reset(self) -> None:
        """Return both services, their clocks, faults and logs to the beginning."""
        for clock in self.clocks.values():
            clock.reset()
        self.org.reset()
        self.ipaas.reset()
        self.faults.clear()
        self.journal.reset()

    def secrets(self) -> dict[str, list[str]]:
        """Return every secret that was in use since the start, for a search of what others wrote down."""
        known = [credentials.CONSUMER_SECRET, credentials.REFRESH_TOKEN, credentials.SALESFORCE_PASSWORD]
        return {
            "salesforce": [*known, *self.org.oauth.tokens.issued],
            "ipaas": [credentials.IPAAS_PASSWORD, API_KEY, *self.ipaas.access.issued],
        }

    def seed(self, *, name: str | None = None, records: int | None = None, companies: int = 0) -> None:
        """Fill both services with the named data set, or Salesforce with `records` and iPaaS.com with `companies`."""
        from airflow_provider_ipaas.sandbox import seeds

        if records is not None:
            seeds.seed_n(records, self.org.store, self.ipaas, companies=companies)
        elif name == "demo":
            seeds.seed_demo(self.org.store, self.ipaas)
        else:
            raise ValueError(f"There is no data set {name!r}; there is demo.")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeedBody(_Body):
    """Which data to load."""

    name: str | None = None
    records: int | None = None
    companies: int = 0


class ClockBody(_Body):
    """How to change one clock, or both when no service is named."""

    service: str | None = None
    now: AwareDatetime | None = None
    advance_s: float | None = None
    skew_s: float | None = None
    frozen: bool | None = None


def create_controls(machine: Machine) -> FastAPI:
    """Return the application behind /_sandbox, the same on both ports."""
    app = FastAPI(
        title="Sandbox controls", docs_url=f"{CONTROL_PREFIX}/docs", openapi_url=f"{CONTROL_PREFIX}/openapi.json"
    )
    _add_errors(app)
    _add_general(app, machine)
    _add_switches(app, machine)
    _add_observation(app, machine)
    app.include_router(salesforce_router(machine.org), prefix=f"{CONTROL_PREFIX}/salesforce")
    app.include_router(ipaas_router(machine.ipaas), prefix=f"{CONTROL_PREFIX}/ipaas")
    return app


def _add_errors(app: FastAPI) -> None:
    def answer(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handler(_request: Request, error: Exception) -> Response:
            text = f"There is no {error}." if isinstance(error, KeyError) else str(error)
            return JSONResponse({"error": text}, status_code=status)

        return handler

    app.add_exception_handler(ValueError, answer(400))
    app.add_exception_handler(KeyError, answer(404))


def _add_general(app: FastAPI, machine: Machine) -> None:
    @app.get(CONTROL_PREFIX)
    async def info() -> Reply:
        salesforce = {
            "consumer_key": credentials.CONSUMER_KEY,
            "consumer_secret": credentials.CONSUMER_SECRET,
            "refresh_token": credentials.REFRESH_TOKEN,
            "username": credentials.USERNAME,
            "admin_username": credentials.ADMIN_USERNAME,
            "password": credentials.SALESFORCE_PASSWORD,
            "org_id": credentials.ORG_ID,
        }
        ipaas = {"username": credentials.IPAAS_USERNAME, "password": credentials.IPAAS_PASSWORD}
        return {"salesforce": salesforce, "ipaas": ipaas}

    @app.post(f"{CONTROL_PREFIX}/reset")
    async def reset() -> Reply:
        machine.reset()
        return {"ok": True}

    @app.post(f"{CONTROL_PREFIX}/seed")
    async def seed(body: SeedBody) -> Reply:
        machine.seed(name=body.name, records=body.records, companies=body.companies)
        return {"ok": True}

    @app.get(f"{CONTROL_PREFIX}/clock")
    async def show_clock() -> Reply:
        return {name: clock.describe() for name, clock in machine.clocks.items()}

    @app.post(f"{CONTROL_PREFIX}/clock")
    async def change_clock(body: ClockBody) -> Reply:
        if body.service is not None and body.service not in machine.clocks:
            raise KeyError(f"service {body.service}")
        for name, clock in machine.clocks.items():
            if body.service in {None, name}:
                change(clock, body)
        return await show_clock()


def change(clock: Clock, body: ClockBody) -> None:
    """Apply a clock body to one clock."""
    if body.now is not None:
        clock.set(body.now, frozen=body.frozen is not False)
    elif body.frozen is not None:
        clock.freeze(body.frozen)
    if body.advance_s is not None:
        clock.advance(timedelta(seconds=body.advance_s))
    if body.skew_s is not None:
        clock.skew(timedelta(seconds=body.skew_s))


def _add_switches(app: FastAPI, machine: Machine) -> None:
    @app.get(f"{CONTROL_PREFIX}/switches")
    async def show_switches() -> Reply:
        return {"salesforce": machine.org.store.switches.as_dict(), "ipaas": machine.ipaas.switches.as_dict()}

    @app.post(f"{CONTROL_PREFIX}/switches")
    async def change_switches(body: dict[str, dict[str, Any]]) -> Reply:
        setters = {"salesforce": machine.org.store.switches.set, "ipaas": machine.ipaas.switches.set}
        for service, values in body.items():
            for name, value in values.items():
                setters[service](name, value)
        return await show_switches()


def _add_observation(app: FastAPI, machine: Machine) -> None:
    @app.get(f"{CONTROL_PREFIX}/log")
    async def log(service: str | None = None, last: int | None = None) -> list[Reply]:
        return machine.journal.entries(service=service, last=last)

    @app.get(f"{CONTROL_PREFIX}/secrets")
    async def secrets() -> Reply:
        return machine.secrets()

    @app.get(f"{CONTROL_PREFIX}/calls")
    async def calls() -> Reply:
        return machine.journal.calls()

    @app.post(f"{CONTROL_PREFIX}/calls/reset")
    async def reset_calls() -> Reply:
        machine.journal.reset_calls()
        return machine.journal.calls()

    @app.get(f"{CONTROL_PREFIX}/faults")
    async def show_faults() -> list[Reply]:
        return machine.faults.list()

    @app.post(f"{CONTROL_PREFIX}/faults", status_code=201)
    async def add_fault(body: dict[str, Any]) -> Reply:
        return machine.faults.add(body).describe()

    @app.delete(f"{CONTROL_PREFIX}/faults")
    async def clear_faults() -> Reply:
        machine.faults.clear()
        return {"ok": True}

    @app.delete(f"{CONTROL_PREFIX}/faults/{{number}}")
    async def clear_fault(number: int) -> Reply:
        machine.faults.clear(number)
        return {"ok": True}
