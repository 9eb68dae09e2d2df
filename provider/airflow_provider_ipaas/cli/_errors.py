"""How a command ends: 0 done, 1 with one readable message, 2 wrong usage (that one is typer's own)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from airflow_provider_ipaas.errors import IPaaSSyncError


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn an expected error into one message and exit status 1, without a traceback."""
    try:
        yield
    except IPaaSSyncError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Print a message on standard error and end with exit status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
