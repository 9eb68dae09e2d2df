"""Database errors as `LedgerError`: what failed, where, and what to do about it; never a record's values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from airflow_provider_ipaas.errors import LedgerError


class LedgerUnavailable(LedgerError):
    """The ledger doesn't answer now; trying later can help."""

    transient = True


class LedgerConflict(LedgerUnavailable):
    """The database undid our transaction in favour of another one; the same again can succeed at once."""


_FREE_SPACE = "free disk space there, then start the run again; what was written before is safe."
_FILE_RIGHTS = "let the user that Airflow runs as read and write this file and its directory."
_GRANTS = "grant the ledger's user the right to read and write its tables (and to create them, for an upgrade)."
_SERVER = "check that the server runs and can be reached from this worker, and the host and port of the connection."

# By the beginning of SQLite's symbolic error name.
_SQLITE: dict[str, tuple[str, str, type[LedgerError]]] = {
    "SQLITE_FULL": ("The disk of the ledger is full", _FREE_SPACE, LedgerError),
    "SQLITE_READONLY": ("The ledger's file is read-only", _FILE_RIGHTS, LedgerError),
    "SQLITE_PERM": ("The ledger's file may not be opened", _FILE_RIGHTS, LedgerError),
    "SQLITE_CANTOPEN": ("The ledger's file can't be opened", _FILE_RIGHTS, LedgerError),
    "SQLITE_BUSY": (
        "The ledger stayed locked for a minute",
        "another process holds it: look for a stuck task, or use PostgreSQL for the ledger.",
        LedgerUnavailable,
    ),
    "SQLITE_LOCKED": ("The ledger is locked", "start the run again.", LedgerUnavailable),
    "SQLITE_CORRUPT": (
        "The ledger's file is damaged",
        "restore it from a backup, or move it away: a new ledger is rebuilt from the external ids of the services.",
        LedgerError,
    ),
    "SQLITE_NOTADB": (
        "The ledger's file is not an SQLite database",
        "restore it from a backup, or move it away: a new ledger is rebuilt from the external ids of the services.",
        LedgerError,
    ),
    "SQLITE_IOERR": (
        "Reading or writing the ledger's file failed",
        "check the disk: free space, quota, file size limits and its health; then start the run again.",
        LedgerError,
    ),
}

# By the beginning of PostgreSQL's SQLSTATE, the longest first.
_POSTGRES: dict[str, tuple[str, str, type[LedgerError]]] = {
    "40001": ("The ledger's database undid a transaction", "start the run again.", LedgerConflict),
    "40P01": ("The ledger's database undid a transaction (deadlock)", "start the run again.", LedgerConflict),
    "42501": ("The ledger's user lacks a privilege", _GRANTS, LedgerError),
    "25006": (
        "The ledger's database is read-only",
        "connect to the primary server, not to a replica (target_session_attrs=read-write helps).",
        LedgerUnavailable,
    ),
    "53100": ("The disk of the ledger's database server is full", _FREE_SPACE, LedgerError),
    "53300": (
        "The ledger's database server takes no more connections",
        "raise max_connections there, or put a connection pooler in front of it.",
        LedgerUnavailable,
    ),
    "55P03": ("The ledger stayed locked", "look for a stuck transaction in pg_stat_activity.", LedgerUnavailable),
    "42P01": (
        "A table of the ledger is missing",
        "check the database and search_path of the connection; airflow-ipaas ledger current shows the version.",
        LedgerError,
    ),
    "3D000": ("The ledger's database does not exist", "create it, or mend the connection's schema field.", LedgerError),
    "28": ("The ledger's database refuses our user", "mend user and password of the ledger's connection.", LedgerError),
    "08": ("The ledger's database can't be reached", _SERVER, LedgerUnavailable),
    "57": ("The ledger's database server is shutting down or starting", _SERVER, LedgerUnavailable),
    "53": ("The ledger's database server lacks resources", "look into the server's log.", LedgerUnavailable),
    "XX": ("The ledger's database server reports damage", "look into the server's log.", LedgerError),
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what SQLAlchemy raises inside as `LedgerError` about *place* (a path, or host and database)."""
    try:
        yield
    except SQLAlchemyError as error:
        # Chained errors would show the driver's detail lines, which quote values of records.
        raise explain(error, place) from None


def explain(error: SQLAlchemyError, place: str) -> LedgerError:
    """Return the `LedgerError` for an error of SQLAlchemy."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _explain_driver(error, error.orig, place)
    if isinstance(error, PoolTimeout):
        return LedgerUnavailable(
            f"No free connection to the ledger ({place}).", next_step="use fewer threads, or start the run again."
        )
    if isinstance(error, StatementError) and error.orig is not None:
        kind = type(error.orig).__name__
        return LedgerError(
            f"A value can't be stored in the ledger ({place}): {kind}.", next_step="report this with the stack trace."
        )
    return LedgerError(f"The ledger failed ({place}): {type(error).__name__}.", next_step="look into the task's log.")


def _explain_driver(error: DBAPIError, original: BaseException, place: str) -> LedgerError:
    sqlite_name = getattr(original, "sqlite_errorname", None)
    if sqlite_name is not None:
        return _known(_SQLITE, sqlite_name, original, place)
    state = getattr(original, "pgcode", None) or getattr(original, "sqlstate", None)
    if state is not None:
        return _known(_POSTGRES, state, original, place)
    return _explain_connecting(original, place, lost=error.connection_invalidated)


def _explain_connecting(original: BaseException, place: str, *, lost: bool) -> LedgerError:
    """Explain an error that came without a code: the connection was not made, or broke."""
    text = " ".join(str(original).split())
    for words, state in (
        ("authentication failed", "28000"),
        ("no password supplied", "28000"),
        ("no pg_hba.conf entry", "28000"),
        ("too many clients", "53300"),
        ("remaining connection slots", "53300"),
        ("the database system is", "57P03"),
    ):
        if words in text:
            return _known(_POSTGRES, state, original, place)
    if text.endswith("does not exist"):
        return _known(_POSTGRES, "28000" if "role" in text else "3D000", original, place)
    if type(original).__name__ in ("OperationalError", "InterfaceError") or lost:
        return _known(_POSTGRES, "08000", original, place)
    return LedgerError(
        f"The ledger failed ({place}): {type(original).__name__}.", next_step="look into the task's log."
    )


def _known(
    table: dict[str, tuple[str, str, type[LedgerError]]], code: str, original: BaseException, place: str
) -> LedgerError:
    for beginning, (what, next_step, kind) in table.items():
        if code.startswith(beginning):
            return kind(f"{what} ({place}): {_words(original)} [{code}].", next_step=next_step)
    # A broken constraint or a bad value: the driver's words may quote a record, so only the code is told.
    return LedgerError(
        f"The ledger refused a statement ({place}): {type(original).__name__} [{code}].",
        next_step="report this with the stack trace.",
    )


def _words(original: BaseException) -> str:
    """Return the driver's first line, without the detail lines that quote values."""
    diagnostics: Any = getattr(original, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    lines = str(primary or original).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(original).__name__
