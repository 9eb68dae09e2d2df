"""Addresses of the pages: below whatever path Airflow lives at, and never to what a record says."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_provider_ipaas.plugin.app import make_app
from airflow_provider_ipaas.plugin.links import AirflowLinks, record_url

BASE = "https://acme.my.salesforce.com"


@pytest.mark.parametrize("root", ["", "/tools/airflow"])
def test_the_login_is_found_below_the_path_of_airflow(root: str) -> None:
    airflow = FastAPI(root_path=root)
    airflow.mount("/ipaas", make_app())
    client = TestClient(airflow, base_url="http://airflow.example.com", follow_redirects=False)
    answer = client.get(f"{root}/ipaas/monitoring?runs=3", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    page = f"{root}/ipaas/monitoring".replace("/", "%2F")
    assert answer.headers["location"] == f"{root}/api/v2/auth/login?next={page}%3Fruns%3D3"
    plain = client.get(f"{root}/ipaas/monitoring")
    assert plain.status_code == 401
    assert f'href="{root}/ipaas/monitoring"' in plain.text


def test_runs_and_groups_are_escaped_in_addresses() -> None:
    links = AirflowLinks("/air")
    assert links.log("a/b", "x y?#\ud83d", "report") == "/air/dags/a%2Fb/runs/x%20y%3F%23%3F/tasks/report"
    assert links.group(scope="00D/1", reason="a&b") == "/air/ipaas/monitoring/waiting?scope=00D%2F1&reason=a%26b&page=1"


@pytest.mark.parametrize(
    "record_id", [None, "", "4711", "javascript:alert(1)", "001Hs0000000001AAA/../x", "001Hs0000000001AAA\n", "001" * 9]
)
def test_only_ids_of_salesforce_become_addresses(record_id: str | None) -> None:
    assert record_url(BASE, record_id) is None


def test_a_record_has_an_address_where_its_org_is_known() -> None:
    assert record_url(BASE, "001Hs0000000001") == f"{BASE}/001Hs0000000001"
    assert record_url(None, "001Hs0000000001") is None
