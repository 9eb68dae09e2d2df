"""Airflow connection ids in, a diagnosis out: what the page's *Test*, the maintenance DAG and the command share."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_ipaas.doctor import Diagnosis, IPaaSPatient, Patients, SalesforcePatient, examine, one_way
from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.hooks._defined import check_defined, check_type
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.ledger import ledger_url
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.hooks.shape import shape_of
from airflow_provider_ipaas.ledger.monitoring import reading
from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.checking import Remark
from airflow_provider_ipaas.mapping.rules import Direction


def diagnose(
    salesforce_conn_id: str | None,
    ipaas_conn_id: str | None = None,
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    *,
    direction: Direction = "both",
    ledger_conn_id: str | None = None,
    elsewhere: str = "",
) -> Diagnosis:
    """Examine the connections that are named (either may be None); writes nothing to either service.

    Whatever is wrong becomes a finding; nothing is raised for it. *direction* is that of the DAGs: one that is never
    written needs no right to write. With *ledger_conn_id* the org is also held against
    the one that the ledger's links belong to. *elsewhere* is said of a connection that this process does not see.
    """
    pins = _Pins(ledger_conn_id, salesforce_conn_id) if ledger_conn_id and salesforce_conn_id else None
    return examine(
        Patients(
            salesforce_conn_id=salesforce_conn_id,
            ipaas_conn_id=ipaas_conn_id,
            salesforce=(lambda: _salesforce(salesforce_conn_id, elsewhere)) if salesforce_conn_id else None,
            ipaas=(lambda: _ipaas(ipaas_conn_id, elsewhere)) if ipaas_conn_id else None,
            mappings=lambda: _mappings(_shape(ipaas_conn_id), mapping_dir, default_mappings, direction),
            pinned_org_id=pins.pinned if pins else None,
        )
    )


# What the doctor says of a mapping; the rest is about connections.
_ABOUT_MAPPINGS = (
    "mapping.",
    "salesforce.objects",
    "salesforce.permissions",
    "salesforce.fields",
    "salesforce.picklists",
)


def mapping_remarks(
    salesforce_conn_id: str,
    ipaas_conn_id: str,
    mapping_dir: str | None = None,
    default_mappings: bool = True,
    *,
    direction: Direction = "both",
    elsewhere: str = "",
) -> list[Remark]:
    """Hold the mappings against what both services have; what keeps the doctor from asking is said as well."""
    diagnosis = diagnose(
        salesforce_conn_id, ipaas_conn_id, mapping_dir, default_mappings, direction=direction, elsewhere=elsewhere
    )
    remarks = [
        Remark(finding.status, finding.subject, finding.message, finding.next_step)
        for finding in diagnosis.findings
        if finding.status == "error" or finding.check.startswith(_ABOUT_MAPPINGS)
    ]
    left_out = [entry for entry in diagnosis.not_checked if entry.check.startswith(_ABOUT_MAPPINGS)]
    return remarks + [
        Remark("warning", entry.check, f"Not checked, because {entry.because} failed.") for entry in left_out
    ]


def _salesforce(conn_id: str, elsewhere: str) -> SalesforcePatient:
    hook = SalesforceConnectedAppHook(conn_id)
    connection = check_defined(hook.get_connection, conn_id, hook.hook_name, elsewhere)
    check_type(connection, hook.conn_type, hook.hook_name)
    settings = hook.settings
    return SalesforcePatient(
        conn_id=conn_id,
        api_url=settings.api_url,
        token_url=settings.token_url,
        auth_flow=settings.auth_flow,
        org_id=settings.org_id,
        api_version=settings.api_version,
        external_id_field=settings.external_id_field,
        connect=hook.get_client,
    )


def _ipaas(conn_id: str, elsewhere: str) -> IPaaSPatient:
    hook = IPaaSHook(conn_id)
    connection = check_defined(hook.get_connection, conn_id, hook.hook_name, elsewhere)
    check_type(connection, hook.conn_type, hook.hook_name)
    return IPaaSPatient(hook.settings, hook.get_client)


def _shape(ipaas_conn_id: str | None) -> IPaaSShape:
    """Return what the connection wants of a record; one that can't be read has a finding of its own."""
    if ipaas_conn_id is None:
        return IPaaSShape()
    try:
        return shape_of(_ipaas(ipaas_conn_id, "").settings)
    except IPaaSSyncError:
        return IPaaSShape()


def _mappings(
    shape: IPaaSShape, mapping_dir: str | None, default_mappings: bool, direction: Direction
) -> Sequence[CollectionMapping]:
    """Load both collections: a run on Contacts works on Accounts too."""
    loaded = (
        load_mapping(collection, mapping_dir, default_mappings=default_mappings, placement=shape)
        for collection in ("account", "contact")
    )
    return [one_way(mapping, direction) for mapping in loaded]


class _Pins:
    """What the ledger says a connection first answered for."""

    def __init__(self, ledger_conn_id: str, salesforce_conn_id: str) -> None:
        self._ledger_conn_id = ledger_conn_id
        self._connection = f"salesforce:{salesforce_conn_id}"

    def pinned(self) -> str | None:
        """Return the org's id; None before the first run. Raises what keeps the ledger from being read."""
        with reading(ledger_url(self._ledger_conn_id)) as ledger:
            return ledger.pinned(self._connection) if ledger else None
