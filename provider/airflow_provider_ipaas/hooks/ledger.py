"""Open the ledger that a deployment uses."""

from __future__ import annotations

import os
from pathlib import Path

from airflow_provider_ipaas.ledger import SqlLedger


def open_ledger(conn_id: str = "ipaas_ledger") -> SqlLedger:
    path = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "ipaas" / "ledger.db"
    return SqlLedger.open(f"sqlite:///{path}")
