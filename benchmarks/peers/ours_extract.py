"""This package's whole extract of every Account: read, translated, hashed, and in the ledger."""

import logging
from types import SimpleNamespace

from _job import JOB, measured

from airflow_provider_ipaas.ledger import SqlLedger
from tests.support.rig import Rig

logging.disable(logging.INFO)
services = SimpleNamespace(salesforce_url=JOB["url"], ipaas_url=JOB["url"])
rig = Rig(services, SqlLedger.open(f"sqlite:///{JOB['folder']}/ledger.db"))
sync = rig.sync("account", "bench", {"full": True})
sync.salesforce.org_id  # noqa: B018 -- logged in before the clock starts, as the others are
with measured() as told:
    rig.step("extract_salesforce", sync)
    told["records"] = sync.ledger.count_items(sync.run.run_key, collection="account", side="salesforce")
