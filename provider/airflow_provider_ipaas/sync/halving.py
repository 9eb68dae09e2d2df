"""Sending a batch that one row may spoil for all: halves, down to the row."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from airflow_provider_ipaas.errors import AuthenticationError, RequestLimitExceeded, ServiceError

from .model import Item
from .ports import WriteResult

Send = Callable[[Sequence[Item]], list[WriteResult]]
Part = tuple[Sequence[Item], list[WriteResult] | ServiceError]


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
