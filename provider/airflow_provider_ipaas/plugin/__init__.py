"""What Airflow's API server shows of the sync. Loaded by every Airflow process, so it imports next to nothing."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_ipaas.plugin._lazy import LazyApp

URL_PREFIX = "/ipaas"


def _make_app() -> Any:
    from airflow_provider_ipaas.plugin.app import make_app

    return make_app()


def _page(name: str, path: str) -> dict[str, str]:
    """Return an entry of the navigation, under *Browse*.

    The address is relative: Airflow may live below a path of its host. Without a route of its own the page opens as a
    page: the frame that Airflow would put it into lets no link out, neither to a run nor to a record nor to Salesforce.
    """
    return {"name": name, "href": f"{URL_PREFIX.lstrip('/')}/{path}", "destination": "nav", "category": "browse"}


class IPaaSPlugin(AirflowPlugin):
    """Adds the pages *Integration monitoring* and *iPaaS.com connections* to Airflow's navigation."""

    name = "ipaas"
    fastapi_apps = [{"name": "ipaas", "app": LazyApp(_make_app), "url_prefix": URL_PREFIX}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        _page("Integration monitoring", "monitoring"),
        _page("iPaaS.com connections", "connections"),
    ]
