"""A big upsert in several tasks: which records are whose, and when sharing out is worth it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .model import Item

# Planned writes below which a task of its own costs more than it saves: its start takes a second or two.
LEAST = 500
# How many records are read at once where some of them are another task's.
PAGE = 500


@dataclass(frozen=True, slots=True)
class Share:
    """One of *of* parts of a run's writes, which are disjoint and together all; *number* counts from 0."""

    number: int = 0
    of: int = 1

    @property
    def told(self) -> str:
        """Name the part in a line of the log."""
        return "" if self.of == 1 else f" (part {self.number + 1} of {self.of})"

    def has(self, item: Item) -> bool:
        """Tell whether a record is of this part.

        Records with the same e-mail or name stay together: a create looks for those right before it is sent, and must
        not meet the one that another task has just made.
        """
        if self.of == 1:
            return True
        key = item.email_key or item.name_key or item.record_id
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % self.of == self.number

    def batches(self, walk: Iterable[list[Item]], size: int) -> Iterator[list[Item]]:
        """Yield the records of this part in batches of *size*, in their order."""
        batch: list[Item] = []
        for page in walk:
            for item in page:
                if self.has(item):
                    batch.append(item)
                if len(batch) == size:
                    yield batch
                    batch = []
        if batch:
            yield batch


WHOLE = Share()


def lead_parts(planned: int) -> int:
    """Return into how many parts so many writes are cut for the few that go first: some 125 in each."""
    return planned // LEAST * 4


def shares_of(planned: int, tasks: int, calls_per_second: float | None = None) -> list[Share]:
    """Share out so many planned writes among at most *tasks* tasks; none where one task does as well.

    Each task takes its part of the rate limit, which begins at one call per second.
    """
    most = tasks if calls_per_second is None else min(tasks, int(calls_per_second))
    count = min(most, planned // LEAST)
    return [Share(number, count) for number in range(count)] if count > 1 else []
