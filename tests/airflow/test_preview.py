"""A dry run of single records in real Airflow: values in the logs of plan and report, and none in any XCom."""

from __future__ import annotations

import json

from airflow_provider_ipaas.sandbox import credentials as known
from tests.airflow.conftest import ACCOUNTS, Airflow

VALUE = "a value of the record"


def test_it_explains_in_the_logs_and_leaves_no_value_in_xcom(airflow: Airflow) -> None:
    account = airflow.sandbox.salesforce.insert("Account", {"Name": "Acme", "Description": "before"})
    assert airflow.run(ACCOUNTS, full=True).state == "success"
    airflow.sandbox.salesforce.update(account, {"Description": VALUE})
    run = airflow.run(ACCOUNTS, record_ids=[account], dry_run=True)
    assert run.state == "success"
    assert run.log.count(VALUE) == 2, "once by plan and once by report"
    (found,) = run.summary["preview"]["records"]
    assert found["salesforce_id"] == account
    assert found["fields"] == [{"field": "description", "decision": "write_ipaas", "reason": "only Salesforce changed"}]
    assert VALUE not in json.dumps(run.values)
    assert known.IPAAS_PASSWORD not in run.log
