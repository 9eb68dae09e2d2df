"""What an `ipaas` connection can be filled in with: the companies behind its login, and their subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from airflow.sdk.log import mask_secret

from airflow_provider_ipaas.clients.ipaas import account
from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.errors import IPaaSSyncError
from airflow_provider_ipaas.hooks._connection import AirflowConnection, read_connection
from airflow_provider_ipaas.hooks._defined import check_type
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook, read_settings

# The type of iPaaS.com itself among the subscriptions of a company.
_IPAAS_ITSELF = "1"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One connected system; *id* is what the field System id takes.

    *salesforce*: its name says so. *current*: it is the System id of the connection.
    """

    id: str
    name: str
    type: str
    salesforce: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Company:
    """One company; *id* is what the field Company id takes, empty for the company of an API key, which is not told.

    *current*: it is the company of the connection. *subscriptions* is None where they were not asked for, or could not be
    listed: then *problem* says why.
    """

    id: str
    name: str
    current: bool
    subscriptions: tuple[Subscription, ...] | None = None
    problem: str = ""


def companies(conn_id: str = IPaaSHook.default_conn_name, *, every: bool = False) -> tuple[Company, ...]:
    """Return the companies behind a connection's login, with the subscriptions of the chosen one.

    Those of every company while none of them is chosen in the connection, or with *every*. Company id and System id of
    the connection may be missing or wrong. An API key has one company, which has no id here. Raises ConfigurationError
    for a connection that is missing, of another type or wrong, ServiceError for what iPaaS.com refuses.
    """
    settings = _settings(conn_id)
    mask_secret(settings.password)
    with IPaaSClient(settings, on_secret=mask_secret) as client:
        listed = client.account.companies()
        if listed is None:
            found = _subscriptions(client, settings)
            return (Company("", "", current=True, subscriptions=found),)
    chosen = {company.id for company in listed if company.id.casefold() == settings.company_id}
    asked = {company.id for company in listed} if every or not chosen else chosen
    return tuple(_company(company, settings, company.id in chosen, asked=company.id in asked) for company in listed)


def _settings(conn_id: str) -> IPaaSSettings:
    connection = read_connection(conn_id)
    check_type(connection, IPaaSHook.conn_type, IPaaSHook.hook_name)
    return read_settings(cast("AirflowConnection", connection), complete=False)


def _company(company: account.Company, settings: IPaaSSettings, current: bool, *, asked: bool) -> Company:
    shown = Company(company.id, company.name, current)
    if not asked:
        return shown
    # A token is good for one company, so each has a client of its own.
    own = replace(settings, company_id=company.id)
    try:
        with IPaaSClient(own, on_secret=mask_secret) as client:
            return replace(shown, subscriptions=_subscriptions(client, settings))
    except IPaaSSyncError as error:
        return replace(shown, problem=str(error))


def _subscriptions(client: IPaaSClient, settings: IPaaSSettings) -> tuple[Subscription, ...]:
    return tuple(
        Subscription(
            id=found.id,
            name=found.name,
            type=found.type,
            salesforce=found.type != _IPAAS_ITSELF and "salesforce" in f"{found.name} {found.description}".casefold(),
            current=found.id == settings.system_id,
        )
        for found in client.account.subscriptions()
    )
