"""`maintenance_dag`: what people do to a sync besides running it, from Airflow's trigger form."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import DAG, Param

from airflow_provider_ipaas.operators import DoctorOperator

_EPOCH = "2026-01-01T00:00:00+00:00"


def maintenance_dag(
    *,
    dag_id: str = "salesforce_ipaas_maintenance",
    schedule: Any = None,
    salesforce_conn_id: str = "salesforce_connected_app_default",
    ipaas_conn_id: str = "ipaas_default",
    ledger_conn_id: str = "ipaas_ledger",
    direction: Literal["both", "to_ipaas", "to_salesforce"] = "both",
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    **dag_kwargs: Any,
) -> DAG:
    """Make the DAG that looks after one pair of connections; give it what the sync DAGs of that pair were given.

    :param schedule: none by default, it is triggered by hand; `"@daily"` examines the connections every day.
    :param dag_kwargs: anything else a DAG takes; `params` and `default_args` are laid over ours.
    """
    import pendulum

    params = {**_params(salesforce_conn_id, ipaas_conn_id), **dag_kwargs.pop("params", {})}
    # A red doctor is a finding, not an accident: trying again would only find it again.
    default_args = {"retries": 0, **dag_kwargs.pop("default_args", {})}
    dag = DAG(
        dag_id=dag_id,
        schedule=schedule,
        **{
            "start_date": pendulum.parse(_EPOCH),
            "catchup": False,
            "max_active_runs": 1,
            "tags": ["salesforce", "ipaas", "maintenance"],
            "doc_md": _DOC,
            **dag_kwargs,
        },
        params=params,
        default_args=default_args,
    )
    with dag:
        DoctorOperator(
            task_id="doctor",
            salesforce_conn_id="{{ params.salesforce_conn_id }}",
            ipaas_conn_id="{{ params.ipaas_conn_id }}",
            ledger_conn_id=ledger_conn_id,
            mapping_dir=mapping_dir,
            default_mappings=default_mappings,
            direction=direction,
        )
    return dag


def _params(salesforce_conn_id: str, ipaas_conn_id: str) -> dict[str, Param]:
    """Return the params of the trigger form."""
    conn_id: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 250}
    return {
        "action": Param(
            "doctor",
            type="string",
            enum=["doctor"],
            title="Action",
            description="doctor: check both connections, permissions and the mapping; changes nothing.",
        ),
        "salesforce_conn_id": Param(
            salesforce_conn_id, title="Salesforce connection", description="The connection to examine.", **conn_id
        ),
        "ipaas_conn_id": Param(
            ipaas_conn_id, title="iPaaS.com connection", description="The connection to examine.", **conn_id
        ),
    }


_DOC = """
Looks after the sync between Salesforce and iPaaS.com. Trigger it and choose an action.

**doctor** checks the way to both services, both logins, permissions on every mapped field, the API profile and more. The log
of the task has one line per finding with what to do; its `return_value` holds them for programs. It writes to neither service.
A red task names the first error.
"""
