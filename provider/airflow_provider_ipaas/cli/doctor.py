"""`airflow-ipaas doctor`: what is wrong with the connections, the permissions and the mapping, and how to mend it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Direction(StrEnum):
    """The directions by their names on the command line."""

    BOTH = "both"
    TO_IPAAS = "to_ipaas"
    TO_SALESFORCE = "to_salesforce"


def command(
    salesforce_conn_id: Annotated[
        str, typer.Option(help="Airflow connection of the type salesforce_connected_app.")
    ] = "salesforce_connected_app_default",
    ipaas_conn_id: Annotated[str, typer.Option(help="Airflow connection of the type ipaas.")] = "ipaas_default",
    ledger_conn_id: Annotated[
        str, typer.Option(help="Airflow connection of the ledger, to see which org its links belong to.")
    ] = "ipaas_ledger",
    direction: Annotated[
        Direction, typer.Option(help="That of your DAGs: a service that is never written needs no right to write.")
    ] = Direction.BOTH,
    mapping_dir: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Directory of your mapping files, laid over the defaults."),
    ] = None,
    default_mappings: Annotated[bool, typer.Option(help="Start from the default mappings or from none.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check both connections, permissions and the mapping; exit status 1 when something has to be mended.

    Only reads. Runs where Airflow's connections can be seen: on a server host, or with AIRFLOW_CONN_... variables.
    """
    from airflow_provider_ipaas.cli._airflow import ELSEWHERE, see_connections

    see_connections()
    from airflow_provider_ipaas.doctor.showing import console, show
    from airflow_provider_ipaas.hooks.doctor import diagnose

    diagnosis = diagnose(
        salesforce_conn_id,
        ipaas_conn_id,
        str(mapping_dir) if mapping_dir else None,
        default_mappings,
        direction=direction.value,
        ledger_conn_id=ledger_conn_id,
        elsewhere=ELSEWHERE,
    )
    if json:
        typer.echo(diagnosis.as_json())
    else:
        show(diagnosis, console())
    raise typer.Exit(diagnosis.exit_code)
