"""This package's Salesforce client: its page stream, without anything behind it."""

import time

from _job import JOB, SOQL, measured

from airflow_provider_ipaas.clients.salesforce.auth import Credentials
from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient

credentials = Credentials(
    connection="bench",
    flow="client_credentials",
    token_url=f"{JOB['url']}/services/oauth2/token",
    consumer_key=JOB["client_id"],
    consumer_secret=JOB["client_secret"],
)
client = SalesforceClient(credentials, api_url=JOB["url"], sleep=time.sleep)
client.org_id  # noqa: B018 -- logged in before the clock starts, as the others are
with measured() as told:
    told["records"] = sum(1 for _ in client.query(SOQL))
