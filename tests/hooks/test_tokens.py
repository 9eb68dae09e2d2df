"""Where the token store of a deployment is, and Airflow's own commands on the Fernet key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks.tokens import encrypt_anew, open_token_store, token_store_url
from airflow_provider_ipaas.tokens import Cipher, TokenStore
from tests.tokens.support import KEY, OTHER_KEY, a_grant


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an Airflow home of this test's own."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", KEY)
    return tmp_path


@pytest.mark.parametrize(
    ("ledger", "tokens"),
    [
        ("sqlite:////x/ledger.db", "sqlite:////x/tokens.db"),
        ("sqlite:////x/emea.sqlite", "sqlite:////x/emea-tokens.db"),
        ("postgresql+psycopg2://me:pw@db/ledger", "postgresql+psycopg2://me:pw@db/ledger"),
    ],
)
def test_tokens_lie_beside_the_ledger(ledger: str, tokens: str) -> None:
    assert token_store_url(make_url(ledger)) == make_url(tokens)


def test_without_a_connection_it_is_a_private_file_beside_airflow(home: Path) -> None:
    store = open_token_store()
    file = home / "ipaas" / "tokens.db"
    assert store.place == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_token_store() is store
    assert not (home / "ipaas" / "ledger.db").exists()


def test_another_connection_can_be_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__IPAAS__TOKEN_STORE_CONN_ID", "emea")
    monkeypatch.setenv("AIRFLOW_CONN_EMEA", f"sqlite:///{home}/emea.db")
    assert open_token_store().place == str(home / "emea-tokens.db")


def test_on_several_machines_a_missing_connection_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    with pytest.raises(ConfigurationError, match="Create a connection `ipaas_ledger` of type postgres"):
        open_token_store()


def test_a_new_key_in_front_opens_the_store_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_token_store().put(a_grant())
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", f"{OTHER_KEY},{KEY}")
    assert encrypt_anew() == 1
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", OTHER_KEY)
    found = open_token_store().find("sf")
    assert found is not None
    assert found.refresh_token == "5Aep-refresh"


def test_nothing_is_made_for_a_store_that_is_not_there(home: Path) -> None:
    assert encrypt_anew() == 0
    assert list(home.iterdir()) == []


@pytest.fixture
def rotate(home: Path, airflow_database: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Return a function that runs `airflow rotate-fernet-key` with these keys."""

    def run(keys: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "AIRFLOW__CORE__FERNET_KEY": keys}
        command = [sys.executable, "-m", "airflow", "rotate-fernet-key"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)

    return run


def test_airflows_own_rotation_takes_the_tokens_along(
    home: Path, rotate: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    url = f"sqlite:///{home / 'ipaas' / 'tokens.db'}"
    TokenStore.open(url, Cipher([KEY])).put(a_grant())
    done = rotate(f"{OTHER_KEY},{KEY}")
    assert done.returncode == 0, done.stderr
    assert "encrypted 1 stored Salesforce grant(s) with the new Fernet key" in done.stdout
    found = TokenStore.open(url, Cipher([OTHER_KEY])).find("sf")
    assert found is not None
    assert found.refresh_token == "5Aep-refresh"


def test_a_rotation_that_can_not_take_them_along_says_so(
    home: Path, rotate: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    TokenStore.open(f"sqlite:///{home / 'ipaas' / 'tokens.db'}", Cipher([OTHER_KEY])).put(a_grant())
    done = rotate(KEY)
    assert "NOT encrypted with the new Fernet key yet; keep the old key" in done.stderr
    assert OTHER_KEY not in done.stderr + done.stdout
