"""The way to a service: names, certificates, addresses that lead elsewhere, and clocks."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.network import Place, Way
from tests.doctor.conftest import Doctor

FIELD = "the field API Url (`host`) of connection `salesforce_test`"


class Versions(BaseHTTPRequestHandler):
    """Answer like the bare address of a service."""

    def do_GET(self) -> None:
        body = b'[{"version": "64.0"}]'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[Any]:
    """Return a function that serves https with a certificate that is good for so many days; its CA is in ca.pem."""
    authority = trustme.CA(organization_name="Test Authority")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    running: list[ThreadingHTTPServer] = []

    def serve(*, days: float, name: str = "127.0.0.1") -> str:
        now = datetime.now(UTC)
        issued = authority.issue_cert(name, not_before=now - timedelta(days=90), not_after=now + timedelta(days=days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Versions)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        running.append(server)
        return f"https://127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))


def tls(url: str) -> Finding:
    way = Way("salesforce", "Salesforce", [Place(url, FIELD)], "/services/data/")
    try:
        (finding,) = way.tls(Notes("salesforce.tls"))
    finally:
        way.close()
    return finding


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("days", "status"), [(13.9, "warning"), (14.9, "ok"), (300.5, "ok")])
def test_a_certificate_that_ends_soon_is_a_warning(tls_server: Any, days: float, status: str) -> None:
    finding = tls(tls_server(days=days))
    assert finding.status == status
    assert f"({int(days):,} days)" in finding.message
    assert "Test Authority" in finding.message


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_has_ended_is_an_error(tls_server: Any) -> None:
    finding = tls(tls_server(days=-1))
    assert finding.status == "error"
    assert "certificate has expired" in finding.message
    assert "renew the certificate" in finding.next_step


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_points_to_the_field(tls_server: Any) -> None:
    finding = tls(tls_server(days=30, name="elsewhere.example"))
    assert finding.status == "error"
    assert FIELD in finding.next_step
    assert "another name" in finding.next_step


def test_an_unknown_authority_says_where_to_make_it_known(tls_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    finding = tls(tls_server(days=30))
    assert finding.status == "error"
    assert "REQUESTS_CA_BUNDLE" in finding.next_step


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_either_variable_makes_an_authority_known(
    tls_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    assert tls(tls_server(days=30)).status == "ok"


def test_a_bundle_that_is_not_there_is_named(tls_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    finding = tls(tls_server(days=30))
    assert "/no/such/bundle.pem" in finding.message
    assert "Correct REQUESTS_CA_BUNDLE" in finding.next_step


def test_https_to_a_port_that_speaks_http_is_told_apart(doctor: Doctor) -> None:
    finding = tls(doctor.sandbox.salesforce_url.replace("http:", "https:"))
    assert finding.status == "error"
    assert "is it plain http?" in finding.message


def test_a_whole_examination_over_https(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(doctor.sandbox.ca_path))
    url = doctor.sandbox.salesforce_tls_url
    doctor.salesforce |= {"api_url": url, "token_url": f"{url}/services/oauth2/token"}
    doctor.ipaas |= {"base_url": doctor.sandbox.ipaas_tls_url}
    result = doctor.examine()
    assert result.bad == {}
    for service in ("salesforce", "ipaas"):
        assert "The certificate by Sandbox is good until 3000-01-01" in result.one(f"{service}.tls").message


def test_a_name_that_does_not_exist_leaves_the_rest_out(doctor: Doctor) -> None:
    doctor.salesforce |= {"api_url": "https://no-such-org.invalid", "token_url": "https://no-such-org.invalid/x"}
    result = doctor.examine()
    finding = result.one("salesforce.dns")
    assert (finding.status, finding.subject) == ("error", "no-such-org.invalid")
    assert FIELD in finding.next_step
    assert {"salesforce.tls", "salesforce.token", "salesforce.fields"} <= set(result.left_out["salesforce.dns"])


def test_both_hosts_are_looked_at_where_tokens_come_from_another(doctor: Doctor) -> None:
    doctor.salesforce["token_url"] = "https://no-such-login.invalid/services/oauth2/token"
    result = doctor.examine()
    found = {it.subject: it.status for it in result.of("salesforce.dns")}
    assert found == {"127.0.0.1": "ok", "no-such-login.invalid": "error"}
    assert "(`token_url`)" in result.of("salesforce.dns")[1].next_step


def test_a_proxy_looks_names_up_itself_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:hush-hush@proxy.example:3128")
    way = Way("salesforce", "Salesforce", [Place("https://acme.my.salesforce.com", FIELD)], "/services/data/")
    (finding,) = way.dns(Notes("salesforce.dns"))
    assert finding.status == "ok"
    assert "proxy.example:3128" in finding.message
    assert "hush-hush" not in str(finding)


@pytest.mark.parametrize("service", ["salesforce", "ipaas"])
def test_a_port_that_nobody_listens_on_is_an_error(doctor: Doctor, service: str) -> None:
    getattr(doctor, service)["api_url" if service == "salesforce" else "base_url"] = "http://127.0.0.1:1"
    result = doctor.examine()
    finding = result.one(f"{service}.reach")
    assert finding.status == "error"
    assert "refused" in finding.message
    assert result.left_out[f"{service}.reach"]


def test_another_web_server_is_not_salesforce(doctor: Doctor) -> None:
    doctor.salesforce["api_url"] = doctor.sandbox.ipaas_url
    finding = doctor.examine().one("salesforce.reach")
    assert "There is no Salesforce API here (status 404)" in finding.message
    assert "My Domain URL" in finding.next_step


@pytest.mark.parametrize(
    ("skew_s", "flow", "status"),
    [
        (30, "client_credentials", "ok"),
        (90, "client_credentials", "warning"),
        (-90, "client_credentials", "warning"),
        (600, "client_credentials", "warning"),
        (90, "jwt_bearer", "warning"),
        (400, "jwt_bearer", "error"),
        (-400, "jwt_bearer", "error"),
    ],
)
def test_a_clock_that_is_off_matters_most_where_logins_are_signed(
    doctor: Doctor, skew_s: int, flow: str, status: str
) -> None:
    doctor.sandbox.clocks["salesforce"].skew(timedelta(seconds=skew_s))
    doctor.salesforce["auth_flow"] = flow
    finding = doctor.examine().one("salesforce.clock")
    assert finding.status == status
    if status != "ok":
        assert ("behind" if skew_s > 0 else "ahead of") in finding.message
        assert "NTP" in finding.next_step


def test_the_clock_of_ipaas_is_looked_at_too(doctor: Doctor) -> None:
    doctor.sandbox.clocks["ipaas"].skew(timedelta(minutes=10))
    assert doctor.examine().one("ipaas.clock").status == "warning"
