"""Leave the sync core as it was: a simulated world lowers limits of it, and other tests run in this process later."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.sync import apply_salesforce, salesforce_reads, write_salesforce


@pytest.fixture(autouse=True)
def limits_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (apply_salesforce, "IDS_PER_LOOK_UP"),
        (salesforce_reads, "IDS_PER_QUERY"),
        (write_salesforce, "BATCH_SIZE"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
