"""True time, and how far the clocks of the three parties are off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    """Time passes only when it is told to; each party reads it with an error of its own."""

    def __init__(self, *, salesforce_s: int = 0, ipaas_s: int = 0, worker_s: int = 0) -> None:
        self.true = START
        self._salesforce = timedelta(seconds=salesforce_s)
        self._ipaas = timedelta(seconds=ipaas_s)
        self._worker = timedelta(seconds=worker_s)

    def advance(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)

    def salesforce(self) -> datetime:
        return self.true + self._salesforce

    def ipaas(self) -> datetime:
        return self.true + self._ipaas

    def worker(self) -> datetime:
        return self.true + self._worker


def salesforce_stamp(moment: datetime) -> str:
    """Write a stamp as Salesforce does, in whole seconds."""
    return f"{moment.isoformat()[:19]}.000+0000"
