"""Controls of the emulated org: other users' edits, open transactions, rules, tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict

from airflow_provider_ipaas.sandbox.salesforce.context import Org
from airflow_provider_ipaas.sandbox.salesforce.errors import SalesforceError
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.rules import FlowRule, ValidationRule
from airflow_provider_ipaas.sandbox.salesforce.schema import ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.store import API_USER, OTHER_USER
from airflow_provider_ipaas.sandbox.salesforce.table import Row

Reply = dict[str, Any]
_Rule = TypeVar("_Rule")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecordBody(_Body):
    """A record as a user writes it; `by` is other (default), api, or a user's id."""

    fields: dict[str, Any] = {}
    at: AwareDatetime | None = None
    by: str = "other"
    system: bool = False
    flows: bool = True


class IdBody(_Body):
    """One record."""

    id: str
    at: AwareDatetime | None = None
    by: str = "other"


class MergeBody(_Body):
    """A merge of up to three records."""

    winner: str
    losers: list[str]
    at: AwareDatetime | None = None
    by: str = "other"


class TransactionBody(_Body):
    """A transaction that commits late; without a time it waits for the commit control."""

    operations: list[dict[str, Any]]
    started: AwareDatetime | None = None
    commit_at: AwareDatetime | None = None
    commit_after_s: float | None = None
    by: str = "other"


class CommitBody(_Body):
    """Which transaction to commit; none: all."""

    id: int | None = None


class RuleBody(_Body):
    """A validation rule; the condition is what follows WHERE in SOQL."""

    sobject: str
    condition: str
    message: str
    field: str | None = None


class FlowBody(_Body):
    """A flow that rewrites fields after a write, as the API user."""

    sobject: str
    set: dict[str, Any]
    condition: str | None = None
    delay_s: float = 0
    max_runs: int | None = None


class KeyBody(_Body):
    """The public key (PEM) that signs JWT assertions."""

    public_key: str | None


class UrisBody(_Body):
    """The callback URLs of the connected app; none: any."""

    redirect_uris: list[str]


class UsageBody(_Body):
    """How many of the daily API requests are used."""

    used: int


def _user(name: str) -> str:
    if name in {"other", "api"}:
        return API_USER if name == "api" else OTHER_USER
    full = to_18(name)
    if full is None or full[:3] != "005":
        raise ValueError(f"by is other, api or a user's id, not {name!r}.")
    return full


def router(org: Org) -> APIRouter:
    """Return the routes under /_sandbox/salesforce."""
    routes = APIRouter()
    _add_records(routes, org)
    _add_history(routes, org)
    _add_rules(routes, org)
    _add_access(routes, org)
    return routes


def _definition(org: Org, sobject: str) -> ObjectDef:
    found = org.store.everything.get(sobject.lower())
    if found is None:
        raise KeyError(f"object {sobject}")
    return found


def _record(org: Org, sobject: str, record_id: str) -> Row:
    definition = _definition(org, sobject)
    row = org.store.get(record_id)
    if row is None or row["Id"][:3] != definition.prefix:
        raise KeyError(f"{definition.name} {record_id}")
    return row


def _add_records(routes: APIRouter, org: Org) -> None:
    store = org.store

    @routes.get("/records/{sobject}")
    async def list_records(sobject: str) -> list[Row]:
        return store.rows(_definition(org, sobject).name)

    @routes.get("/records/{sobject}/{record_id}")
    async def get_record(sobject: str, record_id: str) -> Row:
        return _record(org, sobject, record_id)

    @routes.post("/records/{sobject}", status_code=201)
    async def insert_record(sobject: str, body: RecordBody) -> Row:
        definition = _definition(org, sobject)
        record_id = store.insert(definition.name, body.fields, at=body.at, by=_user(body.by))
        if body.flows:
            store.run_flows(record_id, at=body.at)
        return _record(org, sobject, record_id)

    @routes.patch("/records/{sobject}/{record_id}")
    async def edit_record(sobject: str, record_id: str, body: RecordBody) -> Row:
        row = _record(org, sobject, record_id)
        store.update(row["Id"], body.fields, at=body.at, by=_user(body.by), system=body.system)
        if body.flows and not body.system:
            store.run_flows(row["Id"], at=body.at)
        return _record(org, sobject, record_id)

    @routes.delete("/records/{sobject}/{record_id}")
    async def delete_record(sobject: str, record_id: str, hard: bool = False, by: str = "other") -> Reply:
        row = _record(org, sobject, record_id)
        if not row["IsDeleted"]:
            store.delete(row["Id"], by=_user(by))
        if hard:
            store.purge(row["Id"])
        return {"ok": True}


def _add_history(routes: APIRouter, org: Org) -> None:
    store = org.store

    @routes.post("/undelete")
    async def undelete(body: IdBody) -> Reply:
        store.undelete(body.id, at=body.at, by=_user(body.by))
        return {"ok": True}

    @routes.post("/merge")
    async def merge(body: MergeBody) -> Reply:
        store.merge(body.winner, body.losers, at=body.at, by=_user(body.by))
        return {"ok": True}

    @routes.post("/transactions", status_code=201)
    async def begin(body: TransactionBody) -> Reply:
        commit_at = body.commit_at
        if body.commit_after_s is not None:
            commit_at = store.clock.now() + timedelta(seconds=body.commit_after_s)
        opened = store.transactions.begin(body.operations, started=body.started, commit_at=commit_at, by=_user(body.by))
        return {"id": opened.number, "record_ids": [operation.record_id for operation in opened.operations]}

    @routes.post("/transactions/commit")
    async def commit(body: CommitBody) -> Reply:
        return {"committed": store.transactions.commit(body.id)}


def _add_rules(routes: APIRouter, org: Org) -> None:
    store = org.store

    @routes.get("/validation-rules")
    async def list_rules() -> list[Reply]:
        return [rule.describe() for rule in store.validation_rules]

    @routes.post("/validation-rules", status_code=201)
    async def add_rule(body: RuleBody) -> Reply:
        rule = _understood(lambda: ValidationRule.parse(_definition(org, body.sobject), body.model_dump()))
        store.validation_rules.append(rule)
        return rule.describe()

    @routes.delete("/validation-rules")
    async def clear_rules() -> Reply:
        store.validation_rules.clear()
        return {"ok": True}

    @routes.get("/flows")
    async def list_flows() -> list[Reply]:
        return [flow.describe() for flow in store.flows]

    @routes.post("/flows", status_code=201)
    async def add_flow(body: FlowBody) -> Reply:
        flow = _understood(lambda: FlowRule.parse(_definition(org, body.sobject), body.model_dump()))
        store.flows.append(flow)
        return flow.describe()

    @routes.delete("/flows")
    async def clear_flows() -> Reply:
        store.flows.clear()
        return {"ok": True}


def _understood(parse: Callable[[], _Rule]) -> _Rule:
    try:
        return parse()
    except SalesforceError as error:
        raise ValueError(f"The condition isn't understood: {error.message}") from error


def _add_access(routes: APIRouter, org: Org) -> None:
    @routes.get("/oauth")
    async def show_oauth() -> Reply:
        shown = org.oauth.tokens.report()
        return {**shown, "logins": {**shown["logins"], "browser": org.browsers.logins}}

    @routes.post("/session/expire")
    async def expire_sessions() -> Reply:
        return {"expired": org.oauth.expire_sessions()}

    @routes.post("/locators/expire")
    async def expire_locators() -> Reply:
        return {"expired": org.queries.expire_locators()}

    @routes.post("/tokens/revoke")
    async def revoke_tokens() -> Reply:
        org.oauth.revoke_all()
        return {"ok": True}

    @routes.post("/tokens/public-key")
    async def set_public_key(body: KeyBody) -> Reply:
        org.oauth.public_key = body.public_key
        return {"ok": True}

    @routes.post("/tokens/redirect-uris")
    async def set_redirect_uris(body: UrisBody) -> Reply:
        org.oauth.redirect_uris = body.redirect_uris
        return {"ok": True}

    @routes.post("/api-usage")
    async def set_api_usage(body: UsageBody) -> Reply:
        org.store.api_used = body.used
        return {"used": org.store.api_used}
