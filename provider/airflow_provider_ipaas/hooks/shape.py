"""What an iPaaS.com connection wants of a record, in the mapping's words."""

from __future__ import annotations

from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.mapping import IPaaSShape

# Parts of an address that a record's location must have; its names are filled in.
_NAMES = frozenset({"first_name", "last_name"})


def shape_of(settings: IPaaSSettings) -> IPaaSShape:
    """Translate the API profile and the connection's own fields."""
    profile = settings.profile
    first_name = profile.company_address_first_name
    return IPaaSShape(
        addresses=profile.addresses,
        address_required=tuple(part for part in profile.address_required if part not in _NAMES),
        company_address_first_name=None if first_name == "name" else first_name,
        company_address_last_name=profile.company_address_last_name,
        default_country=settings.default_country or None,
        server_fields=tuple(profile.server_fields),
    )
