"""Run summaries and edits as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

COUNTS = ("seen", "created", "updated", "unchanged", "skipped", "parked", "failed")
DIRECTIONS = {"to_ipaas": "iPaaS.com", "to_salesforce": "Salesforce"}
Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run: what it was for, how it ended and what its report says (None: nothing)."""

    title: str
    state: str
    seconds: float
    summary: Summary | None


def writes(summary: Summary) -> int:
    """Count what a run wrote, to either service, parents included."""
    total = 0
    for direction in DIRECTIONS:
        side = summary[direction]
        total += side["created"] + side["updated"]
        total += side["parents"]["created"] + side["parents"]["updated"]
    return total


def runs_table(dag_id: str, runs: Sequence[Run]) -> Table:
    """Lay out the runs of one DAG, a line per direction; fits 80 columns."""
    table = Table(
        title=dag_id,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        caption=_caption(runs),
        caption_justify="left",
    )
    table.add_column("Run", no_wrap=True)
    table.add_column("Written", no_wrap=True)
    for name in COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    for number, run in enumerate(runs, start=1):
        heading = f"{number} {'[green]✓[/]' if run.state == 'success' else '[red]✗[/]'}"
        if run.summary is None:
            table.add_row(heading, "no report", end_section=True)
            continue
        for position, (key, direction) in enumerate(DIRECTIONS.items()):
            side = run.summary[key]
            counts = [f"[bold]{side[name]}[/]" if side[name] else "[dim]0[/]" for name in COUNTS]
            table.add_row(heading if position == 0 else "", direction, *counts, end_section=position == 1)
    return table


def _caption(runs: Sequence[Run]) -> str:
    lines = []
    for number, run in enumerate(runs, start=1):
        line = f"{number} {run.title}: {run.state} in {run.seconds:.0f} s"
        if run.summary is not None:
            calls = run.summary["api_calls"]
            line += f", {calls['salesforce']} calls to Salesforce, {calls['ipaas']} to iPaaS.com"
        lines.append(line)
    return "\n".join(lines)


def reasons(summary: Summary) -> list[str]:
    """List why records were skipped or parked and which were refused, a line each."""
    lines = []
    for key, direction in DIRECTIONS.items():
        side = summary[key]
        for fate in ("skipped", "parked"):
            lines += [f"to {direction}: {count} {fate}, {why}" for why, count in side[f"{fate}_by_reason"].items()]
        if (resolved := side["conflicts"]["resolved"]) > 0:
            lines.append(f"to {direction}: {resolved} conflicts resolved by policy")
        lines += [f"to {direction}: {count} with {what}" for what, count in side["warnings"].items()]
        lines += [
            f"to {direction}: {error['source_id']}, {error['code']}: {error['message']}" for error in side["errors"]
        ]
    return lines
