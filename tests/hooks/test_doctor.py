"""From connection ids to a diagnosis: connections as Airflow gives them, the token store, the ledger's pin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.doctor import Diagnosis, Finding
from airflow_provider_ipaas.hooks.doctor import diagnose
from airflow_provider_ipaas.hooks.ledger import open_ledger
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.server import Sandbox

SALESFORCE = {
    "conn_type": "salesforce_connected_app",
    "login": known.CONSUMER_KEY,
    "password": known.CONSUMER_SECRET,
    "extra": {"auth_flow": "client_credentials"},
}
IPAAS = {
    "conn_type": "ipaas",
    "login": known.IPAAS_USERNAME,
    "password": known.IPAAS_PASSWORD,
    "extra": {"company_id": COMPANY_GUID, "system_id": 5501},
}


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that defines a connection; `sf` and `ip` are defined, ledger and token store are empty."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def define(conn_id: str, connection: dict[str, Any], **extra: Any) -> None:
        host = sandbox.salesforce_url if connection["conn_type"].startswith("sales") else sandbox.ipaas_url
        whole = {"host": host, **connection, "extra": {**connection.get("extra", {}), **extra}}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(whole))

    define("sf", SALESFORCE)
    define("ip", IPAAS)
    return define


def one(diagnosis: Diagnosis, check: str) -> Finding:
    (found,) = [finding for finding in diagnosis.findings if finding.check == check]
    return found


def bad(diagnosis: Diagnosis) -> list[str]:
    return [finding.check for finding in diagnosis.findings if finding.status != "ok"]


@pytest.mark.usefixtures("connect")
def test_two_good_connections_are_all_right() -> None:
    diagnosis = diagnose("sf", "ip", ledger_conn_id="ipaas_ledger")
    assert bad(diagnosis) == []
    assert (diagnosis.salesforce_conn_id, diagnosis.ipaas_conn_id) == ("sf", "ip")
    assert "No run has synced" in one(diagnosis, "ledger").message


@pytest.mark.usefixtures("connect")
@pytest.mark.parametrize(("salesforce", "ipaas"), [("sf", None), (None, "ip")])
def test_one_connection_can_be_examined_alone(salesforce: str | None, ipaas: str | None) -> None:
    diagnosis = diagnose(salesforce, ipaas)
    assert bad(diagnosis) == []
    services = {finding.check.split(".")[0] for finding in diagnosis.findings} - {"mapping"}
    assert services == {"salesforce" if salesforce else "ipaas"}


@pytest.mark.usefixtures("connect")
@pytest.mark.parametrize(("names", "check"), [(("nope", "ip"), "salesforce"), (("sf", "nope"), "ipaas")])
def test_a_connection_that_is_not_there_is_told_with_where_to_create_it(names: tuple[str, str], check: str) -> None:
    diagnosis = diagnose(*names, elsewhere="Look elsewhere.")
    finding = one(diagnosis, f"{check}.connection")
    assert finding.status == "error"
    assert finding.message == "Connection nope is not defined."
    assert "AIRFLOW_CONN_NOPE" in finding.next_step
    assert finding.next_step.endswith("Look elsewhere.")
    assert bad(diagnosis) == [f"{check}.connection"]


@pytest.mark.parametrize(("names", "check"), [(("ip", None), "salesforce"), ((None, "sf"), "ipaas")])
def test_a_connection_of_another_type_gets_nothing_sent(
    connect: Any, sandbox: Sandbox, names: tuple[str | None, str | None], check: str
) -> None:
    diagnosis = diagnose(*names)
    finding = one(diagnosis, f"{check}.connection")
    assert finding.status == "error"
    assert "is of the type" in finding.message
    assert sandbox.journal.entries() == []


def test_a_wrong_field_is_named(connect: Any) -> None:
    connect("sf", {**SALESFORCE, "host": "https://acme.lightning.force.com"})
    connect("ip", IPAAS, company_id="not-a-guid")
    diagnosis = diagnose("sf", "ip")
    assert "API Url (`host`)" in one(diagnosis, "salesforce.connection").message
    assert "Company id (`company_id`)" in one(diagnosis, "ipaas.connection").message
    assert bad(diagnosis) == ["salesforce.connection", "ipaas.connection"]


@pytest.mark.usefixtures("connect")
def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    finding = one(diagnose("sf", "ip", str(tmp_path / "mappings")), "mapping")
    assert "mapping directory does not exist" in finding.message
    assert "nothing is mapped" in one(diagnose("sf", "ip", None, False), "mapping").message


@pytest.mark.usefixtures("connect")
def test_the_direction_of_the_dags_decides_what_has_to_be_writable(sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("read_only_objects", ["Account", "Contact"])
    assert bad(diagnose("sf", "ip")) == ["salesforce.permissions"] * 2
    assert bad(diagnose("sf", "ip", direction="to_ipaas")) == []


def test_the_profile_decides_what_is_mapped(connect: Any) -> None:
    connect("ip", IPAAS, api_profile={"addresses": "off"})
    found = [it.message for it in diagnose("sf", "ip").findings if it.check == "salesforce.fields"]
    assert "All 6 fields" in found[0]


def test_a_grant_that_rotates_is_renewed_only_through_the_token_store(connect: Any, sandbox: Sandbox) -> None:
    sandbox.salesforce.switches.set("refresh_token_rotation", True)
    connect("sf", SALESFORCE, auth_flow="web_server", refresh_token=known.REFRESH_TOKEN)
    for _ in range(3):
        assert bad(diagnose("sf", "ip")) == []
        sandbox.org.oauth.tokens.expire_sessions()
    report = sandbox.org.oauth.tokens.report()
    assert (report["refreshes"], report["replays"]) == (3, 0)


def test_an_access_token_in_the_store_is_shared(connect: Any, sandbox: Sandbox) -> None:
    connect("sf", SALESFORCE, auth_flow="web_server", refresh_token=known.REFRESH_TOKEN)
    for _ in range(3):
        assert bad(diagnose("sf")) == []
    assert sandbox.org.oauth.tokens.report()["refreshes"] == 1


def test_a_connection_that_nobody_has_connected_says_where_to(connect: Any) -> None:
    connect("sf", SALESFORCE, auth_flow="web_server")
    diagnosis = diagnose("sf", "ip")
    finding = one(diagnosis, "salesforce.token")
    assert finding.status == "error"
    assert "Browse > iPaaS.com connections" in finding.next_step
    assert bad(diagnosis) == ["salesforce.token"]


@pytest.mark.usefixtures("connect")
@pytest.mark.parametrize(("org_id", "status"), [(known.ORG_ID, "ok"), ("00D000000000001EAA", "error")])
def test_the_ledgers_org_is_compared(org_id: str, status: str) -> None:
    ledger = open_ledger("ipaas_ledger")
    ledger.pin("salesforce:sf", org_id)
    finding = one(diagnose("sf", "ip", ledger_conn_id="ipaas_ledger"), "ledger")
    assert finding.status == status


def test_a_ledger_connection_of_a_wrong_type_is_named(connect: Any) -> None:
    connect("ledger", {"conn_type": "ipaas"})
    finding = one(diagnose("sf", "ip", ledger_conn_id="ledger"), "ledger")
    assert "a ledger can't live in a connection of type `ipaas`" in finding.message
