"""What people write first: Airflow's SalesforceHook, `make_query` (all pages into one list)."""

from _job import JOB, SOQL, measured, stay_local
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from simple_salesforce import Salesforce

stay_local()
hook = SalesforceHook()
hook.__dict__["conn"] = Salesforce(instance_url=JOB["url"], session_id=JOB["token"], version="64.0")
with measured() as told:
    told["records"] = len(hook.make_query(SOQL)["records"])
