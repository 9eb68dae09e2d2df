"""Which batches go to Salesforce at once: none that would wait for each other's locks, and fewer where the org is crowded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .model import Item

# An org lets 5 calls (trial, developer edition) or 25 run that take 20 seconds and more; others want some of them.
MOST = 4
CALM = 3

Batch = list[Item]


@dataclass
class Lanes:
    """How many writes of a task are under way at most; one until one has gone through, which says that more may."""

    count: int = MOST
    _calm: int = 0

    def note(self, *, crowded: bool) -> None:
        """Halve them after a wave that met locks or too many calls at once; one more again after some that did not."""
        if crowded:
            self.count, self._calm = max(1, self.count // 2), 0
            return
        self._calm += 1
        if self._calm >= CALM and self.count < MOST:
            self.count, self._calm = self.count + 1, 0


class Waves:
    """Batches in groups that may be written at once, in about their order.

    A Contact's write locks its Account, and an Account's its parent: *lock_of* names that record, or nothing.
    """

    def __init__(self, batches: Iterable[Batch], lock_of: Callable[[Item], str], lanes: Callable[[], int]) -> None:
        self._left = [(batch, {lock for item in batch if (lock := lock_of(item))}) for batch in batches]
        self._lock_of = lock_of
        self._lanes = lanes
        self.size = 0  # of the wave that went last

    def __iter__(self) -> Iterator[list[Batch]]:
        while self._left:
            wave: list[Batch] = []
            locked: set[str] = set()
            later: list[tuple[Batch, set[str]]] = []
            most = self._lanes()
            for batch, locks in self._left:
                if len(wave) < most and not locks & locked:
                    wave.append(batch)
                    locked |= locks
                else:
                    later.append((batch, locks))
            self._left, self.size = later, len(wave)
            yield wave

    def again(self, batch: Batch) -> None:
        """Let a batch go with the next wave."""
        self._left.insert(0, (batch, {lock for item in batch if (lock := self._lock_of(item))}))
