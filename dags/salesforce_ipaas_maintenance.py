"""Look after the sync between Salesforce and iPaaS.com: triggered by hand, see its params."""

from airflow_provider_ipaas import maintenance_dag

dag = maintenance_dag(
    dag_id="salesforce_ipaas_maintenance",
    salesforce_conn_id="salesforce_connected_app_default",
    ipaas_conn_id="ipaas_default",
    ledger_conn_id="ipaas_ledger",
)
