"""The tables of the token store: migrations and metadata agree, fields have columns, neighbours don't disturb."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from airflow_provider_ipaas.ledger import SqlLedger, migrate
from airflow_provider_ipaas.tokens import Cipher, StoredGrant, TokenStore
from airflow_provider_ipaas.tokens.tables import SCHEMA, metadata, token
from tests.tokens.support import KEY, a_grant


def test_migrations_and_metadata_agree(store: TokenStore, store_url: str) -> None:
    engine = create_engine(store_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"version_table": SCHEMA.version_table, "compare_type": True}
            )
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()


def test_head_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(migrate.LEDGER.versions.parent), version_locations=[str(SCHEMA.versions)])
    assert scripts.get_current_head() == SCHEMA.head


def test_every_field_has_its_column() -> None:
    assert {field.name for field in fields(StoredGrant)} == set(token.columns.keys())


def test_a_ledger_in_the_same_database_is_left_alone(store_url: str) -> None:
    with closing(SqlLedger.open(store_url)), closing(TokenStore.open(store_url, Cipher([KEY]))) as store:
        store.put(a_grant())
    assert migrate.current(store_url) == migrate.head()
    assert migrate.current(store_url, SCHEMA) == SCHEMA.head
    migrate.upgrade(store_url, SCHEMA)
    with closing(TokenStore.open(store_url, Cipher([KEY]))) as again:
        assert again.find("sf") is not None
