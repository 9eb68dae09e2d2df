"""The command as a person types it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from airflow_provider_ipaas import __version__

COMMAND = [sys.executable, "-m", "airflow_provider_ipaas.cli"]
HEAVY = ("airflow", "sqlalchemy", "fastapi", "pydantic", "requests", "uvicorn", "alembic", "jinja2")


def run(*arguments: str, status: int = 0, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", **(env or {})},
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_prints_the_version() -> None:
    assert run("version").strip() == __version__


def test_lists_its_commands() -> None:
    text = run("--help")
    commands = [
        "connect",
        "status",
        "reset",
        "companies",
        "doctor",
        "tokens",
        "ledger",
        "mapping",
        "sandbox",
        "version",
    ]
    assert [name for name in commands if name not in text] == []


def test_the_installed_command_is_this_one() -> None:
    script = Path(sys.executable).with_name("airflow-ipaas")
    done = subprocess.run([script, "version"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == __version__


def test_starting_it_imports_nothing_heavy() -> None:
    program = (
        f"import sys; import airflow_provider_ipaas.cli.main;print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


class TestMapping:
    @pytest.mark.parametrize(
        ("collection", "rows"),
        [
            ("account", [("AccountNumber", "account_number"), ("Billing", "address with is_primary_billing")]),
            ("contact", [("Email", "email_address"), ("Account.Name", "company")]),
        ],
    )
    def test_shows_the_defaults(self, collection: str, rows: list[tuple[str, str]]) -> None:
        lines = run("mapping", "show", collection).splitlines()
        for salesforce, ipaas in rows:
            assert any(salesforce in line and ipaas in line for line in lines), (salesforce, ipaas)

    def test_shows_what_a_file_of_mine_changes(self, tmp_path: Path) -> None:
        (tmp_path / "account.yaml").write_text("version: 1\nfields:\n  fax: {enabled: false}\n", "utf-8")
        text = run("mapping", "show", "account", "--mapping-dir", str(tmp_path))
        assert "Phone" in text
        assert "Fax" not in text

    def test_a_broken_file_gets_a_message_instead_of_a_traceback(self, tmp_path: Path) -> None:
        (tmp_path / "account.yaml").write_text("version: 1\nfields:\n  fax: {enabled: maybe}\n", "utf-8")
        text = run("mapping", "show", "account", "--mapping-dir", str(tmp_path), status=1)
        assert "account.yaml, line 3" in text
        assert "Traceback" not in text

    def test_refuses_an_unknown_collection(self) -> None:
        assert "account" in run("mapping", "show", "lead", status=2)


class TestLedger:
    def test_upgrades_a_new_database_and_tells_its_version(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
        assert "empty ->" in run("ledger", "upgrade", "--url", url)
        version = run("ledger", "current", "--url", url).strip()
        assert re.fullmatch(r"\w+", version)
        assert version in run("ledger", "upgrade", "--url", url)

    def test_the_tokens_beside_an_sqlite_ledger_are_left_alone(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
        assert run("ledger", "upgrade", "--url", url).count("\n") == 1
        assert run("ledger", "current", "--url", url).count("\n") == 1
        assert not (tmp_path / "tokens.db").exists()

    def test_takes_the_url_from_the_environment(self, tmp_path: Path) -> None:
        env = {"AIRFLOW_IPAAS_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}"}
        run("ledger", "upgrade", env=env)
        assert run("ledger", "current", env=env).strip()

    def test_an_empty_database_has_no_version(self, tmp_path: Path) -> None:
        text = run("ledger", "current", "--url", f"sqlite:///{tmp_path / 'ledger.db'}", status=1)
        assert "airflow-ipaas ledger upgrade" in text

    def test_a_password_in_the_url_never_shows_up(self) -> None:
        url = "postgresql+psycopg2://sync:hush-hush@127.0.0.1:1/ledger?connect_timeout=2"
        assert "hush-hush" not in run("ledger", "current", env={"AIRFLOW_IPAAS_LEDGER_URL": url}, status=1)


class TestSandbox:
    PORTS = ("--salesforce-port", "0", "--ipaas-port", "0", "--salesforce-tls-port", "0", "--ipaas-tls-port", "0")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_serves_what_it_prints_until_it_is_stopped(self, tmp_path: Path, number: signal.Signals) -> None:
        out = tmp_path / "out"
        with out.open("w") as file:
            process = subprocess.Popen([*COMMAND, "sandbox", *self.PORTS, "--seed", "5"], stdout=file, stderr=file)
        try:
            deadline = time.monotonic() + 60
            while "Stop with Ctrl-C" not in out.read_text("utf-8"):
                assert process.poll() is None, out.read_text("utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.05)
            urls = re.findall(r"^(?:Salesforce|iPaaS\.com)\s+(http://127\.0\.0\.1:\d+)", out.read_text("utf-8"), re.M)
            assert len(urls) == 2
            for url in urls:
                assert requests.get(f"{url}/_sandbox", timeout=10).status_code == 200
            assert requests.get(f"{urls[0]}/_sandbox/salesforce/records/Account", timeout=10).json() != []
        finally:
            process.send_signal(number)
            status = process.wait(30)
        assert status == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(urls[0], timeout=5)

    def test_says_so_when_a_port_is_taken(self) -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            text = run("sandbox", *self.PORTS[2:], "--salesforce-port", str(server.getsockname()[1]), status=1)
        assert "ports is taken" in text
        assert "Traceback" not in text

    def test_refuses_an_unknown_seed(self) -> None:
        assert "demo, empty, or a number" in run("sandbox", "--seed", "everything", status=2)

    def test_says_what_to_install_without_the_extra(self) -> None:
        program = (
            "import sys; sys.modules['uvicorn'] = None;"
            "from airflow_provider_ipaas.cli.main import app; app(['sandbox'])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert "pip install 'airflow-provider-ipaas[sandbox]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_mapping_check_tells_mistakes_and_surprises_by_exit_status(tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text("version: 1\nfields: {phone: {to_ipaas: \"phone_e164(value, 'US')\"}}\n")
    text = run("mapping", "check", str(tmp_path))
    assert "account: It can be used, with 8 fields." in text
    assert "'(512) 555-0100' becomes '+15125550100'" in text
    assert "contact" not in run("mapping", "check", str(tmp_path), "--collection", "account")
    (tmp_path / "account.yaml").write_text("version: 1\nfields: {phone: {to_ipaas: uper(value)}}\n")
    text = run("mapping", "check", str(tmp_path), status=1)
    assert "account.yaml, line 2, column 18: 'uper' is no function." in text
    assert "Did you mean 'upper'?" in text
    found = json.loads(run("mapping", "check", str(tmp_path), "--json", status=1))
    assert [finding["status"] for finding in found["findings"]] == ["error", "ok"]


def test_mapping_check_against_services_says_what_it_could_not_ask(tmp_path: Path) -> None:
    (tmp_path / "contact.yaml").write_text("version: 1\n")
    home = {"AIRFLOW_HOME": str(tmp_path / "airflow")}
    text = run("mapping", "check", str(tmp_path), "--connections", status=1, env=home)
    assert "salesforce_connected_app_default" in text
    assert "Not checked" in text


def test_what_is_published_of_mappings_can_be_printed() -> None:
    assert json.loads(run("mapping", "schema"))["properties"]["fields"]
    assert run("mapping", "functions").startswith("# Functions of mapping expressions")
