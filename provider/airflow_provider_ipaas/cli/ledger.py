"""`airflow-ipaas ledger`: the versions of the tables in the ledger's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from airflow_provider_ipaas.cli._errors import fail, readable_errors

if TYPE_CHECKING:
    from airflow_provider_ipaas.ledger.migrate import Schema

app = typer.Typer(
    help="The ledger's database, with the token store's tables where it is PostgreSQL.", no_args_is_help=True
)

LedgerUrl = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="AIRFLOW_IPAAS_LEDGER_URL",
        help="SQLAlchemy URL of the ledger's database. Prefer the variable: a command line shows up in process lists.",
        show_default=False,
    ),
]


@app.command("upgrade")
def upgrade(url: LedgerUrl) -> None:
    """Bring the tables to the newest version, creating them where there are none."""
    from airflow_provider_ipaas.ledger import migrate

    with readable_errors():
        for schema in _schemas(url):
            before = migrate.current(url, schema)
            migrate.upgrade(url, schema)
            after = migrate.current(url, schema)
            typer.echo(
                f"The {schema.what} is at {after}."
                if before == after
                else f"Upgraded the {schema.what}: {before or 'empty'} -> {after}."
            )


@app.command("current")
def current(url: LedgerUrl) -> None:
    """Print the version of the ledger's tables; on PostgreSQL a second line tells that of the token store's."""
    from airflow_provider_ipaas.ledger import migrate

    with readable_errors():
        ledger, *others = [(schema, migrate.current(url, schema)) for schema in _schemas(url)]
    if ledger[1] is None:
        fail("This database holds no ledger yet. Create it with: airflow-ipaas ledger upgrade")
    typer.echo(ledger[1])
    for schema, revision in others:
        typer.echo(f"{schema.what}: {revision or 'none yet'}")


def _schemas(url: str) -> list[Schema]:
    """Return what lives at *url*; beside an SQLite ledger the tokens have a file of their own, upgraded when opened."""
    from airflow_provider_ipaas.ledger.engine import parse_url
    from airflow_provider_ipaas.ledger.migrate import LEDGER
    from airflow_provider_ipaas.tokens.tables import SCHEMA

    return [LEDGER] if parse_url(url).get_backend_name() == "sqlite" else [LEDGER, SCHEMA]
