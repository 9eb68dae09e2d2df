"""The plugin costs Airflow's other processes nothing, and a broken page breaks nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import MutableMapping
from importlib.metadata import entry_points
from typing import Any

from airflow_provider_ipaas.plugin._lazy import App, LazyApp

LOADED = """
import sys
import airflow.plugins_manager
before = set(sys.modules)
from airflow_provider_ipaas.plugin import IPaaSPlugin
new = sorted(name for name in set(sys.modules) - before if not name.startswith("airflow_provider_ipaas.plugin"))
print("NEW", *new)
"""


def ask(app: LazyApp, kind: str = "http") -> list[MutableMapping[str, Any]]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    asyncio.run(app({"type": kind}, receive, send))
    return sent


def test_loading_the_plugin_loads_nothing_else_of_the_package_nor_fastapi() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=120)
    new = next(line for line in done.stdout.splitlines() if line.startswith("NEW")).split()[1:]
    roots = {name.split(".")[0] for name in new if not name.startswith("_")}
    assert roots <= {"airflow_provider_ipaas"}, new
    assert [name for name in new if name.count(".") >= 1 and not name.endswith("_version")] == []


def test_the_entry_point_names_the_plugin() -> None:
    [found] = [point for point in entry_points(group="airflow.plugins") if point.name == "ipaas"]
    plugin = found.load()
    [app] = plugin.fastapi_apps
    assert (plugin.name, app["name"], app["url_prefix"]) == ("ipaas", "ipaas", "/ipaas")
    assert [view["name"] for view in plugin.external_views] == ["Integration monitoring", "iPaaS.com connections"]


def test_the_application_is_made_once_and_at_the_first_request() -> None:
    made: list[int] = []

    def make() -> App:
        made.append(1)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": scope["type"]})

        return app

    lazy = LazyApp(make)
    assert made == []
    assert [ask(lazy), ask(lazy)] == [[{"type": "http"}]] * 2
    assert made == [1]


def test_one_that_can_not_be_made_answers_503_and_is_tried_again() -> None:
    tries: list[int] = []

    def make() -> App:
        tries.append(1)
        raise ImportError("no module named secret")

    lazy = LazyApp(make)
    start, body = ask(lazy)
    assert start["status"] == 503
    assert b"secret" not in body["body"]
    assert ask(lazy, "websocket") == []
    assert len(tries) == 2
