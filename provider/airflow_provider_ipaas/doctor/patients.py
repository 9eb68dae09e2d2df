"""Who is examined: the two connections as their hooks read them, and the mappings between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.salesforce import AuthFlow, SalesforceClient
from airflow_provider_ipaas.mapping import CollectionMapping

Service = Literal["salesforce", "ipaas"]


@dataclass(frozen=True, slots=True)
class SalesforcePatient:
    """What a Salesforce connection says, without its secrets, and the way to its client.

    The client is the hook's own, so a rotating refresh token is never used up beside the token store.
    """

    conn_id: str
    api_url: str
    token_url: str
    auth_flow: AuthFlow
    org_id: str | None
    api_version: str
    external_id_field: str
    connect: Callable[[], SalesforceClient]


@dataclass(frozen=True, slots=True)
class IPaaSPatient:
    """What an iPaaS.com connection says, and the way to its client."""

    settings: IPaaSSettings
    connect: Callable[[], IPaaSClient]


@dataclass(frozen=True, slots=True)
class Patients:
    """Everything to look at; each part is read when its first check comes, and may raise what is wrong with it.

    None leaves a part out. *pinned_org_id* is what the ledger says the Salesforce connection first answered for.
    """

    salesforce_conn_id: str | None
    ipaas_conn_id: str | None
    salesforce: Callable[[], SalesforcePatient] | None
    ipaas: Callable[[], IPaaSPatient] | None
    mappings: Callable[[], Sequence[CollectionMapping]]
    pinned_org_id: Callable[[], str | None] | None = None
