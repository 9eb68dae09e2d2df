"""`maintenance_dag`: what people do to a sync besides running it, from Airflow's trigger form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import DAG, Param
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_ipaas.operators import DoctorOperator, MappingCheckOperator, ParkedOperator
from airflow_provider_ipaas.sync.parked import WAITING_REASONS

if TYPE_CHECKING:
    from airflow.sdk import Context

PARKED = ("parked_list", "parked_show", "parked_replay", "parked_drop")
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
    connections: dict[str, Any] = {
        "salesforce_conn_id": "{{ params.salesforce_conn_id }}",
        "ipaas_conn_id": "{{ params.ipaas_conn_id }}",
        "ledger_conn_id": ledger_conn_id,
    }
    with dag:
        DoctorOperator(
            task_id="doctor",
            pre_execute=_only_for("doctor"),
            mapping_dir=mapping_dir,
            default_mappings=default_mappings,
            direction=direction,
            **connections,
        )
        MappingCheckOperator(
            task_id="mapping_check",
            pre_execute=_only_for("mapping_check"),
            mapping_dir=mapping_dir,
            default_mappings=default_mappings,
            direction=direction,
            salesforce_conn_id=connections["salesforce_conn_id"],
            ipaas_conn_id=connections["ipaas_conn_id"],
        )
        ParkedOperator(task_id="parked", pre_execute=_only_for(*PARKED), **connections)
    return dag


def _only_for(*actions: str) -> Callable[[Context], None]:
    """Return what skips a task when another action was chosen."""

    def check(context: Context) -> None:
        action = context["params"]["action"]
        if action not in actions:
            raise AirflowSkipException(f"The action is {action}.")

    return check


def _params(salesforce_conn_id: str, ipaas_conn_id: str) -> dict[str, Param]:
    """Return the params of the trigger form."""
    conn_id: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 250}
    return {
        "action": Param(
            "doctor",
            type="string",
            enum=["doctor", "mapping_check", *PARKED],
            title="Action",
            description=(
                "doctor: check both connections, permissions and the mapping. mapping_check: check the mapping files alone, and "
                "what they need of both services. parked_list, parked_show: what waits, and all "
                "that is known of some of it. parked_replay: try records again at the next run. parked_drop: forget that "
                "they wait."
            ),
        ),
        "salesforce_conn_id": Param(
            salesforce_conn_id, title="Salesforce connection", description="The connection to examine.", **conn_id
        ),
        "ipaas_conn_id": Param(
            ipaas_conn_id, title="iPaaS.com connection", description="The connection to examine.", **conn_id
        ),
        "record_ids": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Record ids",
            description="parked_...: these records alone, by the id of source or target, one per line; Salesforce or iPaaS.com.",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            enum=[None, *WAITING_REASONS],
            title="Reason",
            description="parked_...: only what waits for this reason.",
        ),
        "code": Param(
            None,
            type=["null", "string"],
            maxLength=200,
            title="Code",
            description="parked_...: only what a service refused with this code, such as STRING_TOO_LONG.",
        ),
        "collection": Param(
            None,
            type=["null", "string"],
            enum=[None, "account", "contact"],
            title="Collection",
            description="parked_...: only Accounts and Companies, or only Contacts and Customers.",
        ),
        "limit": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Limit",
            description=(
                "parked_...: at most this many records, those that wait longest first; parked_list names records only where "
                "this or record ids are given, 200 at most."
            ),
        ),
        "show_values": Param(
            False,
            type="boolean",
            title="Show values",
            description=(
                "parked_show: write the values of the fields into the log too. Everybody who may read the log can read them."
            ),
        ),
    }


_DOC = """
Looks after the sync between Salesforce and iPaaS.com. Trigger it and choose an action.

**doctor** checks the way to both services, both logins, permissions on every mapped field, the API profile and more. The log
of the task has one line per finding with what to do; its `return_value` holds them for programs. It writes to neither service.
A red task names the first error.

**mapping_check** says what is wrong with the mapping files, by file and line, and what both services lack for them.

**parked_list** logs what waits, by reason; with *limit* or *record ids* the records as well. **parked_show** logs all that is
known of the records chosen by *record ids*, *reason* or *code*. **parked_replay** has them tried again by the next run, whatever
their age. **parked_drop** forgets that they wait: they count as skipped, and are taken up again when they change or by record ids.
The task `parked` does it; the others are skipped.
"""
