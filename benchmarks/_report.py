"""What was measured, as tables: for the terminal, and between two marks of README.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

README = Path(__file__).resolve().parent / "README.md"
STEPS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan", "upsert_ipaas", "upsert_salesforce", "report")
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One number that was promised, and what was counted."""

    what: str
    target: str
    counted: str
    met: bool
    calls: dict[str, dict[str, int]]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def machine() -> dict[str, Any]:
    """Describe the machine and how busy it is."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average_1_min": round(os.getloadavg()[0], 1),
    }


def calls_table(checks: Sequence[Check]) -> tuple[list[str], Rows]:
    head = ["Scenario", "Target", "Counted", "Beside", "Met"]
    return head, [[c.what, c.target, c.counted, c.note, "yes" if c.met else "**no**"] for c in checks]


def memory_table(sizes: Sequence[dict[str, Any]]) -> tuple[list[str], Rows]:
    """Lay out the growth of each step's process over what its imports take, in MiB."""
    rows: Rows = []
    for run in ("load", "poll"):
        for step in STEPS:
            grown = [size[run][step]["peak_mib"] - size[run][step]["start_mib"] for size in sizes]
            peak = max(size[run][step]["peak_mib"] for size in sizes)
            rows.append([_RUNS[run], step, *(f"{mib:.0f}" for mib in grown), f"{peak:.0f}"])
    return ["Run", "Step", *(f"{size['records']:,}" for size in sizes), "highest peak RSS"], rows


def rates_table(sizes: Sequence[dict[str, Any]]) -> tuple[list[str], Rows]:
    """Lay out what the greatest size took, step by step."""
    last = sizes[-1]
    rows: Rows = []
    for run in ("load", "poll"):
        for step in STEPS:
            cost = last[run][step]
            calls = sum(sum(n.values()) for name, n in cost["calls"].items() if not name.endswith("logins"))
            rate = last["records"] / cost["wall_s"] if cost["wall_s"] else 0.0
            busy = last["records"] / cost["cpu_s"] if cost["cpu_s"] else 0.0
            shown = [f"{rate:,.0f}", f"{busy:,.0f}"] if cost["wall_s"] >= 0.5 else ["", ""]
            rows.append(
                [_RUNS[run], step, f"{calls:,}", f"{cost['wall_s']:.1f}", f"{cost['cpu_s']:.1f}", *shown],
            )
    return ["Run", "Step", "Calls", "Seconds", "CPU seconds", "Records/s", "Records/CPU s"], rows


_RUNS = {"load": "first load", "poll": "nothing new"}


def show(console: Console, title: str, head: Sequence[str], rows: Rows) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in head:
        table.add_column(name, justify="right" if _is_number(rows, head.index(name)) else "left")
    for row in rows:
        table.add_row(*(cell.replace("**", "") for cell in row))
    console.print(table)


def write_readme(mark: str, *parts: str) -> None:
    """Put *parts* between `<!-- mark -->` and `<!-- /mark -->` of README.md."""
    text = README.read_text()
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"README.md has no marks for {mark}.")
    README.write_text(before + start + "\n".join(parts) + "\n" + end + after)


def markdown(head: Sequence[str], rows: Rows) -> str:
    """Return one table for README.md."""
    rule = ["---:" if _is_number(rows, number) else "---" for number in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [list(head), rule, *rows]) + "\n"


def _is_number(rows: Rows, column: int) -> bool:
    return all(row[column].replace(",", "").replace(".", "").isdigit() or not row[column] for row in rows)
