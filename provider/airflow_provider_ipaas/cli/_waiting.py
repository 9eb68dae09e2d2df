"""What waits, printed: tables for people, JSON for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from airflow_provider_ipaas.doctor.showing import console
from airflow_provider_ipaas.ledger import showing
from airflow_provider_ipaas.ledger.monitoring import Group, WaitingRecord


def print_json(groups: list[Group], records: list[WaitingRecord] | None) -> None:
    """Print groups, and records where there are any to print."""
    found: dict[str, Any] = {
        "format": 1,
        "total": sum(group.count for group in groups),
        "groups": [showing.group_dict(group) for group in groups],
    }
    if records is not None:
        found["records"] = [showing.record_dict(record) for record in records]
    typer.echo(json.dumps(found, indent=2))


def print_groups(groups: list[Group]) -> None:
    """Print a line for each reason, and how many wait in all."""
    if groups:
        now = datetime.now(UTC)
        several = len({group.scope for group in groups}) > 1
        table = Table()
        for title in ("Records", *(["Org/system"] if several else []), "Why"):
            table.add_column(title, overflow="fold")
        table.add_column("Count", justify="right", no_wrap=True)
        for title in ("Codes", "Since", "Next attempt", "Next step"):
            table.add_column(title, overflow="fold")
        for group in groups:
            cells = [
                showing.flow(group.collection, group.direction),
                *([group.scope] if several else []),
                group.reason,
                f"{group.count:,}",
                showing.codes(group),
                showing.moment(group.oldest),
                showing.due(group.next_at, now),
                group.next_step or "see the records",
            ]
            table.add_row(*(escape(showing.printable(cell)) for cell in cells))
        console().print(table)
    typer.echo(showing.total(groups))


def print_records(records: list[WaitingRecord], total: int, offset: int) -> None:
    """Print records, the first of them being number *offset* of *total*."""
    if not records:
        typer.echo(f"No record {'after these' if total else 'waits that fits'}.")
        return
    now = datetime.now(UTC)
    table = Table()
    for title in ("Records", "Source", "Target", "Why", "Code"):
        table.add_column(title, overflow="fold")
    table.add_column("Attempts", justify="right")
    for title in (
        "Next attempt",
        "Message and next step",
    ):
        table.add_column(title, overflow="fold")
    for record in records:
        told = "\n".join(showing.printable(text) for text in (record.message, record.next_step) if text)
        cells = [
            showing.flow(record.collection, record.direction),
            record.source_id,
            record.target_id or "new",
            record.reason,
            record.code or "",
        ]
        table.add_row(
            *(escape(showing.printable(cell)) for cell in cells),
            str(record.attempts),
            showing.due(record.next_at, now),
            escape(told),
        )
    console().print(table)
    last = offset + len(records)
    typer.echo(f"Records {offset + 1:,} to {last:,} of {total:,}, those that wait longest first.")
