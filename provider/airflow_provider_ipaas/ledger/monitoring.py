"""What people look at: runs and waiting records, read in one short transaction that writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, select, text

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.sync.model import Collection as CollectionName
from airflow_provider_ipaas.sync.model import Side
from airflow_provider_ipaas.sync.parked import Selection

from . import parked
from .engine import make_engine, parse_url, place_of
from .failures import translated
from .history import Recorded, recorded
from .migrate import HEAD, version_of
from .parked import Group, WaitingRecord
from .record import Shown, shown
from .rows import Shape, chunked
from .runs import pinned
from .tables import pin, run

__all__ = ["ALL", "Group", "Reading", "RunLine", "RunRef", "Selection", "Shown", "Source", "WaitingRecord", "reading"]

# A page must not hold the database up: PostgreSQL ends what takes longer.
_PATIENCE_S = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A DAG that ran, and a pair and collection that it worked on; *scope* is empty before it reached Salesforce."""

    dag_id: str
    scope: str
    collection: str


@dataclass(frozen=True, slots=True)
class RunRef:
    """Which DAG run a run of the ledger was."""

    dag_id: str
    run_id: str
    collection: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run; *summary* is what its report published, None while it runs or when it had no report."""

    dag_id: str
    run_id: str
    collection: str
    scope: str
    started_at: datetime
    reported_at: datetime | None
    phase: str
    summary: dict[str, Any] | None


_RUN_LINE = Shape(RunLine, run)
_SOURCE = Shape(Source, run)


# Every record that waits.
ALL = Selection()


class Reading:
    """The queries; all of them see the ledger as it was at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sources(self) -> list[Source]:
        """Return every DAG with what it worked on."""
        return [_SOURCE.value(row) for row in self._connection.execute(select(*_SOURCE.columns).distinct())]

    def runs(self, dag_ids: Collection[str], *, limit: int, offset: int = 0) -> list[RunLine]:
        """Return runs of these DAGs, the newest first."""
        statement = (
            select(*_RUN_LINE.columns)
            .where(run.c.dag_id.in_(list(dag_ids)))
            .order_by(run.c.started_at.desc(), run.c.no.desc())
            .limit(limit)
            .offset(offset)
        )
        return [_RUN_LINE.value(row) for row in self._connection.execute(statement)]

    def run(self, dag_id: str, run_id: str) -> RunLine | None:
        """Return one run."""
        found = self._connection.execute(
            select(*_RUN_LINE.columns).where(run.c.dag_id == dag_id, run.c.run_id == run_id)
        ).first()
        return None if found is None else _RUN_LINE.value(found)

    def runs_by_key(self, keys: Iterable[str | None]) -> dict[str, RunRef]:
        """Return which DAG runs these keys name."""
        found: dict[str, RunRef] = {}
        for chunk in chunked(key for key in keys if key):
            rows = self._connection.execute(
                select(run.c.run_key, run.c.dag_id, run.c.run_id, run.c.collection).where(run.c.run_key.in_(chunk))
            )
            found |= {row.run_key: RunRef(row.dag_id, row.run_id, row.collection) for row in rows}
        return found

    def count(self, selection: Selection = ALL) -> int:
        """Return how many of the selected records wait."""
        return parked.count(self._connection, selection)

    def groups(self, selection: Selection = ALL) -> list[Group]:
        """Return what waits by scope, collection, direction and reason, the largest groups first."""
        return parked.groups(self._connection, selection)

    def records(self, selection: Selection, *, limit: int, offset: int = 0) -> list[WaitingRecord]:
        """Return selected records, those that wait longest first."""
        return parked.records(self._connection, selection, limit=limit, offset=offset)

    def shown(self, selection: Selection, *, limit: int) -> list[Shown]:
        """Return selected records with all that the ledger knows of them."""
        return shown(self._connection, selection, limit=limit)

    def recorded(
        self, record_id: str, side: Side, collection: CollectionName | None = None, scope: str | None = None
    ) -> list[Recorded]:
        """Return all that is known of the record with this id on *side*, one for each pair of services that knows it."""
        return recorded(self._connection, record_id, side, collection, scope)

    def pinned(self, connection_id: str) -> str | None:
        """Return what a connection first answered for; None before its first run."""
        return pinned(self._connection, connection_id)

    def pinned_to(self, identity: str, prefix: str) -> list[str]:
        """Return the connection ids with *prefix* that answered for *identity*, without the prefix."""
        found = self._connection.execute(
            select(pin.c.connection_id).where(pin.c.identity == identity).order_by(pin.c.connection_id)
        ).scalars()
        return [connection_id.removeprefix(prefix) for connection_id in found if connection_id.startswith(prefix)]


@contextmanager
def reading(url: str | URL) -> Iterator[Reading | None]:
    """Read the ledger at *url* as it is now; None where there is none. Creates and upgrades nothing.

    Raises `LedgerError` for a database that can't be read, and for one of another version.
    """
    parsed = parse_url(url)
    place = place_of(parsed)
    if parsed.get_backend_name() == "sqlite" and not _is_there(Path(str(parsed.database))):
        yield None
        return
    engine = read_only_engine(parsed)
    try:
        with translated(place), engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL statement_timeout = '{_PATIENCE_S}s'"))
            yield _checked(connection, place)
    finally:
        engine.dispose()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise LedgerError(
            f"The ledger's file can't be looked for ({path}): {error.strerror}.",
            next_step="let the user that Airflow's API server runs as read this file and its directory.",
        ) from error


def _checked(connection: Connection, place: str) -> Reading | None:
    version = version_of(connection)
    if version is None:
        return None
    if version != HEAD:
        raise LedgerError(
            f"The ledger ({place}) has version {version}, this package works with {HEAD}.",
            next_step="install the same version of airflow-provider-ipaas everywhere; an older ledger is upgraded by "
            "the next run (SQLite) or by the command airflow-ipaas ledger upgrade (PostgreSQL).",
        )
    return Reading(connection)


def read_only_engine(url: URL) -> Engine:
    """Return an engine that can't write, and keeps no connection: pages are rare, and servers fork."""
    if url.get_backend_name() != "sqlite":
        engine = make_engine(url)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    uri = f"{Path(str(url.database)).as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        # With None the driver begins no transactions by itself, so one BEGIN holds for all queries of a page.
        return sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
