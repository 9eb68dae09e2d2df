"""Bring the tables of a ledger, or of the token store beside it, to the version that this package works with."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, inspect, text

from airflow_provider_ipaas.errors import LedgerError

from .engine import WRITES, create_file, make_engine, parse_url, place_of, safe_url
from .failures import translated
from .tables import VERSION_TABLE, metadata

# The newest migration; said here too, because opening a ledger should not have to load Alembic.
HEAD = "0003"
# Two processes that find the same database empty take turns by this number.
_ADVISORY_LOCK = 4_981_207_465_330_127
# Alembic keeps the migration under way in module globals.
_ALEMBIC = threading.Lock()


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables that are brought to a version together; *what* names them in messages, *versions* holds their migrations."""

    what: str
    metadata: MetaData
    version_table: str
    head: str
    versions: Path


_DIRECTORY = Path(__file__).parent / "migrations"
LEDGER = Schema("ledger", metadata, VERSION_TABLE, HEAD, _DIRECTORY / "versions")


def head() -> str:
    """Return the version of the ledger's tables that this package works with."""
    return HEAD


def current(url: str | URL, schema: Schema | None = None) -> str | None:
    """Return the version of the tables at *url*; None when there are none. Creates nothing."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return None
    engine = make_engine(parsed)
    try:
        with translated(place_of(parsed)), engine.connect() as connection:
            return version_of(connection, schema)
    finally:
        engine.dispose()


def upgrade(url: str | URL, schema: Schema | None = None) -> None:
    """Create the tables at *url*, or bring them to `head`; safe to run again, and by several at once."""
    engine = make_engine(parse_url(url))
    try:
        _upgrade(engine, schema or LEDGER)
    finally:
        engine.dispose()


def prepare(engine: Engine, schema: Schema | None = None) -> None:
    """Make sure that the tables fit before they are used: create missing ones, upgrade those of SQLite."""
    schema = schema or LEDGER
    sqlite = engine.dialect.name == "sqlite"
    place = place_of(engine.url)
    if sqlite:
        create_file(Path(str(engine.url.database)))
    with translated(place), engine.connect() as connection:
        version = version_of(connection, schema)
        ready = version == schema.head and (not sqlite or _journal_mode(connection) == "wal")
    if ready:
        return
    if sqlite or version is None:
        _upgrade(engine, schema)
        return
    _refuse_unknown(version, place, schema)
    raise LedgerError(
        f"The {schema.what} ({place}) has version {version}, this package works with {schema.head}.",
        next_step=f"pause the DAGs and run: airflow-ipaas ledger upgrade --url '{safe_url(engine.url)}'",
    )


def _upgrade(engine: Engine, schema: Schema) -> None:
    place = place_of(engine.url)
    with _exclusive(engine), translated(place):
        connection = engine.connect().execution_options(**{WRITES: True})
        with connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
            version = version_of(connection, schema)
            if version == schema.head:
                return
            if version is not None:
                _refuse_unknown(version, place, schema)
            elif foreign := sorted(set(inspect(connection).get_table_names()) & set(schema.metadata.tables)):
                raise LedgerError(
                    f"The database ({place}) has a table {foreign[0]} but no version of a {schema.what}.",
                    next_step="use a database or schema of the ledger's own, or restore this one from a backup.",
                )
            _migrate(connection, schema)


def _migrate(connection: Connection, schema: Schema) -> None:
    # Only an upgrade needs Alembic, and it takes its time to load.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _escaped(_DIRECTORY))
    config.set_main_option("version_locations", _escaped(schema.versions))
    config.set_main_option("path_separator", "newline")  # a path may hold what separates paths elsewhere
    config.attributes |= {
        "connection": connection,
        "metadata": schema.metadata,
        "version_table": schema.version_table,
    }
    with _ALEMBIC:
        command.upgrade(config, "head")


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _refuse_unknown(version: str, place: str, schema: Schema) -> None:
    """Raise `LedgerError` for a version that no migration of this package leads to."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_DIRECTORY), version_locations=[str(schema.versions)])
    known = {script.revision for script in scripts.walk_revisions()}
    if version not in known:
        raise LedgerError(
            f"The {schema.what} ({place}) has version {version}, which is newer than this package ({schema.head}).",
            next_step="upgrade the package airflow-provider-ipaas here, as on the host that upgraded the tables; "
            "the tables need no command (airflow-ipaas ledger upgrade would refuse them too).",
        )


def version_of(connection: Connection, schema: Schema | None = None) -> str | None:
    """Return the version of the tables, None when there are none."""
    schema = schema or LEDGER
    if not inspect(connection).has_table(schema.version_table):
        return None
    version = connection.execute(text(f"SELECT version_num FROM {schema.version_table}")).scalar()  # noqa: S608
    return None if version is None else str(version)


def _journal_mode(connection: Connection) -> str:
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


@contextmanager
def _exclusive(engine: Engine) -> Iterator[None]:
    """Let one process at a time prepare an SQLite file; PostgreSQL has its advisory lock for that."""
    if engine.dialect.name != "sqlite":
        yield
        return
    path = Path(str(engine.url.database))
    create_file(path)
    lock = Path(f"{path}.lock")
    create_file(lock)
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise LedgerError(
            f"The ledger's lock file can't be opened ({lock}): {error.strerror}.",
            next_step="let the user that Airflow runs as read and write this file.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _use_wal(engine)
        yield
    finally:
        os.close(descriptor)


def _use_wal(engine: Engine) -> None:
    """Let readers and the writer of an SQLite file work at the same time; the file remembers it."""
    with translated(place_of(engine.url)):
        raw = engine.raw_connection()
        try:
            cursor = raw.cursor()
            try:
                mode = cursor.execute("PRAGMA journal_mode=WAL").fetchone()
            finally:
                cursor.close()
        finally:
            raw.close()
    if mode is None or mode[0] != "wal":
        raise LedgerError(
            f"SQLite can't use a write-ahead log for the ledger ({engine.url.database}).",
            next_step="put the file on a local disk, or use PostgreSQL for the ledger.",
        )
