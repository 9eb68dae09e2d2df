"""Airflow's connections in a plain process: read like a server reads them, without Airflow's own output."""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import typer

from airflow_provider_ipaas.errors import ConfigurationError

_LEVEL = "AIRFLOW__LOGGING__LOGGING_LEVEL"
_NAMED = re.compile(r"`([^`]+)`")
_PAGE = "Browse > iPaaS.com connections"
# For what reports a connection that it can't find by itself.
ELSEWHERE = (
    "Here, connections of Admin > Connections are seen only where Airflow's configuration reaches its metadata database "
    "(the host of a scheduler or API server); elsewhere, use the DAG salesforce_ipaas_maintenance or the page in Airflow."
)


@contextmanager
def airflow_connections() -> Iterator[None]:
    """Let hooks inside find connections as `see_connections` says.

    Raises ConfigurationError, with the ways to define it, where one can't be found.
    """
    see_connections()
    from airflow.sdk.exceptions import AirflowNotFoundException

    from airflow_provider_ipaas.hooks._connection import ConnectionNotFound

    try:
        yield
    except (AirflowNotFoundException, ConnectionNotFound) as error:
        named = _NAMED.search(str(error))
        raise _not_found(named.group(1) if named else "") from None


def see_connections() -> None:
    """Read connections from the environment, the secrets backend, and Airflow's metadata database where it is in reach.

    Airflow leaves the database out in a process that is neither a task nor one of its servers
    (`airflow.sdk.execution_time.supervisor.ensure_secrets_backend_loaded`). Call it before any hook is imported.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    if "airflow.settings" not in sys.modules:
        _load_airflow()


def database_problem() -> str:
    """Return why connections of the metadata database can't be seen from here; empty when they can."""
    from airflow.secrets.metastore import MetastoreBackend
    from sqlalchemy.exc import SQLAlchemyError

    try:
        MetastoreBackend().get_connection("airflow-ipaas-looks-whether-it-can-read")
    except SQLAlchemyError as error:
        # What the driver says, without the statement.
        lines = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()
        return lines[0].rstrip(".") if lines else type(error).__name__
    return ""


def _load_airflow() -> None:
    """Import Airflow so that only errors are logged, on standard error; the level DEBUG is left to those who set it."""
    before = os.environ.get(_LEVEL)
    quiet = (before or "").upper() != "DEBUG"
    if quiet:
        os.environ[_LEVEL] = "ERROR"
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
    try:
        # Handlers keep the stream that is standard output now: what a command prints must stay clean.
        with redirect_stdout(sys.stderr):
            importlib.import_module("airflow")
    finally:
        if before is None:
            os.environ.pop(_LEVEL, None)
        else:
            os.environ[_LEVEL] = before
    if quiet:
        logging.getLogger("airflow_provider_ipaas").addHandler(_OwnWarnings())
        logging.getLogger("airflow_provider_ipaas").setLevel(logging.WARNING)


class _OwnWarnings(logging.Handler):
    """Show this package's own warnings as plain sentences; errors go the way of all errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.addFilter(lambda record: record.levelno < logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(f"Warning: {record.getMessage()}", err=True)


def _not_found(conn_id: str) -> ConfigurationError:
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if os.environ.get(variable):
        return ConfigurationError(
            f"The environment variable {variable} is set but holds no connection that Airflow can read.",
            next_step='Write it as a URI, or as JSON such as {"conn_type": "...", "host": "..."}.',
        )
    problem = database_problem()
    database = "and Airflow's metadata database can't be read here" if problem else "nor in Airflow's metadata database"
    return ConfigurationError(
        f"Connection `{conn_id}` is neither in this environment ({variable}) nor in a secrets backend, {database}"
        f"{f' ({problem})' if problem else ''}.",
        next_step=(
            f"Correct the id; or define {variable} (or the secrets backend) for this command; or run it on a host of "
            f"Airflow's servers, with their AIRFLOW_HOME and settings; or use the page in Airflow, {_PAGE}."
        ),
    )
