"""`airflow-ipaas explain`: why one record did, or did not, sync."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_provider_ipaas.cli._errors import fail, readable_errors
from airflow_provider_ipaas.cli.parked import AsJson, Collection, ConnId, InCollection, Url, open_reading

if TYPE_CHECKING:
    from sqlalchemy import URL

    from airflow_provider_ipaas.ledger.history import Recorded
    from airflow_provider_ipaas.sync.explain import Explanation
    from airflow_provider_ipaas.sync.model import Collection as CollectionName
    from airflow_provider_ipaas.sync.model import Side


def command(
    record_id: Annotated[
        str, typer.Argument(metavar="ID", help="Salesforce id (15 or 18 characters) or iPaaS.com id of the record.")
    ],
    collection: InCollection = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask the ledger alone, not the services.")] = False,
    as_json: AsJson = False,
    salesforce_conn_id: Annotated[
        str, typer.Option(help="Airflow connection of the type salesforce_connected_app.")
    ] = "salesforce_connected_app_default",
    ipaas_conn_id: Annotated[str, typer.Option(help="Airflow connection of the type ipaas.")] = "ipaas_default",
    mapping_dir: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="The mapping_dir of the DAG, where it has one."),
    ] = None,
    default_mappings: Annotated[bool, typer.Option(help="Start from the default mappings or from none.")] = True,
    ledger_conn_id: ConnId = None,
    url: Url = None,
) -> None:
    """Say why a record did, or did not, sync: its pair, what it waits for, and each field with its decision.

    Reads both services as a run would, and writes nothing, not even to the ledger; prints values of the record. Where a
    service can't be reached, and with --offline, the ledger alone is told. Exit status 1 for an id that neither knows.
    """
    from airflow_provider_ipaas.ledger.history import parse_id

    with readable_errors():
        side, asked = parse_id(record_id, collection.value if collection else None)
        with open_reading(ledger_conn_id, url) as (ledger, place):
            known = ledger.recorded(asked, side, collection.value if collection else None)
        told: list[tuple[Explanation, bool]] = []
        if not offline:
            told = _look(
                asked,
                _collections(side, asked, known, collection),
                known,
                place,
                (salesforce_conn_id, ipaas_conn_id, str(mapping_dir) if mapping_dir else None, default_mappings),
            )
    if not known and not told:
        fail(_unknown(asked, side, offline=offline))
    from airflow_provider_ipaas.cli import _explained

    if as_json:
        typer.echo(_explained.masked(json.dumps(_explained.as_json(known, told, datetime.now(UTC)), indent=2)))
    else:
        _explained.show(known, told, datetime.now(UTC))


def _collections(
    side: Side, record_id: str, known: list[Recorded], collection: Collection | None
) -> list[CollectionName]:
    """Return where to look for the record: an iPaaS.com id that nobody knows may be a Company's or a Customer's."""
    from airflow_provider_ipaas.sync.ids import PREFIX

    if collection is not None:
        return [collection.value]
    if side == "salesforce":
        return [name for name, prefix in PREFIX.items() if record_id.startswith(prefix)]
    return list(dict.fromkeys(each.collection for each in known)) or list(PREFIX)


def _look(
    record_id: str,
    collections: list[CollectionName],
    known: list[Recorded],
    place: str | URL,
    through: tuple[str, str, str | None, bool],
) -> list[tuple[Explanation, bool]]:
    """Explain the record by what both services show now, each with whether the last run had the same mapping.

    Empty, with a warning, where they can't be asked.
    """
    from airflow_provider_ipaas.cli._airflow import ELSEWHERE, see_connections
    from airflow_provider_ipaas.errors import IPaaSSyncError

    see_connections()
    from airflow_provider_ipaas.hooks.explain import Asked, looking

    last = {each.collection: each.whole_run for each in known}
    told = []
    try:
        for name in collections:
            run = last.get(name)
            direction = str(run.params.get("direction", "both")) if run else "both"
            with looking(Asked(*through, direction, ELSEWHERE), place) as services:
                found, fingerprint = services.explain(name, record_id)
            same = run is None or run.mapping_fingerprint in ("", fingerprint)
            told += [(each, same) for each in found]
    except IPaaSSyncError as error:
        typer.echo(f"Warning: the services can't be asked, so this is what the ledger knows. {error}", err=True)
        return []
    there = [(each, same) for each, same in told if not _is_missing(each)]
    return there or ([] if not known else told)


def _is_missing(found: Explanation) -> bool:
    return any(fate.reason == "record_not_found" for fate in found.fates.values())


def _unknown(record_id: str, side: Side, *, offline: bool) -> str:
    name = "Salesforce" if side == "salesforce" else "iPaaS.com"
    where = "The ledger knows no" if offline else f"Neither the ledger nor {name} knows a"
    step = "leave --offline out to ask the services" if offline else f"copy the id from the record's page in {name}"
    return f"{where} record {record_id}. Next step: {step}; give --ledger-conn-id where the DAGs use another ledger."
