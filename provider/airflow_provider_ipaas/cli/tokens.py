"""`airflow-ipaas tokens`: the stored grants of Salesforce connections, all at once."""

from __future__ import annotations

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections
from airflow_provider_ipaas.cli._errors import readable_errors

app = typer.Typer(help="The token store.", no_args_is_help=True)


@app.command("rotate-fernet-key")
def rotate_fernet_key() -> None:
    """Encrypt every stored grant with the first of Airflow's Fernet keys; run it after `airflow rotate-fernet-key`."""
    with readable_errors(), airflow_connections():
        from airflow_provider_ipaas.hooks.tokens import open_token_store

        store = open_token_store()
        count = store.encrypt_anew()
        place = store.place
    if count:
        grants = "1 grant" if count == 1 else f"{count} grants"
        typer.echo(
            f"Encrypted {grants} in {place} with the first Fernet key; the token store needs the others no more."
        )
    else:
        typer.echo(f"Nothing to do: every grant in {place} is encrypted with the first Fernet key, or there is none.")
