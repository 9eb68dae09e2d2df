"""What seeds need of the two stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_ipaas.sandbox.ipaas.access import HasNow
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore

__all__ = ["IPaaSStore", "SalesforceTarget"]


class SalesforceTarget(Protocol):
    """A store of Salesforce records that takes them without validation."""

    @property
    def clock(self) -> HasNow:
        """Return the clock that stamps its records."""

    def insert(
        self, sobject: str, fields: Mapping[str, Any], *, at: datetime | None = None, by: str | None = None
    ) -> str:
        """Add a record as a user other than the API's and return its Id."""
