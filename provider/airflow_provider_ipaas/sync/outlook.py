"""What the next ordinary run of a collection will look at by itself: the yardstick of what is drift and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .context import Sync, parse_stamp
from .drift import Known
from .extract_salesforce import settled_fate
from .model import DIRECTION_FROM, Item, Seen, Side
from .parked import DROPPED
from .windows import Window, look_back

COVERED = "covered_since"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The windows of the next run, and since when every change in Salesforce has been in the window of some run."""

    sync: Sync
    salesforce: Window
    ipaas: Window
    covered_since: datetime | None  # None: since ever, a run with `full` has read everything

    @classmethod
    def load(cls, sync: Sync) -> Outlook:
        """Compute both windows from the watermarks and the services' clocks."""

        def window(side: Side, now: datetime) -> Window:
            watermark = sync.ledger.watermark(sync.scope, sync.collection, side)
            return look_back(now, sync.settings.poll_days, watermark, full=False)

        salesforce = window("salesforce", sync.salesforce.server_now())
        return cls(sync, salesforce, window("ipaas", sync.ipaas.server_now()), _covered_since(sync, salesforce.start))

    def known(self, side: Side, items: Iterable[Item], ids: Iterable[str]) -> dict[str, Known]:
        """Return what the ledger knows of the records with these *ids*; *items*: those of them that are there."""
        sync, wanted = self.sync, list(ids)
        seen = sync.ledger.seen(sync.scope, sync.collection, side, wanted)
        waiting = sync.ledger.unresolved(sync.scope, sync.collection, DIRECTION_FROM[side], wanted)
        there = {item.record_id: item for item in items}
        coming = {i for i, item in there.items() if self._is_coming(item, seen.get(i))}
        dropped = {i for i, item in there.items() if _is_dropped(item, seen.get(i))}
        return {i: Known(seen.get(i), waiting.get(i), i in coming, i in dropped) for i in wanted}

    def is_older(self, item: Item) -> bool:
        """Tell a Salesforce record that has not changed since before the window of the first run."""
        stamp = parse_stamp(item.stamp)
        return self.covered_since is not None and stamp is not None and stamp < self.covered_since

    def _is_coming(self, item: Item, last: Seen | None) -> bool:
        """Tell a record that the next run captures, waiting or not."""
        stamp = parse_stamp(item.stamp)
        window = self.salesforce if item.side == "salesforce" else self.ipaas
        in_window = window.start is None or (stamp is not None and stamp >= window.start)
        if item.side == "ipaas":  # listed by every run: compared by content
            changed = last is None or not last.content_hash or last.content_hash != item.content_hash
            return changed or (in_window and (last is None or not settled_fate(self.sync, last)))
        if not in_window:
            return False
        whole = window.whole_from is None or (stamp is not None and stamp >= window.whole_from)
        return (
            last is None
            or bool(item.missing)
            or not settled_fate(self.sync, last)
            or last.stamp != item.stamp
            or (whole and last.content_hash != item.content_hash)
        )


def _is_dropped(item: Item, last: Seen | None) -> bool:
    return last is not None and last.fate == f"skipped:{DROPPED}" and last.content_hash == item.content_hash


def _covered_since(sync: Sync, otherwise: datetime | None) -> datetime | None:
    """Return what the runs remembered; a ledger of before they did so speaks for the window only."""
    stored = sync.ledger.fact(sync.scope, f"{COVERED}:{sync.collection}")
    if stored is None:
        return otherwise
    return datetime.fromisoformat(stored[0]) if stored[0] else None


def note_covered(sync: Sync, start: datetime | None) -> None:
    """Remember the earliest window of all runs that were complete, so that a record that was missed can be told from
    one that no window ever reached."""
    key = f"{COVERED}:{sync.collection}"
    stored = sync.ledger.fact(sync.scope, key)
    if stored is not None and (not stored[0] or (start and datetime.fromisoformat(stored[0]) <= start)):
        return
    sync.ledger.set_fact(sync.scope, key, start.isoformat() if start else "")
