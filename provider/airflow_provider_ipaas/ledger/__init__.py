"""The ledger: what the sync remembers between runs, in an SQL database."""

from __future__ import annotations

from .ledger import SqlLedger

__all__ = ["SqlLedger"]
