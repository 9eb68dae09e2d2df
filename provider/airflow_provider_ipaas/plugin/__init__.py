"""What Airflow's API server shows of the sync. Loaded by every Airflow process, so it imports next to nothing."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_ipaas.plugin._lazy import LazyApp

URL_PREFIX = "/ipaas"


def _make_app() -> Any:
    from airflow_provider_ipaas.plugin.app import make_app

    return make_app()


class IPaaSPlugin(AirflowPlugin):
    """Adds the page *Integration monitoring* to Airflow's navigation."""

    name = "ipaas"
    fastapi_apps = [{"name": "ipaas", "app": LazyApp(_make_app), "url_prefix": URL_PREFIX}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Integration monitoring",
            # Relative: Airflow may live below a path of its host. Without a route of its own the page opens as a page:
            # the frame that Airflow would put it into lets no link out, neither to a run nor to a record.
            "href": f"{URL_PREFIX.lstrip('/')}/monitoring",
            "destination": "nav",
            "category": "browse",
        }
    ]
