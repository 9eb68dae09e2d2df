"""Which listed rows of iPaaS.com are read whole: what changed, what is undecided, and a slice of the others.

A row of a list may lack addresses, custom fields and external ids, and its stamp need not move when one of those is
edited. Reading everything by id with every poll is one call for each record; so a row that shows what it showed when
its record was last read whole, and that no rule looks at again, stands for the record, until its turn comes: every
record is read whole at least once in a period, the records spread evenly over it by their ids.
"""

from __future__ import annotations

import math
import zlib
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import Any

from .context import Sync
from .extract_salesforce import settled_fate
from .keys import content_hash
from .model import Record, Seen

LISTED = "ipaas_listed"  # fact: rows of a collection's last listing, when the last ones were, turns that were put off
KEPT = 3  # listings whose time is remembered
SLICES = 8  # turns of so many usual pauses are made up for in one run


def row_hash(sync: Sync, row: Record, whole: str) -> str:
    """Hash a listed row together with the hash of the content that its record had, as the mapping shows it."""
    seen: dict[str, Any] = {"row": row, "mapping": sync.mapping.fingerprint, "content": whole}
    return content_hash(seen)


def is_turn(record_id: str, read_at: datetime, now: datetime, period: timedelta) -> bool:
    """Tell that a record's turn has come since it was read; each has one moment in every period, by its id."""
    if not period:
        return True
    share = zlib.crc32(record_id.encode("utf-8", "surrogatepass")) / 2**32
    length = period.total_seconds()

    def turns(moment: datetime) -> int:
        return int(moment.timestamp() / length - share)

    return turns(now) > turns(read_at)


class Slice:
    """The share of one listing whose turn it is, and what was remembered of the listings before.

    When polls have paused for a night, all turns that passed meanwhile are due at once: one run takes those of eight
    usual pauses at most, and `small_listing` at least; the others are put off to the next runs, and told.
    """

    def __init__(self, sync: Sync, now: datetime) -> None:
        self._sync = sync
        self._now = now
        stored = sync.ledger.fact(sync.scope, f"{LISTED}:{sync.collection}")
        known: dict[str, Any] = stored[0] if stored else {}
        self._rows: int | None = known.get("rows")
        self._times: list[str] = known.get("at", [])
        self._left = self._allowance()
        self.put_off = 0
        self.overdue = 0  # of those put off: not read whole for longer than the period

    @property
    def is_small(self) -> bool:
        """Tell a collection whose records are all read whole each time: it has few, or nobody knows yet how many."""
        return self._rows is None or self._rows <= self._sync.settings.small_listing

    def stands(self, row: Record, last: Seen | None, *, in_window: bool) -> bool:
        """Tell a row that need not be read whole now: it shows the same, no rule looks at it again, and not its turn.

        Outside the window what a run decided on is looked at again only when it shows something else.
        """
        sync, now, period = self._sync, self._now, self._sync.settings.deep_check
        if last is None or last.row_hash is None or last.read_at is None or not last.content_hash:
            return False
        if in_window and not settled_fate(sync, last):
            return False
        if last.row_hash != row_hash(sync, row, last.content_hash):
            return False
        if not is_turn(last.record_id, last.read_at, now, period):
            return True
        if self._left is None or self._left > 0:
            self._left = None if self._left is None else self._left - 1
            return False
        self.put_off += 1
        self.overdue += last.read_at + period < now
        return True

    def remember(self, rows: int, *, listed: bool) -> None:
        """Note how many rows there were; *listed*: and that their turns were looked at now."""
        times = [*self._times, self._now.isoformat()][-KEPT:] if listed else self._times
        told = {"rows": rows, "at": times, "put_off": self.put_off, "overdue": self.overdue}
        told["run"] = self._sync.run.run_key
        self._sync.ledger.set_fact(self._sync.scope, f"{LISTED}:{self._sync.collection}", told)

    def _allowance(self) -> int | None:
        """Return how many records whose turn has come one run reads; None: all, also where no pause is usual yet."""
        period = self._sync.settings.deep_check
        moments = [*map(datetime.fromisoformat, self._times), self._now]
        pauses = [later - earlier for earlier, later in pairwise(moments)]
        if not period or not pauses or self._rows is None:
            return None
        return max(self._sync.settings.small_listing, math.ceil(SLICES * self._rows * (median_low(pauses) / period)))


def overdue(sync: Sync) -> int:
    """Return how many records this run has put off that were not read whole for longer than the period."""
    stored = sync.ledger.fact(sync.scope, f"{LISTED}:{sync.collection}")
    return int(stored[0]["overdue"]) if stored and stored[0]["run"] == sync.run.run_key else 0
