"""The emulated iPaaS.com API as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette

from airflow_provider_ipaas.sandbox.ipaas import api_customers, api_external, api_sso, api_subscriptions, swagger
from airflow_provider_ipaas.sandbox.ipaas.access import HasNow
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore


def create_app(store: IPaaSStore, clock: HasNow | None = None) -> Starlette:
    """Return the application that serves `store` under /sso, /customers and /subscriptions.

    `clock`, when given, must be the store's own. Reason phrases need the server to run with `ReasonPhraseProtocol`.
    """
    if clock is not None and clock is not store.clock:
        raise ValueError("The application and its store must share one clock.")
    served = [
        *api_sso.routes(store),
        *api_external.routes(store),
        *api_customers.routes(store),
        *api_subscriptions.routes(store),
    ]
    return Starlette(routes=[*swagger.routes(store, served), *served])
