"""`backfill_dag`: the first load of a collection, by hand, while the polls go on."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import DAG, Param

from airflow_provider_ipaas.factory import run_params, sync_tasks

_EPOCH = "2026-01-01T00:00:00+00:00"
# A backfill reads everything and is of no single record.
_NOT_ASKED = ("poll_days", "record_ids", "full")


def backfill_dag(
    *,
    dag_id: str = "salesforce_ipaas_backfill",
    salesforce_conn_id: str = "salesforce_connected_app_default",
    ipaas_conn_id: str = "ipaas_default",
    ledger_conn_id: str = "ipaas_ledger",
    direction: Literal["both", "to_ipaas", "to_salesforce"] = "both",
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    max_failed_records: int = 0,
    upsert_tasks: int = 4,
    **dag_kwargs: Any,
) -> DAG:
    """Make the DAG that loads a collection for the first time; give it what the sync DAGs of that pair were given.

    While a run of it is under way, the sync DAGs update what is linked and leave new records to it. A run that was
    stopped is gone on with by triggering another: what is linked by then is not written again.

    :param direction: default of the run's `direction` param.
    :param max_failed_records: refused records that a green run may have.
    :param upsert_tasks: most tasks that write to iPaaS.com at once.
    :param dag_kwargs: anything else a DAG takes; `params` and `default_args` are laid over ours.
    """
    import pendulum

    params = {**_params(direction), **dag_kwargs.pop("params", {})}
    default_args = {
        "retries": 5,
        "retry_delay": pendulum.duration(minutes=1),
        **dag_kwargs.pop("default_args", {}),
    }
    dag = DAG(
        dag_id=dag_id,
        schedule=None,
        **{
            "start_date": pendulum.parse(_EPOCH),
            "catchup": False,
            # One collection after the other: Contacts need the Accounts, and both share the limits of the services.
            "max_active_runs": 1,
            "tags": ["salesforce", "ipaas", "backfill"],
            "doc_md": _DOC,
            **dag_kwargs,
        },
        params=params,
        default_args=default_args,
    )
    common: dict[str, Any] = {
        "collection": "{{ params.collection }}",
        "salesforce_conn_id": salesforce_conn_id,
        "ipaas_conn_id": ipaas_conn_id,
        "ledger_conn_id": ledger_conn_id,
        "mapping_dir": mapping_dir,
        "default_mappings": default_mappings,
    }
    with dag:
        sync_tasks(common, max_failed_records=max_failed_records, upsert_tasks=upsert_tasks)
    return dag


def _params(direction: str) -> dict[str, Param]:
    """Return the params of the trigger form."""
    shared = {name: param for name, param in run_params(direction).items() if name not in _NOT_ASKED}
    return {
        "collection": Param(
            "account",
            type="string",
            enum=["account", "contact"],
            title="Collection",
            description="What is loaded. Accounts first: Contacts need them.",
        ),
        "requests_per_second": Param(
            None,
            type=["null", "number"],
            exclusiveMinimum=0,
            title="Requests per second",
            description="Most calls to iPaaS.com in any second; empty: the connection's limit. Leave some to the polls.",
        ),
        **shared,
        "max_creates": Param(
            None,
            type=["null", "integer"],
            minimum=0,
            title="Max creates",
            description="A run that would create more than this in one direction writes nothing and fails; empty: no limit.",
        ),
        "backfill": Param(
            True, type="boolean", const=True, title="Backfill", description="Read everything; always on in this DAG."
        ),
    }


_DOC = """
Loads a collection for the first time: every record of both services, whatever its age, while the sync DAGs go on.

Trigger it with `dry_run` first and read the report, then without; `account` first, then `contact`. It is resumable:
trigger it again after a stop, and only what is not in step yet is written. `requests_per_second` leaves calls to others.
"""
