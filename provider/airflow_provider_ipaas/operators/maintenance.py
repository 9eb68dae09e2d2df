"""What people do to a sync besides running it: ask the doctor, and have a mapping checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ipaas.doctor.findings import Diagnosis, Status
from airflow_provider_ipaas.doctor.showing import lines
from airflow_provider_ipaas.hooks.doctor import diagnose, mapping_remarks
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.mapping import IPaaSShape
from airflow_provider_ipaas.mapping.checking import check_collections, has_errors
from airflow_provider_ipaas.operators._run import task_logger

if TYPE_CHECKING:
    from airflow.sdk import Context

_LEVELS: dict[Status, int] = {"ok": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class DoctorOperator(BaseOperator):
    """Examine both connections and the mapping; log each finding with its mend, leave them all in XCom.

    Fails, without a retry, when a finding is an error; its `return_value` is there then too. Writes to neither service.

    :param salesforce_conn_id: connection of the type `salesforce_connected_app`.
    :param ipaas_conn_id: connection of the type `ipaas`.
    :param ledger_conn_id: where the ledger lives, to see which org its links belong to.
    :param mapping_dir: directory with `account.yaml` and `contact.yaml`; None for the defaults alone.
    :param default_mappings: lay the files over the default mappings, or start from none.
    :param direction: that of the sync DAGs; a service that is never written needs no right to write.
    """

    template_fields: Sequence[str] = ("salesforce_conn_id", "ipaas_conn_id", "ledger_conn_id")
    ui_color = "#e9f7ef"

    def __init__(
        self,
        *,
        salesforce_conn_id: str = SalesforceConnectedAppHook.default_conn_name,
        ipaas_conn_id: str = IPaaSHook.default_conn_name,
        ledger_conn_id: str = "ipaas_ledger",
        mapping_dir: str | None = None,
        default_mappings: bool = True,
        direction: Literal["both", "to_ipaas", "to_salesforce"] = "both",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.salesforce_conn_id = salesforce_conn_id
        self.ipaas_conn_id = ipaas_conn_id
        self.ledger_conn_id = ledger_conn_id
        self.mapping_dir = mapping_dir
        self.default_mappings = default_mappings
        self.direction = direction

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish the findings before failing, so that a red task has them too."""
        diagnosis = diagnose(
            self.salesforce_conn_id,
            self.ipaas_conn_id,
            self.mapping_dir,
            self.default_mappings,
            direction=self.direction,
            ledger_conn_id=self.ledger_conn_id,
        )
        log = task_logger(self)
        for status, text in lines(diagnosis):
            log.log(_LEVELS[status], "%s", text)
        found = diagnosis.as_dict()
        if diagnosis.exit_code:
            context["ti"].xcom_push(key="return_value", value=found)
            raise AirflowFailException(_problem(diagnosis))
        return found


def _problem(diagnosis: Diagnosis) -> str:
    """Say what is wrong in one line: the first error with its mend, and how many more there are."""
    first, *others = diagnosis.errors
    more = f" {len(others)} more: see the log." if others else ""
    return f"{first.check}: {first.subject}: {first.message} Next step: {first.next_step or 'see the log.'}{more}"


class MappingCheckOperator(BaseOperator):
    """Check the mapping files, then hold them against both services; log each remark, leave them all in XCom.

    Fails, without a retry, when something has to be mended; its `return_value` is there then too. Writes to neither
    service. It takes what `DoctorOperator` takes, but for the ledger.
    """

    template_fields: Sequence[str] = ("salesforce_conn_id", "ipaas_conn_id")
    ui_color = "#e9f7ef"

    def __init__(
        self,
        *,
        salesforce_conn_id: str = SalesforceConnectedAppHook.default_conn_name,
        ipaas_conn_id: str = IPaaSHook.default_conn_name,
        mapping_dir: str | None = None,
        default_mappings: bool = True,
        direction: Literal["both", "to_ipaas", "to_salesforce"] = "both",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.salesforce_conn_id = salesforce_conn_id
        self.ipaas_conn_id = ipaas_conn_id
        self.mapping_dir = mapping_dir
        self.default_mappings = default_mappings
        self.direction = direction

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish the remarks before failing, so that a red task has them too."""
        remarks = check_collections(
            None, self.mapping_dir, default_mappings=self.default_mappings, placement=IPaaSShape()
        )
        if not has_errors(remarks):
            remarks += mapping_remarks(
                self.salesforce_conn_id,
                self.ipaas_conn_id,
                self.mapping_dir,
                self.default_mappings,
                direction=self.direction,
            )
        log = task_logger(self)
        for remark in remarks:
            step = f" Next step: {remark.next_step}" if remark.next_step else ""
            log.log(_LEVELS[remark.status], "%s: %s%s", remark.subject, remark.message, step)
        found = {"format": 1, "findings": [asdict(remark) for remark in remarks]}
        errors = [remark for remark in remarks if remark.status == "error"]
        if errors:
            context["ti"].xcom_push(key="return_value", value=found)
            more = f" {len(errors) - 1} more: see the log." if len(errors) > 1 else ""
            first = errors[0]
            raise AirflowFailException(
                f"{first.subject}: {first.message} Next step: {first.next_step or 'see the log.'}{more}"
            )
        return found
