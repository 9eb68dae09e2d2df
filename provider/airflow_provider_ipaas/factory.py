"""`sync_dag`: the DAG of one collection, both directions in one plan."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import DAG, Param, TriggerRule

from airflow_provider_ipaas.operators import (
    IPaaSExtractOperator,
    IPaaSUpsertOperator,
    IPaaSUpsertShareOperator,
    PlanSyncOperator,
    SalesforceExtractOperator,
    SalesforceUpsertOperator,
    SyncPrerequisitesOperator,
    SyncReportOperator,
)

_EPOCH = "2026-01-01T00:00:00+00:00"


def sync_dag(
    collection: Literal["account", "contact"],
    *,
    dag_id: str,
    schedule: Any,
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
    """Make the DAG that keeps one collection in step; call it once per org and collection.

    :param direction: default of the run's `direction` param; a one-way DAG reads both sides and writes one.
    :param max_failed_records: refused records that a green run may have.
    :param upsert_tasks: most tasks that write to iPaaS.com at once where a run has much to write (500 records and more
        for each), each with the connection's `max_concurrency` lanes; 1: always a single one.
    :param dag_kwargs: anything else a DAG takes; `params` and `default_args` are laid over ours.
    """
    import pendulum

    params = {**run_params(direction), **dag_kwargs.pop("params", {})}
    default_args = {
        "retries": 2,
        "retry_delay": pendulum.duration(seconds=30),
        **dag_kwargs.pop("default_args", {}),
    }
    dag = DAG(
        dag_id=dag_id,
        schedule=schedule,
        **{
            "start_date": pendulum.parse(_EPOCH),
            "catchup": False,
            "max_active_runs": 1,
            "tags": ["salesforce", "ipaas", collection],
            "doc_md": _DOC.format(
                salesforce="Accounts" if collection == "account" else "Contacts",
                ipaas="Companies" if collection == "account" else "Customers",
            ),
            **dag_kwargs,
        },
        params=params,
        default_args=default_args,
    )
    common: dict[str, Any] = {
        "collection": collection,
        "salesforce_conn_id": salesforce_conn_id,
        "ipaas_conn_id": ipaas_conn_id,
        "ledger_conn_id": ledger_conn_id,
        "mapping_dir": mapping_dir,
        "default_mappings": default_mappings,
    }
    with dag:
        sync_tasks(common, max_failed_records=max_failed_records, upsert_tasks=upsert_tasks)
    return dag


def sync_tasks(common: dict[str, Any], *, max_failed_records: int, upsert_tasks: int) -> None:
    """Make the tasks of a run of one collection in the DAG at hand.

    *common*: what every operator of the run takes.
    """
    extracts = [
        SalesforceExtractOperator(task_id="extract_salesforce", **common),
        IPaaSExtractOperator(task_id="extract_ipaas", **common),
    ]
    prerequisites = SyncPrerequisitesOperator(task_id="prerequisites", **common)
    plan = PlanSyncOperator(task_id="plan", **common)
    upsert_ipaas = IPaaSUpsertOperator(task_id="upsert_ipaas", tasks=upsert_tasks, **common)
    # One direction's failure does not hold back the other; without a plan it has nothing to write.
    upsert_salesforce = SalesforceUpsertOperator(
        task_id="upsert_salesforce", trigger_rule=TriggerRule.ALL_DONE, **common
    )
    report = SyncReportOperator(task_id="report", max_failed_records=max_failed_records, **common)
    extracts >> prerequisites >> plan >> upsert_ipaas >> upsert_salesforce >> report
    if upsert_tasks > 1:
        shares = IPaaSUpsertShareOperator.partial(task_id="upsert_ipaas_shares", **common).expand(
            share=upsert_ipaas.output
        )
        shares >> upsert_salesforce


def run_params(direction: str) -> dict[str, Param]:
    """Return the params of the trigger form."""
    return {
        "direction": Param(
            direction,
            type="string",
            enum=["both", "to_ipaas", "to_salesforce"],
            title="Direction",
            description="Which service is written. The other is still read to compare; what changed there waits.",
        ),
        "poll_days": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=3650,
            title="Poll days",
            description="Look-back window in days; empty: the connection's setting.",
        ),
        "record_ids": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Record ids",
            description="Sync just these records, whatever their age: Salesforce or iPaaS.com ids, one per line.",
        ),
        "full": Param(False, type="boolean", title="Full", description="Initial load: every record of both services."),
        "max_creates": Param(
            1000,
            type=["null", "integer"],
            minimum=0,
            title="Max creates",
            description="A run that would create more than this in one direction writes nothing and fails.",
        ),
        "allow_mass_change": Param(
            False,
            type="boolean",
            title="Allow mass change",
            description="Let this run change, or blank, more of the linked records than the connection allows.",
        ),
        "confirm_first_contact": Param(
            False,
            type="boolean",
            title="Confirm first contact",
            description="Go: the match report of a link_only connection was read, create and update from now on.",
        ),
        "confirm_rebuild": Param(
            False,
            type="boolean",
            title="Confirm rebuild",
            description="Go on after ledger_rebuilt: the links rebuilt from external ids are right.",
        ),
        "dry_run": Param(
            False, type="boolean", title="Dry run", description="Plan and report; write nothing to either service."
        ),
    }


_DOC = """
Keeps Salesforce {salesforce} and iPaaS.com {ipaas} in step, both ways.

`extract_salesforce` and `extract_ipaas` read what changed, `prerequisites` what it is compared with, `plan` decides
every record, the two upserts write, and `report` holds the numbers: its `return_value` is the run summary, its log the
table. A red `report` names each refused record with both ids and the next step.
"""
