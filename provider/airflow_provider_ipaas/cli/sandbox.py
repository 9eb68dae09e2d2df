"""`airflow-ipaas sandbox`: run the local services and say how to use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY, COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID
from airflow_provider_ipaas.sandbox.server import Sandbox, serve


def connections(salesforce_url: str, ipaas_url: str) -> dict[str, dict[str, Any]]:
    """Return the Airflow connections, by id, that reach a sandbox at these addresses."""
    return {
        "salesforce_connected_app_default": {
            "conn_type": "salesforce_connected_app",
            "host": salesforce_url,
            "login": credentials.CONSUMER_KEY,
            "password": credentials.CONSUMER_SECRET,
            "extra": {"auth_flow": "client_credentials"},
        },
        "ipaas_default": {
            "conn_type": "ipaas",
            "host": ipaas_url,
            "login": credentials.IPAAS_USERNAME,
            "password": credentials.IPAAS_PASSWORD,
            "extra": {"company_id": COMPANY_GUID, "system_id": str(SALESFORCE_SYSTEM_ID)},
        },
    }


def run(
    *,
    salesforce_port: int,
    ipaas_port: int,
    salesforce_tls_port: int,
    ipaas_tls_port: int,
    seed: str,
    ca_dir: Path | None,
) -> None:
    """Serve until SIGINT or SIGTERM; OSError when a port is taken.

    *seed* is the name of a data set, ``empty``, or a number of records.
    """
    serve(
        salesforce_port,
        ipaas_port,
        salesforce_tls_port=salesforce_tls_port,
        ipaas_tls_port=ipaas_tls_port,
        seed=int(seed) if seed.isdigit() else None if seed == "empty" else seed,
        ca_dir=ca_dir,
        on_start=_welcome,
    )


def _welcome(sandbox: Sandbox) -> None:
    """Print where things are; the credentials are public and open nothing but a sandbox."""
    lines = [
        "The sandbox is running; everything in it is gone when it stops.",
        "",
        f"Salesforce   {sandbox.salesforce_url}   (https: {sandbox.salesforce_tls_url})",
        f"             Consumer Key {credentials.CONSUMER_KEY}, Consumer Secret {credentials.CONSUMER_SECRET}",
        f"             refresh token {credentials.REFRESH_TOKEN}",
        f"             log in as {credentials.USERNAME}, password {credentials.SALESFORCE_PASSWORD}",
        f"iPaaS.com    {sandbox.ipaas_url}   (https: {sandbox.ipaas_tls_url})",
        f"             e-mail {credentials.IPAAS_USERNAME}, password {credentials.IPAAS_PASSWORD}, API key {API_KEY}",
        f"             company id {COMPANY_GUID}, system id {SALESFORCE_SYSTEM_ID}",
        f"Controls     {sandbox.salesforce_url}/_sandbox/docs",
        f"CA of https  {sandbox.ca_path}",
        "",
        "Connections for Airflow on this machine:",
        *(
            f"export AIRFLOW_CONN_{name.upper()}='{json.dumps(connection)}'"
            for name, connection in connections(sandbox.salesforce_url, sandbox.ipaas_url).items()
        ),
        "",
        "Stop with Ctrl-C.",
    ]
    for line in lines:
        typer.echo(line)
