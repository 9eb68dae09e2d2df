"""The monitoring pages: runs with their numbers, what waits by reason, the records of one group, and one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.sdk import conf
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.hooks.ledger import DEFAULT_CONN_ID, ledger_url
from airflow_provider_ipaas.ledger.monitoring import Group, Reading, RunLine, RunRef, Selection, WaitingRecord, reading
from airflow_provider_ipaas.plugin.access import may_read_connection, readable_dags
from airflow_provider_ipaas.plugin.links import LOGS, AirflowLinks, links_of, record_url, run_states, salesforce_url
from airflow_provider_ipaas.plugin.pages import pages

RUNS_PER_PAGE = 20
RECORDS_PER_PAGE = 100
DIRECTIONS = ("to_ipaas", "to_salesforce")
CODES_SHOWN = 5
COUNTS = ("seen", "created", "updated", "unchanged", "skipped", "parked", "failed")

router = APIRouter()
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the page shows it."""

    line: RunLine
    state: str | None  # Airflow's; None when Airflow no longer knows the run
    counts: dict[str, dict[str, Any]]  # by direction; empty without a summary
    notes: dict[str, list[str]]
    dry_run: bool


@router.get("/monitoring")
def overview(request: Request, user: GetUserDep, runs: PageNumber = 1) -> Response:
    """Show the last runs, and what waits by collection, direction and reason."""
    links = links_of(request)
    conn_id = monitored_ledger()
    try:
        with reading(ledger_url(conn_id)) as ledger:
            if ledger is None:
                return pages().show("empty.html", links=links, conn_id=conn_id, missing=True)
            dags, pairs = visible(ledger, user)
            if not dags:
                return pages().show("empty.html", links=links, conn_id=conn_id, missing=False)
            found = ledger.runs(dags, limit=RUNS_PER_PAGE + 1, offset=(runs - 1) * RUNS_PER_PAGE)
            groups = [group for group in ledger.groups() if (group.scope, group.collection) in pairs]
    except IPaaSSyncError as error:
        return unreadable(links, user, conn_id, error)
    shown = found[:RUNS_PER_PAGE]
    states = run_states(shown)
    return pages().show(
        "overview.html",
        links=links,
        runs=[_view(line, states.get((line.dag_id, line.run_id))) for line in shown],
        page=runs,
        more=len(found) > len(shown),
        groups=groups,
        several_scopes=len({group.scope for group in groups}) > 1,
        total=sum(group.count for group in groups),
        directions=DIRECTIONS,
        columns=COUNTS,
        codes_shown=CODES_SHOWN,
        forms="'self'",
    )


@router.get("/monitoring/waiting")
def waiting(
    request: Request,
    user: GetUserDep,
    collection: Literal["account", "contact"],
    direction: Literal["to_ipaas", "to_salesforce"],
    reason: Annotated[str, Query(max_length=200)],
    scope: Annotated[str, Query(max_length=200)],
    code: Annotated[str, Query(max_length=200)] = "",
    page: PageNumber = 1,
) -> Response:
    """Show the records of one group, or those of it with one code, at most a hundred."""
    links = links_of(request)
    conn_id = monitored_ledger()
    try:
        with reading(ledger_url(conn_id)) as ledger:
            if ledger is None:
                return pages().show("empty.html", links=links, conn_id=conn_id, missing=True)
            dags, pairs = visible(ledger, user)
            if (scope, collection) not in pairs:
                raise HTTPException(403, "You may not read a DAG that works on these records.")
            selection = Selection(scope, collection, direction, reason)
            whole = _only(ledger.groups(selection))
            selection = replace(selection, code=code or None)
            group = _only(ledger.groups(selection)) if code else whole
            offset = (page - 1) * RECORDS_PER_PAGE
            records = ledger.records(selection, limit=RECORDS_PER_PAGE, offset=offset)
            runs = ledger.runs_by_key({record.run_key for record in records})
            base = salesforce_url(ledger, scope)
    except IPaaSSyncError as error:
        return unreadable(links, user, conn_id, error)
    states = run_states(runs.values())
    decided = {key: ref for key, ref in runs.items() if ref.dag_id in dags and (ref.dag_id, ref.run_id) in states}
    return pages().show(
        "waiting.html",
        links=links,
        key={"scope": scope, "collection": collection, "direction": direction, "reason": reason},
        code=code,
        codes=whole.codes if whole else (),
        group=group,
        rows=[(record, *_record_urls(record, direction, base), _log(links, decided, record)) for record in records],
        page=page,
        pages=-(-group.count // RECORDS_PER_PAGE) if group else 0,
        first=offset + 1,
    )


@router.get("/monitoring/run")
def one_run(
    request: Request,
    user: GetUserDep,
    dag_id: Annotated[str, Query(max_length=250)],
    run_id: Annotated[str, Query(max_length=250)],
) -> Response:
    """Show the numbers of one run and the records that were refused in it."""
    links = links_of(request)
    conn_id = monitored_ledger()
    try:
        with reading(ledger_url(conn_id)) as ledger:
            if ledger is None:
                return pages().show("empty.html", links=links, conn_id=conn_id, missing=True)
            if not readable_dags(user, {dag_id}):
                raise HTTPException(403, "You may not read the runs and logs of this DAG.")
            line = ledger.run(dag_id, run_id)
            if line is None:
                raise HTTPException(404, "The ledger does not know this run.")
            base = salesforce_url(ledger, line.scope) if line.scope else None
    except IPaaSSyncError as error:
        return unreadable(links, user, conn_id, error)
    run = _view(line, run_states([line]).get((dag_id, run_id)))
    return pages().show(
        "run.html",
        links=links,
        run=run,
        columns=COUNTS,
        logs=LOGS,
        errors=[(name, error, *_error_urls(error, base)) for name in run.counts for error in _errors(run.counts[name])],
    )


def monitored_ledger() -> str:
    """Return the connection of the ledger that the pages read."""
    return conf.get("ipaas", "monitoring_ledger_conn_id", fallback="") or DEFAULT_CONN_ID


def visible(ledger: Reading, user: Any) -> tuple[set[str], set[Pair]]:
    """Return the DAGs that the user may read, and the pairs and collections these work on.

    Raises 403 when there are DAGs, and the user may read none of them.
    """
    sources = ledger.sources()
    dags = readable_dags(user, {source.dag_id for source in sources})
    if sources and not dags:
        raise HTTPException(403, "You may not read the runs and logs of a DAG that syncs.")
    readable = [source for source in sources if source.dag_id in dags]
    pairs = {(source.scope, source.collection) for source in readable}
    # A run on Contacts parks the Accounts that it needs as well.
    pairs |= {(source.scope, "account") for source in readable if source.collection == "contact"}
    return dags, pairs


def _only(groups: list[Group]) -> Group | None:
    return groups[0] if groups else None


def _log(links: AirflowLinks, decided: dict[str, RunRef], record: WaitingRecord) -> str | None:
    """Return the log that tells why a record waits, where Airflow has it and the user may read it."""
    run = decided.get(record.run_key or "")
    return links.decision(run, record) if run else None


def _errors(part: dict[str, Any]) -> list[dict[str, str]]:
    """Return the errors of one direction of a summary, each with all of its texts."""
    found = part.get("errors")
    names = ("source_id", "target_id", "code", "message", "next_step")
    errors = [error for error in found if isinstance(error, dict)] if isinstance(found, list) else []
    return [{name: str(error.get(name) or "") for name in names} for error in errors]


def _error_urls(error: dict[str, str], base: str | None) -> tuple[str | None, str | None]:
    return record_url(base, error["source_id"]), record_url(base, error["target_id"])


def unreadable(links: AirflowLinks, user: Any, conn_id: str, error: IPaaSSyncError) -> Response:
    # The message names hosts and paths, as the connection does.
    told = error if may_read_connection(user, conn_id) else None
    return pages().show("unreadable.html", status=503, links=links, conn_id=conn_id, error=told)


def _record_urls(record: WaitingRecord, direction: str, base: str | None) -> tuple[str | None, str | None]:
    """Return the addresses of source and target; iPaaS.com has none that is documented."""
    if direction == "to_ipaas":
        return record_url(base, record.source_id), None
    return None, record_url(base, record.target_id)


def _view(line: RunLine, state: str | None) -> RunView:
    summary = line.summary if isinstance(line.summary, dict) else {}
    counts = {name: part for name in DIRECTIONS if isinstance(part := summary.get(name), dict)}
    notes = {name: _notes(part) for name, part in counts.items()}
    return RunView(line, state, counts, notes, summary.get("dry_run") is True)


def _notes(part: dict[str, Any]) -> list[str]:
    """Say in short what the counts leave out: reasons, warnings, conflicts and parents."""
    notes = []
    for key, title in (
        ("parked_by_reason", "parked"),
        ("skipped_by_reason", "skipped"),
        ("warnings", "warnings"),
        ("conflicts", "conflicts"),
        ("parents", "parents"),
    ):
        values = part.get(key)
        if isinstance(values, dict) and (said := [f"{name} {count}" for name, count in values.items() if count]):
            notes.append(f"{title}: {', '.join(said)}")
    return notes
