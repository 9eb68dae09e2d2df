"""Open the ledger that a deployment uses: the one its Airflow connection names, or a file beside Airflow's own."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from airflow_provider_ipaas.errors import ConfigurationError, LedgerError
from airflow_provider_ipaas.hooks._connection import ConnectionFields
from airflow_provider_ipaas.hooks._opened import Opened
from airflow_provider_ipaas.hooks._places import foreign_executor, shared_file_system
from airflow_provider_ipaas.ledger import SqlLedger

log = logging.getLogger(__name__)

DEFAULT_CONN_ID = "ipaas_ledger"

# What libpq takes and people need; anything else in extra belongs to other hooks.
_LIBPQ_OPTIONS = (
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "passfile",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
)

_open: Opened[SqlLedger] = Opened()


def open_ledger(conn_id: str = DEFAULT_CONN_ID) -> SqlLedger:
    """Open the ledger of a connection of type postgres or sqlite; open ones are shared within the process.

    Without a connection `ipaas_ledger` it is `$AIRFLOW_HOME/ipaas/ledger.db`. An SQLite file needs the LocalExecutor
    and a local disk. Raises `ConfigurationError` for what a person has to mend in Airflow, `LedgerError` for a database
    that can't be opened.
    """
    connection = _connection(conn_id)
    url = _url_of(conn_id, connection)
    if connection is None:
        log.info("No connection `%s`: the ledger is the SQLite file %s.", conn_id, url.database)
    return _open.get(url, lambda: SqlLedger.open(url))


def ledger_url(conn_id: str = DEFAULT_CONN_ID) -> URL:
    """Return the URL of the ledger that `open_ledger` would open, password included; opens and creates nothing.

    Raises as `open_ledger` does for what a person has to mend in Airflow.
    """
    return _url_of(conn_id, _connection(conn_id))


def _url_of(conn_id: str, connection: Any | None) -> URL:
    if connection is None:
        return _default_url(conn_id)
    if connection.conn_type in ("postgres", "postgresql"):
        return _postgres_url(connection)
    if connection.conn_type == "sqlite":
        return _sqlite_url(connection)
    raise ConfigurationError(
        f"Connection `{conn_id}`: a ledger can't live in a connection of type `{connection.conn_type}`.",
        next_step="Make it a connection of type postgres (or sqlite, with the LocalExecutor).",
    )


def _connection(conn_id: str) -> Any | None:
    """Return the Airflow connection, None when nobody has defined it."""
    # Imported late: they load Airflow's configuration, which reading a DAG file does not need from here.
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError, ErrorType

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        _check_really_missing(conn_id)
        return None
    except AirflowRuntimeError as error:
        if error.error.error == ErrorType.CONNECTION_NOT_FOUND:
            return None
        raise LedgerError(
            f"The connection `{conn_id}` could not be read ({error.error.error.value}).",
            next_step="Look into the logs of Airflow's API server, then clear the task.",
        ) from None
    except (ValueError, json.JSONDecodeError) as error:
        raise ConfigurationError(
            f"The connection `{conn_id}` can't be read ({type(error).__name__}).",
            next_step="Enter it again, as a URI or as JSON.",
        ) from None


def _check_really_missing(conn_id: str) -> None:
    """Raise an error when `isn't defined` hides another one: Airflow says it of any connection that it fails to read.

    Taking the default file then would split the state over two ledgers.
    """
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if os.environ.get(variable):
        raise ConfigurationError(
            f"The environment variable {variable} is set but holds no connection that Airflow can read.",
            next_step='Write it as a URI, or as JSON such as {"conn_type": "postgres", "host": "..."}.',
        )
    # Only a task has it: the line to its supervisor, which tells a missing connection from a failure.
    comms = getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None)
    if comms is None:
        return
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    answer = comms.send(GetConnection(conn_id=conn_id))
    if isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND:
        return
    failure = answer.error.value if isinstance(answer, ErrorResponse) else "it could be read at the second attempt"
    raise LedgerError(
        f"The connection `{conn_id}` could not be read ({failure}).",
        next_step="Look into the logs of Airflow's API server, then clear the task.",
    )


def _default_url(conn_id: str) -> URL:
    create = (
        f"Create a connection `{conn_id}` of type postgres (host, port, schema = database, login, password), for example "
        f"AIRFLOW_CONN_{conn_id.upper()}='postgresql://user:password@host:5432/database'."
    )
    if conn_id != DEFAULT_CONN_ID:
        # Only the default id has a default file: a misspelt one must not start an empty ledger.
        raise ConfigurationError(f"The connection `{conn_id}` for the ledger is not defined.", next_step=create)
    home = Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()
    path = home.absolute() / "ipaas" / "ledger.db"
    _check_place(f"No connection `{conn_id}` is defined, and the default, {path}, is an SQLite file", path, create)
    return URL.create("sqlite", database=str(path))


def _sqlite_url(connection: Any) -> URL:
    conn_id = connection.conn_id
    # sqlite:////tmp/x.db arrives as schema, a path entered in the form or in JSON as host.
    text = (connection.host or connection.schema or "").strip()
    if not text.startswith("/"):
        raise ConfigurationError(
            f"Connection `{conn_id}`: it names no absolute path for the SQLite file.",
            next_step="Enter the path in the field host (/var/lib/airflow/ledger.db), or as a URI with four slashes: "
            "sqlite:////var/lib/airflow/ledger.db.",
        )
    _check_place(
        f"Connection `{conn_id}` names an SQLite file, {text}",
        Path(text),
        f"Make `{conn_id}` a connection of type postgres (host, port, schema = database, login, password).",
    )
    return URL.create("sqlite", database=text)


def _check_place(what: str, path: Path, mend: str) -> None:
    """Raise `ConfigurationError` where tasks on other machines could not use the file, or not safely."""
    from airflow.sdk import conf

    executor = foreign_executor(conf.get("core", "executor", fallback="LocalExecutor") or "LocalExecutor")
    # In these pods the setting says LocalExecutor whatever the deployment uses.
    if os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD", "").lower() in ("true", "1"):
        executor = "KubernetesExecutor"
    if executor is not None:
        raise ConfigurationError(
            f"{what}: that works with the LocalExecutor only, and Airflow runs tasks with {executor}.", next_step=mend
        )
    if kind := shared_file_system(path):
        raise ConfigurationError(
            f"{what}: that needs a local disk, and it lies on a network file system ({kind}).", next_step=mend
        )


def _postgres_url(connection: Any) -> URL:
    fields = ConnectionFields(connection, known=_LIBPQ_OPTIONS)
    host = fields.required("host", "Host", "Enter the host name of the PostgreSQL server.")
    database = (connection.schema or "").strip()
    if not database:
        raise fields.error("Schema", "schema", "is missing", "Enter the name of the ledger's database.")
    query = {name: text for name in _LIBPQ_OPTIONS if (text := fields.text(name, name))}
    if host.startswith("/"):
        # The directory of a Unix socket is no host of a URL.
        query["host"], host = host, ""
    if connection.password:
        from airflow.sdk.log import mask_secret

        mask_secret(connection.password)
    return URL.create(
        "postgresql+psycopg2",
        username=fields.text("login", "Login") or None,
        password=connection.password or None,
        host=host or None,
        port=connection.port,
        database=database,
        query=query,
    )
