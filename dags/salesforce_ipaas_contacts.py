"""Keep Salesforce Contacts and iPaaS.com Customers in step, both ways."""

from airflow_provider_ipaas import sync_dag

dag = sync_dag(
    "contact",
    dag_id="salesforce_ipaas_contacts",
    schedule="5-59/15 * * * *",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
