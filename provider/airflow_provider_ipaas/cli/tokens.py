"""`airflow-ipaas tokens`: the stored grants of Salesforce connections, all at once."""

from __future__ import annotations

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections
from airflow_provider_ipaas.cli._errors import readable_errors

app = typer.Typer(help="The token store.", no_args_is_help=True)


@app.command("rotate-fernet-key")
def rotate_fernet_key() -> None:
    """Encrypt every stored grant with the first of Airflow's Fernet keys.

    `airflow rotate-fernet-key` does it too; this is for where that could not reach the token store.
    """
    with readable_errors(), airflow_connections():
        from airflow_provider_ipaas.hooks.tokens import encrypt_anew

        count = encrypt_anew()
    if count:
        grants = "1 grant" if count == 1 else f"{count} grants"
        typer.echo(f"Encrypted {grants} with the first Fernet key; the token store needs the others no more.")
    else:
        typer.echo("Nothing to do: every stored grant is encrypted with the first Fernet key, or there is none.")
