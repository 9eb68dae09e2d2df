"""simple-salesforce, `query_all_iter`."""

from _job import JOB, SOQL, measured, stay_local
from simple_salesforce import Salesforce

stay_local()
client = Salesforce(instance_url=JOB["url"], session_id=JOB["token"], version="64.0")
with measured() as told:
    told["records"] = sum(1 for _ in client.query_all_iter(SOQL))
