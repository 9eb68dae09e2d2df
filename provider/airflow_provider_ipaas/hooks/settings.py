"""What both connections and the API profile say, as far as the sync core needs it."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.sync.context import SyncSettings
from airflow_provider_ipaas.sync.model import Collection


def sync_settings(salesforce: SalesforceConnectedAppHook, ipaas: IPaaSHook, collection: Collection) -> SyncSettings:
    """Return the settings of a sync of one collection. Raises ConfigurationError for a field that is wrong."""
    profile = ipaas.settings.profile
    return SyncSettings(
        salesforce_conn_id=salesforce.salesforce_conn_id,
        ipaas_conn_id=ipaas.ipaas_conn_id,
        poll_days=salesforce.settings.poll_days(collection),
        external_id_field=salesforce.settings.external_id_field or None,
        system_id=ipaas.settings.system_id,
        profile_fingerprint=profile.fingerprint,
        list_rows=profile.list_rows,
        external_ids_on_write=profile.external_ids_on_write,
        external_ids_on_read=profile.external_ids_on_read,
        relationships=profile.relationships == "on",
        limits=salesforce.settings.limits,
        first_contact=salesforce.settings.first_contact,
        retries=salesforce.settings.retries,
        budget=salesforce.settings.budget,
        bulk_threshold=salesforce.settings.bulk_threshold,
        deep_check=timedelta(hours=ipaas.settings.deep_check_hours),
    )
