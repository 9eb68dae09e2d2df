"""What people get wrong in connections, params and places: each message is read here as they would read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.airflow.conftest import ACCOUNTS, Airflow, Ran

CONN = "salesforce_connected_app_default"


def last_words(run: Ran, task: str = "extract_salesforce") -> str:
    """The error line of a failed run; nothing was written and the report says which task to look at."""
    assert run.state == "failed"
    assert run.tasks[task] == run.tasks["report"] == "failed"
    assert f"{task}" in run.log.splitlines()[-1]
    return next(line for line in run.log.splitlines() if line.startswith("ERROR"))


def untouched(sandbox: Sandbox) -> bool:
    return not sandbox.ipaas.tables["company"].count() and not list(sandbox.salesforce.rows("Account"))


def test_a_wrong_consumer_secret_names_the_connection_and_the_field(airflow: Airflow) -> None:
    airflow.connect_salesforce(password="not-the-secret-17")
    words = last_words(airflow.run(ACCOUNTS))
    assert CONN in words
    assert "Consumer Secret" in words
    assert "Next step:" in words
    assert "not-the-secret-17" not in words


def test_a_revoked_refresh_token_says_how_to_get_a_new_one(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"auth_flow": "web_server", "refresh_token": "revoked-token-value"})
    words = last_words(airflow.run(ACCOUNTS))
    assert CONN in words
    assert "refresh token" in words.lower()
    assert "revoked-token-value" not in words


def test_an_unreachable_host_is_named(airflow: Airflow) -> None:
    airflow.connect_ipaas(host="http://127.0.0.1:9")
    words = last_words(airflow.run(ACCOUNTS), "extract_ipaas")
    assert "127.0.0.1:9" in words or "iPaaS.com" in words
    assert "Next step:" in words


def test_plain_http_to_another_host_is_refused_before_anything_is_sent(airflow: Airflow) -> None:
    airflow.connect_salesforce(host="http://example.my.salesforce.com")
    words = last_words(airflow.run(ACCOUNTS))
    assert CONN in words
    assert "API Url" in words
    assert "https" in words


def test_a_missing_connection_is_named_with_the_place_to_create_it(airflow: Airflow) -> None:
    airflow.disconnect("ipaas_default")
    words = last_words(airflow.run(ACCOUNTS), "extract_ipaas")
    assert "Connection ipaas_default is not defined" in words
    assert "Admin > Connections with the type iPaaS.com" in words


@pytest.mark.parametrize("days", [0, -3, 4000, "seven"])
def test_poll_days_of_the_connection_have_limits(airflow: Airflow, days: Any) -> None:
    airflow.connect_salesforce(extra={"account_poll_days": days})
    words = last_words(airflow.run(ACCOUNTS))
    assert CONN in words
    assert "account_poll_days" in words
    assert "3650" in words


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("max_changed_percent", 101, "0 to 100"),
        ("max_blanked_percent", "ten", "0 to 100"),
        ("max_changed_records", -1, "from 0 to"),
        ("first_contact", "link", "create, link_only"),
    ],
)
def test_brakes_of_the_connection_have_limits(airflow: Airflow, name: str, value: Any, allowed: str) -> None:
    airflow.connect_salesforce(extra={name: value})
    words = last_words(airflow.run(ACCOUNTS))
    assert CONN in words
    assert f"`{name}`" in words
    assert allowed in words


@pytest.mark.parametrize("days", [0, -1, "7", 3651, 1.5])
def test_poll_days_of_the_trigger_form_have_limits(airflow: Airflow, days: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="poll_days"):
        airflow.run(ACCOUNTS, poll_days=days)


@pytest.mark.parametrize("wrong", ["001' OR Name != '", "003000000000001AAA", "not an id", "001D000000IqhSLIAA"])
def test_a_malformed_record_id_is_named_and_nothing_is_read(airflow: Airflow, wrong: str) -> None:
    airflow.sandbox.salesforce.insert("Account", {"Name": "Left alone"})
    run = airflow.run(ACCOUNTS, record_ids=[wrong])
    words = last_words(run)
    assert repr(wrong)[1:-1] in words or wrong in words
    assert "Nothing was read or written" in words
    assert run.summary["api_calls"] == {"salesforce": 0, "ipaas": 0}
    assert airflow.sandbox.ipaas.tables["company"].count() == 0


def test_another_org_behind_the_connection_is_refused(airflow: Airflow) -> None:
    airflow.connect_salesforce(extra={"org_id": "00D000000000001EAA"})
    words = last_words(airflow.run(ACCOUNTS))
    assert "00D000000000001EAA" in words
    assert "00D5g00000SandBEAR" in words
    assert untouched(airflow.sandbox)


@pytest.mark.parametrize("fault", ["html", "malformed_json"], ids=["HTML", "cut JSON"])
def test_a_success_that_is_none_is_told(airflow: Airflow, fault: str) -> None:
    airflow.sandbox.faults.add({"service": "salesforce", "path": "/query", "action": {"type": fault}})
    words = last_words(airflow.run(ACCOUNTS))
    assert "Salesforce" in words
    assert "200" in words
    assert untouched(airflow.sandbox)


def test_a_mapping_with_an_unknown_field_names_file_and_line(airflow: Airflow, tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text("version: 1\nfields:\n  fax: {ipaas: fax_numbr}\n")
    words = last_words(_with_mapping(airflow, tmp_path))
    assert str(tmp_path / "account.yaml") in words
    assert "line 3" in words or ":3" in words
    assert "fax_number" in words


def test_a_mapped_field_that_the_user_does_not_see_is_named(airflow: Airflow, tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text(
        "version: 1\nfields:\n  tier: {salesforce: Tier__c, ipaas: {custom_field: Tier}}\n"
    )
    words = last_words(_with_mapping(airflow, tmp_path))
    assert "Tier__c" in words
    assert "permission" in words


def _with_mapping(airflow: Airflow, directory: Path) -> Ran:
    """Run the shipped DAG file with a mapping directory, as a copy of it would have."""
    path = airflow.home / "dags" / f"{ACCOUNTS}.py"
    text = path.read_text()
    path.write_text(text.replace('schedule="', f'mapping_dir={str(directory)!r},\n    schedule="'))
    return airflow.run(ACCOUNTS)


def test_several_machines_need_a_ledger_connection(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    words = last_words(airflow.run(ACCOUNTS))
    assert "ipaas_ledger" in words
    assert "postgresql://user:password@host:5432/database" in words
    assert not (airflow.home / "ipaas").exists()


def test_an_sqlite_ledger_under_several_machines_is_refused(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    airflow.connection("ipaas_ledger", {"conn_type": "sqlite", "host": str(tmp_path / "ledger.db")}, {})
    words = last_words(airflow.run(ACCOUNTS))
    assert "ipaas_ledger" in words
    assert not (tmp_path / "ledger.db").exists()


def test_no_secret_reaches_a_log_line(airflow: Airflow) -> None:
    airflow.sandbox.machine.seed(name="demo")
    run = airflow.run(ACCOUNTS, full=True)
    for secret in ("sandbox-consumer-secret", "sandbox-password", "sandbox-refresh-token", "Bearer "):
        assert secret not in run.log
