"""`airflow-ipaas errors`: what an error code means, what the sync does about it, and what a person can do."""

from __future__ import annotations

import difflib
import sys
from typing import Annotated

import typer

from airflow_provider_ipaas.catalogue import ENTRIES, MEANING, NOT_LISTED, Entry, about, find

_PLACES = {
    "salesforce": "Salesforce",
    "login": "Logging in to Salesforce",
    "ipaas": "iPaaS.com",
    "transport": "On the way to a service",
    "sync": "The sync",
}


def command(
    code: Annotated[str, typer.Argument(help="A code or reason, in any letter case; none: all, one a line.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of all errors, docs/errors.md.")] = False,
) -> None:
    """Say what an error code means and what to do about it; exit status 1 for one that is not known."""
    if markdown:
        from airflow_provider_ipaas.catalogue.page import markdown as page

        # As it is, whatever the terminal's width; typer.echo would add a line.
        sys.stdout.write(page())
    elif code:
        _show(code)
    else:
        for entry in ENTRIES:
            if not entry.is_fallback:
                typer.echo(f"{_PLACES[entry.service]}: {_named(entry)}: {entry.sentence()}")


def _show(code: str) -> None:
    found = find(code)
    if not found:
        _say_unknown(code)
        raise typer.Exit(1)
    for number, entry in enumerate(found):
        if number:
            typer.echo()
        _print(entry)


def _print(entry: Entry) -> None:
    typer.echo(f"{_named(entry)} ({_PLACES[entry.service]})")
    typer.echo(f"  Cause:     {entry.sentence()}")
    typer.echo(f"  The sync:  {entry.handling}. {MEANING[entry.handling]}")
    typer.echo(f"  Next step: {entry.advice()}")


def _named(entry: Entry) -> str:
    told = f' saying "{entry.said}"' if entry.said else ""
    return f"{', '.join(entry.codes)}{told}{f' with {entry.flow}' if entry.flow else ''}"


def _say_unknown(code: str) -> None:
    stand_in = about("ipaas", code.strip().upper())
    typer.echo(f"{code}: {NOT_LISTED} The sync: {stand_in.handling}. {MEANING[stand_in.handling]}", err=True)
    names = [name for entry in ENTRIES for name in entry.codes]
    if close := difflib.get_close_matches(code.strip().upper(), names, n=3):
        typer.echo(f"Near: {', '.join(dict.fromkeys(close))}", err=True)
