"""Transactions: one per thread, nested ones join, and one that failed inside never commits."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

from airflow_provider_ipaas.errors import LedgerError

from .engine import WRITES
from .failures import LedgerConflict, translated

T = TypeVar("T")
_ATTEMPTS = 5


class _Unit:
    """The open transaction of a thread."""

    __slots__ = ("connection", "failed")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False


class _Open(threading.local):
    unit: _Unit | None = None


class Sessions:
    """Hands out the thread's transaction on one engine."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self._open = _Open()
        _ALL.add(self)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work* in the thread's transaction, or in a short one of its own."""
        if self._open.unit is not None:
            return self._inside(self._open.unit, work)
        with translated(self.place), self.engine.connect() as connection:
            return work(connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* in the thread's transaction, or in one of its own that is tried again after a deadlock."""
        if self._open.unit is not None:
            return self._inside(self._open.unit, work)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.transaction() as unit:
                    return self._inside(unit, work)
            except LedgerConflict:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def transaction(self) -> Iterator[_Unit]:
        """Open the thread's transaction, or join it."""
        outer = self._open.unit
        if outer is not None:
            try:
                yield outer
            except BaseException:
                # Whoever catches this further out must not commit half of what was meant to be one.
                outer.failed = True
                raise
            return
        pid = os.getpid()
        with translated(self.place):
            connection = self.engine.connect().execution_options(**{WRITES: True})
        unit = _Unit(connection)
        try:
            with translated(self.place):
                transaction = connection.begin()
            self._open.unit = unit
            try:
                yield unit
                if unit.failed:
                    raise LedgerError(
                        f"A transaction of the ledger failed halfway and was undone ({self.place}).",
                        next_step="the error before this one says why.",
                    )
                with translated(self.place):
                    transaction.commit()
            except BaseException:
                if os.getpid() == pid:
                    self._undo(connection)
                raise
            finally:
                self._open.unit = None
        finally:
            if os.getpid() == pid:
                connection.close()

    def _inside(self, unit: _Unit, work: Callable[[Connection], T]) -> T:
        if unit.failed:
            raise LedgerError(
                f"This transaction of the ledger has failed already ({self.place}).",
                next_step="the error before this one says why.",
            )
        try:
            with translated(self.place):
                return work(unit.connection)
        except BaseException:
            # SQLite may have rolled back by itself (disk full): anything after that would be committed one by one.
            unit.failed = True
            raise

    @staticmethod
    def _undo(connection: Connection) -> None:
        try:
            connection.rollback()
        except Exception:
            # The connection is broken, so the database undoes it; the first error is the one to tell.
            connection.invalidate()

    def _before_fork(self) -> None:
        # An SQLite or network connection must not be used, nor closed, by two processes: keep none idle.
        self.engine.dispose()

    def _after_fork(self) -> None:
        self.engine.dispose(close=False)
        self._open = _Open()


_ALL: weakref.WeakSet[Sessions] = weakref.WeakSet()


def _before_fork() -> None:
    for sessions in list(_ALL):
        sessions._before_fork()


def _after_fork() -> None:
    for sessions in list(_ALL):
        sessions._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
