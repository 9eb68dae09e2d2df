"""The `airflow-ipaas` command. Imports lazily: each command loads only the rooms it needs, so `--help` stays quick."""

from __future__ import annotations

import contextlib
import errno
import importlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NoReturn

import typer

from airflow_provider_ipaas._version import __version__
from airflow_provider_ipaas.cli import errors
from airflow_provider_ipaas.errors import IPaaSSyncError

app = typer.Typer(
    name="airflow-ipaas",
    help="Two-way sync between Salesforce and iPaaS.com for Apache Airflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
ledger_app = typer.Typer(help="The ledger's database.", no_args_is_help=True)
mapping_app = typer.Typer(help="The mapping collections.", no_args_is_help=True)
app.add_typer(ledger_app, name="ledger")
app.add_typer(mapping_app, name="mapping")
app.command("errors")(errors.command)

LedgerUrl = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="AIRFLOW_IPAAS_LEDGER_URL",
        help="SQLAlchemy URL of the ledger's database. Prefer the variable: a command line shows up in process lists.",
        show_default=False,
    ),
]


def _port(what: str) -> Any:
    return typer.Option(min=0, max=65535, help=what)


class CollectionName(StrEnum):
    """The collections by their names on the command line."""

    ACCOUNT = "account"
    CONTACT = "contact"


@app.command()
def version() -> None:
    """Print the version of the provider."""
    typer.echo(__version__)


@app.command()
def sandbox(
    salesforce_port: Annotated[int, _port("Port of Salesforce; 0: any free one.")] = 8701,
    ipaas_port: Annotated[int, _port("Port of iPaaS.com; 0: any free one.")] = 8702,
    salesforce_tls_port: Annotated[int, _port("Port of Salesforce over https; 0: any free one.")] = 8711,
    ipaas_tls_port: Annotated[int, _port("Port of iPaaS.com over https; 0: any free one.")] = 8712,
    seed: Annotated[str, typer.Option(help="What to start with: demo, empty, or a number of records.")] = "demo",
    ca_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to write the certificate to trust for https.")
    ] = None,
) -> None:
    """Run a local Salesforce and a local iPaaS.com on loopback until Ctrl-C."""
    if seed not in ("demo", "empty") and not (seed.isascii() and seed.isdigit()):
        raise typer.BadParameter("Give demo, empty, or a number of records.", param_hint="--seed")
    command = _import_sandbox()
    try:
        command.run(
            salesforce_port=salesforce_port,
            ipaas_port=ipaas_port,
            salesforce_tls_port=salesforce_tls_port,
            ipaas_tls_port=ipaas_tls_port,
            seed=seed,
            ca_dir=ca_dir,
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        _fail(
            "One of the ports is taken. Choose others: airflow-ipaas sandbox --help lists them, 0 means any free one."
        )


@ledger_app.command("upgrade")
def ledger_upgrade(url: LedgerUrl) -> None:
    """Bring the ledger's tables to the newest version, creating them where there are none."""
    from airflow_provider_ipaas.ledger import migrate

    with _readable_errors():
        before = migrate.current(url)
        migrate.upgrade(url)
        after = migrate.current(url)
    typer.echo(
        f"The ledger is at {after}." if before == after else f"Upgraded the ledger: {before or 'empty'} -> {after}."
    )


@ledger_app.command("current")
def ledger_current(url: LedgerUrl) -> None:
    """Print the version of the ledger's tables."""
    from airflow_provider_ipaas.ledger import migrate

    with _readable_errors():
        revision = migrate.current(url)
    if revision is None:
        _fail("This database holds no ledger yet. Create it with: airflow-ipaas ledger upgrade")
    typer.echo(revision)


@mapping_app.command("show")
def mapping_show(
    collection: Annotated[CollectionName, typer.Argument(help="Which collection.")],
    mapping_dir: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Directory of your mapping files, laid over the defaults."),
    ] = None,
    default_mappings: Annotated[bool, typer.Option(help="Start from the default mappings or from none.")] = True,
) -> None:
    """Print the effective mapping of a collection."""
    from airflow_provider_ipaas.cli import mapping as command

    with _readable_errors():
        command.show(collection.value, mapping_dir, default_mappings=default_mappings)


def _import_sandbox() -> ModuleType:
    """Import the sandbox; say what to install where its extra is missing."""
    try:
        return importlib.import_module("airflow_provider_ipaas.cli.sandbox")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("airflow_provider_ipaas"):
            raise
        _fail(f"The sandbox needs {error.name}. Install it with: pip install 'airflow-provider-ipaas[sandbox]'")


@contextlib.contextmanager
def _readable_errors() -> Iterator[None]:
    """Turn an expected error into one message and exit status 1, without a traceback."""
    try:
        yield
    except IPaaSSyncError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
