"""What the ledger forgets, and after how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from . import items
from .tables import item, journal, run

JOURNAL_DAYS = 90
RUN_DAYS = 400
ITEM_DAYS = 7
# Rows per transaction: other tasks get their turn in between.
_CHUNK = 5_000


def drop_journal(connection: Connection, now: datetime) -> int:
    """Drop one chunk of old journal rows; return how many."""
    limit = now - timedelta(days=JOURNAL_DAYS)
    old = select(journal.c.no).where(journal.c.at < limit).order_by(journal.c.at).limit(_CHUNK)
    return connection.execute(delete(journal).where(journal.c.no.in_(old))).rowcount


def drop_items(connection: Connection, now: datetime) -> int:
    """Drop one chunk of the items of a run reported long ago, or due to be dropped itself; return how many."""
    reported, started = now - timedelta(days=ITEM_DAYS), now - timedelta(days=RUN_DAYS)
    old = (run.c.reported_at < reported) | (run.c.started_at < started)
    has_items = select(item.c.run_no).where(item.c.run_no == run.c.no).exists()
    run_no = connection.execute(select(run.c.no).where(old, has_items).order_by(run.c.no).limit(1)).scalar()
    return 0 if run_no is None else items.drop_some(connection, run_no)


def drop_runs(connection: Connection, now: datetime) -> int:
    """Drop one chunk of old runs; return how many."""
    limit = now - timedelta(days=RUN_DAYS)
    old = select(run.c.no).where(run.c.started_at < limit).order_by(run.c.started_at).limit(_CHUNK)
    return connection.execute(delete(run).where(run.c.no.in_(old))).rowcount
