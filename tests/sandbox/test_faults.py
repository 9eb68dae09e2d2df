"""Faults, over real sockets."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
import requests


def raw(url: str, text: str) -> bytes:
    """Send a request by hand and return everything the server sends until it closes the connection."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(text.encode())
        received = b""
        while chunk := _receive(connection):
            received += chunk
        return received


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_dropped_connection_closes_without_an_answer(sf, when, tls):
    sf.fault({"type": "drop", "when": when}, service="salesforce", method="POST", times=1)
    base = sf.base.replace(sf.url, sf.sandbox.salesforce_tls_url) if tls else sf.base
    headers = {"Authorization": sf.http.headers["Authorization"]}
    with pytest.raises(requests.ConnectionError):
        requests.post(
            f"{base}/sobjects/Account", json={"Name": "A"}, headers=headers, verify=str(sf.sandbox.ca_path), timeout=10
        )
    assert sf.names("Name = 'A'") == (["A"] if when == "after" else [])
    last = sf.control("GET", "/log?last=2")[0]
    assert (last["status"], last["fault"]) == (None, "drop")
    assert sf.create("Account", Name="B")


def test_a_dropped_connection_sends_not_one_byte(sf):
    sf.fault({"type": "drop"}, service="salesforce", path="^/services/data/$")
    assert raw(sf.url, "GET /services/data/ HTTP/1.1\r\nHost: x\r\n\r\n") == b""
    sf.control("DELETE", "/faults")
    closing = "GET /services/data/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert raw(sf.url, closing).startswith(b"HTTP/1.1 200")


def test_other_connections_survive_a_drop(sf):
    with requests.Session() as other:
        other.headers["Authorization"] = sf.http.headers["Authorization"]
        assert other.get(f"{sf.base}/limits", timeout=10).status_code == 200
        sf.fault({"type": "drop"}, service="salesforce", path="/query", times=1)
        with pytest.raises(requests.ConnectionError):
            sf.query("SELECT Id FROM Account")
        assert other.get(f"{sf.base}/limits", timeout=10).status_code == 200


def test_a_truncated_body(sf):
    sf.fault({"type": "truncate"}, service="salesforce", path="/limits", times=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        sf.call("GET", "/limits")
    assert sf.call("GET", "/limits").status_code == 200


def test_statuses_with_and_without_retry_after(sf):
    sf.fault({"type": "status", "status": 503, "headers": {"Retry-After": "7"}}, service="salesforce", times=1)
    sf.fault({"type": "status", "status": 429, "body": {"a": 1}}, service="salesforce", times=1)
    first, second, third = (sf.call("GET", "/limits") for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"], first.content) == (503, "7", b"")
    assert (second.status_code, second.json(), "Retry-After" in second.headers) == (429, {"a": 1}, False)
    assert third.status_code == 200
    assert "Date" in first.headers


def test_a_status_after_the_work_was_done(sf):
    sf.fault(
        {"type": "status", "status": 502, "when": "after", "body": "<html>Bad Gateway</html>"}, method="POST", times=1
    )
    answer = sf.call("POST", "/sobjects/Account", json={"Name": "A"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html;charset=UTF-8")
    assert sf.names("Name = 'A'") == ["A"]


def test_pages_that_are_not_json(sf):
    sf.fault({"type": "html"}, path="/limits", times=1)
    sf.fault({"type": "malformed_json"}, path="/limits", times=1)
    page, broken = sf.call("GET", "/limits"), sf.call("GET", "/limits")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html;charset=UTF-8")
    assert broken.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        broken.json()


def test_expired_tokens_and_used_up_limits(sf, error_of):
    sf.fault({"type": "expired_token"}, service="salesforce", times=1)
    sf.fault({"type": "limit_exceeded"}, service="salesforce", times=1)
    assert error_of(sf.call("GET", "/limits"))[:2] == (401, "INVALID_SESSION_ID")
    assert error_of(sf.call("GET", "/limits"))[:2] == (403, "REQUEST_LIMIT_EXCEEDED")
    sf.fault({"type": "limit_exceeded"}, service="ipaas", times=1)
    assert requests.get(f"{sf.sandbox.ipaas_url}/x", timeout=10).status_code == 429


def test_nth_every_times_and_body(sf):
    def statuses(count: int) -> list[int]:
        return [sf.call("GET", "/limits").status_code for _ in range(count)]

    sf.fault({"type": "status", "status": 500}, path="/limits", nth=2)
    assert statuses(3) == [200, 500, 200]
    sf.control("DELETE", "/faults")
    sf.fault({"type": "status", "status": 500}, path="/limits", every=2, times=2)
    assert statuses(6) == [200, 500, 200, 500, 200, 200]
    assert [(rule["seen"], rule["hits"]) for rule in sf.control("GET", "/faults")] == [(6, 2)]
    sf.control("DELETE", "/faults")
    sf.fault({"type": "status", "status": 500}, body='"Name": ?"Bad"', method="post")
    assert sf.call("POST", "/sobjects/Account", json={"Name": "Good"}).status_code == 201
    assert sf.call("POST", "/sobjects/Account", json={"Name": "Bad"}).status_code == 500


def test_a_delay_answers_as_usual(sf):
    sf.fault({"type": "delay", "delay_s": 0.05}, path="/limits", times=1)
    assert sf.call("GET", "/limits").status_code == 200
    assert sf.control("GET", "/faults")[0]["hits"] == 1
    sf.fault({"type": "delay", "delay_s": 5}, path="/sobjects$", times=1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sf.base}/sobjects", headers=dict(sf.http.headers), timeout=0.2)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"action": {"type": "nope"}},
        {"action": {"type": "drop"}, "service": "nope"},
        {"action": {"type": "drop"}, "nth": 0},
        {"action": {"type": "drop", "when": "never"}},
        {"action": {"type": "drop"}, "paht": "x"},
        {"action": {"type": "drop"}, "path": "("},
    ],
)
def test_rules_that_make_no_sense_are_refused(sf, rule):
    sf.control("POST", "/faults", rule, status=400)
    assert sf.control("GET", "/faults") == []


def test_controls_are_not_subject_to_faults(sf):
    sf.fault({"type": "drop"})
    assert sf.control("GET", "/calls")["salesforce"]["login"] == 1
    number = sf.control("GET", "/faults")[0]["id"]
    sf.control("DELETE", f"/faults/{number}")
    assert sf.control("GET", "/faults") == []
