"""Show a diagnosis to people: a table for terminals, plain lines for logs."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from airflow_provider_ipaas.doctor.findings import STATUSES, Diagnosis, Finding, Status

_COLOURS: dict[Status, str] = {"ok": "green", "warning": "yellow", "error": "bold red"}
# Wide enough for one line each where the output is not a terminal.
_PIPED_WIDTH = 240


def console() -> Console:
    """Return a console on standard output; lines are not wrapped at 80 when the output is piped."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def show(diagnosis: Diagnosis, to: Console) -> None:
    """Print the findings as a table with the mend below each, then what was left out, then the verdict."""
    table = Table(title=f"Doctor: {escape(_patients(diagnosis))}", title_justify="left", show_lines=False)
    table.add_column("", no_wrap=True)
    table.add_column("Check", no_wrap=True)
    table.add_column("Of", overflow="fold")
    table.add_column("Finding", overflow="fold")
    for finding in diagnosis.findings:
        colour = _COLOURS[finding.status]
        table.add_row(
            f"[{colour}]{finding.status}[/]", finding.check, escape(finding.subject), _with_mend(finding, colour)
        )
    to.print(table)
    for line in _left_out(diagnosis):
        to.print(escape(line))
    if diagnosis.api_profile is not None:
        to.print(escape(f"All overrides together, for the field api_profile of {diagnosis.ipaas_conn_id}:"))
        to.print_json(data=diagnosis.api_profile, highlight=False)
    to.print(f"[{_COLOURS[diagnosis.status]}]{verdict(diagnosis)}[/]")


def lines(diagnosis: Diagnosis) -> list[tuple[Status, str]]:
    """Return one line for each finding and for each cause of checks left out, with its status; the verdict is last."""
    found: list[tuple[Status, str]] = [(finding.status, line(finding)) for finding in diagnosis.findings]
    found += [("warning", text) for text in _left_out(diagnosis)]
    return [*found, (diagnosis.status, verdict(diagnosis))]


def line(finding: Finding) -> str:
    """Return a finding as one line."""
    told = f"{finding.status.upper():<7} {finding.check}  {finding.subject}: {finding.message}"
    mend = f" {_word(finding)} {finding.next_step}" if finding.next_step else ""
    return " ".join(f"{told}{mend}".split("\n"))


def verdict(diagnosis: Diagnosis) -> str:
    """Say in one sentence how it stands."""
    counts = diagnosis.counts
    said = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    left_out = f", {counts['not_checked']} not checked" if counts["not_checked"] else ""
    return f"{said}{left_out}."


def _patients(diagnosis: Diagnosis) -> str:
    return ", ".join(name for name in (diagnosis.salesforce_conn_id, diagnosis.ipaas_conn_id) if name)


def _with_mend(finding: Finding, colour: str) -> str:
    message = escape(finding.message)
    return f"{message}\n[{colour}]{_word(finding)}[/] {escape(finding.next_step)}" if finding.next_step else message


def _word(finding: Finding) -> str:
    return "Hint:" if finding.status == "ok" else "Mend:"


def _left_out(diagnosis: Diagnosis) -> list[str]:
    return [
        f"Not checked, because {cause} failed: {', '.join(names)}." for cause, names in diagnosis.left_out().items()
    ]
