"""A whole examination: a healthy pair, one that is ill at the root, and what it leaves behind in both services."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox import credentials as known
from tests.doctor.conftest import Doctor, broken

SALESFORCE = (
    "salesforce.connection", "salesforce.dns", "salesforce.tls", "salesforce.reach", "salesforce.clock",
    "salesforce.api_version", "salesforce.token", "salesforce.org", "salesforce.access", "salesforce.identity",
    "salesforce.limits", "salesforce.objects", "salesforce.permissions", "salesforce.fields", "salesforce.picklists",
    "salesforce.external_id", "salesforce.duplicate_rules", "salesforce.private_contacts",
)  # fmt: skip
IPAAS = (
    "ipaas.connection", "ipaas.dns", "ipaas.tls", "ipaas.reach", "ipaas.clock", "ipaas.login", "ipaas.company",
    "ipaas.access", "ipaas.system_id", "ipaas.tables", "ipaas.read", "ipaas.stock_integration", "ipaas.api_profile",
)  # fmt: skip
MAPPING = ("mapping", "mapping.lengths")
# What may be posted without writing anything: logins, and looking at a token.
HARMLESS = re.compile(r"/services/oauth2/(token|introspect)|/sso/v2/Auth/(Login|Refresh)|/External/LookupSpecial")


def test_a_healthy_pair_is_all_right_and_every_check_is_made_once(doctor: Doctor) -> None:
    doctor.sandbox.machine.seed(name="demo")
    result = doctor.examine()
    assert result.bad == {}
    assert result.left_out == {}
    assert {finding.check for finding in result.diagnosis.findings} == {*SALESFORCE, *IPAAS, *MAPPING}
    assert (result.diagnosis.status, result.diagnosis.exit_code) == ("ok", 0)


def test_it_reads_and_writes_nothing(doctor: Doctor) -> None:
    doctor.sandbox.machine.seed(name="demo")
    before = state(doctor)
    doctor.examine()
    calls = doctor.sandbox.journal.entries()
    assert len(calls) > 20
    written = [f"{call['method']} {call['path']}" for call in calls if call["method"] != "GET"]
    assert [call for call in written if not HARMLESS.search(call)] == []
    assert state(doctor) == before


def state(doctor: Doctor) -> Any:
    """Return everything that either service holds."""
    salesforce, ipaas = doctor.sandbox.salesforce, doctor.sandbox.ipaas
    rows = {name: salesforce.rows(name) for name in ("Account", "Contact")}
    records = {kind: [(row.number, row.values, row.updated) for row in ipaas.tables[kind]] for kind in ipaas.tables}
    return json.dumps([rows, records, sorted(str(link) for link in ipaas.links)], sort_keys=True, default=str)


def test_a_connection_that_cannot_be_used_is_named_once(doctor: Doctor) -> None:
    doctor.patients["salesforce"] = broken("Connection `salesforce_test`: API Url is missing.", "Enter it.")
    result = doctor.examine()
    finding = result.one("salesforce.connection")
    assert (finding.status, finding.subject) == ("error", "salesforce_test")
    assert (finding.message, finding.next_step) == ("Connection `salesforce_test`: API Url is missing.", "Enter it.")
    assert len(result.diagnosis.errors) == 1
    assert set(result.left_out["salesforce.connection"]) == {*SALESFORCE[1:], "mapping.lengths"}
    assert {it.check for it in result.diagnosis.findings} == {"salesforce.connection", "mapping", *IPAAS}
    assert result.diagnosis.exit_code == 1


def test_a_connection_to_ipaas_that_cannot_be_used_is_named_once(doctor: Doctor) -> None:
    doctor.patients["ipaas"] = broken()
    result = doctor.examine()
    assert len(result.diagnosis.errors) == 1
    assert set(result.left_out) == {"ipaas.connection"}
    assert set(result.left_out["ipaas.connection"]) == set(IPAAS[1:])


def test_a_mapping_that_cannot_be_used_holds_back_only_what_needs_it(doctor: Doctor) -> None:
    doctor.patients["mappings"] = broken("account.yaml, line 3: wrong.")
    result = doctor.examine()
    assert result.one("mapping").message == "account.yaml, line 3: wrong."
    assert set(result.left_out) == {"mapping"}
    assert "salesforce.identity" not in result.left_out["mapping"]
    assert result.one("ipaas.api_profile").status == "ok"


@pytest.mark.parametrize(("gone", "kept"), [("ipaas", SALESFORCE), ("salesforce", IPAAS)])
def test_either_service_can_be_examined_alone(doctor: Doctor, gone: str, kept: tuple[str, ...]) -> None:
    doctor.patients |= {gone: None, f"{gone}_conn_id": None}
    result = doctor.examine()
    assert result.bad == {}
    assert set(kept) <= {finding.check for finding in result.diagnosis.findings}
    assert not any(finding.check.startswith(f"{gone}.") for finding in result.diagnosis.findings)


def test_no_secret_is_in_what_it_says(doctor: Doctor) -> None:
    result = doctor.examine()
    # And where everything is refused.
    doctor.credentials["consumer_secret"] = "wrong-consumer-secret"
    doctor.ipaas["password"] = "wrong-password-of-ipaas"
    refused = doctor.examine()
    assert {it.check for it in refused.diagnosis.errors} == {"salesforce.token", "ipaas.login"}
    told = result.diagnosis.as_json() + refused.diagnosis.as_json()
    tokens = [*doctor.sandbox.org.oauth.tokens.sessions, *doctor.sandbox.ipaas.access._tokens]
    for secret in (
        known.CONSUMER_SECRET,
        known.IPAAS_PASSWORD,
        known.REFRESH_TOKEN,
        "wrong-consumer-secret",
        "wrong-password-of-ipaas",
        *tokens,
    ):
        assert secret not in told
    assert len(tokens) > 2


def test_an_outage_of_one_service_does_not_hide_the_other(doctor: Doctor) -> None:
    doctor.sandbox.faults.add({"service": "salesforce", "action": {"type": "status", "status": 503}})
    result = doctor.examine()
    assert "not available now (status 503)" in result.one("salesforce.reach").message
    assert result.one("ipaas.read", "companies").status == "ok"
