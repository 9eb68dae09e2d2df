"""An explanation, printed: sentences and a table for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from airflow_provider_ipaas.doctor.showing import console
from airflow_provider_ipaas.ledger import telling
from airflow_provider_ipaas.ledger.history import Recorded
from airflow_provider_ipaas.sync.explain import Explanation
from airflow_provider_ipaas.sync.explain_table import HEAD, fate_lines, row, title

_LENGTH = 200
_OTHER_MAPPING = (
    "The mapping given here is not the one of the last run: give the mapping_dir (and default_mappings) of the DAG."
)


def as_json(known: list[Recorded], told: list[tuple[Explanation, bool]], now: datetime) -> dict[str, Any]:
    """Return what was found: *ledger* what is known, *now* what a run would do, empty where nobody could look."""
    return {
        "format": 1,
        "ledger": [telling.as_dict(each, now, values=True) for each in known],
        "now": [each.as_dict() | {"same_mapping_as_last_run": same} for each, same in told],
    }


def masked(text: str) -> str:
    """Mask what Airflow's logs mask: the secrets of the connections that were read in this process."""
    log = sys.modules.get("airflow.sdk.log")
    return text if log is None else str(log.redact(text))


def show(known: list[Recorded], told: list[tuple[Explanation, bool]], now: datetime) -> None:
    """Print what the ledger knows, then what a run would do with the record now."""
    several = len({each.scope for each in known}) > 1
    for each in known:
        typer.echo(telling.title(each) + (f" (org/system {each.scope})" if several else ""))
        for line in telling.sentences(each, now):
            typer.echo(f"  {line}")
        if not told:
            _print_remembered(each)
    for found, same in told:
        typer.echo("Now, as a run by record_ids would take it up:" if known else title(found))
        for line in [*fate_lines(found), *found.notes, *([] if same else [_OTHER_MAPPING])]:
            typer.echo(f"  {line}")
        _print(HEAD, [row(line, _LENGTH) for line in found.fields])


def _print_remembered(known: Recorded) -> None:
    """Print what each side showed when both last agreed; of a conflict that waits, what they showed when it parked."""
    rows = []
    for each in known.fields:
        here, there = telling.shown_before(each, _LENGTH)
        parked = telling.in_conflict(known, each.key, _LENGTH)
        rows.append((each.key, here, there, parked, telling.last_write(each.written, known)))
    _print(("Field", "Salesforce before", "iPaaS.com before", "In conflict", "Last written"), rows)


def _print(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    table = Table()
    for name in head:
        table.add_column(name, overflow="fold")
    for cells in rows:
        table.add_row(*(escape(masked(cell)) for cell in cells))
    console().print(table)
