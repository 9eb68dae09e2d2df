"""`airflow-ipaas parked`: list, show, replay and drop the records that wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections
from airflow_provider_ipaas.cli._errors import fail, readable_errors
from airflow_provider_ipaas.cli._person import person

if TYPE_CHECKING:
    from sqlalchemy import URL

    from airflow_provider_ipaas.ledger.monitoring import Group, Reading, Selection

app = typer.Typer(help="The records that wait: parked, or refused and to be tried again.", no_args_is_help=True)

_URL_VARIABLE = "AIRFLOW_IPAAS_LEDGER_URL"
# Many records may wait for the same target.
_SHOWN = 200


class Collection(StrEnum):
    """The collections by their names on the command line."""

    ACCOUNT = "account"
    CONTACT = "contact"


class Direction(StrEnum):
    """The directions by their names on the command line."""

    TO_IPAAS = "to_ipaas"
    TO_SALESFORCE = "to_salesforce"


Ids = Annotated[
    list[str] | None, typer.Argument(help="Ids of source or target: Salesforce (15 or 18 characters) or iPaaS.com.")
]
Reason = Annotated[str | None, typer.Option(help="Only what waits for this reason, such as possible_duplicate.")]
Code = Annotated[str | None, typer.Option(help="Only what a service refused with this code, such as STRING_TOO_LONG.")]
InCollection = Annotated[Collection | None, typer.Option("--collection", help="Only this collection.")]
InDirection = Annotated[Direction | None, typer.Option("--direction", help="Only this direction.")]
Scope = Annotated[
    str | None, typer.Option(help="Only this org and subscription, ORG_ID/SYSTEM_ID, where a ledger has several.")
]
ConnId = Annotated[
    str | None, typer.Option("--ledger-conn-id", help="Airflow connection of the ledger; ipaas_ledger without any.")
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar=_URL_VARIABLE,
        help="SQLAlchemy URL of the ledger's database, where no Airflow connection is at hand. Prefer the variable: a "
        "command line shows up in process lists.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AtMost = Annotated[int | None, typer.Option("--limit", min=1, help="At most this many, those that wait longest first.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything that waits, without choosing.")]


@app.command("list")
def listed(
    ids: Ids = None,
    reason: Reason = None,
    code: Code = None,
    collection: InCollection = None,
    direction: InDirection = None,
    scope: Scope = None,
    records: Annotated[
        bool, typer.Option("--records", help="List the records, not only groups; with ids always.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="List at most this many records.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out this many records.")] = 0,
    as_json: AsJson = False,
    ledger_conn_id: ConnId = None,
    url: Url = None,
) -> None:
    """List what waits by reason, the largest group first; the records themselves with --records. Changes nothing."""
    with readable_errors(), open_reading(ledger_conn_id, url) as (ledger, _):
        selection = _selection(ids, reason, code, collection, direction, scope)
        groups = ledger.groups(selection)
        found = ledger.records(selection, limit=limit, offset=offset) if records or ids else None
    from airflow_provider_ipaas.cli import _waiting

    if as_json:
        _waiting.print_json(groups, found)
    elif found is None:
        _waiting.print_groups(groups)
    else:
        _waiting.print_records(found, sum(group.count for group in groups), offset)


@app.command("show")
def show(
    ids: Annotated[list[str], typer.Argument(help="Ids of source or target.")],
    values: Annotated[
        bool,
        typer.Option("--values", help="Print the values of the fields too: what both sides show, and showed before."),
    ] = False,
    as_json: AsJson = False,
    ledger_conn_id: ConnId = None,
    url: Url = None,
) -> None:
    """Show all that the ledger knows of waiting records: both ids, link, next attempt, journal. Changes nothing.

    Exit status 1 when none of the ids waits.
    """
    from airflow_provider_ipaas.ledger import showing

    with readable_errors(), open_reading(ledger_conn_id, url) as (ledger, _):
        selection = _selection(ids, None, None, None, None, None)
        found = ledger.shown(selection, limit=_SHOWN)
    if not found:
        fail(f"Nothing waits that has the {selection.said()}.")
    if as_json:
        typer.echo(json.dumps([showing.shown_dict(one, values=values) for one in found], indent=2))
        return
    for number, one in enumerate(found):
        if number:
            typer.echo()
        for line in showing.shown_lines(one, datetime.now(UTC), values=values):
            typer.echo(line)


@app.command("replay")
def replay(
    ids: Ids = None,
    reason: Reason = None,
    code: Code = None,
    collection: InCollection = None,
    direction: InDirection = None,
    scope: Scope = None,
    everything: Everything = False,
    limit: AtMost = None,
    as_json: AsJson = False,
    ledger_conn_id: ConnId = None,
    url: Url = None,
) -> None:
    """Have records tried again by the next run, whatever their age; a field that kept flipping is released.

    Choose by id, reason or code; exit status 1 when nothing fits, or nothing of it may be replayed.
    """
    from airflow_provider_ipaas.ledger import SqlLedger, showing

    with readable_errors(), open_reading(ledger_conn_id, url) as (ledger, place):
        selection = _chosen(ids, reason, code, collection, direction, scope, everything)
        _some(ledger, selection)
    with readable_errors():
        done = SqlLedger.open(place).replay(selection, actor=person("parked replay"), limit=limit)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
    else:
        typer.echo("\n".join(showing.replayed_lines(done)))
    if not done.count:
        raise typer.Exit(1)


@app.command("drop")
def drop(
    ids: Ids = None,
    reason: Reason = None,
    code: Code = None,
    collection: InCollection = None,
    direction: InDirection = None,
    scope: Scope = None,
    everything: Everything = False,
    limit: AtMost = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
    ledger_conn_id: ConnId = None,
    url: Url = None,
) -> None:
    """Forget that records wait: they count as skipped, and are taken up again when they change or by record_ids.

    Choose by id, reason or code; exit status 1 when nothing fits, or nothing of it may be dropped.
    """
    from airflow_provider_ipaas.ledger import SqlLedger, showing

    with readable_errors(), open_reading(ledger_conn_id, url) as (ledger, place):
        selection = _chosen(ids, reason, code, collection, direction, scope, everything)
        groups = _some(ledger, selection)
    if not yes:
        _confirm(groups, limit)
    with readable_errors():
        done = SqlLedger.open(place).drop(selection, actor=person("parked drop"), limit=limit)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
    else:
        typer.echo("\n".join(showing.dropped_lines(done)))
    if not done.count:
        raise typer.Exit(1)


def _selection(
    ids: list[str] | None,
    reason: str | None,
    code: str | None,
    collection: Collection | None,
    direction: Direction | None,
    scope: str | None,
) -> Selection:
    from airflow_provider_ipaas.ledger.monitoring import Selection

    asked: dict[str, Any] = {
        "record_ids": ids or [],
        "reason": reason,
        "code": code,
        "collection": collection.value if collection else None,
        "direction": direction.value if direction else None,
    }
    return Selection.parse(asked, scope=scope)


def _chosen(
    ids: list[str] | None,
    reason: str | None,
    code: str | None,
    collection: Collection | None,
    direction: Direction | None,
    scope: str | None,
    everything: bool,
) -> Selection:
    """Return what is to be changed; a person has to say what, or that it is everything."""
    selection = _selection(ids, reason, code, collection, direction, scope)
    if not selection.is_narrow and not everything:
        raise typer.BadParameter("Say which records: by id, --reason or --code, or --all of them.")
    return selection


def _some(ledger: Reading, selection: Selection) -> list[Group]:
    groups = ledger.groups(selection)
    if not groups:
        fail(f"Nothing waits that fits: {selection.said()}. See: airflow-ipaas parked list")
    return groups


@contextmanager
def open_reading(conn_id: str | None, url: str | None) -> Iterator[tuple[Reading, str | URL]]:
    """Read the ledger; also give the URL it is at. Ends the command where there is none yet."""
    from airflow_provider_ipaas.ledger.engine import parse_url, place_of
    from airflow_provider_ipaas.ledger.monitoring import reading

    place: str | URL = url if url and not conn_id else _url_of(conn_id)
    with reading(place) as ledger:
        if ledger is None:
            fail(
                f"There is no ledger at {place_of(parse_url(place))}. The first run of a sync DAG makes it; where the tasks "
                f"use another one, give --ledger-conn-id, --url or {_URL_VARIABLE}."
            )
        yield ledger, place


def _url_of(conn_id: str | None) -> URL:
    with airflow_connections():
        from airflow_provider_ipaas.hooks.ledger import DEFAULT_CONN_ID, ledger_url

        return ledger_url(conn_id or DEFAULT_CONN_ID)


def _confirm(groups: list[Group], limit: int | None) -> None:
    from airflow_provider_ipaas.ledger import showing

    for line in showing.group_lines(groups, datetime.now(UTC)):
        typer.echo(line, err=True)
    which = f"the {limit} of them that wait longest" if limit else "them"
    question = f"Drop {which}? They are then taken up again only when they change, or by record_ids."
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        fail("\nNothing was changed. Give --yes where nobody can answer.")
    if not agreed:
        fail("Nothing was changed.")
