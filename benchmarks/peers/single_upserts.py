"""What people write first for the other way: one upsert by external id for each record, with simple-salesforce."""

from _job import JOB, measured, stay_local
from simple_salesforce import Salesforce

stay_local()
client = Salesforce(instance_url=JOB["url"], session_id=JOB["token"], version="64.0")
with measured() as told:
    for number in range(JOB["upserts"]):
        client.Account.upsert(f"iPaaS_Id__c/{number}", {"Name": f"Upserted {number}"})
    told["records"] = JOB["upserts"]
