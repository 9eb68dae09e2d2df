"""`airflow-ipaas ledger` on PostgreSQL, where ledger and token store share a database."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, inspect
from typer.testing import CliRunner, Result

from airflow_provider_ipaas.cli.main import app
from airflow_provider_ipaas.ledger import SqlLedger, migrate
from airflow_provider_ipaas.tokens import Cipher, TokenStore
from airflow_provider_ipaas.tokens.tables import SCHEMA
from tests.tokens.support import KEY


@pytest.fixture
def url(fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AIRFLOW_IPAAS_LEDGER_URL", fresh_postgres_url)
    return fresh_postgres_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *arguments])


def test_an_upgrade_makes_the_tables_of_both(url: str) -> None:
    done = run("upgrade")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        f"Upgraded the ledger: empty -> {migrate.HEAD}.",
        f"Upgraded the token store: empty -> {SCHEMA.head}.",
    ]
    engine = create_engine(url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    assert {"ipaas_run", "ipaas_token", "ipaas_authorization"} <= tables
    SqlLedger.open(url).close()
    TokenStore.open(url, Cipher([KEY])).close()


def test_a_second_upgrade_says_where_they_are(url: str) -> None:
    run("upgrade")
    assert run("upgrade").stdout.splitlines() == [
        f"The ledger is at {migrate.HEAD}.",
        f"The token store is at {SCHEMA.head}.",
    ]


def test_both_versions_are_told(url: str) -> None:
    assert run("current").exit_code == 1
    migrate.upgrade(url)
    assert run("current").stdout.splitlines() == [migrate.HEAD, "token store: none yet"]
    migrate.upgrade(url, SCHEMA)
    assert run("current").stdout.splitlines() == [migrate.HEAD, f"token store: {SCHEMA.head}"]


def test_the_half_that_is_missing_is_made(url: str) -> None:
    migrate.upgrade(url)
    assert run("upgrade").stdout.splitlines() == [
        f"The ledger is at {migrate.HEAD}.",
        f"Upgraded the token store: empty -> {SCHEMA.head}.",
    ]
