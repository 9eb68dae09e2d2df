"""Sending one batch to Salesforce: whole; in halves, down to the row, where one row spoils it; and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Self

from airflow_provider_ipaas.errors import AuthenticationError, RequestLimitExceeded, ServiceError

from .applying import Written, refused, refused_by
from .model import Item
from .ports import WriteResult

Send = Callable[[Sequence[Item]], list[WriteResult]]
Part = tuple[Sequence[Item], list[WriteResult] | ServiceError]


@dataclass
class Sent:
    """What came of a batch; *error* has stopped it, and *left* is what has no answer then."""

    batch: Sequence[Item]
    done: list[tuple[Item, str]] = field(default_factory=list)
    refused: list[list[Written]] = field(default_factory=list)  # by call
    met_lock: bool = False
    error: Exception | None = None

    @classmethod
    def of(cls, batch: Sequence[Item], send: Send) -> Self:
        """Send a batch; settles nothing, so that several may go at once."""
        sent = cls(batch)
        try:
            for part, answer in in_halves(batch, send):
                sent._take(part, answer)
        except Exception as error:  # the caller raises it, after the batches that went at the same time
            sent.error = error
        return sent

    def _take(self, part: Sequence[Item], answer: list[WriteResult] | ServiceError) -> None:
        if isinstance(answer, ServiceError):
            self.refused.append([refused(part[0], answer)])
            return
        results = list(zip(part, answer, strict=True))
        self.met_lock |= any(result.met_lock for _, result in results)
        self.done += [(item, str(result.id or item.target_id)) for item, result in results if result.success]
        if bad := [refused_by(item, result.errors) for item, result in results if not result.success]:
            self.refused.append(bad)

    @property
    def left(self) -> list[Item]:
        """The records without an answer."""
        known = {item.record_id for item, _ in self.done} | {r.item.record_id for part in self.refused for r in part}
        return [item for item in self.batch if item.record_id not in known]

    @property
    def too_many(self) -> bool:
        """Whether it was refused, and nothing of it done, since too many calls are under way in the org."""
        error = self.error
        return isinstance(error, ServiceError) and error.transient and error.code == "REQUEST_LIMIT_EXCEEDED"


def in_halves(items: Sequence[Item], send: Send, *, spoilt: bool = False) -> Generator[Part, None, bool]:
    """Send *items*; where the call is refused whole, send its halves, until the row that spoils it stands alone.

    Yields each part that was answered with its results, a single row that was refused with its error, as they come, and
    returns whether there was such a row. A part that is known to be *spoilt* is not sent before it is cut. Raises what no
    row can be to blame for.
    """
    if not spoilt or len(items) == 1:
        try:
            results = send(items)
        except ServiceError as error:
            if not _is_about_a_row(error):
                raise
            if len(items) == 1:
                yield items, error
                return True
        else:
            yield items, results
            return False
    middle = len(items) // 2
    first = yield from in_halves(items[:middle], send)
    # What spoilt the whole and is not in the first half is in the second.
    second = yield from in_halves(items[middle:], send, spoilt=not first)
    return first or second


def _is_about_a_row(error: ServiceError) -> bool:
    if isinstance(error, AuthenticationError | RequestLimitExceeded):
        return False
    return not error.transient and bool(error.code) and error.status == 400
