"""Moving a ledger on to a newer version: by itself on SQLite."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, migrate
from tests.ledger.support import a_run

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("ipaas_run", sa.Column("later", sa.Text()))
    {more}
"""


def columns(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return {column["name"] for column in inspect(engine).get_columns("ipaas_run")}
    finally:
        engine.dispose()


def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str = "pass") -> None:
    """Make this package one with a second migration."""
    versions = tmp_path / "versions"
    shutil.copytree(migrate.LEDGER.versions, versions, dirs_exist_ok=True)
    (versions / "v0002_next.py").write_text(NEXT.format(more=more))
    monkeypatch.setattr(migrate, "LEDGER", replace(migrate.LEDGER, versions=versions, head="0002"))


def test_an_older_file_is_upgraded_when_it_is_opened(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlLedger.open(ledger_url).start_run(a_run("r1"))
    release(tmp_path, monkeypatch)
    assert SqlLedger.open(ledger_url).run("r1") is not None
    assert migrate.current(ledger_url) == "0002"
    assert "later" in columns(ledger_url)


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlLedger.open(ledger_url).start_run(a_run("r1"))
    with monkeypatch.context() as broken:
        release(tmp_path, broken, more='op.execute("SELECT * FROM no_such_table")')
        with pytest.raises(LedgerError):
            SqlLedger.open(ledger_url)
    assert migrate.current(ledger_url) == "0001"
    assert "later" not in columns(ledger_url)
    assert SqlLedger.open(ledger_url).run("r1") is not None


def test_current_makes_no_file(ledger_url: str, tmp_path: Path) -> None:
    assert migrate.current(ledger_url) is None
    assert list(tmp_path.iterdir()) == []
