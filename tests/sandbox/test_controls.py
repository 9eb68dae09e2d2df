"""The controls on both ports."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.clock import Clock
from airflow_provider_ipaas.sandbox.journal import MAX_ENTRIES, Entry, Journal, mask_query
from airflow_provider_ipaas.sandbox.salesforce.ids import checksum, make_id, to_18
from airflow_provider_ipaas.sandbox.server import Sandbox


def test_calls_are_counted_by_endpoint_and_logins_apart(sf):
    sf.create("Account", Name="A")
    sf.query("SELECT Id FROM Account")
    sf.query("SELECT Id FROM Account")
    sf.http.get(f"{sf.url}/services/data/", timeout=10)
    counted = sf.control("GET", "/calls")["salesforce"]
    assert counted == {
        "api": 3,
        "login": 1,
        "endpoints": {
            "GET /services/data/v{version}/query": 2,
            "POST /services/data/v{version}/sobjects/{sobject}": 1,
        },
        "logins": {"POST /services/oauth2/token": 1},
    }
    requests.post(f"{sf.sandbox.ipaas_url}/sso/v2/Auth/Login", json={}, timeout=10)
    requests.get(f"{sf.sandbox.ipaas_url}/customers/v2/Customer/7", timeout=10)
    ipaas = sf.control("GET", "/calls")["ipaas"]
    assert (ipaas["api"], ipaas["login"]) == (1, 1)
    assert sf.control("POST", "/calls/reset")["salesforce"]["api"] == 0
    assert len(sf.control("GET", "/log?service=salesforce")) == 5


def test_the_log_keeps_no_secrets(sf):
    sf.http.get(f"{sf.url}/services/oauth2/revoke?token=top-secret&format=json", timeout=10)
    entry = sf.control("GET", "/log?last=1")[0]
    assert (entry["query"], entry["status"], entry["endpoint"]) == (
        "token=%2A%2A%2A&format=json",
        400,
        "/services/oauth2/revoke",
    )
    text = requests.get(f"{sf.url}/_sandbox/log", timeout=10).text
    assert not re.search(f"{credentials.CONSUMER_SECRET}|{credentials.REFRESH_TOKEN}|top-secret|00D5g", text)
    assert mask_query("q=SELECT+Id&code=x") == "q=SELECT+Id&code=%2A%2A%2A"


def test_the_log_counts_the_records_of_a_collections_call(sf):
    records = [{"attributes": {"type": "Account"}, "Name": str(n)} for n in range(7)]
    sf.call("POST", "/composite/sobjects", json={"records": records})
    assert sf.control("GET", "/log?last=1")[0]["records"] == 7


def test_the_log_is_bounded():
    journal = Journal()
    for number in range(MAX_ENTRIES + 5):
        journal.add(Entry("salesforce", "", "GET", f"/{number}", "", "/", 200, None, None))
    kept = journal.entries()
    assert (len(kept), kept[0]["path"]) == (MAX_ENTRIES, "/5")
    assert journal.calls()["salesforce"]["api"] == MAX_ENTRIES + 5


def test_clocks_are_set_advanced_and_skewed_by_service(sf):
    clocks = sf.control("POST", "/clock", {"now": "2026-11-23T10:00:00+01:00"})
    assert {clock["now"] for clock in clocks.values()} == {"2026-11-23T09:00:00+00:00"}
    assert all(clock["frozen"] for clock in clocks.values())
    clocks = sf.control("POST", "/clock", {"service": "ipaas", "skew_s": -30})
    assert clocks["ipaas"]["now"] == "2026-11-23T08:59:30+00:00"
    clocks = sf.control("POST", "/clock", {"advance_s": 60})
    assert [clocks[name]["now"][11:19] for name in ("salesforce", "ipaas")] == ["09:01:00", "09:00:30"]
    assert sf.control("POST", "/clock", {"frozen": False})["salesforce"]["frozen"] is False
    sf.control("POST", "/clock", {"service": "nope"}, status=404)
    sf.control("POST", "/clock", {"now": "2026-11-23T10:00:00"}, status=422)


def test_a_clock_ticks_from_where_it_is_put():
    machine = [datetime(2026, 1, 1, tzinfo=UTC)]
    clock = Clock(lambda: machine[0])
    assert clock.now() == machine[0]
    clock.set(datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=2))), frozen=False)
    machine[0] += timedelta(seconds=5)
    assert clock.now() == datetime(2029, 12, 31, 22, 0, 5, tzinfo=UTC)
    clock.freeze(True)
    machine[0] += timedelta(seconds=5)
    clock.advance(timedelta(seconds=1))
    assert clock.now() == datetime(2029, 12, 31, 22, 0, 6, tzinfo=UTC)
    clock.freeze(False)
    machine[0] += timedelta(seconds=1)
    assert clock.now() == datetime(2029, 12, 31, 22, 0, 7, tzinfo=UTC)
    clock.reset()
    assert clock.now() == machine[0]
    with pytest.raises(ValueError, match="aware"):
        clock.set(datetime(2026, 1, 1))  # noqa: DTZ001


def test_switches_are_listed_set_and_checked(sf):
    switches = sf.control("GET", "/switches")
    assert switches["salesforce"]["api_limit"] == 15000
    assert switches["ipaas"]
    changed = sf.control("POST", "/switches", {"salesforce": {"duplicate_rule_contact": "block"}})
    assert changed["salesforce"]["duplicate_rule_contact"] == "block"
    for body in ({"nope": True}, {"duplicate_rule_contact": "maybe"}, {"person_accounts": 1}, {"api_limit": None}):
        sf.control("POST", "/switches", {"salesforce": body}, status=400)
    sf.control("POST", "/switches", {"nope": {"x": 1}}, status=404)


def test_reset_returns_everything_to_the_beginning(sf):
    sf.create("Account", Name="A")
    sf.switch(person_accounts=True)
    sf.clock("2020-01-01T00:00:00Z")
    sf.fault({"type": "delay"}, path="/x")
    sf.control("POST", "/reset")
    assert sf.control("GET", "/salesforce/records/Account") == []
    assert sf.control("GET", "/switches")["salesforce"]["person_accounts"] is False
    assert sf.control("GET", "/clock")["salesforce"]["frozen"] is False
    assert sf.control("GET", "/faults") == []
    assert sf.control("GET", "/log") == []
    assert sf.call("GET", "/limits").status_code == 401


def test_seeds(sf):
    sf.control("POST", "/seed", {"name": "demo"})
    demo = len(sf.control("GET", "/salesforce/records/Account"))
    assert demo > 0
    sf.control("POST", "/reset")
    sf.control("POST", "/seed", {"records": 50})
    sf.login()
    assert sf.query("SELECT COUNT() FROM Contact").json()["totalSize"] > 0
    sf.control("POST", "/seed", {"name": "nope"}, status=400)


def test_both_ports_have_the_same_controls(sf):
    sf.create("Account", Name="A")
    for url in (sf.sandbox.salesforce_url, sf.sandbox.ipaas_url):
        found = requests.get(f"{url}/_sandbox/salesforce/records/Account", timeout=10).json()
        assert [row["Name"] for row in found] == ["A"]
        assert requests.get(f"{url}/_sandbox", timeout=10).json()["salesforce"]["org_id"] == credentials.ORG_ID
        assert requests.get(f"{url}/_sandbox/ipaas/state", timeout=10).status_code == 200
    assert sf.control("GET", "/calls")["ipaas"]["api"] == 0
    assert requests.get(f"{sf.url}/_sandbox/nope", timeout=10).status_code == 404


def test_a_sandbox_of_its_own_starts_and_frees_its_ports(tmp_path: Path):
    with Sandbox.start(seed="demo", ca_dir=tmp_path) as first:
        port = int(first.salesforce_url.rsplit(":", 1)[1])
        tls = requests.get(f"{first.ipaas_tls_url}/_sandbox/calls", verify=str(tmp_path / "sandbox-ca.pem"), timeout=10)
        assert tls.status_code == 200
        assert first.salesforce.rows("Account")
        with pytest.raises(OSError, match="in use"):
            Sandbox.start(salesforce_port=port)
    with Sandbox.start(salesforce_port=port) as second:
        assert second.salesforce_url.endswith(f":{port}")
    assert not second.ca_path.exists()


@pytest.mark.parametrize(
    "record_id", ["001D000000IqhSLIAZ", "003RO0000016kOuYAI", "001xx000003DGb2AAG", credentials.ORG_ID]
)
def test_id_checksums(record_id):
    assert record_id[15:] == checksum(record_id[:15])
    assert to_18(record_id[:15]) == to_18(record_id) == record_id
    assert to_18(record_id.swapcase()) is None
    assert to_18("x") is None


def test_made_ids_sort_in_the_order_they_are_made():
    ids = [make_id("001", number) for number in (1, 9, 10, 61, 62, 63, 3843, 3844, 100_000)]
    assert ids == sorted(ids)


_SERVE = """
from airflow_provider_ipaas.sandbox.server import serve
serve(0, 0, salesforce_tls_port=0, ipaas_tls_port=0, on_start=lambda s: print(s.salesforce_url, s.ca_path, flush=True))
print("stopped")
"""


def test_serve_runs_until_it_is_told_to_stop():
    process = subprocess.Popen([sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        url, ca_path = process.stdout.readline().split()
        assert requests.get(f"{url}/services/data/", timeout=10).status_code == 200
        process.terminate()
        assert process.stdout.read().strip() == "stopped"
    assert process.returncode == 0
    assert not Path(ca_path).exists()


def test_every_secret_in_use_can_be_listed(sf):
    form = {"client_id": credentials.CONSUMER_KEY, "client_secret": credentials.CONSUMER_SECRET}
    answer = requests.post(
        f"{sf.url}/services/oauth2/token", data={"grant_type": "client_credentials", **form}, timeout=10
    )
    login = {"email_address": credentials.IPAAS_USERNAME, "password": credentials.IPAAS_PASSWORD}
    tokens = requests.post(f"{sf.sandbox.ipaas_url}/sso/v2/Auth/Login", json=login, timeout=10).json()
    listed = sf.control("GET", "/secrets")
    assert {answer.json()["access_token"], credentials.CONSUMER_SECRET, credentials.REFRESH_TOKEN} <= set(
        listed["salesforce"]
    )
    assert {tokens["access_token"], tokens["refresh_token"], credentials.IPAAS_PASSWORD} <= set(listed["ipaas"])
