"""Load Accounts or Contacts for the first time, by hand, while the sync DAGs go on."""

from airflow_provider_ipaas import backfill_dag

dag = backfill_dag(
    dag_id="salesforce_ipaas_backfill",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
