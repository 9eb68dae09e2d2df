"""The page of one record: what the ledger knows of it, found by either of its ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError
from airflow_provider_ipaas.hooks.ledger import ledger_url
from airflow_provider_ipaas.ledger import telling
from airflow_provider_ipaas.ledger.history import Recorded, parse_id
from airflow_provider_ipaas.ledger.monitoring import reading
from airflow_provider_ipaas.plugin.access import may_trigger
from airflow_provider_ipaas.plugin.links import links_of, record_url, salesforce_url
from airflow_provider_ipaas.plugin.monitoring import monitored_ledger, unreadable, visible
from airflow_provider_ipaas.plugin.pages import pages

VALUE_LENGTH = 300
JOURNAL_LINES = 50

router = APIRouter()


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field as the page shows it; the values are empty for who may not see them."""

    key: str
    salesforce: str
    ipaas: str
    in_conflict: str
    written: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as the page shows it."""

    known: Recorded
    url: str | None
    sentences: list[str]
    fields: list[FieldView]
    values: bool  # whether they are shown


@router.get("/monitoring/record")
def record(request: Request, user: GetUserDep, id: Annotated[str, Query(max_length=100)] = "") -> Response:  # noqa: A002
    """Show one record, or the search for one.

    Values of its fields are shown to those who may trigger a DAG that syncs it: a dry run would show them the same.
    """
    links = links_of(request)
    conn_id = monitored_ledger()
    problem, views = "", []
    try:
        with reading(ledger_url(conn_id)) as ledger:
            if ledger is None:
                return pages().show("empty.html", links=links, conn_id=conn_id, missing=True)
            dags, pairs = visible(ledger, user)
            found: list[Recorded] = []
            if id.strip():
                try:
                    side, record_id = parse_id(id)
                    found = [k for k in ledger.recorded(record_id, side) if (k.scope, k.collection) in pairs]
                    problem = "" if found else "No run of the DAGs that you may read has met a record with this id."
                except ConfigurationError as error:
                    problem = error.message
            bases = {known.scope: salesforce_url(ledger, known.scope) for known in found}
            sources = ledger.sources()
    except IPaaSSyncError as error:
        return unreadable(links, user, conn_id, error)
    for known in found:
        here = (known.scope, known.collection)
        working = {s.dag_id for s in sources if (s.scope, s.collection) == here and s.dag_id in dags}
        views.append(_view(known, bases[known.scope], values=may_trigger(user, working)))
    told = [line for view in views for line in view.known.journal[:JOURNAL_LINES]]
    refs = {known.runs[line.run_key] for known in found for line in told if line.run_key in known.runs}
    return pages().show(
        "record.html",
        forms="'self'",
        links=links,
        asked=id.strip(),
        problem=problem,
        views=views,
        readable={ref for ref in refs if ref[0] in dags},
        journal_lines=JOURNAL_LINES,
    )


def _view(known: Recorded, base: str | None, *, values: bool) -> RecordView:
    fields = [
        FieldView(
            each.key,
            *(telling.shown_before(each, VALUE_LENGTH) if values else ("", "")),
            telling.in_conflict(known, each.key, VALUE_LENGTH) if values else "",
            telling.last_write(each.written, known),
        )
        for each in known.fields
    ]
    url = record_url(base, known.salesforce_id)
    return RecordView(known, url, telling.sentences(known, datetime.now(UTC)), fields, values)
