"""Look once a day at the Salesforce fields that the mappings use: what administrators changed is told, once."""

from airflow_provider_ipaas import schema_drift_dag

dag = schema_drift_dag(
    dag_id="salesforce_ipaas_schema_drift",
    schedule="@daily",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
