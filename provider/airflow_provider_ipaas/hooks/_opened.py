"""What this process has open: one object per database, however many hooks ask."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import URL


class Closable(Protocol):
    """What is kept open."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


class Opened(Generic[T]):
    """Keep one object per URL; an SQLite file that was deleted or restored meanwhile is another one."""

    def __init__(self) -> None:
        # By URL and what else tells them apart, with the device and inode of an SQLite file.
        self._known: dict[tuple[str, str], tuple[T, tuple[int, int] | None]] = {}
        self._lock = threading.Lock()
        _ALL.add(self)

    def get(self, url: URL, make: Callable[[], T], *, also: str = "") -> T:
        """Return what is open at *url*, or make it; *also* tells apart what has the same URL."""
        key = (url.render_as_string(hide_password=False), also)
        with self._lock:
            known = self._known.get(key)
            if known is not None and known[1] == _file_identity(url):
                return known[0]
            if known is not None:
                known[0].close()
            made = make()
            self._known[key] = (made, _file_identity(url))
            return made

    def after_fork(self) -> None:
        # Another thread of the parent may hold it, and that thread does not exist here.
        self._lock = threading.Lock()


_ALL: weakref.WeakSet[Opened[Any]] = weakref.WeakSet()


def _after_fork() -> None:
    for opened in list(_ALL):
        opened.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _file_identity(url: URL) -> tuple[int, int] | None:
    if url.get_backend_name() != "sqlite":
        return None
    try:
        stat = os.stat(str(url.database))
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
