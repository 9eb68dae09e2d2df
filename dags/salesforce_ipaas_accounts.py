"""Keep Salesforce Accounts and iPaaS.com Companies in step, both ways."""

from airflow_provider_ipaas import sync_dag

dag = sync_dag(
    "account",
    dag_id="salesforce_ipaas_accounts",
    schedule="*/15 * * * *",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
