"""The `airflow-ipaas` command. Imports lazily: each command loads only the rooms it needs, so `--help` stays quick."""

from __future__ import annotations

import errno
import importlib
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from airflow_provider_ipaas._version import __version__
from airflow_provider_ipaas.cli import companies, connect, doctor, errors, explain, grants, ledger, parked, tokens
from airflow_provider_ipaas.cli._errors import fail, readable_errors

if TYPE_CHECKING:
    from airflow_provider_ipaas.mapping.rules import Collection

app = typer.Typer(
    name="airflow-ipaas",
    help="Two-way sync between Salesforce and iPaaS.com for Apache Airflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
mapping_app = typer.Typer(help="The mapping collections.", no_args_is_help=True)

app.command("connect")(connect.connect)
app.command("status")(grants.status)
app.command("reset")(grants.reset)
app.command("companies")(companies.companies)
app.command("doctor")(doctor.command)
app.command("errors")(errors.command)
app.command("explain")(explain.command)
app.add_typer(parked.app, name="parked")
app.add_typer(tokens.app, name="tokens")
app.add_typer(ledger.app, name="ledger")
app.add_typer(mapping_app, name="mapping")


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
        fail("One of the ports is taken. Choose others: airflow-ipaas sandbox --help lists them, 0 means any free one.")


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

    with readable_errors():
        command.show(collection.value, mapping_dir, default_mappings=default_mappings)


@mapping_app.command("check")
def mapping_check(
    mapping_dir: Annotated[
        Path | None, typer.Argument(help="Directory of your mapping files; without one, the defaults are checked.")
    ] = None,
    collection: Annotated[CollectionName | None, typer.Option(help="Check this one alone.")] = None,
    default_mappings: Annotated[bool, typer.Option(help="Start from the default mappings or from none.")] = True,
    connections: Annotated[bool, typer.Option(help="Hold the mapping against both services, by the doctor.")] = False,
    salesforce_conn_id: Annotated[
        str, typer.Option(help="Airflow connection of the type salesforce_connected_app.")
    ] = "salesforce_connected_app_default",
    ipaas_conn_id: Annotated[str, typer.Option(help="Airflow connection of the type ipaas.")] = "ipaas_default",
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check mapping files before they are deployed; exit status 1 when something has to be mended.

    Reads the files only. With --connections it also asks both services what they have, where Airflow's connections can be
    seen: on a server host, or with AIRFLOW_CONN_... variables.
    """
    from airflow_provider_ipaas.cli import mapping as command

    asked = (salesforce_conn_id, ipaas_conn_id) if connections else None
    chosen: Collection | None = None
    if collection is not None:
        chosen = collection.value
    with readable_errors():
        code = command.check(
            chosen,
            mapping_dir,
            default_mappings=default_mappings,
            connections=asked,
            as_json=json,
        )
    raise typer.Exit(code)


@mapping_app.command("functions")
def mapping_functions() -> None:
    """Print the functions of mapping expressions as Markdown."""
    from airflow_provider_ipaas.mapping.expressions.page import markdown

    typer.echo(markdown(), nl=False)


@mapping_app.command("schema")
def mapping_schema() -> None:
    """Print the JSON Schema of a mapping file, for editors."""
    from airflow_provider_ipaas.mapping.schema import published

    typer.echo(published(), nl=False)


def _import_sandbox() -> ModuleType:
    """Import the sandbox; say what to install where its extra is missing."""
    try:
        return importlib.import_module("airflow_provider_ipaas.cli.sandbox")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("airflow_provider_ipaas"):
            raise
        fail(f"The sandbox needs {error.name}. Install it with: pip install 'airflow-provider-ipaas[sandbox]'")
