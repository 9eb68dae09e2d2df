"""What the lanes of a task are creating at this moment, so that none of them takes it for somebody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class InFlight:
    """The ids that a task's lanes have made, and how many creates have no answer yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: set[str] = set()
        self._going: set[threading.Event] = set()

    @contextmanager
    def going_on(self) -> Iterator[Callable[[str], None]]:
        """Mark a create as on its way; call what this yields with the id of what it made."""
        answered = threading.Event()
        with self._lock:
            self._going.add(answered)
        try:
            yield self._made.add
        finally:
            with self._lock:
                self._going.discard(answered)
            answered.set()

    def made_by_others(self, ids: list[str]) -> list[str]:
        """Return those of these ids that no lane has made.

        A record is there before the lane that made it has read so: where an id is strange, the creates that are on
        their way now are waited for. Their calls have time limits.
        """
        strange = [each for each in ids if each not in self._made]
        if strange:
            with self._lock:
                going = list(self._going)
            for answered in going:
                answered.wait()
        return [each for each in strange if each not in self._made]

    def forget(self) -> None:
        """Forget what was made, once links tell it."""
        self._made.clear()
