"""`schema_drift_dag`: what administrators changed in the fields that the mappings use, told once a day."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import DAG

from airflow_provider_ipaas.operators import SchemaDriftOperator

_EPOCH = "2026-01-01T00:00:00+00:00"
_COLLECTIONS: tuple[Literal["account", "contact"], ...] = ("account", "contact")


def schema_drift_dag(
    *,
    dag_id: str = "salesforce_ipaas_schema_drift",
    schedule: Any = "@daily",
    salesforce_conn_id: str = "salesforce_connected_app_default",
    ipaas_conn_id: str = "ipaas_default",
    ledger_conn_id: str = "ipaas_ledger",
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    **dag_kwargs: Any,
) -> DAG:
    """Make the DAG that watches the fields of one pair of connections; give it what the sync DAGs of that pair were given.

    :param dag_kwargs: anything else a DAG takes; `default_args` are laid over ours.
    """
    import pendulum

    default_args = {
        "retries": 2,
        "retry_delay": pendulum.duration(minutes=5),
        **dag_kwargs.pop("default_args", {}),
    }
    dag = DAG(
        dag_id=dag_id,
        schedule=schedule,
        **{
            "start_date": pendulum.parse(_EPOCH),
            "catchup": False,
            "max_active_runs": 1,
            "tags": ["salesforce", "ipaas", "schema"],
            "doc_md": _DOC,
            **dag_kwargs,
        },
        default_args=default_args,
    )
    with dag:
        for collection in _COLLECTIONS:
            SchemaDriftOperator(
                task_id=f"schema_of_{collection}s",
                collection=collection,
                salesforce_conn_id=salesforce_conn_id,
                ipaas_conn_id=ipaas_conn_id,
                ledger_conn_id=ledger_conn_id,
                mapping_dir=mapping_dir,
                default_mappings=default_mappings,
            )
    return dag


_DOC = """
Asks Salesforce once a day what the fields are that the mappings use: removed or hidden, read-only, retyped, shortened, formulas now,
newly required, picklist values gone or new. It writes to neither service.

A task is red when something changed for the worse, once for each change; its log says what to do, its `return_value` holds the changes.
"""
