"""Engines for SQLite and PostgreSQL: pragmas, file modes, and safety across forks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from airflow_provider_ipaas.errors import LedgerError

BUSY_TIMEOUT_S = 60
CONNECT_TIMEOUT_S = 10
# Set on a connection that is going to write: SQLite then takes its write lock at once, not halfway.
WRITES = "ledger_writes"


def parse_url(url: str | URL) -> URL:
    """Return the URL with its driver and an absolute path; raise `LedgerError` for what no ledger can live in."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text itself may hold a password.
        raise LedgerError(
            "The ledger's URL can't be read.",
            next_step="write it as sqlite:////absolute/path.db or postgresql://user:password@host:5432/database.",
        ) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg2")
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed
    if backend != "sqlite":
        raise LedgerError(f"A ledger can't live in {backend}.", next_step="use PostgreSQL or SQLite.")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise LedgerError("A ledger needs a file.", next_step="name it: sqlite:////absolute/path.db")
    return parsed.set(database=os.path.abspath(parsed.database))


def place_of(url: URL) -> str:
    """Name the database for people: the path, or host and database; never the password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host or url.query.get('host') or 'local socket'}:{url.port or 5432}/{url.database or url.username}"


def safe_url(url: URL) -> str:
    """Return the URL with its password masked, without query."""
    return url.set(query={}).render_as_string(hide_password=True)


def make_engine(url: URL) -> Engine:
    """Return an engine on *url*; connects on first use."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        # A task may wait for minutes between two transactions, and a firewall in between forgets the connection.
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise LedgerError(
            f"The PostgreSQL driver {error.name} is not installed.",
            next_step="install airflow-provider-ipaas with its extra: airflow-provider-ipaas[postgres].",
        ) from error


def create_file(path: Path) -> None:
    """Create an empty file that only its owner may read; SQLite gives its -wal and -shm files the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except FileExistsError as error:
        raise LedgerError(
            f"{error.filename} is in the way of the ledger ({path}).", next_step="choose another path."
        ) from error
    except PermissionError as error:
        if not path.exists():
            raise LedgerError(
                f"The ledger's file can't be created ({path}): {error.strerror}.",
                next_step="let the user that Airflow runs as write to that directory.",
            ) from error
        # It is there but not ours to write: SQLite says what exactly it can't do.
    except OSError as error:
        raise LedgerError(
            f"The ledger's file can't be created ({path}): {error.strerror}.", next_step="check the path and the disk."
        ) from error


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # Without this the driver begins transactions by itself, late and in the wrong mode.
        connection.isolation_level = None
        # Each lane of a task has a connection with a cache of its own, so it is small; the system caches the file too.
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-4096"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
