"""The tables, their migrations, and the versions of both."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import airflow_provider_ipaas.ledger as package
from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, migrate, tables
from airflow_provider_ipaas.sync import model


def test_migrations_and_metadata_agree(ledger: SqlLedger, ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        options = {"version_table": tables.VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
        made = {index["name"] for name in tables.metadata.tables for index in inspect(connection).get_indexes(name)}
    engine.dispose()
    expected = {index.name for table in tables.metadata.tables.values() for index in table.indexes}
    assert expected <= made


def test_head_is_the_newest_migration() -> None:
    directory = Path(package.__file__).parent / "migrations"
    assert ScriptDirectory(str(directory)).get_current_head() == migrate.head()


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (model.Run, tables.run),
        (model.Item, tables.item),
        (model.Link, tables.link),
        (model.Seen, tables.seen),
        (model.Unresolved, tables.unresolved),
        (model.Claim, tables.claim),
        (model.JournalEntry, tables.journal),
    ],
)
def test_every_field_has_a_column(kind: type, table: tables.Table) -> None:
    assert {field.name for field in fields(kind)} <= set(table.columns.keys())


def test_current_says_none_before_and_head_after(ledger_url: str) -> None:
    assert migrate.current(ledger_url) is None
    migrate.upgrade(ledger_url)
    migrate.upgrade(ledger_url)
    assert migrate.current(ledger_url) == migrate.head()
    assert SqlLedger.open(ledger_url).run("r1") is None


def test_a_newer_ledger_is_refused(ledger: SqlLedger, ledger_url: str) -> None:
    set_version(ledger_url, "9999")
    for attempt in (SqlLedger.open, migrate.upgrade):
        with pytest.raises(LedgerError, match="newer than this package") as caught:
            attempt(ledger_url)
        assert "airflow-provider-ipaas" in caught.value.next_step
    assert migrate.current(ledger_url) == "9999"


def test_tables_without_a_version_are_not_touched(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.close()
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {tables.VERSION_TABLE}"))
    engine.dispose()
    with pytest.raises(LedgerError, match="no version"):
        SqlLedger.open(ledger_url)


def test_a_neighbours_migrations_are_left_alone(ledger_url: str, tmp_path: Path) -> None:
    if ledger_url.startswith("sqlite"):
        (tmp_path / "state").mkdir()
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    SqlLedger.open(ledger_url).close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "theirs"
    engine.dispose()


def set_version(url: str, version: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {tables.VERSION_TABLE} SET version_num = :v"), {"v": version})
    engine.dispose()
