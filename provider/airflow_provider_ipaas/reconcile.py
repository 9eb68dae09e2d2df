"""`reconcile_dag`: what no run has noticed, found by comparing everything once a week."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import DAG, Param

from airflow_provider_ipaas.operators import ReconcileOperator

_EPOCH = "2026-01-01T00:00:00+00:00"
_COLLECTIONS: tuple[Literal["account", "contact"], ...] = ("account", "contact")


def reconcile_dag(
    *,
    dag_id: str = "salesforce_ipaas_reconcile",
    schedule: Any = "@weekly",
    salesforce_conn_id: str = "salesforce_connected_app_default",
    ipaas_conn_id: str = "ipaas_default",
    ledger_conn_id: str = "ipaas_ledger",
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    repair: bool = False,
    max_drift: int = 0,
    **dag_kwargs: Any,
) -> DAG:
    """Make the DAG that compares everything of one pair of connections; give it what the sync DAGs of that pair were given.

    :param repair: default of the run's `repair` param.
    :param max_drift: drifted records of a collection, not due now, that a green task may have.
    :param dag_kwargs: anything else a DAG takes; `params` and `default_args` are laid over ours.
    """
    import pendulum

    params = {**_params(repair), **dag_kwargs.pop("params", {})}
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
            # One collection after the other: each may call iPaaS.com as often as the connection allows.
            "max_active_tasks": 1,
            "tags": ["salesforce", "ipaas", "reconcile"],
            "doc_md": _DOC,
            **dag_kwargs,
        },
        params=params,
        default_args=default_args,
    )
    with dag:
        for weight, collection in zip((2, 1), _COLLECTIONS, strict=True):
            ReconcileOperator(
                task_id=f"reconcile_{collection}s",
                collection=collection,
                salesforce_conn_id=salesforce_conn_id,
                ipaas_conn_id=ipaas_conn_id,
                ledger_conn_id=ledger_conn_id,
                mapping_dir=mapping_dir,
                default_mappings=default_mappings,
                max_drift=max_drift,
                priority_weight=weight,
            )
    return dag


def _params(repair: bool) -> dict[str, Param]:
    """Return the params of the trigger form."""
    return {
        "collection": Param(
            "both",
            type="string",
            enum=["both", *_COLLECTIONS],
            title="Collection",
            description="What is compared: Accounts with Companies, Contacts with Customers, or both.",
        ),
        "repair": Param(
            repair,
            type="boolean",
            title="Repair",
            description="Let the next run of the sync DAG take up what has drifted, under its own rules.",
        ),
    }


_DOC = """
Compares everything in Salesforce with everything in iPaaS.com: what is linked field by field, and what is not linked with what the
ledger knows. It writes to neither service.

The log of each task has the drift by cause with examples; its `return_value` holds the numbers. A task is red when records have
drifted that no run would take up by itself. With **repair** they become due, and the next run of the sync DAG takes them up.
"""
