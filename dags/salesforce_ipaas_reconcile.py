"""Compare everything in Salesforce and iPaaS.com once a week: what no run has noticed is found here."""

from airflow_provider_ipaas import reconcile_dag

dag = reconcile_dag(
    dag_id="salesforce_ipaas_reconcile",
    schedule="@weekly",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
